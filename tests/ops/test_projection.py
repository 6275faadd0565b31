"""The projection's schedule, its penalty on noise, and a first step at the target itself."""

import jax
import jax.numpy as jnp
import numpy as np
import programs
import pytest

from gan_jax.ops import projection as plain

projection = programs.each(plain)


def test_the_rate_rises_for_a_twentieth_and_falls_in_the_last_quarter():
    found = projection.rate(np.array([0.0, 0.025, 0.05, 0.5, 0.75, 0.875, 1.0]))
    np.testing.assert_allclose(found, [0, 0.05, 0.1, 0.1, 0.1, 0.05, 0], atol=1e-6)


@pytest.mark.long
def test_the_penalty_of_constant_noise_counts_every_scale_of_every_image():
    # Each scale doubles the value of a constant map; both axes give mean(x^2)^2.
    ones = jnp.ones((3, 32, 32))
    assert float(projection.noise_penalty([ones])) == pytest.approx(3 * 2 * (1 + 4**2 + 16**2))
    assert float(projection.noise_penalty([jnp.ones((1, 4, 4))])) == pytest.approx(2)
    white = jnp.asarray(np.random.default_rng(0).normal(size=(1, 256, 256)), jnp.float32)
    assert float(projection.noise_penalty([white])) < 0.2


def test_pixels_and_their_means():
    gap = np.zeros((2, 8, 8, 1))
    gap[0, :4, :4] = 2.0
    gap[1, ::2, ::2] = 1.0
    found = projection.pixel_distance(gap, np.zeros_like(gap))
    np.testing.assert_allclose(found, [4 / 4 + 0.1 * 4 / 4, 1 / 4 + 0.1 / 16], rtol=1e-6)


@pytest.mark.long
def test_at_the_target_the_first_distance_is_zero_and_only_noise_moves():
    a = jnp.asarray(np.random.default_rng(1).normal(size=(3, 2, 64)), jnp.float32)

    def g(ws, noise):
        return jnp.einsum("nld,ldp->np", ws, a).reshape(-1, 8, 8, 1) + 0 * noise[0][..., None]

    mean = jnp.array([0.5, -1.0])
    found = projection.start(jax.random.key(0), mean, 2, 1, [8])
    target = g(jnp.broadcast_to(found.w, (2, 3, 2)), found.noise)
    options = {"synthesise": g, "distance": plain.pixel_distance, "layers": 3}
    memory = projection.optimiser().init(found)
    at = (target, jax.random.key(1), 0.5, 0.0)
    new, _, far = projection.step(found, memory, *at, **options)
    np.testing.assert_allclose(far, 0, atol=1e-10)
    np.testing.assert_allclose(new.w, found.w, atol=1e-4)
    assert np.abs(new.noise[0] - found.noise[0]).max() > 0.01
    np.testing.assert_allclose(new.noise[0].mean((1, 2)), 0, atol=1e-6)
    np.testing.assert_allclose(jnp.square(new.noise[0]).mean((1, 2)), 1, rtol=1e-4)
    # One image does not touch the other.
    alone, _, _ = projection.step(
        jax.tree.map(lambda x: x[:1], found),
        projection.optimiser().init(jax.tree.map(lambda x: x[:1], found)),
        target[:1],
        *at[1:],
        **options,
    )
    np.testing.assert_allclose(alone.noise[0], new.noise[0][:1], atol=1e-5)


def test_the_penalty_counts_both_axes_and_every_scale_down_to_8_pixels():
    # A constant map of 16 pixels has the value 1, and at 8 pixels the value 2.
    found = jax.jit(projection.noise_penalty)([np.ones((3, 16, 16), np.float32)])
    assert float(found) == pytest.approx(3 * 2 * (1 + 4**2))


def test_styles_are_explored_in_the_first_three_quarters_and_each_map_becomes_standard():
    shifts = np.arange(2, dtype=np.float32)[:, None, None]
    maps = np.random.default_rng(0).normal(size=(2, 4, 4)).astype(np.float32) * (1 + shifts) + shifts
    found = projection.Unknowns(np.zeros((2, 1, 500), np.float32), [maps])

    @jax.jit
    def first(t):
        new, _, far = projection.step(
            found,
            projection.optimiser().init(found),
            np.zeros(()),
            jax.random.key(0),
            t,
            10.0,
            synthesise=lambda ws, noise: ws,
            distance=lambda ws, target: jnp.square(ws).mean((1, 2)),
            layers=1,
        )
        return new.noise[0], far

    # The noise of the styles falls from a twentieth of their deviation, as the square of what is left.
    for t, deviation in ((0.0, 0.5), (0.375, 0.125), (0.75, 0.0)):
        noise, far = first(t)
        np.testing.assert_allclose(np.sqrt(far), deviation, rtol=0.15, atol=1e-6)
    np.testing.assert_allclose(noise.mean((1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(np.square(noise).mean((1, 2)), 1, rtol=1e-4)
