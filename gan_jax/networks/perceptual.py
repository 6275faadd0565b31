"""The convolutional body that DTN uses as f and, with a head, as classifier (Taigman et al. 2016, 5.1)."""

from collections.abc import Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from gan_jax import images
from gan_jax.networks.layers import Conv, max_pool

_EPSILON = 1e-5  # of batch norm, here and where it is folded
_POOLS = (2, 2, 2, 4)


class Features(nn.Module):
    """Four stages of 3x3 convolution, max-pooling and ReLU; the last one without its ReLU.

    [B, 32, 32, 1 or 3] in [-1, 1] -> [B, widths[-1]]; one channel is replicated to three. With the
    default widths it has 665 856 parameters.

    Attributes:
      widths: of the four stages.
      convs_per_block: convolutions in each of the first three stages, with ReLU between.
      batch_norm: normalise each convolution's output but the last one's.
    """

    widths: tuple[int, ...] = (64, 128, 256, 128)
    convs_per_block: int = 1
    batch_norm: bool = False

    @nn.compact
    def __call__(self, x: jax.Array, train: bool = False) -> jax.Array:
        """Features before the last ReLU."""
        x = images.to_rgb(x)
        for stage, (width, pool) in enumerate(zip(self.widths[:-1], _POOLS[:-1], strict=True)):
            for i in range(self.convs_per_block):
                x = nn.relu(x) if i else x
                x = Conv(width, name=f"conv_{stage}_{i}")(x)
                if self.batch_norm:
                    norm = nn.BatchNorm(momentum=0.9, epsilon=_EPSILON, name=f"norm_{stage}_{i}")
                    x = norm(x, use_running_average=not train)
            x = nn.relu(max_pool(x, pool))
        x = Conv(self.widths[-1], name="conv_last")(x)
        return max_pool(x, _POOLS[-1])[:, 0, 0]


class Classifier(nn.Module):
    """`Features`, ReLU, dropout and a linear head: [B, 32, 32, 1 or 3] -> logits [B, num_classes]."""

    widths: tuple[int, ...] = (64, 128, 256, 128)
    num_classes: int = 10
    convs_per_block: int = 1
    batch_norm: bool = False
    dropout: float = 0.0

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        """Logits; `train` uses batch statistics and drops features (rng 'dropout')."""
        body = Features(self.widths, self.convs_per_block, self.batch_norm, name="features")
        z = nn.relu(body(x, train))
        z = nn.Dropout(self.dropout, deterministic=not train)(z)
        return nn.Dense(self.num_classes, name="head")(z)


def fold_batch_norm(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of the `Features` without batch norm that computes what a trained one computes.

    Args:
      variables: `params` and `batch_stats` of a trained `Classifier`.

    Returns:
      Parameters for `Features(widths, convs_per_block, batch_norm=False)`:
      `kernel * s` and `(bias - mean) * s + shift` with `s = scale / sqrt(var + eps)`.
    """
    params = dict(variables["params"]["features"])
    stats = variables["batch_stats"].get("features", {})
    for name, stat in stats.items():
        norm, conv = params.pop(name), name.replace("norm", "conv")
        scale = norm["scale"] / jnp.sqrt(stat["var"] + _EPSILON)
        bias = (params[conv]["bias"] - stat["mean"]) * scale + norm["bias"]
        params[conv] = {"kernel": params[conv]["kernel"] * scale, "bias": bias}
    return params
