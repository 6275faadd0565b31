"""Optimisers and learning-rate schedules of the models."""

from typing import Any

import jax
import jax.numpy as jnp
import optax

OPTIMIZERS = ("adam", "rmsprop", "rmsprop_tf", "sgd")


def optimizer(
    name: str, rate: float, b1: float, b2: float, start: int = 0, end: int = 0
) -> optax.GradientTransformation:
    """An optimiser whose rate is constant until update `start` and then falls linearly to zero at `end`.

    Args:
      name: 'adam', 'sgd', 'rmsprop' or 'rmsprop_tf'. 'rmsprop' is torch's RMSProp, which the paper of WGAN
        uses: its average has decay 0.99 and starts at 0. 'rmsprop_tf' is TensorFlow 1's, which WGAN-GP's
        comparisons use: its average has decay 0.9 and starts at 1.
      rate: learning rate.
      b1: Adam's b1, or the momentum of 'sgd'; RMSProp has no momentum.
      b2: Adam's b2.
      start: last update with the full rate.
      end: first update with rate zero; 0: the rate stays constant.
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
    """Adam at `rate`, constant until update `start`, then linear to zero at `end`; 0: always constant."""
    return optimizer("adam", rate, b1, b2, start, end)


def adagrad(rate: float) -> optax.GradientTransformation:
    """Adagrad as in torch: `w -= rate g / (sqrt(sum of g^2) + 1e-10)`. The sum starts at zero.

    `optax.adagrad` adds 1e-7 under the root, which acts like 3e-4 outside the root. It reduces the updates of
    gradients that are so small.
    """

    def init(params):
        return optax.ScaleByRssState(jax.tree.map(jnp.zeros_like, params))

    def update(gradients, state, params=None):
        del params
        sums = jax.tree.map(lambda g, s: s + jnp.square(g), gradients, state.sum_of_squares)
        steps = jax.tree.map(lambda g, s: g / (jnp.sqrt(s) + 1e-10), gradients, sums)
        return steps, optax.ScaleByRssState(sums)

    return optax.chain(optax.GradientTransformation(init, update), optax.scale_by_learning_rate(rate))


def lbfgs(memory: int, evaluations: int = 1) -> optax.GradientTransformationExtraArgs:
    """L-BFGS over the last `memory` steps.

    Args:
      memory: number of steps.
      evaluations: most evaluations of the loss in one step. Above 1, a line search finds the length of a step
        (Wolfe's conditions). With 1, the length is that of the direction itself, as in torch's default. A
        step then changes the parameters by at most 0.1 (root mean square), and a direction that is not
        downhill, after a step through negative curvature, is replaced by the gradient's.
    """
    if evaluations > 1:
        search = optax.scale_by_zoom_linesearch(evaluations, initial_guess_strategy="one")
        return optax.lbfgs(None, memory, linesearch=search)
    return optax.chain(optax.lbfgs(None, memory, linesearch=None), _downhill(0.1))


def _downhill(most: float) -> optax.GradientTransformationExtraArgs:
    def init(params):
        del params
        return optax.EmptyState()

    def update(updates, state, params=None, *, grad, **others):
        del params, others
        downhill = optax.tree.vdot(updates, grad) < 0
        updates = jax.tree.map(lambda u, g: jnp.where(downhill, u, -g), updates, grad)
        size = sum(leaf.size for leaf in jax.tree.leaves(updates))
        change = optax.tree.norm(updates) / size**0.5
        return optax.tree.scale(jnp.minimum(1, most / jnp.maximum(change, 1e-20)), updates), state

    return optax.GradientTransformationExtraArgs(init, update)
