"""Networks called by a test are compiled as one program each, since compiling their operations one by one is slow."""

import functools
from unittest import mock

import flax.linen as nn
import jax
import numpy as np

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
