"""The Python surface: its example, runs as objects, configurations by name, and what is imported when."""

import inspect
import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import adversaries
import numpy as np
import pytest

import gan_jax
from gan_jax import config as configuration
from gan_jax.errors import ConfigError, DataError, WorkdirError
from gan_jax.inference import sample
from gan_jax.ops import losses

ROOT = Path(__file__).parents[1]


def example(folder, patch):
    """The variables of the example in the package's docstring, which is run in `folder`."""
    text = re.search(r"\n\n(    .+?)\n\n", inspect.getdoc(gan_jax), re.S)[1]
    lines = textwrap.dedent(text)
    assert len(lines.splitlines()) == 5
    variables = {"gan_jax": gan_jax}
    patch.chdir(folder)
    exec(lines, variables)
    return variables


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The folder in which the example was run, and its variables."""
    folder = tmp_path_factory.mktemp("example")
    with pytest.MonkeyPatch.context() as patch:
        yield folder, example(folder, patch)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """As `ran`, with a small GAN of noise and an untrained judge in the place of the configuration."""
    folder = tmp_path_factory.mktemp("small")
    images = np.random.default_rng(0).integers(0, 256, (16, 8, 8, 1), np.uint8)
    np.savez(folder / "noise.npz", image=images, label=np.arange(16) % 10)
    load = gan_jax.configs.load

    def smaller(name, **fields):
        built, steps = configuration.default(), load(name, **fields).steps
        built.name, built.model = "small", configuration.model("gan", **adversaries.SMALL)
        built.data.size, built.data.manual_dir = adversaries.SIZE, str(folder)
        built.data.roles.image = role = configuration.inline(files={"train": "noise.npz"})
        built.batch_size, built.steps, built.tensorboard = 8, steps, False
        sizes = {"steps": 0, "batch_size": 8, "size": adversaries.SIZE, "widths": (4, 8)}
        built.requires.judge = configuration.classifier("judge", role, role, **sizes)
        return built

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gan_jax.configs, "load", smaller)
        variables = example(folder, patch)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder, variables


@pytest.mark.long
def test_the_example_trains_and_uses_a_run(ran):
    folder, variables = ran
    run, images = variables["run"], variables["images"]
    assert (images.shape, images.dtype) == ((16, 28, 28, 1), np.uint8)
    assert len(np.unique(images.reshape(16, -1), axis=0)) == 16
    result = json.loads((folder / "runs" / "dcgan" / "result.json").read_text())
    assert result["step"] == 4
    assert run.metrics == result["metrics"]
    assert run.config.model.name == "gan"
    assert run.config.batch_size == variables["config"].batch_size


def test_samples_are_those_of_the_mode_whatever_their_number(small, tmp_path):
    folder, variables = small
    run, images = variables["run"], variables["images"]
    sample.run(folder / "runs" / "dcgan", out=str(tmp_path / "s.npz"), num=5)
    made = np.load(tmp_path / "s.npz")
    np.testing.assert_allclose(run.sample(5).astype(int), made["image"], atol=1)
    np.testing.assert_allclose(images[:5].astype(int), made["image"], atol=1)
    np.testing.assert_allclose(run.decode(made["z"]).astype(int), made["image"], atol=1)
    assert (run.sample(5, seed=1) != run.sample(5)).any()


@pytest.mark.long
def test_scores_are_by_the_run_s_judge_or_by_the_features_asked_for(ran):
    run, images = ran[1]["run"], ran[1]["images"]
    found = run.score(images)
    assert {"judge_mnist_frechet", "judge_mnist_precision", "judge_mnist_is"} <= set(found), found
    assert (found["n_input"], found["n_reference"]) == (16, 32)
    judge = next(Path("runs", "cache").glob("judge*"))
    assert run.score(images / 127.5 - 1, features=str(judge)) == found
    assert run.score(images, images, features=str(judge))["judge_mnist_frechet"] == pytest.approx(0, abs=1e-6)
    with pytest.raises(DataError, match=r"^images: 5 of 5 pictures of the images can be used; 6 or more"):
        run.score(images[:5])


def test_wrong_arguments_are_one_line(small):
    run = small[1]["run"]
    for call, message in (
        (lambda: run.sample(0), "^n=0 is not allowed; allowed: 1 or more$"),
        (lambda: run.sample(2, labels=[1]), "^labels=1 is for conditional models"),
        (lambda: run.decode(np.zeros((2, 4))), r"^z is \[2, 4\]; allowed: \[n, \d+\]$"),
        (lambda: run.sample(2, truncation=0.5), "truncation=0.5"),
    ):
        with pytest.raises(ConfigError, match=message):
            call()
    with pytest.raises(WorkdirError, match="--mode=translate needs one that turns images into images"):
        run.translate(np.zeros((1, 8, 8, 3), np.uint8))
    with pytest.raises(WorkdirError, match=r"nowhere holds no run: it has no config.json$"):
        gan_jax.load("nowhere")


# --- configurations -------------------------------------------------------------------------------


def test_configurations_have_names_variants_and_fields():
    assert gan_jax.configs.names()["dtn_digits"].startswith("DTN from the embedded house numbers")
    assert set(gan_jax.configs.variants("dcgan_mnist")) == {"fashion", "part", "quick"}
    config = gan_jax.configs.load("dcgan_mnist:quick", steps=7, **{"model.loss": "hinge"})
    assert (config.steps, config.model.loss, config.name) == (7, "hinge", "dcgan_mnist_quick")
    assert any(line.startswith("--config.model.loss='hinge'  # ") for line in gan_jax.configs.fields(config))
    path = str(ROOT / "configs" / "dcgan_mnist.py")
    mine = gan_jax.configs.load(path, **{"data.roles.image.exclude": (3,)})
    assert mine.data.roles.image.exclude == (3,)


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("dcgan_mnits", {}, "^configuration 'dcgan_mnits' is not known; did you mean 'dcgan_mnist'"),
        ("dcgan_mnist:quik", {}, "^variant 'quik' is not known; did you mean 'quick'"),
        ("dcgan_mnist", {"step": 3}, "^step=3: 'step' is not known; did you mean 'steps'"),
        ("dcgan_mnist", {"model.lss": 3}, "^model.lss=3: 'lss' is not known; did you mean 'loss'"),
        ("dcgan_mnist", {"steps.x": 3}, "^steps.x=3: 'x' is not known"),
    ],
)
def test_unknown_names_come_with_the_nearest(name, fields, message):
    with pytest.raises(ConfigError, match=message):
        gan_jax.configs.load(name, **fields)


def test_training_refuses_a_wrong_field_before_it_makes_a_folder(tmp_path):
    config = gan_jax.configs.load("dcgan_mnist:quick", steps=-1)
    with pytest.raises(ConfigError, match=r"^steps=-1 is not allowed"):
        gan_jax.train(config, tmp_path / "run")
    assert not (tmp_path / "run").exists()


# --- names ----------------------------------------------------------------------------------------


def test_names_are_imported_at_their_first_use():
    code = """
import sys, gan_jax
assert not {"jax", "numpy", "flax", "ml_collections", "absl"} & set(sys.modules), "import gan_jax"
assert set(gan_jax.__all__) <= set(dir(gan_jax))
assert gan_jax.losses.hinge_d and gan_jax.metrics.frechet.frechet_distance
assert gan_jax.networks.generation.dcgan.Generator and gan_jax.metrics.kernel.kernel_distance
assert "gan_jax.runs" not in sys.modules, "losses, metrics and networks need no run"
assert callable(gan_jax.train) and callable(gan_jax.load)
from gan_jax.train import train
import gan_jax.train
assert callable(gan_jax.train) and gan_jax.train.train is train
for wrong in ("tran", "metrics.frechte"):
    try:
        eval(f"gan_jax.{wrong}")
    except AttributeError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    wanted = ["module 'gan_jax' has no attribute 'tran'"]
    wanted += ["module 'gan_jax.metrics' has no attribute 'frechte'"]
    assert done.stdout.splitlines() == wanted


def test_public_names_are_documented_and_typed():
    assert gan_jax.losses is losses
    assert (ROOT / "gan_jax" / "py.typed").exists()
    for owner in (gan_jax.Run, type(gan_jax.configs)):
        for name, method in inspect.getmembers(owner, inspect.isfunction):
            if not name.startswith("_"):
                assert inspect.getdoc(method), name
                assert "return" in method.__annotations__, name
