"""L-BFGS with one evaluation in a step: a quadratic, and descent through negative curvature."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gan_jax.models.shared import optimizers


def descent(loss, start, steps):
    """The losses and parameters after each step."""
    tx = optimizers.lbfgs(5)
    params, found = jnp.asarray(start), []
    state, value_and_slope, move = tx.init(params), jax.jit(jax.value_and_grad(loss)), jax.jit(tx.update)
    for _ in range(steps):
        value, slope = value_and_slope(params)
        updates, state = move(slope, state, params)
        params = params + updates
        found.append((float(value), np.asarray(params)))
    return found


@pytest.mark.long
def test_a_quadratic_is_solved():
    scales = jnp.array([1.0, 3.0, 0.3, 2.0])
    loss = lambda w: 0.5 * jnp.sum(scales * jnp.square(w - 0.2))  # noqa: E731
    _, last = descent(loss, [0.0, 0.5, -0.3, 0.1], 25)[-1]
    np.testing.assert_allclose(last, 0.2, atol=1e-3)


def test_no_step_goes_uphill_where_the_curvature_is_negative():
    """On -w^2 the secant makes the direction uphill; the gradient's own direction replaces it."""
    found = descent(lambda w: -jnp.sum(jnp.square(w)), [0.01, 0.02], 8)
    values = [value for value, _ in found]
    assert all(after < before for before, after in itertools.pairwise(values))


@pytest.mark.long
def test_a_step_changes_parameters_by_a_tenth_at_most():
    found = descent(lambda w: 1e6 * jnp.sum(jnp.abs(w)), [5.0, -5.0, 5.0], 6)
    places = np.stack([params for _, params in found])
    steps = np.sqrt(np.square(np.diff(places, axis=0)).mean(1))
    assert steps.max() < 0.1 + 1e-5
