"""Confusion of classes."""

import numpy as np

from gan_jax.metrics import classification


def test_rows_are_true_labels_and_columns_predictions():
    counts = classification.confusion(np.array([0, 0, 2], np.int32), np.array([1, 1, 0]), 3)
    np.testing.assert_array_equal(counts, [[0, 2, 0], [0, 0, 0], [1, 0, 0]])


def test_scores_of_a_matrix_by_hand():
    found = classification.scores(np.array([[3, 1, 0], [0, 0, 0], [2, 0, 4]]))
    assert found["accuracy"] == 7 / 10
    assert found["examples"] == 10
    assert found["per_class"] == [3 / 4, None, 4 / 6]
    assert found["confusion"] == [[3, 1, 0], [0, 0, 0], [2, 0, 4]]
