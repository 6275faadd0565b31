"""The arithmetic of networks in training: float32, or bfloat16 for products and convolutions.

This is the only file of the library that computes in bfloat16. Parameters, optimiser states, averages and
running statistics are float32 under both policies. Layers of `networks` cast the factors of their products by
`factors`. What has to stay exact, such as statistics and the last layers of discriminators, is float32.
"""

import contextlib
import contextvars
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp

POLICIES = ("float32", "bfloat16")

_current: contextvars.ContextVar[str] = contextvars.ContextVar("precision", default="float32")


@contextlib.contextmanager
def of(policy: str) -> Iterator[None]:
    """A block, inside the tracing of a step, whose networks compute by a policy of `POLICIES`."""
    token = _current.set(policy)
    try:
        yield
    finally:
        _current.reset(token)


def dtype() -> Any:
    """The type of products here, as linen's layers take it; None, the type of the factors, for float32."""
    return None if _current.get() == "float32" else jnp.dtype(_current.get())


def factors(*arrays: jax.Array, exact: bool = False) -> tuple[Any, ...]:
    """The factors of a product or a convolution, in the type that the policy computes it in.

    With `exact` they are float32. Under the policy 'float32' the arrays are returned as they are.
    """
    wanted = dtype()
    if wanted is None:
        return arrays
    return tuple(x.astype(jnp.float32 if exact else wanted) for x in arrays)


def exactly(tree: Any) -> Any:
    """The floats of a tree in float32, for sums, statistics and losses; the same tree under 'float32'."""
    if dtype() is None:
        return tree
    return jax.tree.map(lambda x: x.astype(jnp.float32) if _is_float(x) else x, tree)


def _is_float(x: Any) -> bool:
    return hasattr(x, "dtype") and jnp.issubdtype(x.dtype, jnp.floating)
