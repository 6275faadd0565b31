"""Everything about devices: the mapped axis, placement of state and batches, and the two mapped calls.

A state is *replicated*: every leaf carries a leading axis of the local devices. Batches are *sharded*
over the same axis. `pmap` is a thin layer over jit and shard_map by now and in maintenance mode;
it is used here alone, so replacing it is a change to this file.
"""

import os
import sys
import time
from collections.abc import Callable
from typing import Any, NoReturn

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from gan_jax.errors import ConfigError

AXIS = "devices"

_LAST_SECONDS = 60  # that a process which is done waits for the others before it ends them
_LAST_WORDS = 5  # seconds that the first process, whose end is the end of all, leaves the others for theirs

PyTree = Any
Step = Callable[[PyTree, PyTree, jax.Array, Any], tuple[PyTree, dict[str, jax.Array]]]


def start(
    platform: str = "",
    distributed: bool = False,
    compilation_cache: str = "",
    debug_nans: bool = False,
) -> None:
    """Settles how jax runs, before anything touches a device.

    Args:
      platform: '' for jax's own choice, or 'cpu', 'gpu', 'tpu'.
      distributed: join the other processes; address, number and rank come from the cluster's
        environment, or from JAX_COORDINATOR_ADDRESS, JAX_NUM_PROCESSES and JAX_PROCESS_ID.
      compilation_cache: folder of compiled programs, '' for none.
      debug_nans: stop inside the operation that makes a NaN.

    Raises:
      ConfigError: the platform has no device on this machine.
    """
    if platform:
        jax.config.update("jax_platforms", {"gpu": "cuda"}.get(platform, platform))
    if compilation_cache:
        jax.config.update("jax_compilation_cache_dir", compilation_cache)
    jax.config.update("jax_debug_nans", debug_nans)
    if distributed:
        _join()
    try:
        jax.devices()
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"platform={platform!r} has no device here: {reason}") from error
    # On CPUs the first collective opens the connections and waits for the others 30 s at most, each later
    # one half an hour. Here, where all have just begun, none is so far behind.
    barrier("joined")


def _join() -> None:
    """Joins the other processes; where no cluster tells their number and rank, variables do."""

    def number(name: str) -> int | None:
        return int(os.environ[name]) if name in os.environ else None

    try:
        jax.distributed.initialize(
            os.environ.get("JAX_COORDINATOR_ADDRESS"),
            number("JAX_NUM_PROCESSES"),
            number("JAX_PROCESS_ID"),
            shutdown_timeout_seconds=_LAST_SECONDS,
        )
    except (ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        message = f"distributed=True: {reason} No cluster was found, and JAX_COORDINATOR_ADDRESS, "
        raise ConfigError(message + "JAX_NUM_PROCESSES and JAX_PROCESS_ID are not all set") from error


def leave(code: int) -> NoReturn:
    """Ends this process; one of several without jax's own end, which would wait for the others in vain."""
    if jax.distributed.is_initialized():
        if jax.process_index() == 0:
            time.sleep(_LAST_WORDS)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def describe() -> dict[str, Any]:
    """The machine as `{platform, kind, devices, processes}`."""
    first = jax.devices()[0]
    return {
        "platform": first.platform,
        "kind": first.device_kind,
        "devices": jax.device_count(),
        "processes": jax.process_count(),
    }


def process() -> tuple[int, int]:
    """This process's rank and the number of processes; rank 0 writes files."""
    return jax.process_index(), jax.process_count()


def local_devices() -> int:
    """Devices of this process: of so many images `pmap_apply` gives one to each."""
    return jax.local_device_count()


def barrier(name: str) -> None:
    """Waits until every process is here; nothing to do for one."""
    if jax.process_count() > 1:
        multihost_utils.sync_global_devices(name)


def check_batch_size(batch_size: int) -> None:
    """Refuses a global batch that the devices cannot share equally.

    Raises:
      ConfigError: naming the batch size and the number of devices.
    """
    count = jax.device_count()
    if batch_size % count:
        raise ConfigError(f"batch_size={batch_size} is not divisible by the {count} devices")


def _sharding() -> NamedSharding:
    # One explicit sharding over AXIS: with any other the first mapped step compiles twice.
    return NamedSharding(Mesh(np.array(jax.local_devices()), (AXIS,)), PartitionSpec(AXIS))


def replicate(tree: PyTree) -> PyTree:
    """Copies each array [...] of host or device memory to [local devices, ...]."""
    count = jax.local_device_count()
    stacked = jax.tree.map(lambda x: np.broadcast_to(x, (count, *np.shape(x))), jax.device_get(tree))
    return jax.device_put(stacked, _sharding())


def unreplicate(tree: PyTree) -> PyTree:
    """The first device's copy of each leaf, as numpy arrays without the device axis."""
    return jax.tree.map(lambda x: np.asarray(x.addressable_shards[0].data)[0], tree)


def shard(batch: PyTree) -> PyTree:
    """Splits host arrays [B, ...] to [local devices, B / local devices, ...] and places them.

    Raises:
      ValueError: the number of local devices does not divide B.
    """
    count = jax.local_device_count()

    def split(x):
        if len(x) % count:
            raise ValueError(f"a batch of {len(x)} cannot be shared by {count} local devices")
        return np.reshape(x, (count, len(x) // count, *np.shape(x)[1:]))

    return jax.device_put(jax.tree.map(split, batch), _sharding())


def clock(iteration: int, position: int, last: bool) -> np.ndarray:
    """What `pmap_step` needs to know of the time: int32 [iteration, position of the phase, last]."""
    return np.array([iteration, position, last], np.int32)


def pmap_step(train_step: Step, seed: int) -> Callable[..., tuple[PyTree, dict[str, jax.Array]]]:
    """Maps `train_step(state, batch, rng, phase)` over devices as `step(state, batch, clock, phase)`.

    The key follows from (seed, iteration, position, device) alone; metrics are averaged over all
    devices; `state.step` moves on after an iteration's last phase. `phase` is static: each distinct
    one is compiled once. `state` is donated.
    """

    def mapped(state, batch, clock, phase):
        key = jax.random.fold_in(jax.random.fold_in(jax.random.key(seed), clock[0]), clock[1])
        key = jax.random.fold_in(key, jax.lax.axis_index(AXIS))
        state, metrics = train_step(state, batch, key, phase)
        state = state.replace(step=state.step + clock[2])
        return state, jax.lax.pmean(metrics, AXIS)

    return jax.pmap(
        mapped,
        axis_name=AXIS,
        in_axes=(0, 0, None),
        static_broadcasted_argnums=3,
        donate_argnums=0,
    )


def pmap_apply(fn: Callable[..., PyTree]) -> Callable[..., PyTree]:
    """Maps `fn(state, batch, rng)` over local devices, host arrays in and out.

    The mapped function is `call(state, batch, seed=0, position=0)`. A batch [B, ...] that the devices do
    not divide is padded with its last example and cut back, so any size is taken. The key follows from
    (seed, position, device): successive batches of one pass are told apart by `position`. No collective
    runs, thus the processes of a cluster may call it independently of each other.
    """

    def mapped(state, batch, seed, position):
        key = jax.random.fold_in(jax.random.key(seed), position)
        return fn(state, batch, jax.random.fold_in(key, jax.lax.axis_index(AXIS)))

    apply = jax.pmap(mapped, axis_name=AXIS, in_axes=(0, 0, None, None), devices=jax.local_devices())

    def call(state, batch, seed=0, position=0):
        count = jax.local_device_count()
        size = len(jax.tree.leaves(batch)[0])
        padded = -(-size // count) * count
        pad = padded - size
        batch = jax.tree.map(lambda x: np.concatenate([x, np.repeat(x[-1:], pad, 0)]), batch)
        out = apply(state, shard(batch), np.uint32(seed), np.uint32(position))
        return jax.tree.map(lambda x: np.asarray(x).reshape(padded, *x.shape[2:])[:size], out)

    return call


def to_host(metrics: dict[str, jax.Array]) -> dict[str, float]:
    """Reads averaged scalars [local devices] as floats; waits for the step that makes them."""
    return {name: float(x.addressable_shards[0].data[0]) for name, x in metrics.items()}


def mean(tree: PyTree) -> PyTree:
    """Inside a mapped function: the mean over all devices of every leaf."""
    return jax.tree.map(lambda x: jax.lax.pmean(x, AXIS) if _is_float(x) else x, tree)


def _is_float(x: jax.Array) -> bool:
    return jnp.issubdtype(jnp.result_type(x), jnp.inexact)
