"""Spectral normalisation of a whole network (Miyato et al. 2018, "Spectral Normalization for GANs")."""

from collections.abc import Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax import traverse_util

_EPSILON = 1e-12  # keeps norms of zero vectors from dividing by zero
_U = "u"  # key of the vectors in `batch_stats`


class SpectralNorm(nn.Module):
    """A discriminator whose every kernel W is replaced by W / sigma(W); the parameters stay W.

    W is a matrix [all axes but the last, last axis]. sigma(W) = |W u|, with a unit vector u that `advance`
    brings near the first right singular vector. This is the paper's Algorithm 1 for the transposed matrix,
    with half an iteration more. Gradients flow through sigma with u constant, so <dL/dW, W> = 0. All
    parameters of two axes or more are normalised; biases and scales of norms are not.

    u lives in `batch_stats['u']` and has the tree of the kernels. No call of this module changes u, so every
    pass between two calls of `advance` divides by the same function of W.

    Attributes:
      network: the discriminator, called as `network(x, train, condition)`.
    """

    network: nn.Module

    @property
    def norm(self) -> str:
        """The network's own normalisation of activations."""
        return self.network.norm

    @nn.compact
    def __call__(self, x: jax.Array, train: bool, condition: jax.Array | None = None) -> jax.Array:
        """The network's logits; `train` concerns the network's own norms and dropout."""
        if self.is_initializing():
            self.network(x, train, condition)
            self.variable("batch_stats", _U, self._start)
        u = self.get_variable("batch_stats", _U)

        def apply(network, *inputs):
            return network(*inputs)

        normalised = nn.map_variables(
            apply, "params", lambda variables: {"params": _divided(variables["params"], u)}
        )
        return normalised(self.network, x, train, condition)

    def _start(self):
        kernels = _kernels(self.network.variables["params"])
        keys = jax.random.split(self.make_rng("params"), len(kernels))
        normal = (jax.random.normal(key, w.shape[-1:]) for key, w in zip(keys, kernels.values(), strict=True))
        return traverse_util.unflatten_dict(dict(zip(kernels, map(_unit, normal), strict=True)))


def advance(params: Mapping[str, Any], batch_stats: Mapping[str, Any]) -> Mapping[str, Any]:
    """One power iteration, u <- unit(W^T unit(W u)), for every kernel. Call it once for each update of D.

    Args:
      params: parameters of a discriminator, before the update.
      batch_stats: the discriminator's running statistics.

    Returns:
      `batch_stats` with u advanced; no gradient flows through u. If D has no `SpectralNorm`, `batch_stats` as
      it was.
    """
    if _U not in batch_stats:
        return batch_stats
    new = {
        path: _unit(w.T @ _unit(w @ u))
        for path, w, u in _pairs(jax.lax.stop_gradient(params["network"]), batch_stats[_U])
    }
    return {**batch_stats, _U: traverse_util.unflatten_dict(new)}


def _divided(params, u):
    flat = traverse_util.flatten_dict(params)
    for path, w, vector in _pairs(params, u):
        # Without the constant, the derivative at W = 0 would be NaN.
        flat[path] = flat[path] / jnp.sqrt(jnp.square(w @ vector).sum() + _EPSILON**2)
    return traverse_util.unflatten_dict(flat)


def _pairs(params, u):
    """Path, matrix and vector u of every kernel."""
    u = traverse_util.flatten_dict(u)
    for path, kernel in _kernels(params).items():
        yield path, kernel.reshape(-1, kernel.shape[-1]), u[path]


def _kernels(params):
    return {path: w for path, w in traverse_util.flatten_dict(params).items() if w.ndim >= 2}


def _unit(x):
    return x / (jnp.linalg.norm(x) + _EPSILON)
