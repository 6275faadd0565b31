"""Optimisers of the models."""

from collections.abc import Collection
from typing import Any

import jax
import jax.numpy as jnp
import optax

OPTIMIZERS = ("adam", "rmsprop", "rmsprop_tf", "sgd")


def optimizer(name: str, rate: Any, b1: float, b2: float) -> optax.GradientTransformation:
    """An optimiser by its name.

    Args:
      name: 'adam', 'sgd', 'rmsprop' or 'rmsprop_tf'. 'rmsprop' is torch's RMSProp, which the paper of WGAN
        uses: its average has decay 0.99 and starts at 0. 'rmsprop_tf' is TensorFlow 1's, which WGAN-GP's
        comparisons use: its average has decay 0.9 and starts at 1.
      rate: learning rate, or a schedule of optax: updates so far -> learning rate.
      b1: Adam's b1, or the momentum of 'sgd'; RMSProp has no momentum.
      b2: Adam's b2.
    """
    if name == "adam":
        return optax.adam(rate, b1, b2)
    if name == "rmsprop":
        return optax.rmsprop(rate, decay=0.99, eps=1e-8, eps_in_sqrt=False)
    if name == "rmsprop_tf":
        return optax.rmsprop(rate, decay=0.9, eps=1e-10, initial_scale=1.0)
    return optax.sgd(rate, momentum=b1 or None)


def adagrad(rate: Any) -> optax.GradientTransformation:
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


def lbfgs(memory: int, most: float = 0.1) -> optax.GradientTransformation:
    """L-BFGS over the last `memory` steps, with one gradient and no line search in a step.

    The length of a step is that of the direction itself, as in torch's default. Where negative curvature has
    made the direction uphill, the step is that of steepest descent. No step changes the parameters by more
    than `most` (root mean square).
    """
    inner = optax.lbfgs(None, memory, linesearch=None)

    def update(gradients, state, params=None):
        updates, state = inner.update(gradients, state, params)
        downhill = optax.tree.vdot(updates, gradients) < 0
        updates = jax.tree.map(lambda u, g: jnp.where(downhill, u, -g), updates, gradients)
        size = sum(leaf.size for leaf in jax.tree.leaves(updates))
        change = optax.tree.norm(updates) / size**0.5
        return optax.tree.scale(jnp.minimum(1, most / jnp.maximum(change, 1e-20)), updates), state

    return optax.GradientTransformation(inner.init, update)


def freezing(tx: optax.GradientTransformation, names: Collection[str]) -> optax.GradientTransformation:
    """The optimiser `tx` for networks of which the modules `names` do not move; without names `tx` itself."""
    if not names:
        return tx

    def frozen(params):
        return jax.tree_util.tree_map_with_path(lambda path, _: path[0].key in names, params)

    return optax.chain(tx, optax.masked(optax.set_to_zero(), frozen))
