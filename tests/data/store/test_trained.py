"""Runs on stored images: those of resident images, bit for bit, and each goes on with the other's data."""

import numpy as np
import pytest
from picture_files import encoded, write

from gan_jax import config as configuration
from gan_jax.game import devices
from gan_jax.train import train

pytestmark = pytest.mark.usefixtures("shared_programs")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A folder of 40 pictures of noise in two classes, the second one brighter."""
    rng = np.random.default_rng(0)
    files = {
        f"{row % 2}/{row}.png": encoded(rng.integers(0, 128, (32, 32, 3)) + 64 * (row % 2))
        for row in range(40)
    }
    return write(tmp_path_factory.mktemp("pictures") / "noise", files)


def run(pictures, folder, steps, above, store="here"):
    """The result of a classifier's run, and its records."""
    files = {"files": {"train": str(pictures)}, "classes": True}
    train_set = configuration.inline(**files, split="train[:32]")
    test_set = configuration.inline(**files, split="train[32:]+train[:4]")
    config = configuration.classifier("tiny", train_set, test_set, steps=4, batch_size=8, widths=(4, 4, 4, 8))
    config.data.load_size, config.data.flip = 36, True
    config.evals.test.every, config.best, config.checkpoint_every = 2, "test/accuracy", 2
    config.steps, config.tensorboard, config.log_every = steps, False, 1
    config.data.store_above, config.data.store = above, str(folder.parent / store)
    config.cache_dir = str(folder.parent / "cache")
    configuration.validate(config)
    devices.start("cpu")
    return train(config, folder), (folder / "metrics.jsonl").read_text()


@pytest.mark.long
def test_stored_and_resident_images_give_the_same_bits_and_go_on_from_each_other(pictures, tmp_path):
    resident, records = run(pictures, tmp_path / "resident", 4, above=2**30)
    assert not (tmp_path / "here").exists()
    stored, same = run(pictures, tmp_path / "stored", 4, above=0)
    # A store for the training rows with room for crops, and one for each part of the test's rows.
    assert len([*(tmp_path / "here").glob("*/images.npy")]) == 3
    run(pictures, tmp_path / "mixed", 2, above=0)
    mixed, again = run(pictures, tmp_path / "mixed", 4, above=2**30)
    for result in (stored, mixed):
        assert result["params_sha256"] == resident["params_sha256"]
        assert result["metrics"] == resident["metrics"]
        assert "notes" not in result
    assert records == same == again


def test_the_store_is_beside_the_cache_or_where_the_environment_says_or_off(tmp_path, monkeypatch):
    from gan_jax.runs import inputs

    config = configuration.default()
    config.cache_dir = str(tmp_path / "runs" / "cache")
    monkeypatch.delenv("GAN_JAX_STORE", raising=False)
    assert inputs.store(config).root == tmp_path / "runs" / "store"
    assert inputs.store(config).above == 2**30
    monkeypatch.setenv("GAN_JAX_STORE", str(tmp_path / "scratch"))
    assert inputs.store(config).root == tmp_path / "scratch"
    config.data.store = str(tmp_path / "own")
    assert inputs.store(config).root == tmp_path / "own"
    config.data.store = "off"
    assert inputs.store(config) is None
