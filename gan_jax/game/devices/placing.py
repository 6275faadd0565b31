"""Where arrays lie: replicated states, and batches that the local devices share."""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from gan_jax.errors import ConfigError

AXIS = "devices"

PyTree = Any


def local_devices() -> int:
    """The number of this process's devices; `pmap_apply` pads a batch to a multiple of it."""
    return jax.local_device_count()


def check_batch_size(batch_size: int, accumulate: int = 1) -> None:
    """Refuses a global batch that the devices, or the parts of their batches, cannot share equally.

    Raises:
      ConfigError: the number of devices, or that of all parts, does not divide `batch_size`.
    """
    count = jax.device_count()
    if batch_size % count:
        raise ConfigError(f"batch_size={batch_size} is not divisible by the {count} devices")
    if batch_size % (count * accumulate):
        each = f"the {count} devices times accumulate={accumulate}"
        raise ConfigError(f"batch_size={batch_size} is not divisible by {each}")


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


def deal(stack: PyTree, parts: int = 1) -> PyTree:
    """Places stacked arrays [all devices x parts, ...], of which each device has its own.

    The result is [local devices, ...], or [local devices, parts, ...] if there are several parts.
    """
    count = jax.local_device_count() * parts
    first = jax.process_index() * count

    def own(x):
        x = x[first : first + count]
        return np.reshape(x, (-1, parts, *x.shape[1:])) if parts > 1 else x

    return jax.device_put(jax.tree.map(own, stack), _sharding())


def gathered(tree: PyTree, parts: int = 1) -> PyTree:
    """The stack of which `deal` would place what the devices hold, on every host; all processes call it."""
    local = jax.tree.map(np.asarray, tree)
    if jax.process_count() > 1:
        local = jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), multihost_utils.process_allgather(local))
    return jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), local) if parts > 1 else local


def shard(batch: PyTree) -> PyTree:
    """Splits host arrays [B, ...] to [local devices, B / local devices, ...] and places them.

    Raises:
      ValueError: the number of local devices does not divide B.
    """
    return jax.device_put(_split(batch), _sharding())


def _split(batch: PyTree) -> PyTree:
    count = jax.local_device_count()

    def split(x):
        if len(x) % count:
            raise ValueError(f"a batch of {len(x)} cannot be shared by {count} local devices")
        return np.reshape(x, (count, len(x) // count, *np.shape(x)[1:]))

    return jax.tree.map(split, batch)


def shard_several(batches: Sequence[PyTree]) -> PyTree:
    """Splits n batches as `shard` does, and stacks them: [local devices, n, B / local devices, ...].

    Raises:
      ValueError: as for `shard`.
    """
    return jax.device_put(jax.tree.map(lambda *each: np.stack(each, 1), *map(_split, batches)), _sharding())


def to_host(metrics: dict[str, jax.Array]) -> dict[str, float]:
    """Reads averaged scalars [local devices] as floats, after waiting for the step that computes them."""
    return {name: float(x) for name, x in each_to_host(metrics).items()}


def each_to_host(metrics: dict[str, jax.Array]) -> dict[str, np.ndarray]:
    """Reads averaged arrays [local devices, ...] as arrays [...], after waiting for them."""
    return {name: np.asarray(x.addressable_shards[0].data)[0] for name, x in metrics.items()}
