"""Generators and discriminators of the noise-to-image papers by name, as published or modified.

A name stands for an architecture with its published widths, norms and initial values; further arguments
replace parts of them. All generators are called as `module.apply(variables, z, train)` with z [B, d] and give
images [B, size, size, channels] in [-1, 1]. All discriminators are called as `module.apply(variables, x,
train, condition)` with condition [B, K] or None and give logits [B, classes]. `batch_stats` holds the running
statistics of batch norm and the vectors u of spectral normalisation. Some networks have dropout, so every
call with `train=True` should pass `rngs={'dropout': key}`.

Some papers have data in [0, 1] and a sigmoid as G's last layer (mlp_2014, mirza, cgan_conv, wgan at 28
pixels). Their generators give 2 sigmoid - 1, and their discriminators see [-1, 1].
"""

import dataclasses
import difflib
from collections.abc import Mapping
from typing import Any

import flax.linen as nn

from gan_jax.networks.generation.acgan import LabelProduct
from gan_jax.networks.generation.presets import DISCRIMINATORS, GENERATORS
from gan_jax.networks.generation.request import Builder, Request
from gan_jax.networks.layers.spectral import SpectralNorm

NORMS = ("published", "none", "batch", "layer")
LABEL_INPUTS = ("concat", "multiply")


def generator(
    name: str,
    *,
    size: int,
    channels: int = 1,
    width: int = 0,
    norm: str = "published",
    num_classes: int = 0,
    label_input: str = "concat",
    **options: Any,
) -> nn.Module:
    """The generator `name` for images [B, size, size, channels].

    Args:
      name: one of `GENERATORS`.
      size: side of the images in pixels.
      channels: image channels, 1 or 3; 2 for points of the plane, which are images of one pixel.
      width: channels of the layer with the highest resolution, or units of the first hidden layer of an MLP.
        All other widths keep the published proportions. 0 gives the published width.
      norm: 'published', 'none', 'batch' or 'layer'.
      num_classes: number of columns at the end of z that hold one-hot labels; 0 if there are none.
      label_input: 'concat' gives the network z as it is; 'multiply' gives it the noise times a learned vector
        of the class.
      **options: fields of the module that differ from the published ones.

    Raises:
      ValueError: the architecture does not have the name, size, norm or option.
    """
    if label_input not in LABEL_INPUTS:
        raise ValueError(f"label_input={label_input!r} is not allowed; allowed: {', '.join(LABEL_INPUTS)}")
    multiplied = num_classes > 0 and label_input == "multiply"
    request = Request(size, channels, width, norm, 0 if multiplied else num_classes)
    module = _build("generator", GENERATORS, name, request, options)
    return LabelProduct(module, num_classes) if multiplied else module


def discriminator(
    name: str,
    *,
    size: int,
    channels: int = 1,
    width: int = 0,
    classes: int = 1,
    norm: str = "published",
    spectral: bool = False,
    **options: Any,
) -> nn.Module:
    """The discriminator `name` of images [B, size, size, channels]; its field `norm` tells its norm.

    Args:
      name: one of `DISCRIMINATORS`.
      size: side of the images in pixels.
      channels: image channels, without the planes of a condition.
      width: as for `generator`.
      classes: number of logits. With an auxiliary classifier, 1 + its classes, realness first.
      norm: 'published', 'none', 'batch' or 'layer'.
      spectral: divide every kernel by its largest singular value. Each update of D must then call
        `spectral.advance(params, batch_stats)` once.
      **options: fields of the module that differ from the published ones.

    Raises:
      ValueError: the architecture does not have the name, size, norm or option.
    """
    module = _build(
        "discriminator", DISCRIMINATORS, name, Request(size, channels, width, norm, classes), options
    )
    return SpectralNorm(module) if spectral else module


def _build(kind: str, table: Mapping[str, Builder], name: str, request: Request, options: dict) -> nn.Module:
    if name not in table:
        raise ValueError(f"{kind}={name!r} is not allowed;{_hint(name, table)} allowed: {', '.join(table)}")
    if request.norm not in NORMS:
        raise ValueError(f"norm={request.norm!r} is not allowed; allowed: {', '.join(NORMS)}")
    module = table[name](request)
    fields = {field.name for field in dataclasses.fields(module)} - {"parent", "name"}
    unknown = sorted(set(options) - fields)
    if unknown:
        raise ValueError(f"{unknown[0]} is no option of {kind} {name}; it has {', '.join(sorted(fields))}")
    return module.clone(**options)


def _hint(name, known):
    close = difflib.get_close_matches(name, known, 1)
    return f" did you mean {close[0]!r}?" if close else ""
