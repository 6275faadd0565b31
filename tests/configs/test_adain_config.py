"""AdaIN's configuration: its variants, no shown image in training, and that `quick` runs and resumes."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_jax import config, models
from gan_jax.errors import ConfigError
from gan_jax.runs import restore
from gan_jax.train import evaluate_run, train

FILE = Path(__file__).parents[2] / "configs" / "adain.py"


def load(variant=""):
    return config.load(f"{FILE}:{variant}")


@pytest.mark.parametrize("variant", ["", "lua", "part", "quick", "part,quick", "hed,part", "paper"])
def test_every_variant_builds_and_its_model_fits_the_sizes(variant):
    built = load(variant)
    made = models.create(built.model)
    made.check(models.Inputs(built.data.size))
    assert set(built.data.roles) == set(built.evals.samples.roles) == {"content", "style"}
    assert [role.labels for role in built.data.roles.values()] == [False, False]
    assert made.weights in ("random", *built.weights)


def test_the_papers_settings_are_the_papers():
    built = load("paper")
    assert (built.data.size, built.data.load_size, built.batch_size, built.steps) == (256, 512, 8, 160_000)
    assert models.create(built.model) == models.model_class("adain")(weights="vgg19")


def test_the_lua_variant_has_the_official_reduction():
    model = load("lua").model
    assert (model.reduction, model.style_weight) == ("sum", 1e-2)


def test_weights_that_are_not_there_are_refused_in_one_line():
    with pytest.raises(
        ConfigError, match=r"^weights\.vgg19: .*vgg_normalised\.npz.* cannot be read"
    ) as error:
        config.validate(load("paper"))
    assert "\n" not in str(error.value)


def test_weights_that_the_configuration_does_not_name_are_refused():
    built = load()
    built.model.weights = "vgg16"
    with pytest.raises(
        ConfigError, match=r"weights='vgg16' is not allowed; allowed: random, or a name among"
    ):
        config.validate(built)


@pytest.mark.real_data
def test_no_shown_style_is_trained_on():
    from gan_jax import data

    built = config.resolved(load("part"))
    learned = data.load(built.data.roles.style, size=16)
    names = [learned.listing.names[row] for row in learned.listing.rows]
    painters = {name.split("/")[0] for name in names}
    unseen = ("munch", "seurat", "turner", "hokusai", "gogh", "kandinsky")
    assert len(names) == 180
    assert not [painter for painter in painters for name in unseen if name in painter]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run of two steps that went on to four, and a run of four steps at once."""
    folder = tmp_path_factory.mktemp("adain")

    def go(name, steps):
        built = load("quick")
        built.steps = steps
        return train(built, folder / name)

    go("continued", 2)
    return {"folder": folder, "continued": go("continued", 4), "straight": go("straight", 4)}


@pytest.mark.nightly
def test_a_stopped_run_goes_on_exactly(trained):
    continued, straight = trained["continued"], trained["straight"]
    assert continued["params_sha256"] == straight["params_sha256"]
    assert continued["metrics"] == straight["metrics"]
    lines = (trained["folder"] / "straight" / "metrics.jsonl").read_text().splitlines()
    steps = [record for record in map(json.loads, lines) if "eval" not in record]
    assert [record["step"] for record in steps] == [1, 2, 3, 4]
    assert all(record["decoder/loss"] > 0 for record in steps)


@pytest.mark.nightly
def test_every_content_is_shown_and_scored_in_every_style(trained):
    found = trained["straight"]["metrics"]["samples"]
    assert found["content_loss"] > 0 and found["style_loss"] > 0
    (sheet,) = (trained["folder"] / "straight" / "samples").glob("final_*sheet*.png")
    pixels = np.asarray(Image.open(sheet))
    size = load("quick").data.size
    assert _bands(pixels[:, -size:]) == 9  # eight styles below the content's own row
    last = _bands(pixels[-size:].swapaxes(0, 1)[60:])  # right of the titles
    assert last == 9  # the style, and eight contents in it
    first = np.array_split(pixels[size + 12 :, -size:], 8)
    assert all(not np.array_equal(a[:size], first[0][:size]) for a in first[1:])


def _bands(pixels):
    """How many groups of rows are not white."""
    shown = (pixels != 255).any((1, 2))
    return int(shown[0]) + np.count_nonzero(shown[1:] & ~shown[:-1])


@pytest.mark.nightly
def test_a_run_is_evaluated_again_without_its_data_of_training(trained):
    folder = trained["folder"] / "straight"
    assert evaluate_run(folder)["metrics"] == trained["straight"]["metrics"]
    assert "encoder" in restore.load(folder).state.frozen
