"""Distances between images by the features of a network, in floats, since bytes hide small differences."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from gan_jax.networks.recognition import vgg
from gan_jax.networks.recognition.random_maps import RandomMaps
from gan_jax.ops.pixels import to_rgb

FEATURES = ("pixels", "random", "judge", "vgg16", "vgg19")
FILES = ("vgg16", "vgg19")  # those whose weights come from a file

_SIDE = 256  # the longest side of images that VGG sees, as in the code of StyleGAN
_RANDOM = ("scales", "relu2_1")  # the layers of untrained filters

Distance = Callable[[np.ndarray, np.ndarray], np.ndarray]


def distance(features: str, network: Any = None) -> Distance:
    """A distance d of images x and y, float [n, H, W, C] in about [-1, 1]: `d(x, y)` [n], 0 or more.

    - 'pixels': the mean squared difference over pixels and channels.
    - 'judge': the squared difference of a classifier's features, which are scaled to length 1.
    - 'vgg16', 'vgg19', 'random': `sum_l mean_hw |f_l(x) - f_l(y)|^2`, where f_l is the vector of layer l at a
      position, scaled to length 1. This is LPIPS (Zhang et al. 2018, eq. 1) with weights of 1 instead of
      learned ones. The layers are the last of each of VGG's groups, after the ReLU, or those of untrained
      filters, which are always the same.

    Args:
      features: one of FEATURES.
      network: the judge, or VGG, as a `game.network.Network`; None for 'pixels' and 'random'.

    Raises:
      ValueError: the features are unknown.
    """
    if features == "pixels":
        return lambda x, y: np.square(np.subtract(x, y, dtype=np.float64)).mean((1, 2, 3))
    if features == "judge":
        embed = lambda x: _unit(jnp.asarray(network.apply("embed", {"image": x})))  # noqa: E731
        return lambda x, y: np.asarray(jnp.square(embed(x) - embed(y)).sum(-1))
    if features not in FEATURES:
        raise ValueError(f"features={features!r} is not allowed; allowed: {', '.join(FEATURES)}")
    maps = _untrained() if features == "random" else _pretrained(features, network.variables[features])

    @jax.jit
    def far(x, y):
        pairs = zip(maps(to_rgb(x)), maps(to_rgb(y)), strict=True)
        return sum(jnp.square(_unit(a) - _unit(b)).sum(-1).mean((1, 2)) for a, b in pairs)

    return lambda x, y: np.asarray(far(x, y))


def least_side(features: str) -> int:
    """The smallest side, in pixels, of images that the features describe."""
    return 2 ** (len(vgg.WIDTHS) - 1) if features in FILES else 1


def _unit(vectors):
    return vectors * jax.lax.rsqrt(jnp.square(vectors).sum(-1, keepdims=True) + 1e-12)


def _untrained():
    network = RandomMaps()
    variables = network.init(jax.random.key(0), jnp.zeros((1, 8, 8, 3)))
    return lambda x: network.apply(variables, x, _RANDOM).values()


def _pretrained(name, variables):
    """The maps of VGG's groups as a function of images; images of more than 256 pixels are averaged first."""
    depth = int(name.removeprefix("vgg"))
    network = vgg.VGG(depth, through=vgg.last(depth, variables))
    groups = {layer[4]: layer.replace("conv", "relu") for layer in vgg.convolutions(depth, network.through)}

    def maps(x):
        factor = max(x.shape[1] // _SIDE, 1)
        if factor > 1:
            parts = x.reshape(len(x), x.shape[1] // factor, factor, x.shape[2] // factor, factor, x.shape[3])
            x = parts.mean((2, 4))
        return network.apply(variables, x, tuple(groups.values())).values()

    return maps
