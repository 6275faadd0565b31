"""Everything about devices: the mapped axis, placement of states and batches, and the two mapped calls.

A *replicated* state has a leading axis of the local devices on every leaf. A *sharded* batch is split over
the same axis. `pmap` is in maintenance mode, as a thin layer over jit and shard_map. Only this file uses it.
"""

import functools
import os
import sys
import time
from collections.abc import Callable
from typing import Any, NoReturn

import jax
import jax.numpy as jnp
import numpy as np
from jax._src import distributed as cluster
from jax.experimental import multihost_utils
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from gan_jax.errors import ConfigError
from gan_jax.game import spreading

AXIS = "devices"

_LAST_SECONDS = 60  # how long a finished process waits for the others before it ends them
_LAST_WORDS = 5  # grace period in seconds for the other processes before rank 0 exits

PyTree = Any
Step = Callable[[PyTree, PyTree, jax.Array, Any], tuple[PyTree, dict[str, jax.Array]]]


def start(
    platform: str = "",
    distributed: bool = False,
    compilation_cache: str = "",
    debug_nans: bool = False,
) -> None:
    """Configures jax before anything touches a device.

    Args:
      platform: 'cpu', 'gpu' or 'tpu'; '' leaves the choice to jax.
      distributed: join the other processes of a cluster. Address, number of processes and rank come from the
        cluster's environment, or from JAX_COORDINATOR_ADDRESS, JAX_NUM_PROCESSES and JAX_PROCESS_ID.
      compilation_cache: folder for compiled programs; '' keeps none.
      debug_nans: stop inside the operation that makes a NaN.

    Raises:
      ConfigError: this machine has no device of the platform, or no cluster was found.
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
    # On CPUs the first collective opens the connections and waits at most 30 s for the other processes; later
    # ones wait half an hour. All processes have just started here, so none is 30 s behind.
    barrier("joined")


def _join() -> None:
    """Joins the other processes; environment variables give number and rank where no cluster does."""

    def number(name: str) -> int | None:
        return int(os.environ[name]) if name in os.environ else None

    # The service takes over SIGTERM, which must end a process at once until `agreement` is called.
    jax.config.update("jax_enable_preemption_service", False)
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


def agreement() -> Callable[[int], bool] | None:
    """Lets the processes of a cluster agree on the step at which they stop; None for a single process.

    From this call on, jax takes SIGTERM to any process for a request to stop, and tells all processes.

    Returns:
      `reached(step)`, whether all processes stop after this step. Every process must call it at every step.
    """
    if jax.process_count() == 1:
        return None
    if cluster.global_state.preemption_sync_manager is None:
        jax.config.update("jax_enable_preemption_service", True)
        # jax itself has no public function for this step of `initialize`.
        cluster.global_state.initialize_preemption_sync_manager()
    return multihost_utils.reached_preemption_sync_point


def lost(error: Exception) -> str:
    """What an error of a collective says if another process of the cluster has gone; '' for other errors."""
    runtime = isinstance(error, jax.errors.JaxRuntimeError) and jax.distributed.is_initialized()
    # Memory is the one thing that a collective's own process can lack.
    return str(error).splitlines()[0] if runtime and "RESOURCE_EXHAUSTED" not in str(error) else ""


def leave(code: int) -> NoReturn:
    """Ends this process with an exit code.

    One of several processes skips jax's own shutdown, which would wait in vain for the others.
    """
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
    """This process's rank and the number of processes. Only rank 0 writes files."""
    return jax.process_index(), jax.process_count()


def local_devices() -> int:
    """The number of this process's devices; `pmap_apply` pads a batch to a multiple of it."""
    return jax.local_device_count()


def barrier(name: str) -> None:
    """Waits until every process has reached this call; returns at once in a single process."""
    if jax.process_count() > 1:
        multihost_utils.sync_global_devices(name)


def check_batch_size(batch_size: int) -> None:
    """Refuses a global batch that the devices cannot share equally.

    Raises:
      ConfigError: the number of devices does not divide `batch_size`.
    """
    count = jax.device_count()
    if batch_size % count:
        raise ConfigError(f"batch_size={batch_size} is not divisible by the {count} devices")


def _sharding() -> NamedSharding:
    # One explicit sharding over AXIS: with any other the first mapped step compiles twice.
    return NamedSharding(Mesh(np.array(jax.local_devices()), (AXIS,)), PartitionSpec(AXIS))


def replicate(tree: PyTree) -> PyTree:
    """Copies each array [...] of host or device memory to every local device: [local devices, ...]."""
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
    """The time as `pmap_step` takes it: int32 [iteration, position of the phase, 1 for the last phase]."""
    return np.array([iteration, position, last], np.int32)


def pmap_step(
    train_step: Step, seed: int, global_batch: bool = False
) -> Callable[..., tuple[PyTree, dict[str, jax.Array]]]:
    """Maps `train_step(state, batch, rng, phase)` over devices as `step(state, batch, clock, phase)`.

    The key depends on (seed, iteration, position, device) only. Metrics are averaged over all devices. The
    last phase of an iteration increments `state.step`. `phase` is static: each distinct phase is compiled
    once. `state` is donated, so the caller must not use it again.

    By default each device steps on its part of the batch with its own key. With `global_batch` the step is
    that of one device with the whole batch and device 0's key, and the compiler divides the work among the
    devices. Draws, batch norm and all else that spans examples then span the whole batch, so that the number
    of devices changes only the order of sums.
    """

    def one(state, batch, clock, phase, device):
        key = jax.random.fold_in(jax.random.fold_in(jax.random.key(seed), clock[0]), clock[1])
        state, metrics = train_step(state, batch, jax.random.fold_in(key, device), phase)
        state = state.replace(step=state.step + clock[2])
        return state, jax.lax.pmean(metrics, AXIS)

    if global_batch and jax.device_count() > 1:
        return _divided(one)
    return jax.pmap(
        lambda state, batch, clock, phase: one(state, batch, clock, phase, jax.lax.axis_index(AXIS)),
        axis_name=AXIS,
        in_axes=(0, 0, None),
        static_broadcasted_argnums=3,
        donate_argnums=0,
    )


def _divided(one: Callable[..., PyTree]) -> Callable[..., PyTree]:
    """Maps `one(state, batch, clock, phase, device)` as one program for the whole batch."""
    mesh, rows, whole = Mesh(np.array(jax.devices()), (AXIS,)), PartitionSpec(AXIS), PartitionSpec()

    def each(fn, given, made):  # on each device's own copy of the state, so that nothing is sent
        fn = functools.partial(jax.tree.map, fn)
        return jax.shard_map(fn, mesh=mesh, in_specs=given, out_specs=made, check_vma=False)

    @functools.partial(jax.jit, static_argnums=3, donate_argnums=0)
    def program(state, batch, clock, phase):
        # The axis has one member, so that a mean over it is the value itself.
        step = jax.vmap(lambda s, b: one(s, b, clock, phase, 0), None, None, axis_name=AXIS, axis_size=1)
        batch = jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), batch)
        with spreading.over(NamedSharding(mesh, rows)):
            state = step(each(lambda x: x[0], rows, whole)(state), batch)
        return each(lambda x: x[None], whole, rows)(state)

    def step(state, batch, clock, phase):
        if jax.process_count() == 1:
            return program(state, batch, clock, phase)
        given = multihost_utils.host_local_array_to_global_array((state, batch), mesh, rows)
        made = program(*given, clock, phase)
        return multihost_utils.global_array_to_host_local_array(made, mesh, rows)

    return step


def pmap_apply(fn: Callable[..., PyTree]) -> Callable[..., PyTree]:
    """Maps `fn(state, batch, rng)` over the local devices; host arrays go in and come out.

    The mapped function is `call(state, batch, seed=0, position=0)`. A batch [B, ...] of any size is accepted:
    it is padded with its last example to a multiple of the devices, and the result is cut back to B. The key
    depends on (seed, position, device) only, so successive batches of one pass need different positions. No
    collective runs, so the processes of a cluster may call the function independently.
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
    """Reads averaged scalars [local devices] as floats, after waiting for the step that computes them."""
    return {name: float(x.addressable_shards[0].data[0]) for name, x in metrics.items()}


def mean(tree: PyTree) -> PyTree:
    """The mean of every float leaf over all devices, inside a mapped function; other leaves stay."""
    return jax.tree.map(lambda x: jax.lax.pmean(x, AXIS) if _is_float(x) else x, tree)


def _is_float(x: jax.Array) -> bool:
    return jnp.issubdtype(jnp.result_type(x), jnp.inexact)
