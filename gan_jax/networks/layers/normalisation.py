"""Batch, instance and layer norm, selected by name, and a network's pass in training.

Other modules make no norm layers of linen. By default linen computes the variance as E x^2 - (E x)^2. In
float32 this difference loses precision if the mean is large compared with the standard deviation. Statistics
are float32 under every policy of `ops.precision`, and the result has the type of the policy's products.
"""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from gan_jax.networks.layers.initializers import Initializer
from gan_jax.ops.precision import dtype as product_dtype
from gan_jax.ops.precision import exactly

KINDS = ("none", "batch", "layer", "instance", "instance_affine")

_EPSILON = 1e-5  # as in torch
_MOMENTUM = 0.9  # share of the running statistics that an update keeps; torch's momentum is 1 - 0.9 = 0.1
_ones = nn.initializers.ones


class BatchNorm(nn.Module):
    """Batch norm over all axes but the last, [B, ..., C] -> [B, ..., C], with torch's running statistics.

    In training the layer normalises by the batch's mean and biased variance, and moves the running statistics
    a tenth of the way towards the batch's statistics. For the running variance the batch's variance is
    unbiased: n / (n - 1) times the biased variance of n values of a channel. PyTorch, Lua Torch, Chainer and
    TensorFlow's fused layer do the same. Linen uses the biased variance. A single value has no unbiased
    variance, and its variance counts as 0. In evaluation the layer normalises by the running statistics.

    Variables have linen's names: `scale` and `bias` [C]; `mean` and `var` [C] of `batch_stats`.

    Attributes:
      train: whether to normalise by the batch and to update the running statistics.
      epsilon: added to the variance.
      affine: whether the layer has a learned scale and a learned shift.
      scale_init: initial values of the scale.
    """

    train: bool
    epsilon: float = _EPSILON
    affine: bool = True
    scale_init: Initializer = _ones

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Applies the layer."""
        shape, dtype = x.shape[-1:], x.dtype
        x = exactly(x)
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
            return ((x - mean) * factor).astype(dtype)
        factor = factor * self.param("scale", self.scale_init, shape)
        return ((x - mean) * factor + self.param("bias", nn.initializers.zeros, shape)).astype(dtype)


def instance_norm(name: str, affine: bool = True, scale_init: Initializer = _ones) -> nn.InstanceNorm:
    """Instance norm with torch's epsilon; `affine` adds a learned scale and shift for each channel."""
    options = {"use_scale": affine, "use_bias": affine, "scale_init": scale_init}
    return nn.InstanceNorm(
        epsilon=_EPSILON, use_fast_variance=False, dtype=product_dtype(), name=name, **options
    )


def layer_norm(name: str, axes: tuple[int, ...], scale_init: Initializer = _ones) -> nn.LayerNorm:
    """Layer norm over `axes` of each example, with a learned scale and shift for each channel."""
    options = {"reduction_axes": axes, "feature_axes": -1, "scale_init": scale_init}
    return nn.LayerNorm(
        epsilon=_EPSILON, use_fast_variance=False, dtype=product_dtype(), name=name, **options
    )


def normalised(x: jax.Array, kind: str, train: bool, name: str, scale_init: Initializer = _ones) -> jax.Array:
    """Normalises `x` [B, ..., C] inside a compact method, with torch's epsilon, 1e-5.

    Args:
      x: images [B, H, W, C] or vectors [B, C].
      kind: 'none'; 'batch', over all axes but the last; 'layer', over all axes but the first; 'instance' or
        'instance_affine', over H and W of each example and channel. All kinds except 'none' and 'instance'
        have a learned scale and shift for each channel. Torch's instance norm has none by default either.
      train: whether batch norm uses the batch's statistics and moves the running statistics a tenth of the
        way to them. The other kinds do not use this argument.
      name: name of the submodule.
      scale_init: initial values of the scale.

    Raises:
      ValueError: `kind` is none of KINDS.
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


def channel_norm(x: jax.Array, epsilon: float = 1e-8) -> jax.Array:
    """Instance norm without parameters: images [B, H, W, C] with mean 0 and variance 1 in each channel.

    StyleGAN's code adds 1e-8 to the variance, and torch's layer 1e-5. The statistics are in float32.
    """
    y = x.astype(jnp.float32)
    y = y - y.mean((1, 2), keepdims=True)
    return (y * jax.lax.rsqrt(jnp.square(y).mean((1, 2), keepdims=True) + epsilon)).astype(x.dtype)


def pixel_norm(x: jax.Array, epsilon: float = 1e-8) -> jax.Array:
    """Divides each vector of channels by its root mean square: `x / sqrt(mean_c x^2 + epsilon)`.

    `x` is [..., C]; progressive GAN normalises the features of each pixel and the latents in this way (Karras
    et al. 2018, section 4.2). The statistics are in float32.
    """
    square = jnp.square(x.astype(jnp.float32)).mean(-1, keepdims=True)
    return x * jax.lax.rsqrt(square + epsilon).astype(x.dtype)


def _moved(running: jax.Array, new: jax.Array) -> jax.Array:
    return _MOMENTUM * running + (1 - _MOMENTUM) * new


def pass_in_training(
    module: nn.Module, params: Any, batch_stats: Any, x: jax.Array, **options: Any
) -> tuple[Any, Any]:
    """Applies `module` to `x` in training mode.

    `options` are further arguments of `module.apply`, such as `rngs`.

    Returns:
      The output, and the running statistics after the pass, which are {} if the module has none.
    """
    variables = {"params": params, "batch_stats": batch_stats}
    out, new = module.apply(variables, x, train=True, mutable=["batch_stats"], **options)
    return out, new.get("batch_stats", {})
