"""Fewer programs to trace and to compile: whole networks, and what several runs share."""

import contextlib
import functools
import inspect
import json
import types
from collections.abc import Hashable
from unittest import mock

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from gan_jax import train
from gan_jax.game import devices
from gan_jax.runs import functions, required, restore

CALLS = ("init", "init_with_output", "apply")


def one_program(fn):
    """`fn`, compiled once for each set of arguments that are not arrays; its results are numpy's.

    A call without arrays, and one inside of another program, are left as they are.
    """
    programs = {}

    @functools.wraps(fn)
    def call(*args, **kwargs):
        leaves, tree = jax.tree.flatten((args, kwargs))
        given = [leaf for leaf in leaves if _is_array(leaf)]
        if not given or any(_is_inside(leaf) for leaf in leaves):
            return fn(*args, **kwargs)
        key = (tree, tuple(None if _is_array(leaf) else leaf for leaf in leaves))
        if key not in programs:

            def program(arrays):
                arrays = iter(arrays)
                filled = [next(arrays) if _is_array(leaf) else leaf for leaf in leaves]
                args, kwargs = jax.tree.unflatten(tree, filled)
                return fn(*args, **kwargs)

            programs[key] = jax.jit(program)
        return jax.tree.map(_on_host, programs[key](given))

    return call


def _is_array(leaf):
    return isinstance(leaf, (jax.Array, np.ndarray, np.floating))


def _is_inside(leaf):
    """Whether a call with this argument is a part of another program."""
    bound = isinstance(leaf, nn.Module) and leaf.scope is not None
    return bound or isinstance(leaf, jax.core.Tracer)


def _on_host(leaf):
    """A copy that a test may change; keys, and arrays of an outer program, as they are."""
    if isinstance(leaf, jax.core.Tracer) or jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return leaf
    return np.array(leaf)


def each(module):
    """The names of `module`, whose functions are one program in each call."""
    names = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    own = {n: f for n, f in names.items() if inspect.isfunction(f) and f.__module__.startswith("gan_jax.")}
    return types.SimpleNamespace(**names | {name: one_program(f) for name, f in own.items()})


def whole():
    """A context in which each call of a network is one program, whose results are numpy's."""
    wrapped = {name: one_program(getattr(nn.Module, name)) for name in CALLS}
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


def mapped_alike():
    """A context in which mapped functions of one code and equal variables are one program.

    `gan_jax.runs.functions` and the modes make such a function for each call. A test that replaces what the
    code calls must not run in this context.
    """
    return mock.patch.object(devices, "pmap_apply", _cached_by(_meaning, devices.pmap_apply))


def _meaning(value):
    """What is equal for functions of one code and equal variables."""
    if isinstance(value, types.FunctionType):
        variables = [cell.cell_contents for cell in value.__closure__ or ()]
        return value.__code__, *map(_meaning, (*variables, *(value.__defaults__ or ())))
    if isinstance(value, types.MethodType):
        return _meaning(value.__func__), _meaning(value.__self__)
    if isinstance(value, dict):
        return tuple((name, _meaning(value[name])) for name in sorted(value))
    return type(value), value if isinstance(value, Hashable) else id(value)


@contextlib.contextmanager
def begun_alike(found):
    """A context in which runs of equal models begin with one state for each seed.

    The program that makes a state is traced and compiled for each run otherwise. Nothing that a model adopts
    from other networks is kept.

    Args:
      found: a dict that keeps the states, so that several contexts can share them.
    """
    initial, shapes = restore.initial_state, restore.abstract_state

    def key(model, description, *more):
        return type(model).init, model, json.dumps(description, sort_keys=True), *more

    def abstract_state(model, description):
        given = key(model, description)
        if given not in found:
            found[given] = shapes(model, description)
        return found[given]

    def initial_state(config, model, description, networks, columns=None):
        given = key(model, description, config.seed)
        if given not in found:
            with mock.patch.object(type(model), "adopt", lambda self, state, *_: state):
                found[given] = jax.device_get(initial(config, model, description, {}))
        return model.adopt(jax.tree.map(np.copy, found[given]), networks, columns or {})

    with (
        mock.patch.object(restore, "abstract_state", abstract_state),
        mock.patch.object(restore, "initial_state", initial_state),
    ):
        yield
