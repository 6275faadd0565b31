"""Training images that change from draw to draw: through the loop, and beside columns that are cached."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from gan_jax import config as configuration
from gan_jax import data, inputs, parallel
from gan_jax.errors import ConfigError, DataError
from gan_jax.train import train

TINY = Path(__file__).parent / "reliability" / "tiny.py"


class Summing:
    """A model whose constants are the sums of its images."""

    def constants(self, state, batch):
        return {f"{role}_sum": batch[role].sum((1, 2, 3)) for role in ("source", "target") if role in batch}


def test_columns_are_cached_beside_images_that_stay_and_computed_alone_beside_those_that_vary():
    image = np.random.default_rng(0).integers(0, 256, (5, 12, 12, 1), np.uint8)
    stays = data.Examples({"image": image[:, :8, :8], "label": np.arange(5, dtype=np.int32)})
    varies = data.Examples({"image": image}, view=data.views.View(8, flip=True))
    state = parallel.replicate({"nothing": np.zeros(1, np.float32)})
    roles = {"source": stays, "target": varies}
    extended, columns = inputs.with_constants(Summing(), state, roles, lambda: None)
    assert set(columns) == {"source_sum", "target_sum"}
    assert set(extended["source"].columns) == {"image", "label", "sum"}
    assert extended["target"] is varies
    for name, pixels in (("source", image[:, :8, :8]), ("target", image[:, 2:10, 2:10])):
        expected = (pixels / 127.5 - 1).sum((1, 2, 3))
        np.testing.assert_allclose(columns[f"{name}_sum"], expected, rtol=1e-4, atol=1e-3)


def tiny(folder, steps):
    spec = importlib.util.spec_from_file_location("tiny", TINY)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    config = module.get_config("")
    config.data.manual_dir, config.steps, config.checkpoint_every = str(folder), steps, 2
    config.data.load_size, config.data.flip = 36, True
    return config


def test_a_run_with_crops_and_mirrors_goes_on_as_if_it_had_never_stopped(tmp_path):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (96, 32, 32, 1)).astype(np.uint8)
    np.savez(tmp_path / "digits.npz", image=images, label=np.arange(96) % 10)
    two = train(tiny(tmp_path, 2), tmp_path / "continued")
    four = [train(tiny(tmp_path, 4), tmp_path / name) for name in ("continued", "straight")]
    assert four[0]["params_sha256"] == four[1]["params_sha256"] != two["params_sha256"]
    stored = json.loads((tmp_path / "straight" / "config.json").read_text())
    assert (stored["data"]["load_size"], stored["data"]["flip"]) == (36, True)
    (role,) = inputs.load(tiny(tmp_path, 4), lambda: None).values()
    assert role.varies and role.columns["image"].shape == (64, 36, 36, 1)


def test_a_load_size_below_the_size_is_refused():
    config = tiny("nowhere", 2)
    config.data.load_size = 31
    with pytest.raises(
        ConfigError, match=r"^data\.load_size=31 is not allowed; allowed: 0, or data\.size=32 and more$"
    ):
        configuration.validate(config)


def test_paired_roles_are_paired_in_training_and_in_evaluations(tmp_path):
    image = np.arange(6, dtype=np.uint8)[:, None, None, None] * np.ones((1, 8, 8, 1), np.uint8)
    np.savez(tmp_path / "a.npz", image=image, label=np.arange(6))
    config = configuration.default()
    config.data.size, config.data.manual_dir, config.data.kind = 8, str(tmp_path), "paired"
    odd = configuration.role(files={"train": "a.npz"}, exclude=(0, 2, 4))
    config.data.roles.source = odd
    config.data.roles.target = configuration.role(files={"train": "a.npz"})
    for roles in (inputs.load(config, lambda: None), inputs.load_evaluation(config, config.data.roles)):
        assert [part.columns["image"][:, 0, 0, 0].tolist() for part in roles.values()] == [[1, 3, 5]] * 2
    config.data.kind = "unpaired"
    assert [len(part) for part in inputs.load(config, lambda: None).values()] == [3, 6]
    config.data.kind = "paired"
    config.data.roles.source.split = "train[:5]"
    with pytest.raises(DataError, match=r"source has 5, target has 6"):
        inputs.load(config, lambda: None)
