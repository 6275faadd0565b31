"""How the compiler learns which rows the devices share in a step of the global batch. No value changes."""

import contextlib
from typing import Any

import flax.linen as nn
import jax
from jax.sharding import NamedSharding


def over(sharding: NamedSharding) -> contextlib.AbstractContextManager[Any]:
    """A block, inside the tracing of a step, in which every network's input is divided by its rows.

    The compiler itself divides what it follows from the batch. It does not see the rows of fresh draws, and
    of a part of the batch that lies on some of the devices only. Without this block all devices would compute
    the same for them.

    Args:
      sharding: divides the first axis. It is asked for the first argument of every linen module that has a
        multiple of the devices there.
    """

    def called(method, args, kwargs, context):
        if context.method_name == "__call__" and args and _has_rows(args[0], sharding):
            args = (jax.lax.with_sharding_constraint(args[0], sharding), *args[1:])
        return method(*args, **kwargs)

    return nn.intercept_methods(called)


def _has_rows(x: Any, sharding: NamedSharding) -> bool:
    return isinstance(x, jax.Array) and x.ndim > 1 and x.shape[0] % sharding.num_devices == 0
