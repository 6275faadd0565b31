"""A device's part of the batch in several parts, whose gradients are averaged before a player moves.

A part is to a step what a device is. It has a key of its own, batch norm sees its examples alone, and `mean`
averages over it. A step of k parts on d devices is therefore that of k d devices. Gradients are computed for
one part after the other, so that the memory for the backward pass is that of one part.
"""

import contextvars
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from gan_jax.game.devices.placing import AXIS

PARTS = "parts"

PyTree = Any

_axes: contextvars.ContextVar[tuple[str, ...]] = contextvars.ContextVar("axes", default=(AXIS,))


def mean(tree: PyTree) -> PyTree:
    """The mean of every float leaf over all devices and parts, inside a mapped function; other leaves stay.

    Inside a function that `in_turn` calls, it is the mean over devices, since the parts do not run together.
    """
    axes = _axes.get()
    over = axes[0] if len(axes) == 1 else axes
    return jax.tree.map(lambda x: jax.lax.pmean(x, over) if _is_float(x) else x, tree)


def _is_float(x: jax.Array) -> bool:
    return jnp.issubdtype(jnp.result_type(x), jnp.inexact)


def divided(step: Callable[..., Any], count: int, own: Sequence[str]) -> Callable[..., Any]:
    """`step(state, batch, key, device, phase)` for a batch in `count` parts of consecutive rows.

    Args:
      step: `step(state, batch, key, part, phase) -> (state, metrics)`, where `part` counts over all devices.
      count: k, the number of parts on each device.
      own: beginnings of the names in `state.memory` that each part has for itself, [k, ...].
    """

    def whole(state, batch, key, device, phase):
        mine, shared = _split(state.memory, own)

        def one(mine, rows, part):
            token = _axes.set((AXIS, PARTS))
            try:
                given = state.replace(memory={**shared, **mine})
                new, metrics = step(given, rows, key, part, phase)
            finally:
                _axes.reset(token)
            kept, rest = _split(new.memory, own)
            return kept, new.replace(memory=rest), metrics

        rows = jax.tree.map(lambda x: x.reshape(count, len(x) // count, *x.shape[1:]), batch)
        parts = device * count + jnp.arange(count)
        mapped = jax.vmap(one, out_axes=(0, None, 0), axis_name=PARTS)
        kept, new, metrics = mapped(mine, rows, parts)
        return new.replace(memory={**new.memory, **kept}), jax.tree.map(lambda x: x.mean(0), metrics)

    return whole


def _split(memory, own):
    mine = {name: tree for name, tree in memory.items() if name.startswith(tuple(own))}
    return mine, {name: tree for name, tree in memory.items() if name not in mine}


def in_turn(fn: Callable[[PyTree], PyTree]) -> Callable[[PyTree], PyTree]:
    """`fn`, computed for one part after the other in a step of several parts; elsewhere `fn` itself."""
    if PARTS not in _axes.get():
        return fn

    def call(argument):
        token = _axes.set((AXIS,))
        try:
            closed, shapes = jax.make_jaxpr(fn, return_shape=True)(argument)
        finally:
            _axes.reset(token)
        results = _sequential(closed.jaxpr)(closed.consts, jax.tree.leaves(argument))
        return jax.tree.unflatten(jax.tree.structure(shapes), results)

    return call


def _sequential(jaxpr):
    """A program of its constants and arguments that a mapped axis runs one index after the other."""

    @jax.custom_batching.custom_vmap
    def run(constants, arguments):
        return jax.core.eval_jaxpr(jaxpr, constants, *arguments)

    @run.def_vmap
    def _(size, batched, constants, arguments):
        leaves, tree = jax.tree.flatten((constants, arguments))
        flags = jax.tree.leaves(batched)

        def at(rows):
            rows = iter(rows)
            given = [next(rows) if flag else leaf for leaf, flag in zip(leaves, flags, strict=True)]
            return run(*jax.tree.unflatten(tree, given))

        mapped = [leaf for leaf, flag in zip(leaves, flags, strict=True) if flag]
        results = _looped(at, mapped, size)
        return results, [True] * len(results)

    return run


def _looped(fn, rows, size):
    """`fn` of each row, stacked. On a CPU no loop is compiled: a convolution inside one is much slower."""
    if jax.default_backend() != "cpu":
        return jax.lax.map(fn, rows)
    results = [fn([leaf[i] for leaf in rows]) for i in range(size)]
    return jax.tree.map(lambda *each: jnp.stack(each), *results)
