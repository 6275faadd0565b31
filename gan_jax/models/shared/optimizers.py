"""Optimisers and learning-rate schedules of the models."""

from typing import Any

import jax
import jax.numpy as jnp
import optax

OPTIMIZERS = ("adam", "rmsprop", "rmsprop_tf", "sgd")


def optimizer(
    name: str, rate: float, b1: float, b2: float, start: int = 0, end: int = 0
) -> optax.GradientTransformation:
    """An optimiser whose learning rate is constant to update `start`, then linear to zero at update `end`.

    Args:
      name: 'adam', 'sgd', 'rmsprop' or 'rmsprop_tf'. 'rmsprop' is torch's, with which WGAN was published: its
        average has decay 0.99 and starts at 0. 'rmsprop_tf' is TensorFlow 1's, of WGAN-GP's comparisons: its
        average has decay 0.9 and starts at 1.
      rate: learning rate.
      b1: Adam's b1, or the momentum of 'sgd'; RMSProp has no momentum.
      b2: Adam's b2.
      start: last update with the full rate.
      end: first update with rate zero; 0 keeps the rate constant.
    """
    schedule: Any = optax.linear_schedule(rate, 0.0, end - start, start) if end else rate
    if name == "adam":
        return optax.adam(schedule, b1, b2)
    if name == "rmsprop":
        return optax.rmsprop(schedule, decay=0.99, eps=1e-8, eps_in_sqrt=False)
    if name == "rmsprop_tf":
        return optax.rmsprop(schedule, decay=0.9, eps=1e-10, initial_scale=1.0)
    return optax.sgd(schedule, momentum=b1 or None)


def adam(rate: float, b1: float, b2: float, start: int, end: int) -> optax.GradientTransformation:
    """Adam at `rate`, constant to update `start`, then linear to zero at `end`; end=0 keeps it constant."""
    return optimizer("adam", rate, b1, b2, start, end)


def adagrad(rate: float) -> optax.GradientTransformation:
    """Adagrad as torch has it: `w -= rate g / (sqrt(sum of g^2) + 1e-10)`, the sum beginning at zero.

    `optax.adagrad` adds 1e-7 inside the root, which is 3e-4 outside it: it holds back gradients as small.
    """

    def init(params):
        return optax.ScaleByRssState(jax.tree.map(jnp.zeros_like, params))

    def update(gradients, state, params=None):
        del params
        sums = jax.tree.map(lambda g, s: s + jnp.square(g), gradients, state.sum_of_squares)
        steps = jax.tree.map(lambda g, s: g / (jnp.sqrt(s) + 1e-10), gradients, sums)
        return steps, optax.ScaleByRssState(sums)

    return optax.chain(optax.GradientTransformation(init, update), optax.scale_by_learning_rate(rate))
