"""Steps of a configuration's shortened run, from a state that numpy draws: losses and products."""

import collections
import functools
import math
from pathlib import Path

import jax
import numpy as np
from jax.extend.core import jaxprs_in_params
from playing import drawn

from gan_jax import config, data, models
from gan_jax.game import devices, precision
from gan_jax.runs import inputs, required

FOLDER = Path(__file__).parents[2] / "configs"
# These programs run once, so that time is lost by optimising them.
_QUICKLY = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}


class Shortened:
    """The shortened run of a configuration, or of one that it requires: its model, first state and batch."""

    def __init__(self, name, requires="", **fields):
        run = config.load(f"{FOLDER / name}.py:quick")
        run = required.inherit(run, run.requires[requires]) if requires else run
        self.model = models.create({**run.model, **fields})
        # Eight images show each layer of batch norm more than one value of a channel.
        batch = next(data.epoch(inputs.load(run, lambda: None), 8 * self.model.batches))
        self.batch = {k: _floats(v) for k, v in batch.items()}
        self.state = drawn(jax.eval_shape(self.model.init, jax.random.key(0), self.batch))

    def moved(self, policy="float32", remat=False):
        """The state and all metrics after iteration 0, on one device."""
        step, found, state = precision.stepping(self.model.train_step, policy, remat), {}, self.state
        for position, phase in enumerate(self.model.phases(0)):
            program = jax.jit(functools.partial(_alone, step, phase))
            key = jax.random.key(position)
            state, metrics = program.lower(state, self.batch, key).compile(_QUICKLY)(state, self.batch, key)
            found |= {name: float(value) for name, value in metrics.items()}
        return state, found

    def products(self, policy):
        """The multiplications of all products and convolutions of iteration 0, by their type."""
        counts, step = collections.Counter(), precision.stepping(self.model.train_step, policy)
        for phase in self.model.phases(0):
            traced = jax.make_jaxpr(functools.partial(_alone, step, phase))
            _count(traced(self.state, self.batch, jax.random.key(0)).jaxpr, counts)
        return counts


def _alone(step, phase, state, batch, key):
    """A step on one device, which averages over itself."""
    one = functools.partial(step, rng=key, phase=phase)
    return jax.vmap(one, None, None, axis_name=devices.AXIS, axis_size=1)(state, batch)


def _floats(column):
    return column.astype(np.float32) / 127.5 - 1 if column.dtype == np.uint8 else column


def _count(jaxpr, counts):
    for equation in jaxpr.eqns:
        made = equation.outvars[0].aval if equation.outvars else None
        if equation.primitive.name == "dot_general":
            (left, _), _ = equation.params["dimension_numbers"]
            counts[str(made.dtype)] += made.size * math.prod(equation.invars[0].aval.shape[i] for i in left)
        elif equation.primitive.name == "conv_general_dilated":
            counts[str(made.dtype)] += made.size * math.prod(equation.invars[1].aval.shape[:-1])
        for inner in jaxprs_in_params(equation.params):
            _count(inner, counts)
