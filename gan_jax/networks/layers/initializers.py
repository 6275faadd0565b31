"""Initial values of kernels that linen lacks: uniform ones, and those of Gulrajani et al. 2017's code."""

import math
from collections.abc import Callable

import flax.linen as nn
import jax

Initializer = Callable[..., jax.Array]

HE = nn.initializers.variance_scaling(2.0, "fan_avg", "uniform")  # std sqrt(4 / (fan_in + fan_out))
GLOROT = nn.initializers.glorot_uniform()
HE_DENSE = nn.initializers.he_uniform()  # std sqrt(2 / fan_in)
NORMAL = nn.initializers.normal(0.02)  # of DCGAN, pix2pix, CycleGAN and DiscoGAN


def uniform(limit: float) -> Initializer:
    """An initializer for U(-limit, limit)."""

    def draw(key, shape, dtype=float):
        return jax.random.uniform(key, shape, dtype, -limit, limit)

    return draw


def around_one(std: float) -> Initializer:
    """An initializer for N(1, std), which DCGAN uses for batch norm's scale; `std=0` gives ones."""
    if not std:
        return nn.initializers.ones
    return lambda key, shape, dtype=float: 1 + std * jax.random.normal(key, shape, dtype)


NEAR_ONE = around_one(0.02)  # scales of batch norm in the codes of DCGAN, pix2pix and CycleGAN


def narrow() -> Initializer:
    """An initializer for the uniform distribution of standard deviation 0.02, as in the grid's DCGAN."""
    return uniform(0.02 * math.sqrt(3))


def glorot_strided(stride: int) -> Initializer:
    """Like `GLOROT`, with the fan-out of a strided convolution [k, k, C, D] divided by stride**2."""
    return _strided(2.0, stride, transposed=False)


def he_strided(stride: int, transposed: bool = False) -> Initializer:
    """Like `HE`, with the fan-out of a strided convolution [k, k, C, D] divided by stride**2.

    If the convolution is `transposed`, the fan-in is divided instead.
    """
    return _strided(4.0, stride, transposed)


def _strided(scale, stride, transposed):

    def draw(key, shape, dtype=float):
        field = math.prod(shape[:-2])
        fans = [field * shape[-2], field * shape[-1]]
        fans[0 if transposed else 1] /= stride**2
        return uniform(math.sqrt(3 * scale / sum(fans)))(key, shape, dtype)

    return draw
