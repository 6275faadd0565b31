"""Training images by configuration: paired, cropped and mirrored, and beside columns that are cached."""

import numpy as np
import pytest

from gan_jax import config as configuration
from gan_jax import data, inputs, parallel
from gan_jax.errors import ConfigError, DataError


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


def config_of(folder, **fields):
    """Two roles of six images, whose grey is their row."""
    image = np.arange(6, dtype=np.uint8)[:, None, None, None] * np.ones((1, 8, 8, 1), np.uint8)
    np.savez(folder / "a.npz", image=image, label=np.arange(6))
    config = configuration.default()
    config.data.size, config.data.manual_dir = 8, str(folder)
    for role in ("source", "target"):
        config.data.roles[role] = configuration.role(files={"train": "a.npz"})
    config.data.update(fields)
    return config


def test_training_images_are_cropped_and_mirrored_and_those_of_evaluations_are_not(tmp_path):
    config = config_of(tmp_path, load_size=10, flip=True)
    training = inputs.load(config, lambda: None)
    assert training["source"].varies and training["source"].columns["image"].shape == (6, 10, 10, 1)
    evaluation = inputs.load_evaluation(config, config.data.roles)
    assert not evaluation["source"].varies and evaluation["source"].columns["image"].shape == (6, 8, 8, 1)
    for roles in (training, evaluation):
        assert next(data.epoch(roles, 6))["source"].shape == (6, 8, 8, 1)


def test_a_load_size_below_the_size_is_refused(tmp_path):
    with pytest.raises(
        ConfigError, match=r"^data\.load_size=7 is not allowed; allowed: 0, or data\.size=8 and more$"
    ):
        configuration.validate(config_of(tmp_path, load_size=7))


def test_paired_roles_are_paired_in_training_and_in_evaluations(tmp_path):
    config = config_of(tmp_path, kind="paired")
    config.data.roles.source.exclude = (0, 2, 4)
    for roles in (inputs.load(config, lambda: None), inputs.load_evaluation(config, config.data.roles)):
        assert [part.columns["image"][:, 0, 0, 0].tolist() for part in roles.values()] == [[1, 3, 5]] * 2
    config.data.kind = "unpaired"
    assert [len(part) for part in inputs.load(config, lambda: None).values()] == [3, 6]
    config.data.kind = "paired"
    config.data.roles.source.split = "train[:5]"
    with pytest.raises(DataError, match=r"source has 5, target has 6"):
        inputs.load(config, lambda: None)
