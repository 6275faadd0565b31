"""The mapped calls: a step on all devices, several steps, and a function of a state and a batch.

`pmap` is in maintenance mode, as a thin layer over jit and shard_map. Only this file uses it.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from gan_jax.game import spreading
from gan_jax.game.devices import parts
from gan_jax.game.devices.placing import AXIS, shard

PyTree = Any
Step = Callable[[PyTree, PyTree, jax.Array, Any], tuple[PyTree, dict[str, jax.Array]]]


def clock(iteration: int, position: int, last: bool) -> np.ndarray:
    """The time as `pmap_step` takes it: int32 [iteration, position of the phase, 1 for the last phase]."""
    return np.array([iteration, position, last], np.int32)


def pmap_step(
    train_step: Step, seed: int, global_batch: bool = False, accumulate: int = 1, own: Sequence[str] = ()
) -> Callable[..., tuple[PyTree, dict[str, jax.Array]]]:
    """Maps `train_step(state, batch, rng, phase)` over devices as `step(state, batch, clock, phase)`.

    The key depends on (seed, iteration, position, device) only. Metrics are averaged over all devices. The
    last phase of an iteration increments `state.step`. `phase` is static: each distinct phase is compiled
    once. `state` is donated, so the caller must not use it again.

    By default each device steps on its part of the batch with its own key. With `global_batch` the step is
    that of one device with the whole batch and device 0's key, and the compiler divides the work among the
    devices. Draws, batch norm and all else that spans examples then span the whole batch, so that the number
    of devices changes only the order of sums.

    Args:
      train_step: the step of one device.
      seed: of all keys.
      global_batch: whether the devices take one step together.
      accumulate: the number of parts of each device's batch, see `parts`.
      own: beginnings of the names in `state.memory` that each part has for itself.
    """
    one = _one(train_step, seed, accumulate, own)
    if global_batch and jax.device_count() > 1:
        return _divided(one, lambda x: x.reshape(-1, *x.shape[2:]))
    return jax.pmap(
        lambda state, batch, clock, phase: one(state, batch, clock, phase, jax.lax.axis_index(AXIS)),
        axis_name=AXIS,
        in_axes=(0, 0, None),
        static_broadcasted_argnums=3,
        donate_argnums=0,
    )


def pmap_steps(
    train_step: Step, seed: int, global_batch: bool = False, accumulate: int = 1, own: Sequence[str] = ()
) -> Callable[..., tuple[PyTree, tuple[dict[str, jax.Array], ...]]]:
    """Maps several steps as one program: `steps(state, batches, moves, phases)`, as by `pmap_step`.

    `batches` has the batches of several iterations, from `shard_several`. `moves` is int32 [m, 5], a row for
    each step in order: its clock, the number of its batch, and that of its phase among the static `phases`.
    The result has, for each of `phases`, the metrics [m]. They are zeros where a step is of another phase.
    The arguments of this function are those of `pmap_step`.
    """
    one = _one(train_step, seed, accumulate, own)

    def several(state, batches, moves, phases, device):
        def move(state, at):
            batch = jax.tree.map(lambda x: x[at[3]], batches)
            return _chosen(one, phases, device)(at[4], state, batch, at[:3])

        return jax.lax.scan(move, state, moves)

    if global_batch and jax.device_count() > 1:
        return _divided(several, lambda x: jnp.moveaxis(x, 0, 1).reshape(x.shape[1], -1, *x.shape[3:]))
    return jax.pmap(
        lambda state, batches, moves, phases: several(
            state, batches, moves, phases, jax.lax.axis_index(AXIS)
        ),
        axis_name=AXIS,
        in_axes=(0, 0, None),
        static_broadcasted_argnums=3,
        donate_argnums=0,
    )


def _one(train_step, seed, accumulate, own):
    """`one(state, batch, clock, phase, device) -> (state, metrics)`, a device's step in a mapped call."""

    def keyed(state, batch, key, part, phase):
        return train_step(state, batch, jax.random.fold_in(key, part), phase)

    step = keyed if accumulate == 1 else parts.divided(keyed, accumulate, own)

    def one(state, batch, clock, phase, device):
        key = jax.random.fold_in(jax.random.fold_in(jax.random.key(seed), clock[0]), clock[1])
        state, metrics = step(state, batch, key, device, phase)
        state = state.replace(step=state.step + clock[2])
        return state, jax.lax.pmean(metrics, AXIS)

    return one


def _chosen(one, phases, device):
    """The step of the phase with a given number: `chosen(number, state, batch, clock)`, see `pmap_steps`."""

    def branch(k):
        def run(state, batch, clock):
            blank = [jax.eval_shape(of(other), state, batch, clock)[1] for other in phases]
            found = [jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), shapes) for shapes in blank]
            state, found[k] = of(phases[k])(state, batch, clock)
            return state, tuple(found)

        return run

    def of(phase):
        return lambda state, batch, clock: one(state, batch, clock, phase, device)

    def chosen(number, *arguments):
        if len(phases) == 1:
            state, metrics = of(phases[0])(*arguments)
            return state, (metrics,)
        return jax.lax.switch(number, [branch(k) for k in range(len(phases))], *arguments)

    return chosen


def _divided(
    one: Callable[..., PyTree], whole_batch: Callable[[jax.Array], jax.Array]
) -> Callable[..., PyTree]:
    """Maps `one(state, batch, times, phase, device)` as one program for the whole batch.

    `whole_batch` joins the devices' parts of a column, [devices, ...].
    """
    mesh, rows, whole = Mesh(np.array(jax.devices()), (AXIS,)), PartitionSpec(AXIS), PartitionSpec()

    def each(fn, given, made):  # on each device's own copy of the state, so that nothing is sent
        fn = functools.partial(jax.tree.map, fn)
        return jax.shard_map(fn, mesh=mesh, in_specs=given, out_specs=made, check_vma=False)

    @functools.partial(jax.jit, static_argnums=3, donate_argnums=0)
    def program(state, batch, times, phase):
        # The axis has one member, so that a mean over it is the value itself.
        step = jax.vmap(lambda s, b: one(s, b, times, phase, 0), None, None, axis_name=AXIS, axis_size=1)
        batch = jax.tree.map(whole_batch, batch)
        with spreading.over(NamedSharding(mesh, rows)):
            state = step(each(lambda x: x[0], rows, whole)(state), batch)
        return each(lambda x: x[None], whole, rows)(state)

    def step(state, batch, times, phase):
        if jax.process_count() == 1:
            return program(state, batch, times, phase)
        given = multihost_utils.host_local_array_to_global_array((state, batch), mesh, rows)
        made = program(*given, times, phase)
        return multihost_utils.global_array_to_host_local_array(made, mesh, rows)

    return step


def pmap_apply(fn: Callable[..., PyTree]) -> Callable[..., PyTree]:
    """Maps `fn(state, batch, keys)` over the local devices; host arrays go in and come out.

    The mapped function is `call(state, batch, seed=0, position=0)`. A batch [B, ...] of any size is accepted:
    it is padded with its last example to a multiple of the devices, and the result is cut back to B. No
    collective runs, so the processes of a cluster may call the function independently.

    `keys` has a key for each row. By default the key depends on the seed, on the `position` of the batch and
    on the row's place in the batch, so successive batches of one pass need different positions. `position`
    may also be an array [B], the positions of the rows. The key then depends on the seed and on the row's
    position only. The number of devices has no part in it.
    """

    def mapped(state, batch, seed, places):
        def key(place):
            return jax.random.fold_in(jax.random.fold_in(jax.random.key(seed), place[0]), place[1])

        return fn(state, batch, jax.vmap(key)(places))

    apply = jax.pmap(mapped, axis_name=AXIS, in_axes=(0, 0, None, 0), devices=jax.local_devices())

    def call(state, batch, seed=0, position=0):
        count = jax.local_device_count()
        size = len(jax.tree.leaves(batch)[0])
        padded = -(-size // count) * count
        pad = padded - size
        places = np.zeros((size, 2), np.uint32)
        places[:, 0] = position
        if np.ndim(position) == 0:
            places[:, 1] = np.arange(size)
        rows = jax.tree.map(lambda x: np.concatenate([x, np.repeat(x[-1:], pad, 0)]), (batch, places))
        batch, places = shard(rows)
        out = apply(state, batch, np.uint32(seed), places)
        return jax.tree.map(lambda x: np.asarray(x).reshape(padded, *x.shape[2:])[:size], out)

    return call
