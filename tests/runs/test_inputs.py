"""Training images by configuration: paired, cropped and mirrored, and beside columns that are cached."""

import numpy as np
import pytest

from gan_jax import config as configuration
from gan_jax import data, game
from gan_jax.data.pixels.views import View
from gan_jax.errors import ConfigError, DataError
from gan_jax.game import devices
from gan_jax.runs import inputs


class Summing:
    """A model whose constants are the sums of its images."""

    def constants(self, state, batch):
        return {f"{role}_sum": batch[role].sum((1, 2, 3)) for role in ("source", "target") if role in batch}


def test_columns_are_cached_beside_images_that_stay_and_computed_alone_beside_those_that_vary():
    image = np.random.default_rng(0).integers(0, 256, (5, 12, 12, 1), np.uint8)
    stays = data.Examples({"image": image[:, :8, :8], "label": np.arange(5, dtype=np.int32)})
    varies = data.Examples({"image": image}, view=View(8, flip=True))
    state = devices.replicate(game.create({}, {"f": np.zeros(1, np.float32)}))
    roles = {"source": stays, "target": varies}
    extended, columns = inputs.with_constants(Summing(), state, roles, lambda: None)
    assert set(columns) == {"source_sum", "target_sum"}
    assert set(extended["source"].columns) == {"image", "label", "sum"}
    assert extended["target"] is varies
    for name, pixels in (("source", image[:, :8, :8]), ("target", image[:, 2:10, 2:10])):
        expected = (pixels / 127.5 - 1).sum((1, 2, 3))
        np.testing.assert_allclose(columns[f"{name}_sum"], expected, rtol=1e-4, atol=1e-3)


class Scaling(Summing):
    """The sums times a frozen number."""

    def constants(self, state, batch):
        return {name: state.frozen["scale"] * sums for name, sums in super().constants(state, batch).items()}


def test_kept_columns_are_read_for_equal_variables_and_images_alone_and_made_anew_if_damaged(
    tmp_path, caplog
):
    image = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 1), np.uint8)

    def computed(scale=2.0, image=image, cache=tmp_path):
        state = devices.replicate(game.create({}, {"scale": np.float32(scale)}))
        roles = {"source": data.Examples({"image": image})}
        return inputs.with_constants(Scaling(), state, roles, lambda: None, cache)[1]["source_sum"]

    alone = computed(cache=None)
    assert not list(tmp_path.iterdir())
    np.testing.assert_array_equal(computed(), alone)
    (file,) = tmp_path.glob("constants-*/columns.npz")
    np.savez(file, source_sum=np.arange(5.0))  # to see what is read
    np.testing.assert_array_equal(computed(), np.arange(5.0))
    np.testing.assert_allclose(computed(scale=3.0), 1.5 * alone, rtol=1e-5)
    np.testing.assert_array_equal(computed(image=image[::-1]), alone[::-1])
    file.write_bytes(file.read_bytes()[:-40])
    np.testing.assert_array_equal(computed(), alone)
    assert "cannot be read and is made anew" in caplog.text
    with np.load(file) as stored:
        np.testing.assert_array_equal(stored["source_sum"], alone)


def config_of(folder, **fields):
    """Two roles of six images, whose grey is their row."""
    image = np.arange(6, dtype=np.uint8)[:, None, None, None] * np.ones((1, 8, 8, 1), np.uint8)
    np.savez(folder / "a.npz", image=image, label=np.arange(6))
    config = configuration.default()
    config.data.size, config.data.manual_dir = 8, str(folder)
    for role in ("source", "target"):
        config.data.roles[role] = configuration.inline(files={"train": "a.npz"})
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
