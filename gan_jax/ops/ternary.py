"""Losses of a D with three classes (Taigman et al. 2016, eqs. 3 and 4). Each is a mean over B, in nats."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp

from gan_jax.ops import losses

FAKE_S, FAKE_T, REAL_T = 0, 1, 2  # D_1, D_2, D_3 of the paper
GROUPS = {"source": FAKE_S, "fake_target": FAKE_T, "real_target": REAL_T}  # the class of each group of images


def d_terms(logits: Sequence[jax.Array]) -> dict[str, jax.Array]:
    """D's loss (eq. 3), its three cross-entropies, and D's accuracy in each group.

    Args:
      logits: [B, 3] for each of `GROUPS`, in order: G(source), G(target) and real target images.

    Returns:
      `loss`, the sum of the cross-entropies; each cross-entropy under its group's name; `accuracy_<group>`.
    """
    judged = dict(zip(GROUPS, logits, strict=True))
    terms = {name: losses.cross_entropy(x, GROUPS[name]) for name, x in judged.items()}
    hits = {f"accuracy_{k}": jnp.mean(x.argmax(-1) == GROUPS[k]) for k, x in judged.items()}
    return {"loss": jnp.asarray(sum(terms.values())), **terms, **hits}


def g_terms(logits: Sequence[jax.Array]) -> dict[str, jax.Array]:
    """G's adversarial losses (eq. 4): the cross-entropy of each group of fakes with the class of real images.

    Args:
      logits: [B, 3] of G(source) and of G(target), in order.
    """
    terms = [losses.cross_entropy(x, REAL_T) for x in logits]
    return dict(zip(("gan_source", "gan_target"), terms, strict=True))


def real_log_odds(logits: jax.Array) -> jax.Array:
    """Log-odds, log p / (1 - p), where p is D's probability of the class of real images: [B, 3] -> [B]."""
    return logits[:, REAL_T] - jax.nn.logsumexp(logits[:, :REAL_T], axis=-1)
