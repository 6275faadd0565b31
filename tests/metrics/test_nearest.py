"""Nearest neighbours against a brute-force search in float64, and cases that can be counted by hand."""

import numpy as np
import pytest

from gan_jax.metrics import nearest


def brute_force(queries, references, k):
    """Rows and squared distances, by subtraction."""
    differences = queries[:, None].astype(np.float64) - references[None].astype(np.float64)
    squared = (differences.reshape(len(queries), len(references), -1) ** 2).sum(-1)
    rows = np.argsort(squared, axis=1, kind="stable")[:, :k]
    return rows, np.take_along_axis(squared, rows, 1)


@pytest.mark.parametrize("k", [1, 5])
def test_equals_a_brute_force_over_several_parts(k, monkeypatch):
    monkeypatch.setattr(nearest, "_QUERIES", 7)
    monkeypatch.setattr(nearest, "_REFERENCES", 4)
    rng = np.random.default_rng(0)
    queries, references = rng.normal(size=(23, 3, 2)), rng.normal(size=(18, 3, 2))
    rows, distances = nearest.neighbours(queries, references, k)
    want_rows, want_distances = brute_force(queries, references, k)
    np.testing.assert_array_equal(rows, want_rows)
    np.testing.assert_allclose(distances, want_distances, rtol=1e-4, atol=1e-5)


def test_a_set_is_its_own_nearest_neighbour():
    images = np.random.default_rng(1).normal(size=(50, 4, 4, 1))
    labels = np.arange(50) % 10
    rows, distances = nearest.neighbours(images, images)
    np.testing.assert_array_equal(rows[:, 0], np.arange(50))
    np.testing.assert_allclose(distances, 0, atol=1e-4)
    np.testing.assert_array_equal(nearest.classify(images, images, labels), labels)


def test_of_equal_distances_the_first_wins_across_parts(monkeypatch):
    monkeypatch.setattr(nearest, "_REFERENCES", 2)
    references = np.array([[5.0], [1.0], [-1.0], [1.0], [7.0]])
    assert nearest.neighbours(np.zeros((1, 1)), references, 3)[0].tolist() == [[1, 2, 3]]


def test_the_majority_decides_and_a_tie_goes_to_the_smallest_label():
    references = np.array([[0.0], [1.0], [2.0], [10.0]])
    labels = np.array([7, 3, 3, 0])
    query = np.array([[-0.1]])
    assert [int(nearest.classify(query, references, labels, k)[0]) for k in (1, 2, 3)] == [7, 3, 3]
    assert int(nearest.classify(query, references, labels, 4)[0]) == 3


@pytest.mark.parametrize(
    ("shapes", "k", "message"),
    [
        (((2, 3), (4, 2)), 1, r"queries are \(3,\) each, references \(2,\)"),
        (((2, 3), (4, 3)), 0, "k=0 is not allowed; allowed: 1 to 4"),
        (((2, 3), (4, 3)), 5, "k=5 is not allowed; allowed: 1 to 4"),
    ],
)
def test_what_does_not_fit_is_refused(shapes, k, message):
    with pytest.raises(ValueError, match=message):
        nearest.neighbours(np.zeros(shapes[0]), np.zeros(shapes[1]), k)
