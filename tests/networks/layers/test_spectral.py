"""Spectral normalisation against numpy's singular values, and the resulting invariance to scale."""

import functools

import counting
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import programs
import pytest

from gan_jax.networks.generation.catalogue import discriminator
from gan_jax.networks.generation.mlp import MLPDiscriminator
from gan_jax.networks.layers import spectral
from gan_jax.networks.layers.spectral import SpectralNorm

advance = programs.one_program(spectral.advance)


class Matrix(nn.Module):
    """[B, D] -> [B, 3], a linear function; an identity as input gives its normalised kernel."""

    norm = "none"

    @nn.compact
    def __call__(self, x, train, condition=None):
        return nn.Dense(3, name="linear")(x)


def converged(params, batch_stats, steps=200):
    for _ in range(steps):
        batch_stats = advance(params, batch_stats)
    return batch_stats


@functools.cache
def dcgan():
    """A small discriminator with its variables, u converged, and images for it."""
    module = discriminator("dcgan", size=16, width=4, spectral=True, norm="none")
    variables = counting.filled(counting.variables(module, (1, 16, 16, 1)))
    variables["batch_stats"] = converged(variables["params"], variables["batch_stats"])
    return module, variables, counting.normal(3, 16, 16, 1)


def test_sigma_is_the_largest_singular_value_of_the_matrix():
    module, x = SpectralNorm(Matrix()), np.eye(5, dtype=np.float32)
    variables = counting.filled(counting.variables(module, (5, 5)))
    kernel = variables["params"]["network"]["linear"]["kernel"]
    variables["params"]["network"]["linear"]["bias"] = np.zeros(3)
    variables["batch_stats"] = converged(variables["params"], variables["batch_stats"])
    sigma = np.linalg.svd(kernel, compute_uv=False)[0]
    np.testing.assert_allclose(module.apply(variables, x, False), kernel / sigma, rtol=1e-5)


def test_every_kernel_of_a_convolution_is_normalised_over_all_but_its_last_axis():
    _, variables, _ = dcgan()
    kernels = variables["params"]["network"]
    for name, u in variables["batch_stats"]["u"].items():
        matrix = np.asarray(kernels[name]["kernel"]).reshape(-1, len(u["kernel"]))
        sigma = np.linalg.norm(matrix @ u["kernel"])
        assert sigma == pytest.approx(np.linalg.svd(matrix, compute_uv=False)[0], rel=1e-5)
    assert set(variables["batch_stats"]["u"]) == {"down_0", "down_1", "logits"}


def test_one_advance_is_one_power_iteration_and_keeps_unit_norm():
    module = SpectralNorm(Matrix())
    variables = counting.filled(counting.variables(module, (5, 5)))
    w = np.asarray(variables["params"]["network"]["linear"]["kernel"], np.float64)
    u = np.asarray(variables["batch_stats"]["u"]["linear"]["kernel"], np.float64)
    new = advance(variables["params"], variables["batch_stats"])["u"]["linear"]["kernel"]
    expected = w.T @ (w @ u)
    np.testing.assert_allclose(new, expected / np.linalg.norm(expected), rtol=1e-5)
    assert np.linalg.norm(new) == pytest.approx(1, rel=1e-6)


def test_u_starts_with_unit_norm_beside_the_running_statistics_and_not_among_the_parameters():
    module = discriminator("dcgan", size=16, width=4, spectral=True, norm="batch")
    shapes = counting.variables(module, (1, 16, 16, 1))
    assert set(shapes) == {"params", "batch_stats"}
    assert set(shapes["params"]) == {"network"}
    assert set(shapes["batch_stats"]) == {"network", "u"}
    small = SpectralNorm(Matrix()).init(jax.random.key(0), np.zeros((1, 5), np.float32), False)
    u = small["batch_stats"]["u"]["linear"]["kernel"]
    assert u.shape == (3,)
    assert np.linalg.norm(u) == pytest.approx(1, rel=1e-6)


def test_gradients_are_orthogonal_to_the_kernels_and_those_of_numpys_sigma():
    module, variables, x = dcgan()

    def loss(params, batch_stats):
        return jnp.square(module.apply({"params": params, "batch_stats": batch_stats}, x, False)).mean()

    grads = jax.device_get(jax.jit(jax.grad(loss))(variables["params"], variables["batch_stats"]))
    flat = list(zip(jax.tree.leaves(grads), jax.tree.leaves(variables["params"]), strict=True))
    assert all(np.linalg.norm(grad) > 0 for grad, _ in flat)
    kernels = [(grad, w) for grad, w in flat if w.ndim > 1]  # biases are not normalised
    assert len(kernels) == len(variables["batch_stats"]["u"])
    for grad, w in kernels:
        assert abs(np.vdot(grad, w)) < 1e-5 * np.linalg.norm(grad) * np.linalg.norm(w)

    def dense(params):
        """The same with sigma from a differentiable singular value decomposition."""
        bare = discriminator("dcgan", size=16, width=4, norm="none")

        def divided(w):
            if w.ndim == 1:
                return w
            return w / jnp.linalg.svd(w.reshape(-1, w.shape[-1]), compute_uv=False)[0]

        return jnp.square(bare.apply({"params": jax.tree.map(divided, params["network"])}, x, False)).mean()

    expected = jax.jit(jax.grad(dense))(variables["params"])
    for a, b in zip(jax.tree.leaves(grads), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4 * float(np.abs(b).max()))


def test_no_gradient_flows_through_the_power_iteration():
    _, variables, _ = dcgan()

    def total(params):
        return sum(leaf.sum() for leaf in jax.tree.leaves(advance(params, variables["batch_stats"])["u"]))

    assert all(not np.any(leaf) for leaf in jax.tree.leaves(jax.jit(jax.grad(total))(variables["params"])))


def test_kernels_ten_times_as_large_change_nothing_and_a_biases_scale_is_left():
    module, variables, x = dcgan()
    kernels = jax.tree.map(lambda w: w if w.ndim == 1 else 10 * w, variables["params"])
    tenfold = variables | {"params": kernels}
    expected = module.apply(variables, x, False)
    np.testing.assert_allclose(module.apply(tenfold, x, False), expected, rtol=1e-4, atol=1e-6)

    biased = SpectralNorm(MLPDiscriminator((4,)))
    variables = counting.filled(counting.variables(biased, (1, 4, 4, 1)))
    more = jax.tree.map(np.copy, variables)
    more["params"]["network"]["logits"]["bias"] += 2.5
    x = counting.normal(2, 4, 4, 1)
    np.testing.assert_allclose(
        biased.apply(more, x, False) - biased.apply(variables, x, False), 2.5, rtol=1e-5
    )


def test_passes_leave_u_alone_and_move_the_networks_own_statistics():
    module = discriminator("dcgan", size=16, width=4, spectral=True, norm="batch")
    variables = counting.filled(counting.variables(module, (1, 16, 16, 1)))
    x = counting.normal(3, 16, 16, 1)
    _, new = module.apply(variables, x, True, mutable=["batch_stats"])
    old = variables["batch_stats"]
    for a, b in zip(*(jax.tree.leaves(s["u"]) for s in (old, new["batch_stats"])), strict=True):
        np.testing.assert_array_equal(a, b)
    moved = jax.tree.map(lambda a, b: np.abs(a - b).max(), old, new["batch_stats"])["network"]
    assert min(jax.tree.leaves(moved)) > 0


def test_statistics_without_u_pass_through():
    stats = {"norm_1": {"mean": jnp.ones(3)}}
    assert spectral.advance({"down_0": {"kernel": jnp.ones((2, 2))}}, stats) is stats


def test_dropout_and_conditions_reach_the_network():
    module = SpectralNorm(MLPDiscriminator((16,), dropout=0.5))
    x, c = counting.normal(2, 4, 4, 1), np.eye(2, dtype=np.float32)
    variables = counting.filled(counting.variables(module, x.shape, c.shape))
    runs = [module.apply(variables, x, True, c, rngs={"dropout": jax.random.key(i)}) for i in (0, 0, 1)]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert np.abs(runs[0] - runs[2]).max() > 0


def test_a_kernel_of_zeros_has_finite_gradients():
    module = SpectralNorm(Matrix())
    variables = counting.filled(counting.variables(module, (5, 5)))
    params = jax.tree.map(np.zeros_like, variables["params"])
    stats = {"batch_stats": variables["batch_stats"]}
    total = lambda p: module.apply({"params": p, **stats}, np.eye(5), False).sum()  # noqa: E731
    grads = jax.jit(jax.grad(total))(params)
    assert all(np.isfinite(g).all() for g in jax.tree.leaves(grads))
    assert all(np.isfinite(u).all() for u in jax.tree.leaves(advance(params, variables["batch_stats"])))
