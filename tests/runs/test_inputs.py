"""Training images by configuration: paired, cropped, mirrored, and with cached feature columns."""

import numpy as np
import pytest
from judges import Judge

from gan_jax import config as configuration
from gan_jax import data
from gan_jax.data.pixels.views import View
from gan_jax.errors import ConfigError, DataError
from gan_jax.models.shared import base
from gan_jax.runs import inputs


class Sums(Judge):
    """A network whose feature of an image is the sum of its values times a scale."""

    def __init__(self, scale=1.0):
        self.scale, self.sha256 = scale, f"times {scale}"

    def embed(self, images):
        return self.scale * images.sum((1, 2, 3), dtype=np.float64)[:, None]


class Reads(base.Defaults):
    """A model that reads the features of `f` for two roles."""

    @property
    def features(self):
        return {"source": "f", "target": "f"}


def test_features_are_a_column_of_images_that_stay_and_left_to_the_model_where_they_vary():
    image = np.random.default_rng(0).integers(0, 256, (5, 12, 12, 1), np.uint8)
    stays = data.Examples({"image": image[:, :8, :8], "label": np.arange(5, dtype=np.int32)})
    varies = data.Examples({"image": image}, view=View(8, flip=True))
    roles = {"source": stays, "target": varies, "other": stays}
    extended = inputs.with_features(Reads(), {"f": Sums()}, roles, lambda: None)
    assert set(extended["source"].columns) == {"image", "label", "features"}
    assert extended["target"] is varies and extended["other"] is stays
    expected = image[:, :8, :8].sum((1, 2, 3))[:, None]
    np.testing.assert_array_equal(extended["source"].columns["features"], expected)
    assert set(inputs.columns_of(extended)) == {"source_label", "source_features", "other_label"}


def test_kept_features_are_read_for_equal_networks_and_images_alone_and_made_anew_if_damaged(
    tmp_path, caplog
):
    image = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 1), np.uint8)

    def computed(scale=2.0, image=image, cache=tmp_path):
        roles = {"source": data.Examples({"image": image})}
        extended = inputs.with_features(Reads(), {"f": Sums(scale)}, roles, lambda: None, cache)
        return extended["source"].columns["features"]

    alone = computed(cache=None)
    assert not list(tmp_path.iterdir())
    np.testing.assert_array_equal(computed(), alone)
    (file,) = tmp_path.glob("features-*/features.npz")
    np.savez(file, features=np.arange(5.0)[:, None])  # other values show that the file is read
    np.testing.assert_array_equal(computed(), np.arange(5.0)[:, None])
    np.testing.assert_allclose(computed(scale=3.0), 1.5 * alone, rtol=1e-5)
    np.testing.assert_array_equal(computed(image=image[::-1]), alone[::-1])
    file.write_bytes(file.read_bytes()[:-40])
    np.testing.assert_array_equal(computed(), alone)
    assert "cannot be read and is computed again" in caplog.text
    with np.load(file) as stored:
        np.testing.assert_array_equal(stored["features"], alone)


def config_of(folder, **fields):
    """Two roles of six images each; an image's grey value is its index."""
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


def test_a_model_checks_the_number_of_images_that_a_step_takes():
    seen = []

    class Sees(base.Defaults):
        def check(self, inputs):
            seen.append(inputs.batch_size)

    config = configuration.default()
    config.batch_size = 6
    for config.global_batch in (False, True):
        inputs.check_columns(config, Sees(), {})
    assert seen == [3, 6]  # on the tests' two devices


def test_a_load_size_below_the_size_is_refused(tmp_path):
    config = config_of(tmp_path, load_size=7)
    config.model = configuration.model("dtn")
    with pytest.raises(
        ConfigError, match=r"^data\.load_size=7 is not allowed; allowed: 0, or data\.size=8 and more$"
    ):
        configuration.validate(config)


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
