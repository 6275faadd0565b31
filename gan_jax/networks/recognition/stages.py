"""The convolutional body that DTN uses as f and, with a head, as classifier (Taigman et al. 2016, 5.1)."""

from collections.abc import Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from gan_jax.networks.layers.basic import Conv, Dense, max_pool
from gan_jax.networks.layers.normalisation import BatchNorm
from gan_jax.ops.pixels import resize, to_rgb

_EPSILON = 1e-5  # batch norm's; `fold_batch_norm` needs the same value


class Features(nn.Module):
    """Stages of 3x3 convolution, max-pooling and ReLU; the last stage has no ReLU.

    [B, S, S, 1 or 3] in [-1, 1] -> [B, widths[-1]]. One channel is replicated to three. Each stage pools by
    two; the last stage pools the whole remaining map. Before the last pooling, 4 pixels remain of 32 with
    four stages, of 64 with five and of 128 with six. The default widths give 665 856 parameters for any S.

    Attributes:
      widths: channels of the stages.
      convs_per_block: convolutions in each stage but the last, with ReLU between them.
      batch_norm: normalise the output of each convolution but the last.
      input_size: side in pixels to which images are resized first; 0 leaves them as they are.
    """

    widths: tuple[int, ...] = (64, 128, 256, 128)
    convs_per_block: int = 1
    batch_norm: bool = False
    input_size: int = 0

    @nn.compact
    def __call__(self, x: jax.Array, train: bool = False) -> jax.Array:
        """Features before the last ReLU.

        Raises:
          ValueError: see `last_window`.
        """
        x = to_rgb(resize(x, self.input_size) if self.input_size else x)
        window, across = (last_window(side, len(self.widths)) for side in x.shape[1:3])
        for stage, width in enumerate(self.widths[:-1]):
            for i in range(self.convs_per_block):
                x = nn.relu(x) if i else x
                x = Conv(width, name=f"conv_{stage}_{i}")(x)
                if self.batch_norm:
                    x = BatchNorm(train, _EPSILON, name=f"norm_{stage}_{i}")(x)
            x = nn.relu(max_pool(x, 2))
        x = Conv(self.widths[-1], name="conv_last")(x)
        return max_pool(x, window)[:, 0, 0] if window == across else x.max(axis=(1, 2))


def last_window(size: int, stages: int) -> int:
    """The pooling window of the last stage of `Features`: the side that `size` is halved to before it.

    Raises:
      ValueError: `size` cannot be halved so often.
    """
    window, remainder = divmod(size, 2 ** (stages - 1))
    if remainder or not window:
        multiple = f"{size} is no multiple of {2 ** (stages - 1)}"
        raise ValueError(f"images of {size} pixels do not come down to one in {stages} stages: {multiple}")
    return window


class Classifier(nn.Module):
    """`Features`, ReLU, dropout and a linear head: [B, S, S, 1 or 3] -> logits [B, num_classes].

    With `num_classes=0` there is no head, and the output is the features [B, widths[-1]].
    """

    widths: tuple[int, ...] = (64, 128, 256, 128)
    num_classes: int = 10
    convs_per_block: int = 1
    batch_norm: bool = False
    dropout: float = 0.0
    input_size: int = 0

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        """Logits, or features without a head. In training, batch norm uses the batch, and dropout acts.

        Dropout draws from the stream 'dropout'.
        """
        shape = (self.widths, self.convs_per_block, self.batch_norm, self.input_size)
        z = Features(*shape, name="features")(x, train)
        if not self.num_classes:
            return z
        z = nn.relu(z)
        z = nn.Dropout(self.dropout, deterministic=not train)(z)
        return Dense(self.num_classes, exact=True, name="head")(z)


def fold_batch_norm(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of a `Features` without batch norm that computes the same as a trained one with batch norm.

    Args:
      variables: `params` and `batch_stats` of a trained `Classifier`.

    Returns:
      Parameters for `Features(widths, convs_per_block, batch_norm=False)`: `kernel * s` and `(bias - mean) *
      s + shift` with `s = scale / sqrt(var + eps)`.
    """
    params = dict(variables["params"]["features"])
    stats = variables["batch_stats"].get("features", {})
    for name, stat in stats.items():
        norm, conv = params.pop(name), name.replace("norm", "conv")
        scale = norm["scale"] / jnp.sqrt(stat["var"] + _EPSILON)
        bias = (params[conv]["bias"] - stat["mean"]) * scale + norm["bias"]
        params[conv] = {"kernel": params[conv]["kernel"] * scale, "bias": bias}
    return params


class StageMaps(nn.Module):
    """The maps of a `Features` without batch norm: [B, H, W, 1 or 3] -> {layer: [B, h, w, C]}, of any size.

    Layer `stage_k` is the k-th stage's last convolution after its ReLU and before its pooling, with sides of
    H / 2^(k - 1). The last stage is before the ReLU that a head would take. The parameters have the names of
    `Features`, so those of `fold_batch_norm` fit.

    Attributes:
      widths: channels of the stages.
      convs_per_block: convolutions in each stage but the last.
    """

    widths: tuple[int, ...] = (64, 128, 256, 128)
    convs_per_block: int = 1

    @nn.compact
    def __call__(self, x: jax.Array, layers: tuple[str, ...] = ()) -> dict[str, jax.Array]:
        """The maps of the named layers; () stands for all."""
        x = to_rgb(x)
        maps = {}
        for stage, width in enumerate(self.widths[:-1]):
            for i in range(self.convs_per_block):
                x = nn.relu(Conv(width, name=f"conv_{stage}_{i}")(x))
            maps[f"stage_{stage + 1}"] = x
            # A last row or column without a partner is left out.
            x = max_pool(x[:, : x.shape[1] // 2 * 2, : x.shape[2] // 2 * 2], 2)
        maps[f"stage_{len(self.widths)}"] = Conv(self.widths[-1], name="conv_last")(x)
        return {name: maps[name] for name in layers or maps}
