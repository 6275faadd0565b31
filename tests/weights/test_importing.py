"""Runs made from files: they are used and trained like others, and their networks are written again."""

import json
import shutil

import numpy as np
import programs
import published
import pytest
from PIL import Image

from gan_jax import config as configuration
from gan_jax.errors import ConfigError, WorkdirError
from gan_jax.files import tensors
from gan_jax.inference import export, sample, translate
from gan_jax.runs import restore
from gan_jax.train import train
from gan_jax.weights import importing


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with files of weights, images, and a run of DCGAN's weights with data for training."""
    place = tmp_path_factory.mktemp("weights")
    networks = published.tensors("gan")
    np.savez(place / "gan.npz", **published.joined(networks))
    np.savez(place / "netG.npz", **networks["G"])
    np.savez(place / "stargan.npz", **published.tensors("stargan")["G"])
    images = np.random.default_rng(0).integers(0, 256, (16, 16, 16, 3), np.uint8)
    np.savez(place / "images.npz", image=images)
    importing.run(place / "run", input=str(place / "gan.npz"), config=with_data(place))
    return place


def with_data(place):
    built = configuration.default()
    built.name = "ours"
    built.model = configuration.model("gan", channels=3, discriminator="dcgan", ema=0.9)
    built.data.manual_dir = str(place)
    built.data.roles.image = configuration.inline(files={"train": "images.npz"})
    built.batch_size, built.steps, built.tensorboard = 8, 1, False
    return built


@pytest.mark.long
def test_an_imported_run_is_at_step_0_with_the_file_s_parameters_as_average(folder):
    run = restore.load(folder / "run")
    assert int(run.state.step) == 0
    gen = run.state.players["gen"]
    theirs = published.tensors("gan")["G"]["main.3.weight"].transpose(2, 3, 0, 1)[::-1, ::-1]
    np.testing.assert_array_equal(gen.params["up_1"]["kernel"], theirs)
    np.testing.assert_array_equal(gen.ema["up_1"]["kernel"], theirs)
    assert gen.ema["up_1"]["kernel"] is not gen.params["up_1"]["kernel"]
    told = json.loads((folder / "run" / "import.json").read_text())
    assert set(told["files"]) == {"gan.npz"}
    assert (told["networks"], told["lacking"]) == (["G", "D"], [])


def test_an_imported_run_samples(folder, tmp_path):
    sample.run(folder / "run", out=str(tmp_path / "a.npz"), num=3)
    run = restore.load(folder / "run")
    made = np.load(tmp_path / "a.npz")
    with programs.whole():
        expected = np.asarray(run.model.decode(run.state, made["z"]))
    assert np.abs(made["image"] - (expected + 1) * 127.5).max() <= 1


@pytest.mark.long
def test_an_imported_run_goes_on_with_its_stored_configuration(folder, tmp_path):
    shutil.copytree(folder / "run", tmp_path / "run")
    result = train(restore.stored_config(tmp_path / "run"), tmp_path / "run")
    assert result["step"] == 1
    before, after = (restore.load(place / "run").state.players for place in (folder, tmp_path))
    for name, layer in (("gen", "project"), ("disc", "logits")):
        moved = np.abs(before[name].params[layer]["kernel"] - after[name].params[layer]["kernel"])
        assert 0 < moved.max() < 1e-3  # one step of Adam at 2e-4


def test_a_run_without_data_translates_and_is_not_trained(folder, tmp_path, monkeypatch):
    configured = importing.configured

    def narrow(*args):
        """D, which the file lacks, is small; the paper's has 44 million parameters."""
        built = configured(*args)
        with built.unlocked():
            built.model.d_width, built.model.d_downs = 4, 2
        return built

    monkeypatch.setattr(importing, "configured", narrow)
    told = importing.run(tmp_path / "run", input=str(folder / "stargan.npz"))
    assert told["initialised, since the file lacks them"] == "D"
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "a.png")
    options = {"input": str(tmp_path / "a.png"), "output": str(tmp_path / "out"), "attributes": ["label_1"]}
    translate.run(tmp_path / "run", **options)
    with Image.open(tmp_path / "out" / "a.png") as made:
        assert made.size == (8, 8)
    message = r"^data\.roles of run 'imported_stargan' is empty; import the weights with a --config$"
    with pytest.raises(ConfigError, match=message):
        train(restore.stored_config(tmp_path / "run"), tmp_path / "run")
    assert not (tmp_path / "run" / "result.json").exists()


def test_a_folder_with_a_run_is_refused(folder):
    with pytest.raises(WorkdirError, match=r"holds a run already; choose another --workdir$"):
        importing.run(folder / "run", input=str(folder / "gan.npz"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("{}/none.npz", "cannot be read: No such file or directory$"),
        ("{}/images.npz", "no generator of these models has tensors like image: "),
        ("{0}/netG.npz,G={0}/netG.npz", "tensor main.0.weight of G is given twice$"),
        ("{0}/netG.npz,{0}/none.npz", "none.npz: cannot be read"),
        ("~nobody-here/G.npz", "file=.* is not allowed: there is no such user$"),
    ],
)
def test_a_wrong_input_is_one_line_and_makes_no_folder(folder, tmp_path, given, message):
    with pytest.raises(ConfigError, match=rf"^input='.*': {message}") as error:
        importing.run(tmp_path / "new", input=given.format(folder))
    assert "\n" not in str(error.value)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("name", "shape", "network", "known"),
    [("synthesis.b4.const", (4, 4, 4), "D", "G"), ("model.1.weight", (4, 3, 7, 7), "D_A", "G_A, G_B")],
)
def test_a_generator_under_the_name_of_a_discriminator_is_refused(tmp_path, name, shape, network, known):
    np.savez(tmp_path / "weights.npz", **{name: np.zeros(shape, np.float32)})
    words = f"networks {network} are not allowed; allowed: {known} for what draws images$"
    with pytest.raises(ConfigError, match=words):
        importing.run(tmp_path / "new", input=f"{network}={tmp_path}/weights.npz")
    assert not (tmp_path / "new").exists()


def test_files_are_found_by_the_home_folder_and_by_paths_with_an_equals_sign(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "lr=1").mkdir()
    for name in ("lr=1/netG.npz", "netG.npz"):
        shutil.copy(folder / "netG.npz", tmp_path / name)
    given, digests = importing._read(f"~/netG.npz,D={tmp_path}/lr=1/netG.npz")
    assert [*given] == ["netG", "D"]
    assert [*digests] == ["netG.npz", f"{tmp_path}/lr=1/netG.npz"]
    assert [*importing._read(f"{tmp_path}/lr=1/netG.npz")[0]] == ["netG"]


@pytest.mark.parametrize("suffix", tensors.ARRAYS)
def test_export_writes_what_was_imported(folder, tmp_path, suffix):
    every, one = tmp_path / f"w{suffix}", tmp_path / f"g{suffix}"
    told = export.run(folder / "run", output=str(every))
    export.run(folder / "run", output=str(one), network="G_ema")
    assert told["networks"] == "G, G_ema, D"
    found = tensors.read(every)
    networks = published.tensors("gan")
    expected = published.joined(networks | {"G_ema": networks["G"]})
    assert set(found) == set(expected)
    assert all(np.array_equal(found[name], x) for name, x in expected.items())
    assert set(tensors.read(one)) == set(networks["G"])


def test_export_refuses_other_places_networks_and_models(folder, tmp_path):
    for output in ("w.pth", "none/w.npz"):
        with pytest.raises(
            ConfigError, match=r"^output=.* is not allowed; allowed: a file .* .jax, .npz, .safetensors$"
        ):
            export.run(folder / "run", output=str(tmp_path / output))
    with pytest.raises(ConfigError, match=r"^network='F' is not allowed; allowed: G, G_ema, D$"):
        export.run(folder / "run", output=str(tmp_path / "w.npz"), network="F")
