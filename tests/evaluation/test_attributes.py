"""Measures of attributes, and of imitated features: closed forms and hand-made cases."""

import numpy as np
import pytest

from gan_jax import evaluation
from gan_jax.errors import ConfigError, DataError
from gan_jax.evaluation import attributes, regression

NAMES = ("Eyeglasses", "Male", "Bald")


def batches(column, values, size=3):
    for first in range(0, len(values), size):
        part = values[first : first + size]
        yield {"image": np.zeros((len(part), 2, 2, 1), np.uint8), f"image_{column}": part}


def says(values):
    """A network that gives `values` in order."""
    left = list(values)
    return lambda batch: np.array([left.pop(0) for _ in batch["image"]])


def test_means_are_over_the_attributes_that_can_be_told():
    labels = np.array([[1, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0]], np.int32)
    logits = np.where(labels, 1.0, -1.0)
    logits[0, 1] = -1
    logits[:, 2] = 1
    values = attributes.evaluate(says(logits), batches("label", labels), {}, attributes=NAMES)
    assert values["attributes"] == list(NAMES) == list(values["per_attribute"])
    assert values["examples"] == 4
    assert values["accuracy"] == pytest.approx((1 + 0.75 + 0) / 3)
    assert values["balanced_accuracy"] == pytest.approx((1 + 0.75) / 2)
    assert values["chance"] == pytest.approx((0.5 + 0.5 + 1) / 3)
    assert values["per_attribute"]["Bald"]["auc"] is None


def test_names_and_columns_are_as_many():
    labels = np.ones((4, 2), np.int32)
    message = r"^attributes=\('Eyeglasses', 'Male', 'Bald'\) are 3 names, but image_label has \[2\] for each"
    with pytest.raises(ConfigError, match=message):
        attributes.evaluate(says(labels), batches("label", labels), {}, attributes=NAMES)
    with pytest.raises(ConfigError, match=r"but image_label has \[\] for each image$"):
        attributes.evaluate(says(labels), batches("label", labels[:, 0]), {}, attributes=NAMES)


def test_images_that_are_all_alike_tell_nothing():
    labels = np.ones((4, 3), np.int32)
    with pytest.raises(DataError, match=r"^every image has the same attributes of Eyeglasses, Male, Bald$"):
        attributes.evaluate(says(labels), batches("label", labels), {}, attributes=NAMES)


# --- regression ----------------------------------------------------------------------------------


def features(count=40, dimensions=5):
    return np.random.default_rng(0).normal(3, 2, (count, dimensions)).astype(np.float32)


def test_the_features_themselves_are_explained_in_full():
    wanted = features()
    values = regression.evaluate(says(wanted), batches("features", wanted), {})
    assert values == pytest.approx(
        {"cosine_similarity": 1, "explained_variance": 1, "mse": 0, "examples": 40}
    )


def test_their_mean_explains_nothing_and_a_known_error_its_share():
    wanted = features()
    mean = np.tile(wanted.mean(0), (40, 1))
    assert regression.evaluate(says(mean), batches("features", wanted), {})["explained_variance"] == (
        pytest.approx(0, abs=1e-6)
    )
    # Halving every deviation leaves a quarter of the variance.
    values = regression.evaluate(says((wanted + mean) / 2), batches("features", wanted), {})
    assert values["explained_variance"] == pytest.approx(0.75, abs=1e-6)
    assert values["mse"] == pytest.approx(wanted.var(0).mean() / 4, rel=1e-5)


def test_the_length_of_features_does_not_matter_to_their_cosine():
    wanted = features()
    turned = np.roll(wanted, 1, axis=1)
    expected = np.mean([np.dot(a, b) / np.linalg.norm(a) ** 2 for a, b in zip(wanted, turned, strict=True)])
    values = regression.evaluate(says(7 * turned), batches("features", wanted), {})
    assert values["cosine_similarity"] == pytest.approx(float(expected), rel=1e-5)


# --- options -------------------------------------------------------------------------------------


def test_an_evaluations_further_fields_are_its_evaluators_options():
    spec = {"kind": "attributes", "every": 5, "roles": {}, "attributes": ("Male",)}
    assert evaluation.options(spec) == {"attributes": ("Male",)}
    assert evaluation.options({"kind": "sheet", "every": 5, "num": 3, "roles": {}}) == {}
    with pytest.raises(
        ConfigError, match=r"^atributes is no field of 'attributes'; fields: kind, every, num"
    ):
        evaluation.options({"kind": "attributes", "roles": {}, "atributes": ()})
    with pytest.raises(ConfigError, match=r"^attributes is missing; 'attributes' needs it$"):
        evaluation.options({"kind": "attributes", "roles": {}})
