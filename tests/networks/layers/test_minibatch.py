"""The minibatch standard deviation: values, groups and their order."""

import jax
import numpy as np
import programs
import pytest

from gan_jax.networks.layers import minibatch

beside_deviation = programs.one_program(minibatch.beside_deviation)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def planes(x, group):
    y = beside_deviation(x, group)
    np.testing.assert_array_equal(y[..., :-1], x)
    assert np.all(y[..., -1] == y[:, :1, :1, -1])
    return y[:, 0, 0, -1]


def test_equal_images_have_1e_4_and_a_finite_gradient():
    x = np.repeat(normal(1, 4, 4, 3), 4, 0)
    np.testing.assert_allclose(planes(x, 4), 1e-4, rtol=1e-4)
    slope = jax.jit(jax.grad(lambda x: beside_deviation(x, 4)[..., -1].sum()))(x)
    assert np.all(np.isfinite(slope))


@pytest.mark.parametrize(
    ("size", "group", "members"), [(8, 4, 4), (8, 8, 8), (6, 4, 3), (3, 4, 3), (5, 4, 1)]
)
def test_image_j_is_in_group_j_mod_the_number_of_groups(size, group, members):
    x = normal(size, 2, 3, 5)
    groups = size // members
    found = planes(x, group)
    for j in range(size):
        own = x[j % groups :: groups].astype(np.float64)
        assert found[j] == pytest.approx(np.sqrt(own.var(0) + 1e-8).mean(), rel=1e-5)


def test_two_images_of_one_group_may_change_places():
    x = normal(8, 2, 2, 3)
    swapped = x[[2, 1, 0, 3, 4, 5, 6, 7]]
    np.testing.assert_allclose(planes(swapped, 4), planes(x, 4), rtol=1e-6)
    across = x[[1, 0, 2, 3, 4, 5, 6, 7]]
    assert np.abs(planes(across, 4) - planes(x, 4)).max() > 1e-3
