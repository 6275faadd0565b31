"""Accuracy and confusion: closed forms."""

import numpy as np
import pytest

from gan_jax import evaluation
from gan_jax.errors import ConfigError
from gan_jax.evaluation import accuracy

# Recalled class counts of SVHN's test set, 0 to 9; they sum to its size.
SVHN_TEST = np.array([1744, 5099, 4149, 2882, 2523, 2384, 1977, 2019, 1660, 1595])


def batches(labels, size):
    for first in range(0, len(labels), size):
        part = labels[first : first + size]
        yield {"image": np.zeros((len(part), 2, 2, 1), np.uint8), "image_label": part}


def always(label, classes=10):
    return lambda batch: np.tile(np.eye(classes, dtype=np.float32)[label], (len(batch["image"]), 1))


def test_a_constant_predictor_has_the_share_of_its_class():
    labels = np.repeat(np.arange(10, dtype=np.int32), SVHN_TEST)
    values = accuracy.evaluate(always(1), batches(labels, 5000), {})
    assert values["accuracy"] == pytest.approx(0.195874, abs=1e-6)
    assert values["examples"] == 26_032
    assert values["per_class"] == [0, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    assert np.array(values["confusion"]).sum(0).tolist() == [0, 26_032, 0, 0, 0, 0, 0, 0, 0, 0]
    assert np.array(values["confusion"]).sum(1).tolist() == SVHN_TEST.tolist()


def test_a_perfect_predictor_has_one_and_a_diagonal():
    labels = np.array([0, 1, 1, 3], np.int32)
    values = accuracy.evaluate(lambda b: np.eye(4)[b["image_label"]], batches(labels, 3), {})
    assert values["accuracy"] == 1
    assert values["confusion"] == np.diag([1, 2, 0, 1]).tolist()
    assert values["per_class"] == [1, 1, None, 1]


def test_the_size_of_batches_does_not_matter():
    labels = np.random.default_rng(0).integers(0, 10, 50).astype(np.int32)
    assert accuracy.evaluate(always(3), batches(labels, 7), {}) == accuracy.evaluate(
        always(3), batches(labels, 50), {}
    )


def test_the_model_is_applied_once_to_each_batch():
    seen = []

    def apply(batch):
        seen.append(len(batch["image"]))
        return always(0)(batch)

    accuracy.evaluate(apply, batches(np.zeros(10, np.int32), 4), {})
    assert seen == [4, 4, 2]


def test_evaluators_are_found_by_name_and_an_unknown_one_lists_them():
    assert evaluation.evaluator("accuracy") is accuracy.evaluate
    with pytest.raises(ConfigError, match=r"^kind='fid' is not an evaluator; known: accuracy, attribute"):
        evaluation.evaluator("fid")
