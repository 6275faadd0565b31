"""How a model's networks compute in training: in which precision, and what they keep for gradients."""

import contextlib
import functools
from collections.abc import Callable
from typing import Any

import flax.linen as nn

from gan_jax.ops import precision, remat


def stepping(train_step: Callable[..., Any], policy: str, recomputes: bool = False) -> Callable[..., Any]:
    """`train_step`, whose networks compute by a policy of `precision.POLICIES`.

    The results of every network are float32, whatever the policy is. Losses, penalties and statistics that a
    model computes of them are therefore float32. If it `recomputes`, networks keep only the inputs of their
    blocks for the backward pass. Without that and under 'float32' the step is `train_step` itself.
    """
    if policy == "float32" and not recomputes:
        return train_step

    @functools.wraps(train_step)
    def step(*args: Any, **kwargs: Any) -> Any:
        with contextlib.ExitStack() as stack:
            if recomputes:
                stack.enter_context(remat.over())
            if policy != "float32":
                stack.enter_context(precision.of(policy))
                stack.enter_context(nn.intercept_methods(_exact_results))
            return train_step(*args, **kwargs)

    return step


def _exact_results(method, args, kwargs, context):
    """The result of a module's method, in float32 if the module is a whole network, part of no other."""
    result = method(*args, **kwargs)
    whole = context.method_name == "__call__" and not context.module.path
    return precision.exactly(result) if whole else result
