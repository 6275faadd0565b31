"""Segmentation scores: closed forms, and the formulas of the official script."""

import numpy as np
import pytest

from gan_jax.metrics import segmentation


def expanded(counts):
    """Label maps whose confusion matrix is `counts`."""
    counts = np.asarray(counts)
    rows, columns = np.indices(counts.shape)
    return tuple(np.repeat(places.ravel(), counts.ravel()) for places in (rows, columns))


def official(counts):
    """The scores as the scripts of pix2pix and CycleGAN compute them."""
    accuracy = np.diag(counts).sum() / (counts.sum() + 1e-12)
    classes = np.diag(counts) / (counts.sum(1) + 1e-12)
    iou = np.diag(counts) / (counts.sum(1) + counts.sum(0) - np.diag(counts) + 1e-12)
    return [accuracy, np.nanmean(classes), np.nanmean(iou)]


def three(counts, absent="skip"):
    found = segmentation.scores(np.asarray(counts), absent)
    return [found[name] for name in ("pixel_accuracy", "class_accuracy", "class_iou")]


def test_two_classes_by_hand():
    assert three([[8, 2], [1, 9]]) == pytest.approx([0.85, 0.85, (8 / 11 + 9 / 12) / 2], abs=1e-12)
    assert three([[8, 2], [1, 9]])[2] == pytest.approx(0.7386, abs=5e-5)


def test_an_absent_class_changes_the_variant_of_zeros_alone():
    counts = [[8, 2, 0], [1, 9, 0], [0, 0, 0]]
    assert three(counts) == three([[8, 2], [1, 9]])
    assert three(counts, "zero") == pytest.approx([0.85, 0.5667, 2 / 3 * 0.738636], abs=5e-5)
    # A predicted absent class lowers the other classes' scores; its own score does not count.
    assert three([[8, 1, 1], [1, 9, 0], [0, 0, 0]])[1:] == pytest.approx([0.85, (8 / 11 + 9 / 11) / 2])


def test_absent_classes_as_zeros_are_the_official_scripts():
    rng = np.random.default_rng(0)
    for _ in range(5):
        counts = rng.integers(0, 1000, (6, 6)) * (rng.random(6) < 0.7)[:, None]
        counts[0, 0] += 1
        np.testing.assert_allclose(three(counts, "zero"), official(counts), atol=1e-9)


def test_a_perfect_prediction_has_one_in_all_three_even_of_one_class():
    truth = np.full((2, 3, 3), 4)
    counts = segmentation.confusion(truth, truth, 5)
    assert three(counts) == [1, 1, 1]
    assert segmentation.scores(counts)["per_class"] == [None, None, None, None, 1]
    assert three(counts, "zero") == pytest.approx([1, 0.2, 0.2])


def test_the_matrix_counts_true_rows_and_predicted_columns_in_64_bits():
    counts = np.array([[3, 1, 0], [0, 2, 5], [4, 0, 1]])
    found = segmentation.confusion(*expanded(counts), 3)
    np.testing.assert_array_equal(found, counts)
    assert found.dtype == np.int64


def test_pixels_without_a_class_are_dropped_whatever_is_predicted_there():
    truth = np.array([[0, 1, 255], [-1, 2, 1]])
    predicted = np.array([[0, 0, 7], [9, 1, 1]])
    np.testing.assert_array_equal(segmentation.confusion(truth, predicted, 2), [[1, 0], [1, 1]])


def test_the_matrix_of_a_set_is_the_sum_of_its_parts_and_the_scores_are_not_their_mean():
    rng = np.random.default_rng(1)
    truth, predicted = rng.integers(0, 4, (2, 6, 5, 5))
    whole = segmentation.confusion(truth, predicted, 4)
    parts = [segmentation.confusion(a, b, 4) for a, b in zip(truth, predicted, strict=True)]
    np.testing.assert_array_equal(sum(parts), whole)
    assert abs(np.mean([three(part)[2] for part in parts]) - three(whole)[2]) > 1e-3


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: segmentation.confusion(np.zeros((2, 2)), np.zeros((2, 3)), 2), r"\(2, 2\), predictions"),
        (lambda: segmentation.confusion(np.zeros(2, int), np.array([0, 2]), 2), "0 to 2; allowed: 0 to 1"),
        (lambda: segmentation.scores(np.zeros((2, 2), int)), "no pixel has a true class"),
        (lambda: segmentation.scores(np.eye(2), "nan"), "absent='nan' is not allowed; allowed: skip, zero"),
    ],
)
def test_what_cannot_be_scored_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
