"""Fewer programs to trace and to compile: whole networks, and steps that several runs share."""

import contextlib
import functools
from unittest import mock

import flax.linen as nn
import jax
import numpy as np

from gan_jax import train
from gan_jax.game import devices
from gan_jax.runs import functions, required

CALLS = ("init", "init_with_output", "apply")


def _as_one_program(method):
    """`method` of a module, compiled once for each module and each set of arguments that are not arrays."""
    programs = {}

    @functools.wraps(method)
    def call(module, *args, **kwargs):
        leaves, tree = jax.tree.flatten((args, kwargs))
        inside = module.scope is not None or any(isinstance(leaf, jax.core.Tracer) for leaf in leaves)
        if inside:
            return method(module, *args, **kwargs)
        fixed = tuple(None if _is_array(leaf) else leaf for leaf in leaves)
        key = (module, tree, fixed)
        if key not in programs:

            def program(arrays):
                arrays = iter(arrays)
                given = [next(arrays) if _is_array(leaf) else leaf for leaf in leaves]
                args, kwargs = jax.tree.unflatten(tree, given)
                return method(module, *args, **kwargs)

            programs[key] = jax.jit(program)
        return programs[key]([leaf for leaf in leaves if _is_array(leaf)])

    return call


def _is_array(leaf):
    return isinstance(leaf, (jax.Array, np.ndarray))


def whole():
    """A context in which each call of a network is one program."""
    wrapped = {name: _as_one_program(getattr(nn.Module, name)) for name in CALLS}
    return mock.patch.multiple(nn.Module, **wrapped)


@contextlib.contextmanager
def shared():
    """A context in which runs of equal models share their compiled steps and evaluations.

    Each run would trace its own otherwise. A run in another process still does.
    """

    def by_model(fn):
        return fn.__func__, fn.__self__

    method = functools.cache(functions.method)
    with (
        mock.patch.object(functions, "method", method),
        mock.patch.object(required, "method", method),
        mock.patch.object(devices, "pmap_apply", functools.cache(devices.pmap_apply)),
        mock.patch.object(devices, "pmap_step", functools.cache(devices.pmap_step)),
        mock.patch.object(train, "on_floats", _cached_by(by_model, train.on_floats)),
    ):
        yield


def _cached_by(key, fn):
    """`fn` of one argument, called once for each `key(argument)`."""
    found = {}
    return lambda argument: found.get(key(argument)) or found.setdefault(key(argument), fn(argument))
