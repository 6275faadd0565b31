"""Normalisation layers of image-to-image translation, and a network's pass in training."""

from typing import Any

import flax.linen as nn
import jax

from gan_jax.networks.layers.initializers import around_one

NORMS = ("instance", "instance_affine", "batch")


def norm(kind: str, train: bool, name: str) -> nn.Module:
    """A layer that normalises [B, H, W, C] with torch's epsilon, 1e-5.

    Args:
      kind: 'instance' normalises over H and W of each example and channel, without parameters, as torch does
        by default. 'instance_affine' adds a scale and a shift, 2 C parameters. 'batch' normalises over B, H
        and W; its scale is drawn from N(1, 0.02) and its shift starts at 0, as in the official codes of
        pix2pix and CycleGAN.
      train: for 'batch' only. True normalises by the batch and updates the running statistics; False
        normalises by the running statistics.
      name: name of the layer.
    """
    if kind == "batch":
        return nn.BatchNorm(
            use_running_average=not train, momentum=0.9, epsilon=1e-5, scale_init=around_one(0.02), name=name
        )
    affine = kind == "instance_affine"
    scale = around_one(0.02) if affine else nn.initializers.ones
    return nn.InstanceNorm(epsilon=1e-5, use_bias=affine, use_scale=affine, scale_init=scale, name=name)


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
