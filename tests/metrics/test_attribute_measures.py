"""Measures of attributes: closed forms and hand-made cases."""

import numpy as np
import pytest

from gan_jax.metrics.attributes import measures


def test_measures_of_a_hand_made_case():
    # One of two images with the attribute is recognised, and one of four without it is misjudged.
    found = measures(np.array([1, 1, 0, 0, 0, 0]), np.array([3.0, -1.0, 1.0, -2.0, -3.0, -4.0]))
    assert found["accuracy"] == pytest.approx(4 / 6)
    assert found["balanced_accuracy"] == pytest.approx((1 / 2 + 3 / 4) / 2)
    assert found["auc"] == pytest.approx(7 / 8)  # one of eight pairs is out of order
    assert found["average_precision"] == pytest.approx((1 / 1 + 2 / 3) / 2)
    assert found["prevalence"] == pytest.approx(2 / 6)
    assert found["answered"] == pytest.approx(2 / 6)


@pytest.mark.parametrize("answer", [-1.0, 1.0])
def test_who_does_not_look_has_half_of_the_balanced_accuracy_and_auc(answer):
    labels = np.array([1] * 3 + [0] * 9)
    found = measures(labels, np.full(12, answer))
    assert found["balanced_accuracy"] == found["auc"] == 0.5
    assert found["accuracy"] == (0.25 if answer > 0 else 0.75)
    assert found["average_precision"] == 0.25


def test_what_needs_both_labels_is_none_where_one_is_absent():
    found = measures(np.zeros(4), np.array([1.0, -1.0, -1.0, -1.0]))
    assert (found["accuracy"], found["prevalence"], found["answered"]) == (0.75, 0, 0.25)
    assert [found[k] for k in ("balanced_accuracy", "auc", "average_precision")] == [None] * 3
