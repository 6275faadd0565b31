"""Batch, instance and layer norm, the choice of them by name, and a network's pass in training.

No other module makes a layer of linen's: its variance is E x^2 - (E x)^2 unless it is told otherwise, and in
float32 that difference loses the digits that mean and deviation do not share.
"""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from gan_jax.networks.layers.initializers import Initializer

KINDS = ("none", "batch", "layer", "instance", "instance_affine")

_EPSILON = 1e-5  # torch's
_MOMENTUM = 0.9  # what running statistics keep of themselves; torch counts the rest, 0.1
_ones = nn.initializers.ones


class BatchNorm(nn.Module):
    """Batch norm over all axes but the last, [B, ..., C] -> [B, ..., C], with torch's running statistics.

    In training it normalises by the batch's mean and biased variance, and moves the running statistics a
    tenth towards the batch's. The running variance takes the unbiased one, which is n / (n - 1) times the
    biased one of n values a channel: so do PyTorch, Lua Torch, Chainer and TensorFlow's fused layer. Linen
    takes the biased one. Of a single value there is no unbiased variance, and it counts as 0. In use the
    layer normalises by the running statistics.

    Variables have linen's names: `scale` and `bias` [C]; `mean` and `var` [C] of `batch_stats`.

    Attributes:
      train: normalises by the batch and updates the running statistics.
      epsilon: added to the variance.
      affine: whether the output has a learned scale and a learned shift.
      scale_init: of the scale.
    """

    train: bool
    epsilon: float = _EPSILON
    affine: bool = True
    scale_init: Initializer = _ones

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Applies the layer."""
        shape = x.shape[-1:]
        running_mean = self.variable("batch_stats", "mean", jnp.zeros, shape)
        running_variance = self.variable("batch_stats", "var", jnp.ones, shape)
        if self.train:
            axes, n = tuple(range(x.ndim - 1)), x.size // x.shape[-1]
            mean = x.mean(axes)
            variance = jnp.square(x - mean).mean(axes)
            if not self.is_initializing():
                running_mean.value = _moved(running_mean.value, mean)
                running_variance.value = _moved(running_variance.value, variance * (n / max(n - 1, 1)))
        else:
            mean, variance = running_mean.value, running_variance.value
        factor = jax.lax.rsqrt(variance + self.epsilon)
        if not self.affine:
            return (x - mean) * factor
        factor = factor * self.param("scale", self.scale_init, shape)
        return (x - mean) * factor + self.param("bias", nn.initializers.zeros, shape)


def instance_norm(name: str, affine: bool = True, scale_init: Initializer = _ones) -> nn.InstanceNorm:
    """Instance norm with torch's epsilon; `affine` adds a learned scale and shift for each channel."""
    options = {"use_scale": affine, "use_bias": affine, "scale_init": scale_init}
    return nn.InstanceNorm(epsilon=_EPSILON, use_fast_variance=False, name=name, **options)


def layer_norm(name: str, axes: tuple[int, ...], scale_init: Initializer = _ones) -> nn.LayerNorm:
    """Layer norm over `axes` of each example, with a learned scale and shift for each channel."""
    options = {"reduction_axes": axes, "feature_axes": -1, "scale_init": scale_init}
    return nn.LayerNorm(epsilon=_EPSILON, use_fast_variance=False, name=name, **options)


def normalised(x: jax.Array, kind: str, train: bool, name: str, scale_init: Initializer = _ones) -> jax.Array:
    """Normalises `x` [B, ..., C] inside a compact method, with torch's epsilon, 1e-5.

    Args:
      x: images [B, H, W, C] or vectors [B, C].
      kind: 'none'; 'batch', over all axes but the last; 'layer', over all axes but the first; or 'instance',
        over H and W of each example and channel. Batch and layer norm have a learned scale and shift for each
        channel. Instance norm has none, as torch's by default; 'instance_affine' has both.
      train: batch norm uses the batch's statistics and moves the running ones a tenth of the way to them. The
        other kinds do not use it.
      name: name of the submodule.
      scale_init: initial values of the scale.

    Raises:
      ValueError: `kind` is none of these.
    """
    if kind == "none":
        return x
    if kind == "batch":
        return BatchNorm(train, scale_init=scale_init, name=name)(x)
    if kind == "layer":
        return layer_norm(name, tuple(range(1, x.ndim)), scale_init)(x)
    if kind in ("instance", "instance_affine"):
        return instance_norm(name, kind == "instance_affine", scale_init)(x)
    raise ValueError(f"norm={kind!r} is not allowed; allowed: {', '.join(KINDS)}")


def _moved(running: jax.Array, new: jax.Array) -> jax.Array:
    return _MOMENTUM * running + (1 - _MOMENTUM) * new


def pass_in_training(
    module: nn.Module, params: Any, batch_stats: Any, x: jax.Array, **options: Any
) -> tuple[Any, Any]:
    """Applies `module` to `x` in training mode.

    `options` are further arguments of `module.apply`, such as `rngs`.

    Returns:
      The output, and the running statistics after the pass; {} if the module has none.
    """
    variables = {"params": params, "batch_stats": batch_stats}
    out, new = module.apply(variables, x, train=True, mutable=["batch_stats"], **options)
    return out, new.get("batch_stats", {})
