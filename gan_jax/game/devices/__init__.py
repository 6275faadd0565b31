"""Everything about devices: the start, the mapped axis, placement of states and batches, the mapped calls.

A *replicated* state has a leading axis of the local devices on every leaf. A *sharded* batch is split over
the same axis. Only this package uses devices, `pmap` and collectives.
"""

from gan_jax.game.devices.joining import agreement, barrier, describe, leave, lost, process, start
from gan_jax.game.devices.mapping import clock, pmap_apply, pmap_step, pmap_steps
from gan_jax.game.devices.pages import wanted as wanted_pages
from gan_jax.game.devices.parts import in_turn, mean
from gan_jax.game.devices.placing import (
    AXIS,
    check_batch_size,
    deal,
    each_to_host,
    gathered,
    local_devices,
    replicate,
    shard,
    shard_several,
    to_host,
    unreplicate,
)

__all__ = [
    "AXIS",
    "agreement",
    "barrier",
    "check_batch_size",
    "clock",
    "deal",
    "describe",
    "each_to_host",
    "gathered",
    "in_turn",
    "leave",
    "local_devices",
    "lost",
    "mean",
    "pmap_apply",
    "pmap_step",
    "pmap_steps",
    "process",
    "replicate",
    "shard",
    "shard_several",
    "start",
    "to_host",
    "unreplicate",
    "wanted_pages",
]
