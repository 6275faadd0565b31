"""The Inception score: its extremes, a case by hand, and the effect of splits."""

import numpy as np
import pytest

from gan_jax.metrics.inception_score import inception_score


def test_of_sure_answers_spread_evenly_it_is_the_number_of_classes():
    logits = 1e4 * np.eye(10)[np.arange(500) % 10]
    assert inception_score(logits, splits=1) == (pytest.approx(10, rel=1e-9), 0)


def test_of_one_answer_to_all_it_is_one():
    logits = np.tile([3.0, 1.0, -2.0], (50, 1))
    assert inception_score(logits) == (pytest.approx(1, rel=1e-12), pytest.approx(0, abs=1e-12))
    sure = np.tile([1e4, 0.0, 0.0], (50, 1))
    assert inception_score(sure) == (pytest.approx(1, rel=1e-12), pytest.approx(0, abs=1e-12))


def test_a_case_by_hand():
    # Answers (0.8, 0.2) and (0.4, 0.6), whose mean is (0.6, 0.4).
    answers = np.array([[0.8, 0.2], [0.4, 0.6]])
    divergences = [0.8 * np.log(8 / 6) + 0.2 * np.log(2 / 4), 0.4 * np.log(4 / 6) + 0.6 * np.log(6 / 4)]
    found, deviation = inception_score(np.log(answers) + 5, splits=1)
    assert found == pytest.approx(np.exp(np.mean(divergences)), rel=1e-12)
    assert deviation == 0


def test_mean_and_deviation_are_over_the_splits_of_the_shuffled_list():
    logits = np.random.default_rng(0).normal(0, 2, (95, 4))
    order = np.random.default_rng(5).permutation(95)
    parts = [inception_score(logits[rows], splits=1)[0] for rows in np.array_split(order, 10)]
    found = inception_score(logits, splits=10, seed=5)
    assert found == (pytest.approx(np.mean(parts), rel=1e-9), pytest.approx(np.std(parts), rel=1e-9))


def test_an_ordered_list_is_not_taken_for_a_collapse():
    logits = 1e4 * np.eye(10)[np.arange(5000) // 500]  # without the shuffle each split would hold one class
    assert inception_score(logits)[0] > 9.8


@pytest.mark.parametrize("logits", [np.zeros(3), np.zeros((0, 3)), np.full((2, 3), np.inf)])
def test_what_is_no_answer_is_refused(logits):
    with pytest.raises(ValueError, match=r"^logits have shape .*; expected finite ones, \[n, K\]"):
        inception_score(logits)
    with pytest.raises(ValueError, match="splits=0 is not allowed"):
        inception_score(np.zeros((2, 3)), splits=0)
