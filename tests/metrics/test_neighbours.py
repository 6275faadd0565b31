"""Precision, recall, density, coverage and memorisation: cases by hand and a brute force."""

import numpy as np
import pytest

from gan_jax.metrics import neighbours
from gan_jax.metrics.neighbours import Manifold, memorisation


def brute_force(real, fake, k, density_k):
    """The definitions, distance by distance."""

    def radius(points, i, k):
        return sorted(np.linalg.norm(points - points[i], axis=1))[k]

    def distance(i, j):
        return np.linalg.norm(real[i] - fake[j])

    n, m = range(len(real)), range(len(fake))
    balls, fake_balls = [radius(real, i, k) for i in n], [radius(fake, j, k) for j in m]
    wide = [radius(real, i, density_k) for i in n]
    return {
        "precision": np.mean([any(distance(i, j) <= balls[i] for i in n) for j in m]),
        "recall": np.mean([any(distance(i, j) <= fake_balls[j] for j in m) for i in n]),
        "density": sum(distance(i, j) < wide[i] for i in n for j in m) / (density_k * len(m)),
        "coverage": np.mean([any(distance(i, j) < wide[i] for j in m) for i in n]),
    }


def prdc(real, fake, **neighbours):
    return Manifold(real, **neighbours).compare(fake)


def column(*values):
    return np.array(values, float)[:, None]


def test_a_case_by_hand():
    found = prdc(column(0, 1, 2, 3), column(0.5, 1.5, 10), k=1, density_k=1)
    assert found == pytest.approx({"precision": 2 / 3, "recall": 1, "density": 4 / 3, "coverage": 3 / 4})


def test_a_point_on_the_edge_is_inside_for_precision_and_recall_alone():
    # The balls of 0 and 4 have radius 4, so 8 is on the edge of one; the balls of 8 and 11.5 have 3.5.
    found = prdc(column(0, 4), column(8, 11.5), k=1, density_k=1)
    assert found == {"precision": 0.5, "recall": 0, "density": 0, "coverage": 0}
    found = prdc(column(8, 11.5), column(0, 4), k=1, density_k=1)
    assert found == {"precision": 0, "recall": 0.5, "density": 0, "coverage": 0}


@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_equal_sets_without_ties_are_perfect(offset):
    features = (np.random.default_rng(0).normal(size=(300, 8)) + offset).astype(np.float32)
    found = prdc(features, features.copy(), k=3, density_k=5)
    assert found == pytest.approx({"precision": 1, "recall": 1, "density": 1, "coverage": 1}, abs=1e-12)


def test_sets_far_apart_have_nothing_in_common():
    real = np.random.default_rng(0).normal(size=(100, 4))
    assert prdc(real, real + 100) == dict.fromkeys(("precision", "recall", "density", "coverage"), 0.0)


def test_collapse_onto_one_real_image_is_seen_by_all_but_precision():
    real = np.random.default_rng(0).normal(size=(1000, 8))
    found = prdc(real, np.tile(real[:1], (1000, 1)))
    assert (found["precision"], found["recall"]) == (1, 0.001)
    assert found["coverage"] < 0.02
    assert found["density"] == pytest.approx(
        1000 * found["coverage"] / 5
    )  # each covered ball holds all fakes


@pytest.mark.parametrize(("k", "density_k"), [(1, 1), (3, 5), (4, 2)])
def test_equals_a_brute_force_over_several_parts(k, density_k, monkeypatch):
    monkeypatch.setattr(neighbours, "_CHUNK", 200)
    rng = np.random.default_rng(k)
    real, fake = rng.normal(5, 1, (60, 3)), rng.normal(5.5, 1.2, (45, 3))
    assert prdc(real, fake, k=k, density_k=density_k) == pytest.approx(brute_force(real, fake, k, density_k))


def test_ties_and_doubles_are_decided_as_by_a_brute_force():
    rng = np.random.default_rng(3)
    real, fake = rng.integers(0, 4, (60, 2)).astype(float), rng.integers(0, 5, (50, 2)).astype(float)
    assert prdc(real + 1000, fake + 1000) == pytest.approx(brute_force(real, fake, 3, 5))


def test_coverage_of_equal_distributions_is_its_closed_form():
    # The k nearest neighbours of a real among n - 1 reals and n fakes are all real: 1 - prod (...).
    n, k = 2000, 5
    expected = 1 - np.prod([(n - 1 - i) / (2 * n - 1 - i) for i in range(k)])
    rng = np.random.default_rng(0)
    found = prdc(rng.normal(size=(n, 16)), rng.normal(size=(n, 16)), density_k=k)
    assert found["coverage"] == pytest.approx(expected, abs=0.015)
    assert found["density"] == pytest.approx(1, abs=0.06)


def test_the_balls_of_a_manifold_serve_for_several_sets():
    rng = np.random.default_rng(1)
    real, first, second = rng.normal(size=(3, 80, 4))
    manifold = Manifold(real)
    assert [manifold.compare(fake) for fake in (first, second)] == [prdc(real, first), prdc(real, second)]


@pytest.mark.parametrize(
    ("real", "fake", "message"),
    [
        (np.zeros((5, 2)), np.zeros((9, 2)), r"k=\(3, 5\) is not allowed; allowed: 1 to 4"),
        (np.zeros((9, 2)), np.zeros((3, 2)), r"k=\(3,\) is not allowed; allowed: 1 to 2"),
        (np.zeros((9, 2)), np.zeros((9, 3)), "real features are 2 wide, fake ones 3"),
        (np.zeros((9, 2)), np.full((9, 2), np.nan), "features are not finite"),
    ],
)
def test_what_cannot_be_compared_is_refused(real, fake, message):
    with pytest.raises(ValueError, match=message):
        prdc(real, fake)


# --- memorisation --------------------------------------------------------------------------------


def test_memorisation_is_the_median_ratio():
    # Distances to train 1, 2, 3; to test 2, 2, 1.
    fake, train, test = column(0, 100, 200), column(1, 102, 197), column(-2, 98, 201)
    assert memorisation(fake, train, test) == pytest.approx(1)
    assert memorisation(fake[:1], train, test) == pytest.approx(0.5)
    assert memorisation(fake[2:], train, test) == pytest.approx(3)


def test_copies_are_near_zero_and_fresh_draws_near_one():
    rng = np.random.default_rng(0)
    train, test, fresh = rng.normal(size=(3, 800, 8)) + 50
    assert memorisation(train[:300], train, test) < 1e-6
    assert memorisation(fresh, train, test) == pytest.approx(1, abs=0.03)
    assert memorisation(train, train, train) == 1


def test_sets_of_unequal_size_are_refused():
    with pytest.raises(ValueError, match=r"train and test have shapes \(3, 1\) and \(2, 1\)"):
        memorisation(column(0), column(1, 2, 3), column(1, 2))
