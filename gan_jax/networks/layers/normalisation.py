"""Normalisation as image-to-image translation has it, and the pass of a network in training."""

from typing import Any

import flax.linen as nn
import jax

from gan_jax.networks.layers.initializers import around_one

NORMS = ("instance", "instance_affine", "batch")


def norm(kind: str, train: bool, name: str) -> nn.Module:
    """A layer that normalises [B, H, W, C] with torch's epsilon, 1e-5.

    Args:
      kind: 'instance' (over H and W of each example and channel, no parameters: torch's default),
        'instance_affine' (with scale and shift, 2 C parameters) or 'batch' (over B, H and W, scale drawn
        from N(1, 0.02) and shift 0, as the official codes of pix2pix and CycleGAN have it).
      train: 'batch' alone: by the batch and updating running statistics, else by these.
      name: of the layer.
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
    """What `module` makes of `x` in training, and its running statistics after it ({} where it has none).

    `options` are further ones of `module.apply`, such as `rngs`.
    """
    variables = {"params": params, "batch_stats": batch_stats}
    out, new = module.apply(variables, x, train=True, mutable=["batch_stats"], **options)
    return out, new.get("batch_stats", {})
