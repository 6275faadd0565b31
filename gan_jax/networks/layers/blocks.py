"""Blocks of networks whose inside need not be kept for the backward pass."""

from collections.abc import Callable
from typing import Any

import flax.linen as nn

from gan_jax.ops import remat


def block(network: nn.Module, layers: Callable[..., Any], *inputs: Any) -> Any:
    """`layers(network, *inputs)`, some layers of a network, inside its compact method.

    Inside `remat.over` the backward pass computes the layers again from their inputs. This costs time and
    saves memory. Names of parameters and results are the same.
    """
    if not remat.on():
        return layers(network, *inputs)
    return nn.remat(layers)(network, *inputs)
