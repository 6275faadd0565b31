"""Which iterations share one call of the device, and what such a call is given and returns."""

from collections.abc import Hashable, Iterable, Sequence

import jax
import numpy as np

from gan_jax.game import devices

Phases = Sequence[tuple[Hashable, ...]]  # the phases of consecutive iterations


def pays() -> bool:
    """Whether calls of several iterations are faster here.

    They are where small steps wait for their dispatch. On a CPU a convolution in a loop is many times slower.
    """
    return jax.default_backend() != "cpu"


def length(step: int, most: int, end: int, periods: Iterable[int]) -> int:
    """The iterations of the call after `step` iterations: `most`, or 1 where `most` would go too far.

    A call ends at `end` and at every multiple of each of `periods` that lies on its way, so that what is due
    then finds the state of that iteration. Calls have one of two lengths, so that few programs are compiled.
    """
    stops = [end, *((step // period + 1) * period for period in periods)]
    return most if step + most <= min(stops) else 1


def plan(start: int, phases: Phases) -> tuple[np.ndarray, tuple[Hashable, ...]]:
    """The arguments `moves` and `phases` of `devices.pmap_steps` for the iterations from `start` on."""
    kinds = tuple(dict.fromkeys(phase for iteration in phases for phase in iteration))
    moves = [
        [*devices.clock(start + i, j, j + 1 == len(iteration)), i, kinds.index(phase)]
        for i, iteration in enumerate(phases)
        for j, phase in enumerate(iteration)
    ]
    return np.array(moves, np.int32), kinds


def told(metrics: Sequence[dict[str, jax.Array]], moves: np.ndarray) -> list[dict[str, float]]:
    """The metrics of each iteration as floats, from the result of `devices.pmap_steps`."""
    host = [devices.each_to_host(values) for values in metrics]
    found: list[dict[str, float]] = [{} for _ in range(moves[-1, 3] + 1)]
    for row, (_, _, _, iteration, kind) in enumerate(moves):
        found[iteration] |= {name: float(values[row]) for name, values in host[kind].items()}
    return found
