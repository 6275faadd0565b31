"""The configurations of models that draw from noise: their networks, data and scores."""

import json
from pathlib import Path

import jax
import noise_set
import numpy as np
import pytest

from gan_jax import config, evaluation, models
from gan_jax.errors import ConfigError
from gan_jax.train import train

FOLDER = Path(__file__).parents[2] / "configs"
VARIANTS = {
    "gan_mnist": ["lecture_lr", "minimax", "k", "mlp", "paper", "fashion", "part", "quick"],
    "dcgan_mnist": ["fashion", "part", "quick"],
    "dcgan_cifar10": ["inception", "quick"],
    "dcgan_celeba": ["inception", "folder", "part", "cats", "judged", "mid", "quick"],
    "sngan_celeba": ["inception", "folder", "part", "cats", "judged", "quick"],
    "wgan_gp_celeba": ["inception", "folder", "part", "cats", "judged", "quick"],
    "stylegan2_celeba": ["inception", "folder", "part", "judged", "mid", "ada", "measures", "quick"],
    "stylegan2_ffhq": ["inception", "full", "ada", "quick"],
    "stylegan2_mnist": ["inception", "part", "conditional", "measures", "quick"],
    "lsgan_mnist": ["pearson", "no_norm", "rmsprop", "sigmoid", "fashion", "part", "quick"],
    "wgan_gp_mnist": ["algorithm_1", "one_sided", "fashion", "part", "clip", "quick"],
    "sngan_mnist": ["bce", "cifar10", "resnet", "fashion", "part", "quick"],
    "cgan_mnist": ["conv", "mlp", "fashion", "part", "quick"],
    "acgan_mnist": ["real_only", "multiply", "paper_d", "fashion", "part", "quick"],
}
EVERY = [(name, v) for name, variants in VARIANTS.items() for v in ("", *variants) if v != "inception"]
MNIST = [name for name in VARIANTS if name.endswith("mnist") and not name.startswith("stylegan2")]
GAN = [name for name in VARIANTS if not name.startswith("stylegan2")]


def load(name, arg=""):
    return config.load(f"{FOLDER / name}.py:{arg}")


def sizes(built):
    """The number of parameters of each player."""
    model = models.create(built.model)
    shape = (1, model.size, model.size, model.channels)
    batch = {"image": np.zeros(shape, np.float32), "image_label": np.zeros(1, np.int32)}
    players = jax.eval_shape(model.init, jax.random.key(0), batch).players
    return {k: sum(x.size for x in jax.tree.leaves(p.params)) for k, p in players.items()}


def roles(built):
    """Every role of images by its place, resolved, also those of the judge."""
    built = config.resolved(built)
    for where, required in {"": built, **{f"{k}.": r for k, r in built.requires.items()}}.items():
        yield from ((f"{where}train", role) for role in required.data.roles.values())
        for name, spec in required.evals.items():
            yield from ((f"{where}{name}", role) for role in spec.roles.values())


@pytest.mark.parametrize("name", VARIANTS)
def test_the_variants_listed_here_are_those_that_a_file_knows(name):
    with pytest.raises(ConfigError) as error:
        load(name, "no_such")
    assert sorted(str(error.value).partition("known: ")[2].split(", ")) == sorted(VARIANTS[name])


@pytest.mark.parametrize(("name", "variant"), EVERY)
def test_every_variant_validates_alone_and_beside_quick(name, variant):
    for arg in {variant, f"{variant},quick"}:
        built = load(name, arg)
        config.validate(built)
        assert built.is_locked
        assert built.model.size == built.data.size
        assert built.evals.samples.classes == built.model.num_classes
        assert all(required.data.size == built.data.size for required in built.requires.values())
        if "quick" in arg:
            assert {role.name for _, role in roles(built)} <= {"digits_plain", "digits_street", "emoji"}
            assert not any(role.files for _, role in roles(built))


@pytest.mark.parametrize(
    ("name", "arg", "expected"),
    [
        ("gan_mnist", "", {"gen": 114_064, "disc": 100_609}),
        ("gan_mnist", "paper", {"gen": 2_503_984, "disc": 1_231_441}),
        ("dcgan_mnist", "", {"gen": 1_781_504, "disc": 138_624}),
        ("dcgan_cifar10", "", {"gen": 1_068_928, "disc": 663_296}),
        ("dcgan_celeba", "", {"gen": 3_576_704, "disc": 2_765_568}),
        ("dcgan_celeba", "part", {"gen": 1_100_224, "disc": 694_241}),
        ("sngan_celeba", "", {"gen": 7_048_195, "disc": 2_960_449}),
        ("wgan_gp_celeba", "", {"gen": 3_806_080, "critic": 2_764_737}),
        ("wgan_gp_mnist", "", {"gen": 1_554_177, "critic": 1_030_145}),
        ("wgan_gp_mnist", "clip", {"gen": 1_562_753, "critic": 1_030_913}),
        ("sngan_mnist", "cifar10", {"gen": 3_828_739, "disc": 2_935_873}),
        ("sngan_mnist", "resnet", {"gen": 4_276_739, "disc": 1_053_824}),
        ("cgan_mnist", "", {"gen": 2_413_984, "disc": 1_224_351}),
        ("cgan_mnist", "conv", {"gen": 6_820_538, "disc": 6_688_202}),
        ("cgan_mnist", "mlp", {"gen": 562_192, "disc": 538_625}),
        ("cgan_mnist", "mlp,part", {"gen": 562_192, "disc": 538_625}),
        ("stylegan2_mnist", "", {"gen": 263_531, "disc": 288_929}),
        ("stylegan2_ffhq", "", {"gen": 24_767_458, "disc": 24_001_089}),
        ("stylegan2_ffhq", "full", {"gen": 30_370_060, "disc": 29_012_513}),
        ("acgan_mnist", "", {"gen": 822_400, "disc": 67_914}),
        # z's kernel has 10 rows fewer. Instead there are 10 vectors of 100.
        ("acgan_mnist", "multiply", {"gen": 822_400 - 10 * 7 * 7 * 128 + 10 * 100, "disc": 67_914}),
    ],
)
def test_the_networks_are_of_the_published_size(name, arg, expected):
    assert sizes(load(name, arg)) == expected


@pytest.mark.parametrize("loss", ["nonsaturating", "minimax", "lsgan", "hinge"])
@pytest.mark.parametrize("name", GAN)
def test_any_loss_is_one_flag_away(name, loss):
    built = load(name)
    built.model.loss = loss
    config.validate(built)


@pytest.mark.parametrize("name", MNIST)
def test_fashion_and_part_change_the_data_everywhere(name):
    fashion, part = load(name, "fashion"), load(name, "part")
    assert {role.name for _, role in roles(fashion)} == {"fashion_mnist"}
    assert {role.name for _, role in roles(part)} == {""}
    assert {role.files.test for _, role in roles(part)} == {"mnist/t10k-images-idx3-ubyte.gz"}
    assert (fashion.evals.test.prefix, part.evals.test.prefix) == ("fashion", "digit")


@pytest.mark.parametrize("name", [*MNIST, "dcgan_cifar10"])
def test_scored_are_images_that_nobody_learned_from_beside_those_that_were(name):
    built = load(name)
    splits = {where: role.split for where, role in roles(built) if where != "test"}
    assert splits == {"train": "train", "samples": "test", "judge.train": "train", "judge.test": "test"}
    scored = {role: spec.split for role, spec in built.evals.test.roles.items()}
    assert scored == {"image": "test", "reference": "train[:10000]"}


@pytest.mark.parametrize("name", ["dcgan_celeba", "sngan_celeba", "wgan_gp_celeba"])
@pytest.mark.parametrize(
    ("arg", "first"), [("part", 7000), ("folder", 182_637), ("part,cats", 600), ("part,judged", 7000)]
)
def test_no_picture_that_is_drawn_beside_was_learned_from(name, arg, first):
    built = load(name, arg)
    learned, held_out = f"train[:{first}]", f"train[{first}:]"
    splits = {where: role.split for where, role in roles(built) if role.files and where != "test"}
    judge = {"judge.train": learned, "judge.test": held_out} if "judged" in arg else {}
    assert splits == {"train": learned, "samples": held_out, **judge}
    if "judged" in arg:
        scored = {role: spec.split for role, spec in built.evals.test.roles.items()}
        assert scored == {"image": held_out, "reference": learned}
        assert built.requires.judge.data.size == built.data.size == 64


def test_only_conditional_runs_read_labels():
    for name in VARIANTS:
        built = load(name)
        labelled = [role.labels for where, role in roles(built) if "judge" not in where]
        conditional = built.model.num_classes > 0
        assert labelled[0] == conditional == (name in ("cgan_mnist", "acgan_mnist"))
        assert not any(labelled[1:])


@pytest.mark.parametrize("name", ["dcgan_cifar10", "dcgan_celeba"])
def test_inception_is_refused_where_its_weights_are_not(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"^evals.test.weights='pt_inception-2015-12-05-6726825d.pth' "):
        config.validate(load(name, "inception"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("generation")


def quick(name, folder, steps=2):
    built = load(name, "quick")
    built.steps, built.cache_dir, built.evals.test.every = steps, str(folder / "cache"), 0
    built.requires.judge.steps = 0  # scores by an untrained judge are scores as well
    built.data.sets.images.name = noise_set.write(folder / "noise.py", 28, 1)
    config.validate(built)
    return built


NAMES = pytest.mark.parametrize(
    "straight", ["gan_mnist", pytest.param("acgan_mnist", marks=pytest.mark.nightly)], indirect=True
)


@pytest.fixture(scope="module")
def straight(request, folder):
    """The name of a configuration, the folder of a run of it, and the run's result."""
    place = folder / f"{request.param}_straight"
    return request.param, place, train(quick(request.param, folder, 4), place)


@NAMES
def test_quick_trains_draws_and_scores(straight):
    name, place, result = straight
    assert {p.name for p in (place / "samples").glob("*.png")} == {
        *(f"samples_sheet_0000000{step}.png" for step in (2, 4)),
        "final_sheet_00000004.png",
    }
    lines = [json.loads(line) for line in (place / "metrics.jsonl").read_text().splitlines()]
    assert all(np.isfinite(v) for r in lines for v in r.values() if isinstance(v, float))
    metrics = result["metrics"]
    assert metrics["n_real"] == metrics["n_fake"] == 32
    assert metrics["digit_fid"] > metrics["floor"]["digit_fid"] > 0
    assert metrics["untrained"]["digit_fid"] > 0
    assert ("conditional_accuracy" in metrics) == (name == "acgan_mnist")


@NAMES
@pytest.mark.long
def test_a_run_that_goes_on_ends_as_the_straight_one(straight, folder):
    name, _, result = straight
    drawn = quick(name, folder)
    drawn.evals = {"samples": drawn.evals.samples.to_dict()}
    two = train(drawn, folder / f"{name}_continued")
    continued = train(quick(name, folder, 4), folder / f"{name}_continued")
    assert continued["params_sha256"] == result["params_sha256"] != two["params_sha256"]
    assert continued["metrics"] == result["metrics"]


@pytest.mark.long
def test_a_run_with_styles_draws_and_continues_to_the_straight_run(folder):
    """Scores are those of `gan_mnist`, since they know a model by its images alone."""

    def run(place, steps):
        built = load("stylegan2_mnist", "quick")
        with built.unlocked():
            built.steps, built.requires, built.data.size, built.model.size = steps, {}, 8, 8
            built.evals = {"samples": built.evals.samples.to_dict()}
        config.validate(built)
        return train(built, folder / place)

    one = run("styles_continued", 1)
    continued, straight = run("styles_continued", 3), run("styles_straight", 3)
    assert continued["params_sha256"] == straight["params_sha256"] != one["params_sha256"]
    records = [folder / place / "metrics.jsonl" for place in ("styles_continued", "styles_straight")]
    assert records[0].read_bytes() == records[1].read_bytes()
    assert "disc/r1" in records[0].read_text()
    drawn = {path.name for path in (folder / "styles_straight" / "samples").glob("*.png")}
    assert "final_sheet_00000003.png" in drawn


@pytest.mark.nightly
def test_measures_are_those_of_a_run_with_styles_and_a_judge(folder):
    built = load("stylegan2_mnist", "conditional,measures,quick")
    built.steps, built.cache_dir = 0, str(folder / "cache")
    found = train(built, folder / "measures")["metrics"]
    values = {
        **{f"path_{space}": [f"ppl_{space}_{kind}_random" for kind in ("full", "end")] for space in "zw"},
        **{f"separability_{space}": [f"separability_{space}"] for space in "zw"},
        "droplets": ["droplet"],
        "phase": ["phase"],
    }
    for name, measures in values.items():
        assert found[name]["examples"] == 16
        assert all(np.isfinite(found[name][measure]) for measure in measures), name
    assert all(found["path_w"][f"ppl_w_{kind}_random"] > 0 for kind in ("full", "end"))
    assert set(found["droplets"]["droplet_by_side"]) == {"4", "8", "16", "32"}
    assert -1 <= found["phase"]["phase"] <= 1 <= found["droplets"]["droplet"]


def test_a_model_without_styles_is_measured_by_its_latents():
    assert set(load("pggan_celeba", "measures").evals) == {"samples", "test", "path_z", "separability_z"}
    rows = load("stylegan_celeba", "b_tuned,measures").evals
    assert set(rows) == {"samples", "test", "path_z", "separability_z"}
    assert "path_w" in load("stylegan2_celeba", "measures").evals
    assert not [name for name in load("stylegan2_celeba", "measures").evals if "separability" in name]


def test_sheets_of_conditional_models_have_a_row_a_class(folder):
    spec = quick("acgan_mnist", folder).evals.samples
    assert evaluation.options(spec) == {"classes": 10}


@pytest.mark.parametrize(("arg", "scale"), [("", 2.0), ("algorithm_1", 2.0), ("part", 1.0)])
def test_the_penalty_of_the_scripts_digits_is_of_slopes_by_pixels_in_zero_to_one(arg, scale):
    assert load("wgan_gp_mnist", arg).model.gp_scale == scale
