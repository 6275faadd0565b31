"""The kernel distance: values by hand, scikit-learn's kernel, and subsets."""

import numpy as np
import pytest
from sklearn.metrics.pairwise import polynomial_kernel

from gan_jax.metrics.kernel import kernel_distance, squared_mmd

X = np.array([[0, 0], [2, 0], [0, 2]])
Y = np.array([[2, 2], [0, 0], [1, 1]])


def independent(x, y):
    """The unbiased estimate, pair by pair."""
    kernel = polynomial_kernel(np.concatenate([x, y]), degree=3, gamma=1 / x.shape[1], coef0=1)
    n, m = len(x), len(y)
    same = [kernel[i, j] for i in range(n) for j in range(n) if i != j]
    other = [kernel[n + i, n + j] for i in range(m) for j in range(m) if i != j]
    return np.mean(same) + np.mean(other) - 2 * kernel[:n, n:].mean()


def test_a_case_counted_by_hand():
    assert squared_mmd(X, Y) == pytest.approx(-6, rel=1e-12)
    assert squared_mmd(X, Y, unbiased=False) == pytest.approx(11 + 4 / 9, rel=1e-12)


def test_a_set_against_itself_is_below_zero_where_unbiased():
    assert squared_mmd(X, X) == pytest.approx(-11.5556, abs=1e-4)
    assert squared_mmd(X, X, unbiased=False) == pytest.approx(0, abs=1e-12)


def test_equals_scikit_learns_kernel():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 7)), rng.normal(0.2, 1.3, size=(25, 7))
    assert squared_mmd(x, y) == pytest.approx(independent(x, y), rel=1e-10)
    # Subsets as large as the smaller set contain the whole of it.
    whole = kernel_distance(x, x[::-1], subsets=3, size=1000)
    assert whole == pytest.approx(independent(x, x), rel=1e-10)


def test_subsets_are_a_fair_estimate_of_the_whole():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2000, 4)), rng.normal(0.5, 1, size=(2000, 4))
    whole = squared_mmd(x, y)
    assert kernel_distance(x, y, subsets=100, size=200) == pytest.approx(whole, rel=0.05)
    assert kernel_distance(x, y, seed=3, size=200) == kernel_distance(x, y, seed=3, size=200)
    assert kernel_distance(x, y, seed=3, size=200) != kernel_distance(x, y, seed=4, size=200)


def test_equal_distributions_are_zero_on_average_whatever_their_size():
    rng = np.random.default_rng(2)
    found = [squared_mmd(rng.normal(size=(20, 3)), rng.normal(size=(20, 3))) for _ in range(400)]
    assert min(found) < 0 < max(found)
    assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(400)


@pytest.mark.parametrize(
    ("real", "fake", "fields", "message"),
    [
        (X, np.zeros((3, 3)), {}, r"features are \(2,\) and \(3,\) wide"),
        (X, Y[:1], {}, "subsets=100 of size=1"),
        (X, Y, {"subsets": 0}, "subsets=0 of size=3"),
        (X, np.full((3, 2), np.inf), {}, "features are not finite"),
    ],
)
def test_what_cannot_be_compared_is_refused(real, fake, fields, message):
    with pytest.raises(ValueError, match=message):
        kernel_distance(real, fake, **fields)
