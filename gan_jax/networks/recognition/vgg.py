"""The convolutions of VGG-16 and VGG-19 (Simonyan, Zisserman 2015), with every layer's maps by its name."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from gan_jax.networks.layers.basic import Conv, max_pool, mean_pool

CONVOLUTIONS = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}  # depth -> convolutions of the five groups
WIDTHS = (64, 128, 256, 512, 512)  # channels of the groups

_PADDINGS = {"zero": "SAME", "reflect": "REFLECT"}
_POOLS = {"max": lambda x: max_pool(x, 2), "average": mean_pool}


class VGG(nn.Module):
    """Groups of 3x3 convolutions with ReLU, each group but the first after a pooling by two.

    [B, H, W, 3] in [-1, 1] -> {layer: [B, h, w, C]}. A layer is `conv4_1`, a convolution before its ReLU, or
    `relu4_1`, after it. In group g, h is H / 2^(g - 1), rounded up as in Caffe and in AdaIN's network.
    (torchvision rounds down. The values differ only where an odd side is pooled.)

    The dense layer `input` turns pixels in [-1, 1] into what the weights were trained on. A file's own means,
    scales and order of channels are its parameters. Zeros of the border are added after it.

    Attributes:
      depth: 16 or 19.
      pool: 'max', or 'average', which Gatys et al. use.
      padding: 'zero', or 'reflect', which the network of AdaIN uses.
      through: the last layer; deeper ones have no parameters.
    """

    depth: int = 19
    pool: str = "max"
    padding: str = "zero"
    through: str = "relu5_1"

    @nn.compact
    def __call__(self, x: jax.Array, layers: Sequence[str] = ()) -> dict[str, jax.Array]:
        """The maps of the named layers; () stands for the last layer, `through`.

        Raises:
          ValueError: a field or layer is not known, or the images are too small, see `require_size`.
        """
        wanted = tuple(layers) or (self.through,)
        require_layers(self.depth, self.through, wanted)
        _require_choices(pool=(self.pool, _POOLS), padding=(self.padding, _PADDINGS))
        require_size(x.shape[1], x.shape[2], self.through, self.padding)
        x = nn.Dense(3, kernel_init=_identity, precision=jax.lax.Precision.HIGHEST, name="input")(x)
        maps, group = {}, 1
        for name in convolutions(self.depth, self.through):
            if _group(name) > group:
                group, x = _group(name), _POOLS[self.pool](_even(x))
            conv = Conv(
                WIDTHS[group - 1],
                kernel_init=nn.initializers.he_normal(),
                padding=_PADDINGS[self.padding],
                name=name,
            )
            maps[name] = conv(x)
            x = maps[name.replace("conv", "relu")] = nn.relu(maps[name])
        return {name: maps[name] for name in wanted}


def convolutions(depth: int, through: str = "") -> list[str]:
    """The names of the convolutions, `conv1_1` and so on, up to and with that of layer `through` ('': all).

    Raises:
      ValueError: the depth or the layer is not known.
    """
    _require_choices(depth=(depth, CONVOLUTIONS))
    names = [
        f"conv{group}_{i}" for group, count in enumerate(CONVOLUTIONS[depth], 1) for i in range(1, count + 1)
    ]
    if not through:
        return names
    last = through.replace("relu", "conv")
    if last not in names or not re.fullmatch(r"(conv|relu)\d_\d", through):
        raise ValueError(f"layer {through!r} is not known; known: conv1_1, relu1_1 to relu{names[-1][4:]}")
    return names[: names.index(last) + 1]


def shapes(depth: int) -> dict[str, tuple[int, int]]:
    """Channels (in, out) of every convolution, by name."""
    names, inputs, found = convolutions(depth), 3, {}
    for name in names:
        found[name] = (inputs, WIDTHS[_group(name) - 1])
        inputs = found[name][1]
    return found


def require_layers(depth: int, through: str, layers: Sequence[str]) -> None:
    """Refuses layers that a network through layer `through` does not have.

    Raises:
      ValueError: a layer is unknown or lies after `through`.
    """
    there = convolutions(depth, through)
    known = {name.replace("conv", kind) for name in there for kind in ("conv", "relu")}
    for layer in layers:
        if layer not in known:
            raise ValueError(f"layer {layer!r} is not known; known: conv1_1, relu1_1 to {through}")


def require_size(height: int, width: int, through: str, padding: str = "zero") -> None:
    """Refuses images that leave no pixel, or for a reflected border fewer than two, at layer `through`.

    Raises:
      ValueError: the size and the least allowed side.
    """
    whole = 2 ** (_group(through) - 1)
    least = whole + 1 if padding == "reflect" else whole
    if min(height, width) < least:
        raise ValueError(
            f"images of {height} x {width} pixels are too small for layer {through}; allowed: {least} or more"
        )


def deepest(layers: Sequence[str]) -> str:
    """The layer that comes last in the network, so that `through` can be set to it."""
    return max(layers, key=lambda name: (*map(int, re.findall(r"\d+", name)), name.startswith("relu")))


def last(depth: int, variables: Mapping[str, Any]) -> str:
    """The last layer, after its ReLU, that variables have parameters for."""
    there = [name for name in convolutions(depth) if name in variables["params"]]
    return there[-1].replace("conv", "relu")


def part(variables: Mapping[str, Any], through: str) -> dict[str, Any]:
    """The variables of a network through layer `through` from those of a deeper one.

    Raises:
      ValueError: the deeper network ends before that layer.
    """
    params, end = variables["params"], _place(through)
    if through.replace("relu", "conv") not in params:
        raise ValueError(f"the weights end before layer {through}; they have {', '.join(sorted(params))}")
    kept = {name: leaves for name, leaves in params.items() if name == "input" or _place(name) <= end}
    return {"params": kept}


def normalise_activations(
    network: VGG, variables: Mapping[str, Any], images: jax.Array, floor: float = 0.0
) -> tuple[dict[str, Any], dict[str, jax.Array]]:
    """Weights with which every filter's mean activation over images and positions is one.

    The mean m of a filter after its ReLU divides its kernel and bias, and multiplies the filter's slice of
    the next kernel. ReLU, both poolings and both borders commute with positive factors. So the function of
    every layer changes by the factor 1 / m only. A filter that is never active keeps its scale.

    With a `floor`, m is at least this share of the mean of the layer's means. Filters that the calibration
    images rarely activate would otherwise become thousands of times stronger on other images. With 1 weak
    filters keep their strength relative to each other, and only strong ones are brought down to one.

    Args:
      network: the network.
      variables: its variables.
      images: the calibration images, [B, H, W, 3] in [-1, 1].
      floor: 0 or more.

    Returns:
      The new variables, and m of the old ones, [C], by convolution.
    """
    names = convolutions(network.depth, network.through)
    whole = network.clone(through=names[-1].replace("conv", "relu"))
    maps = whole.apply(variables, images, tuple(name.replace("conv", "relu") for name in names))
    params: dict[str, Any] = dict(variables["params"])
    means, before = {}, jnp.ones(3)
    for name, active in zip(names, maps.values(), strict=True):
        mean = active.mean((0, 1, 2))
        mean = jnp.maximum(mean, floor * mean.mean())
        mean = jnp.where(mean > 0, mean, 1.0)
        kernel = params[name]["kernel"] * before[:, None] / mean
        params[name] = {"kernel": kernel, "bias": params[name]["bias"] / mean}
        means[name] = before = mean
    return {"params": params}, means


def _identity(key, shape, dtype=jnp.float32):
    del key
    return jnp.eye(shape[0], dtype=dtype)


def _group(layer):
    return int(layer[4])


def _place(layer):
    return tuple(map(int, layer[4:].split("_")))


def _even(x):
    # The repeated last row is neither the maximum alone nor does it change the mean of its window.
    return jnp.pad(x, ((0, 0), (0, x.shape[1] % 2), (0, x.shape[2] % 2), (0, 0)), "edge")


def _require_choices(**fields):
    for name, (value, choices) in fields.items():
        if value not in choices:
            raise ValueError(f"{name}={value!r} is not allowed; allowed: {', '.join(map(str, choices))}")
