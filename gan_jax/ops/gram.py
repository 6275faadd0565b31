"""Gram matrices of feature maps, and the losses of style transfer (Gatys, Ecker, Bethge 2016)."""

import jax
import jax.numpy as jnp

FORMS = ("paper", "notebook", "neural_style")


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
    if weights is None:
        weights = jnp.ones((1, 1, 1, 1), maps.dtype)
    weights = jnp.broadcast_to(weights, (*maps.shape[:3], weights.shape[-1]))
    weights = weights / jnp.maximum(weights.sum((1, 2), keepdims=True), jnp.finfo(maps.dtype).tiny)
    flat = maps.reshape(len(maps), -1, maps.shape[-1])
    shares = weights.reshape(len(maps), -1, weights.shape[-1])
    regions = [jnp.einsum("bpc,bpd->bcd", flat * shares[..., r, None], flat) for r in range(shares.shape[-1])]
    return jnp.stack(regions, 1)


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
