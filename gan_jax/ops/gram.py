"""Gram matrices of feature maps, and the losses of style transfer (Gatys, Ecker, Bethge 2016)."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from gan_jax.ops.pixels import reshape

Maps = Mapping[str, jax.Array]  # maps [B, h, w, C] by layer

FORMS = ("paper", "notebook", "neural_style")
FLOOR = 0.1  # least mean of a channel that maps are divided by, in means of its layer


def gram(maps: jax.Array, weights: jax.Array | None = None) -> jax.Array:
    """The mean over positions of the outer product of a position's features with themselves.

    With F [M, C], one row for each of M positions, it is F^T F / M: the correlation of channels without
    centring and scaling. The sum F^T F of the paper grows with M; the mean lets images of different sizes be
    compared.

    Args:
      maps: [B, H, W, C].
      weights: [B, H, W, R] or broadcastable, 0 or more: the share of each position in R regions. None is one
        region of all positions.

    Returns:
      [B, R, C, C], sum_p w_pr f_p f_p^T / sum_p w_pr. A region without positions has zeros.
    """
    flat = maps.reshape(len(maps), -1, maps.shape[-1])
    if weights is None:
        return _squared(flat)[:, None] / flat.shape[1]
    weights = jnp.broadcast_to(weights, (*maps.shape[:3], weights.shape[-1]))
    weights = weights / jnp.maximum(weights.sum((1, 2), keepdims=True), jnp.finfo(maps.dtype).tiny)
    shares = weights.reshape(len(maps), -1, weights.shape[-1])
    regions = [jnp.einsum("bpc,bpd->bcd", flat * shares[..., r, None], flat) for r in range(shares.shape[-1])]
    return jnp.stack(regions, 1)


@jax.custom_vjp
def _squared(flat):
    """F^T F of every image: [B, M, C] -> [B, C, C]. The derivative takes one product instead of two."""
    return jnp.einsum("bpc,bpd->bcd", flat, flat)


def _squared_forward(flat):
    return _squared(flat), flat


def _squared_backward(flat, slope):
    return (flat @ (slope + slope.swapaxes(1, 2)),)


_squared.defvjp(_squared_forward, _squared_backward)


def content_loss(maps: jax.Array, target: jax.Array, form: str = "paper") -> jax.Array:
    """How far maps [B, H, W, C] are from the content's maps; mean over B, a scalar.

    'paper' is half the sum of squared differences (eq. 1). 'notebook', the authors' PyTorch code, and
    'neural_style' take the mean of squares.
    """
    squares = jnp.square(maps - target)
    return 0.5 * squares.sum((1, 2, 3)).mean() if form == "paper" else squares.mean()


def style_loss(found: jax.Array, target: jax.Array, form: str = "paper") -> jax.Array:
    """How far the Gram matrices [B, R, C, C] of one layer are from the style's; mean over B and regions.

    With G and A, the means over positions of `gram`, and C channels:
    'paper': sum (G - A)^2 / (4 C^2). For equal numbers M of positions it is the paper's eq. 4, the sum of
    (F^T F - A^T A)^2 over 4 C^2 M^2.
    'notebook': the mean of (G - A)^2, times 1000 / C^2, the authors' weight of a layer.
    'neural_style': the mean of ((G - A) / C)^2, as jcjohnson's code divides Gram matrices by M C.
    """
    channels = found.shape[-1]
    squares = jnp.square(found - target).mean((2, 3))
    factors = {"paper": 1 / 4, "notebook": 1e3 / channels**2, "neural_style": 1 / channels**2}
    return factors[form] * squares.mean()


def scales(activations: Sequence[Maps], how: str) -> dict[str, jax.Array]:
    """What the maps of each layer are divided by, so that layers and their Gram matrices are comparable.

    Args:
      activations: the maps after ReLU of several images.
      how: 'layer' gives the mean activation of the layer, 'filter' that of each channel, [C], both over all
        images alike; 'none' gives 1. To divide by it is the same as to normalise the weights, see
        `networks.recognition.vgg.normalise_activations`. A channel's mean counts as at least `FLOOR` times
        the layer's: a channel that the images hardly activate would otherwise be thousands of times stronger
        in another image. A layer's mean of 0 becomes 1.
    """
    found = {}
    for layer in activations[0]:
        channels = jnp.stack([maps[layer].mean((0, 1, 2)) for maps in activations]).mean(0)
        mean = channels.mean()
        if how == "filter":
            mean = jnp.maximum(channels, FLOOR * mean)
        found[layer] = jnp.ones(()) if how == "none" else jnp.where(mean > 0, mean, 1.0)
    return found


def grams(maps: Maps, scales: Mapping[str, jax.Array], regions: jax.Array) -> dict[str, jax.Array]:
    """The Gram matrices [B, R, C, C] of all layers, of maps that are divided by their scales.

    Args:
      maps: [B, h, w, C] by layer.
      scales: as `scales` gives them. The matrices are divided instead of the larger maps.
      regions: [B, H, W, R], resized to each layer; [1, 1, 1, 1] is one region of all positions.
    """
    found = {}
    for layer, values in maps.items():
        whole = regions.shape == (1, 1, 1, 1)
        scale = jnp.broadcast_to(scales[layer], values.shape[-1:])
        found[layer] = gram(values, None if whole else reshape(regions, *values.shape[1:3])) / (
            scale[:, None] * scale
        )
    return found


def targets(
    maps: Mapping[str, Maps],
    regions: Mapping[str, jax.Array],
    contents: Sequence[str],
    styles: Sequence[str],
    how: str,
) -> dict[str, Any]:
    """What an image is to match: the content's maps and the styles' Gram matrices, in scaled maps.

    Args:
      maps: the maps of the image `content` and of every style, by name. With a convolution `conv4_1` there is
        its ReLU, `relu4_1`.
      regions: [B, H, W, R] for every image, as for `grams`.
      contents: the layers of the content.
      styles: the layers of the styles.
      how: as for `scales`.

    Returns:
      `scales` and `content`, arrays by layer; `styles`, Gram matrices by style and layer; `regions`, those of
      the content.
    """
    layers = dict.fromkeys((*contents, *styles))
    active = [{layer: found[layer.replace("conv", "relu")] for layer in layers} for found in maps.values()]
    divisors = scales(active, how)
    return {
        "scales": divisors,
        "content": {layer: maps["content"][layer] / divisors[layer] for layer in contents},
        "styles": {
            name: grams({layer: found[layer] for layer in styles}, divisors, regions[name])
            for name, found in maps.items()
            if name != "content"
        },
        "regions": regions["content"],
    }


def total_content_loss(maps: Maps, targets: Maps, form: str) -> jax.Array:
    """The mean of `content_loss` over the layers of `targets`."""
    terms = [content_loss(maps[layer], target, form) for layer, target in targets.items()]
    return jnp.stack(terms).mean()


def total_style_loss(
    found: Maps, styles: Sequence[Maps], weights: Maps | Mapping[str, float], mix: Sequence[float], form: str
) -> jax.Array:
    """The sum of `style_loss` over layers and styles, each term times the weights of its layer and style.

    Args:
      found: Gram matrices by layer.
      styles: those of each style.
      weights: weight of each layer.
      mix: weight of each style.
      form: as for `style_loss`.
    """
    terms = [
        weights[layer] * part * style_loss(found[layer], style[layer], form)
        for style, part in zip(styles, mix, strict=True)
        for layer in weights
    ]
    return jnp.stack(terms).sum()


def shares(weights: Sequence[float], count: int) -> list[float]:
    """Weights that add up to 1, in proportion to `weights`; `count` equal ones for ()."""
    given = weights or (1.0,) * count
    return [weight / sum(given) for weight in given]
