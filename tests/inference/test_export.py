"""Exported runs: programs beside the runs themselves, the documented script, and weights."""

import re
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import gan_jax
from gan_jax import config as configuration
from gan_jax.errors import ConfigError, GanJaxError, WorkdirError
from gan_jax.files import tensors
from gan_jax.inference import export, program
from gan_jax.runs import restore
from gan_jax.train import train

ROOT = Path(__file__).parents[2]
# What gan_jax needs and the user of a program does not have. An import of such a name fails.
FOREIGN = (
    *("gan_jax", "absl", "clu", "flax", "h5py", "jinja2", "matplotlib", "ml_collections", "optax", "orbax"),
    *(
        "PIL",
        "requests",
        "rich",
        "safetensors",
        "sklearn",
        "tensorboard",
        "tensorflow",
        "tensorflow_datasets",
    ),
)
BLOCK = f"import sys; sys.modules |= dict.fromkeys({FOREIGN})\n"


def script():
    return re.search(r"```python\n(.+?)```", (ROOT / "docs" / "use.md").read_text(), re.S)[1]


def pair_config(folder, name, **fields):
    """A configuration of a translator without training, on four images of noise."""
    rng = np.random.default_rng(0)
    for role in ("source", "target"):
        np.savez(folder / f"{role}.npz", image=rng.integers(0, 256, (4, 8, 8, 3), np.uint8))
    built = configuration.default()
    built.name, built.model = name, configuration.model(name, **fields)
    built.data.size, built.data.manual_dir = 8, str(folder)
    for role in ("source", "target"):
        built.data.roles[role] = configuration.inline(files={"train": f"{role}.npz"})
    built.cache_dir, built.batch_size, built.steps, built.tensorboard = "", 2, 0, False
    return built


@pytest.fixture(scope="module")
def pix2pix(tmp_path_factory):
    """A run of pix2pix whose translations depend on noise."""
    folder = tmp_path_factory.mktemp("pix2pix")
    fields = {"levels": 3, "g_width": 2, "d_width": 2, "d_layers": 0}
    train(pair_config(folder, "pix2pix", **fields), folder / "run")
    return folder / "run"


@pytest.mark.long
def test_the_documented_script_needs_jax_and_numpy_alone(runs_folder, tmp_path):
    told = gan_jax.load(runs_folder / "plain").export(tmp_path / "generator.jax")
    assert told["inputs"] == "z float32 [n, 5], latents of the model's prior"
    assert len(script().splitlines()) == 10
    done = subprocess.run(
        [sys.executable, "-I", "-c", BLOCK + script()], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    z = np.random.default_rng(0).standard_normal((16, 5), np.float32)
    expected = gan_jax.load(runs_folder / "plain").decode(z)
    np.testing.assert_allclose(np.load(tmp_path / "images.npy").astype(int), expected, atol=1)


def test_a_program_takes_classes_and_any_number_of_images_on_every_platform(runs_folder, tmp_path):
    place = runs_folder / "conditional"
    told = export.run(place, output=str(tmp_path / "g.jax"))
    assert told["inputs"].endswith("; label int32 [n], classes 0 to 2")
    made = jax.export.deserialize(bytearray((tmp_path / "g.jax").read_bytes()))
    assert made.platforms == ("cpu", "cuda", "tpu")
    z, label = np.ones((7, 5), np.float32), np.arange(7, dtype=np.int32) % 3
    expected = gan_jax.load(place).decode(z, label)
    images = np.asarray(made.call(z, label))
    np.testing.assert_allclose((images + 1) * 127.5, expected, atol=0.51)
    assert len(np.unique(images.reshape(7, -1), axis=0)) == 3


def test_truncation_is_that_of_the_run(runs_folder, tmp_path):
    export.run(runs_folder / "styled", output=str(tmp_path / "g.jax"), truncation=0.3)
    run = gan_jax.load(runs_folder / "styled")
    z = np.random.default_rng(1).standard_normal((4, run.config.model.z_dim)).astype(np.float32)
    images = program.run_exported((tmp_path / "g.jax").read_bytes(), [z])
    np.testing.assert_allclose((images + 1) * 127.5, run.decode(z, truncation=0.3), atol=0.51)
    assert np.abs((images + 1) * 127.5 - run.decode(z)).max() > 2


@pytest.mark.long
def test_a_translator_that_draws_noise_takes_a_seed(pix2pix, tmp_path):
    told = export.run(pix2pix, output=str(tmp_path / "t.jax"))
    assert told["inputs"] == "source float32 [n, 8, 8, 3], images in [-1, 1]; seed uint32 []"
    content = (tmp_path / "t.jax").read_bytes()
    images = np.linspace(-1, 1, 5 * 8 * 8 * 3, dtype=np.float32).reshape(5, 8, 8, 3)
    first, again, other = (program.run_exported(content, [images, np.uint32(seed)]) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-4
    run = restore.load(pix2pix)
    expected = run.model.generate(run.state, {"source": images}, jax.random.key(0))["target"]
    np.testing.assert_allclose(first, expected, atol=1e-5)


def test_a_translator_of_one_direction_has_no_way_back(runs_of, tmp_path):
    with pytest.raises(ConfigError, match=r"^direction='t2s' is not possible with model 'recolour'$"):
        export.run(runs_of / "noisy", output=str(tmp_path / "t.jax"), direction="t2s")
    assert not list(tmp_path.iterdir())


def test_a_model_that_counts_images_is_told_what_to_write():
    images = program.Input("source", (2, 2, 1), "float32", "images")
    counting = program.Program(None, (images,), lambda state, batch, key: jnp.zeros(len(batch["source"])))
    with pytest.raises(GanJaxError, match=r"write x.shape\[0\] in place of len\(x\)$"):
        program.exported(counting, None)


def test_weights_of_a_model_without_published_names_have_our_names(runs_folder, tmp_path):
    told = export.run(runs_folder / "conditional", output=str(tmp_path / "w.safetensors"))
    assert (told["networks"], told["names"], told["tensors"]) == ("gen", "own", 2)
    found = tensors.read(tmp_path / "w.safetensors")
    params = restore.load(runs_folder / "conditional").state.players["gen"].params
    assert set(found) == {"gen.params.w", "gen.params.b"}
    np.testing.assert_array_equal(found["gen.params.w"], params["w"])
    classifier = next((runs_folder / "cache").glob("judge-*"))
    told = export.run(classifier, output=str(tmp_path / "c.safetensors"))
    assert not [name for name in told if name.startswith("largest difference")]
    with pytest.raises(WorkdirError, match=r"predicts labels of images; a program needs a model that makes"):
        export.run(classifier, output=str(tmp_path / "c.jax"))


@pytest.mark.parametrize("suffix", [".jax", ".npz"])
def test_an_export_that_makes_other_images_is_not_written(runs_folder, tmp_path, monkeypatch, suffix):
    images = program.Program.images
    calls = []

    def wrong(self, state):
        calls.append(state)
        return images(self, state) + 0.1 * len(calls)

    monkeypatch.setattr(program.Program, "images", wrong)
    with pytest.raises(GanJaxError, match=r"differ from the run's by 0.1.*; nothing was written$"):
        export.run(runs_folder / "plain", output=str(tmp_path / f"g{suffix}"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("output", "options", "message"),
    [
        ("g.onnx", {}, r"^output='.*g.onnx' is not allowed; allowed: .* .jax, .npz, .safetensors$"),
        ("/proc/g.npz", {}, r"^output='/proc/g.npz': /proc cannot be written: "),
        ("g.jax", {"network": "G"}, r"^--network is for the export of weights \(.npz, .safetensors\)$"),
        ("g.npz", {"direction": "t2s"}, r"^--direction is for the export of a program \(.jax\)$"),
        ("g.npz", {"names": "ours"}, r"^names='ours' is not allowed; allowed: published, own$"),
        ("g.npz", {"names": "published"}, r"^names='published' is not allowed: model 'linear' has no"),
        ("g.jax", {"direction": "t2s"}, r"^direction='t2s' is not allowed; allowed: s2t$"),
        ("g.jax", {"truncation": 0.5}, r"^truncation=0.5"),
    ],
)
def test_a_wrong_option_is_one_line(runs_folder, tmp_path, output, options, message):
    with pytest.raises(ConfigError, match=message):
        export.run(runs_folder / "plain", output=str(tmp_path / output), **options)
    assert not list(tmp_path.iterdir())


def test_a_folder_in_the_place_of_the_file_is_refused_at_once(runs_folder, tmp_path):
    (tmp_path / "g.npz").mkdir()
    with pytest.raises(ConfigError, match=r"g.npz' is not allowed; allowed: a file in an existing folder"):
        export.run(runs_folder / "plain", output=str(tmp_path / "g.npz"))


def test_images_that_are_not_finite_differ_from_the_runs():
    with pytest.raises(GanJaxError, match=r"^the exported images differ from the run's by nan; "):
        export._compared(np.array([0.0, np.nan]), np.zeros(2))
