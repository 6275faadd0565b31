"""Shared parts of the benchmarks: seconds of a training step, ours and a PyTorch twin's.

This file has the flags, what a benchmark describes, and what one side does. `turns.py` lets both sides take
turns and reports their figures.
"""

import dataclasses
import itertools
import json
import resource
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import turns
from absl import app, flags

_MIB = 1024  # KiB, the unit of Linux's ru_maxrss

BATCH = flags.DEFINE_integer("batch_size", 64, "images of each domain in a batch", lower_bound=1)
PAIRS = flags.DEFINE_integer("pairs", 11, "counted turns of each side", lower_bound=1)
COUNTED = flags.DEFINE_integer("counted", 2, "counted steps of a turn", lower_bound=1)
_JSON = flags.DEFINE_string("json", "", "file for the figures")
_COST = flags.DEFINE_bool("cost", False, "whether our side also counts a step's operations and bytes")
_PRECISION = flags.DEFINE_enum("precision", "float32", ["float32", "bfloat16"], "of our side's networks")
_CALL = flags.DEFINE_integer("steps_per_call", 1, "our side's iterations in one call", lower_bound=1)
_REMAT = flags.DEFINE_bool("remat", False, "whether our side computes blocks again in the backward pass")
_DEVICE = flags.DEFINE_enum("device", "cpu", ["cpu", "cuda"], "where the twin computes")
_AMP = flags.DEFINE_bool("amp", False, "whether the twin computes products and convolutions in bfloat16")
_COMPILE = flags.DEFINE_bool("compile", False, "whether torch.compile compiles the twin's networks")
_WORKER = flags.DEFINE_enum(
    "worker", None, (*turns.SIDES, "loop"), "used by the program itself to run one part"
)


@dataclasses.dataclass(frozen=True)
class Made:
    """One side, ready to train on fixed random data.

    Attributes:
      step: trains one step, or `iterations` of them, and returns the losses by name as numbers, which waits
        for the end.
      parameters: number of parameters of each player.
      updates: number of updates of each player so far, as its optimiser counted.
      cost: `flop` and `bytes` of a step, as XLA counts them, and `temporary_bytes`, the memory beside
        arguments and results of its largest program; {} if they were not asked for.
      networks: the twin's networks by player; {} for our side.
    """

    step: Callable[[], Any]
    parameters: Mapping[str, int]
    updates: Callable[[], dict[str, int]]
    cost: Mapping[str, float] = dataclasses.field(default_factory=dict)
    networks: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    iterations: int = 1


@dataclasses.dataclass(frozen=True)
class Comparison:
    """The functions of a benchmark. All are called after the flags are parsed.

    Attributes:
      ours: makes our side.
      torch: makes the twin.
      settings: the settings of the figures.
      images: the number of real images that a step reads.
      operations: the operations of a step in GFLOP; None makes PyTorch count those of the twin.
      loop: prints one line of JSON about a real run.
      cycle: the number of successive steps that together do everything as often as it is done in a run. The
        counted steps of a turn are a multiple of it.
    """

    ours: Callable[[], Made]
    torch: Callable[[], Made]
    settings: Callable[[], dict[str, Any]]
    images: Callable[[], int]
    operations: Callable[[], float] | None = None
    loop: Callable[[], None] | None = None
    cycle: int = 1


def ours(fields, batch, frozen=(), start=0, cycle=1):
    """Our side: the model with these fields, on this batch, from iteration `start` on.

    `frozen` names the networks that are not trained. `cycle` is that of `Comparison`.
    """
    import jax
    import optax

    from gan_jax import models
    from gan_jax.game import devices, dispatch, precision

    model = models.create(fields)
    host = jax.jit(model.init)(jax.random.key(0), batch)
    networks = {**{k: p.params for k, p in host.players.items()}, **{k: host.frozen[k] for k in frozen}}
    sizes = {name: sum(x.size for x in jax.tree.leaves(tree)) for name, tree in networks.items()}
    placed, box = devices.shard(batch), [devices.replicate(host.replace(step=host.step + start))]
    train_step = precision.stepping(model.train_step, _PRECISION.value, _REMAT.value)
    step: Any = devices.pmap_step(train_step, 0)
    count, calls, counted = _CALL.value, {}, {"flop": 0.0, "bytes": 0.0, "temporary_bytes": 0.0}
    iterations = itertools.count(start, count)
    repeated = [phase for i in range(start, start + cycle) for phase in model.phases(i)]
    for phase in dict.fromkeys(repeated) if _COST.value else ():
        # Operations are those of the program as written. Bytes are those of the compiled program.
        lowered = step.lower(box[0], placed, devices.clock(0, 0, True), phase)
        calls[phase] = lowered.compile()  # a compiled step has its phase in it
        share = repeated.count(phase) / cycle
        # Some accelerators count only compiled programs.
        written = lowered.cost_analysis() or calls[phase].cost_analysis()
        counted["flop"] += share * written["flops"]
        counted["bytes"] += share * calls[phase].cost_analysis()["bytes accessed"]
        temporary = calls[phase].memory_analysis().temp_size_in_bytes
        counted["temporary_bytes"] = max(counted["temporary_bytes"], temporary)
    steps: Any = devices.pmap_steps(train_step, 0)
    many = devices.shard_several([batch] * count) if count > 1 else None

    def run_several():
        first = next(iterations)
        moves, kinds = dispatch.plan(first, [model.phases(first + i) for i in range(count)])
        box[0], metrics = steps(box[0], many, moves, kinds)
        return {k: x for k, x in dispatch.told(metrics, moves)[-1].items() if k.endswith("/loss")}

    def run():
        metrics: dict[str, Any] = {}
        phases = model.phases(next(iterations))
        for j, phase in enumerate(phases):
            clock = devices.clock(0, j, j == len(phases) - 1)
            call, rest = (calls[phase], ()) if phase in calls else (step, (phase,))
            box[0], new = call(box[0], placed, clock, *rest)
            metrics |= new
        return {name: x for name, x in devices.to_host(metrics).items() if name.endswith("/loss")}

    def updates():
        counts = {
            name: optax.tree.get_all_with_path(player.opt_state, "count")
            for name, player in box[0].players.items()
        }
        return {name: int(found[0][1][0]) for name, found in counts.items()}

    return Made(run if count == 1 else run_several, sizes, updates, counted, iterations=count)


def run(comparison: Comparison) -> None:
    """The program of a benchmark: the comparison, or one part of it."""

    def main(argv):
        del argv
        if _WORKER.value == "loop" and comparison.loop:
            comparison.loop()
        elif _WORKER.value:
            work(comparison, _WORKER.value)
        else:
            counted, cycle = COUNTED.value, comparison.cycle
            if counted % cycle:
                raise SystemExit(f"counted={counted} is not allowed; allowed: multiples of {cycle}")
            turns.compare(comparison, PAIRS.value, _JSON.value)

    app.run(main)


def work(comparison, side):
    """One side: makes its step, then takes a turn for every line of its standard input.

    A line may hold the number of counted steps of its turn.
    """
    started = time.perf_counter()
    made = ready_twin(comparison) if side == "torch" else comparison.ours()
    ready = time.perf_counter()
    made.step()
    facts = {"start_seconds": ready - started, "first_step_seconds": time.perf_counter() - ready}
    facts |= {"parameters": made.parameters, "updates": made.updates(), **made.cost}
    facts |= {"images": comparison.images(), "iterations": made.iterations}
    if side == "torch" and not (comparison.operations or _COMPILE.value):
        facts["gflop"] = _counted_operations(made.step, comparison.cycle)
    print(json.dumps(facts), flush=True)
    for line in sys.stdin:
        counted = int(line.strip() or COUNTED.value)
        calls = -(-counted // made.iterations)
        made.step()
        began = time.perf_counter()
        for _ in range(calls):
            made.step()
        seconds = (time.perf_counter() - began) / (calls * made.iterations)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MIB
        print(json.dumps({"seconds": seconds, "peak_mib": peak}), flush=True)


def ready_twin(comparison):
    """The twin on the device, in the precision and in the form that the flags name."""
    import torch

    torch.set_default_device(_DEVICE.value)
    torch.backends.cudnn.benchmark = True
    # Products and convolutions of float32 in TF32, as in jax by default.
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.allow_tf32 = True
    made = comparison.torch()
    for network in made.networks.values() if _COMPILE.value else ():
        for part in network if isinstance(network, torch.nn.ModuleList) else [network]:
            part.compile()

    def step():
        with torch.autocast(_DEVICE.value, torch.bfloat16, enabled=_AMP.value):
            return made.step()

    return dataclasses.replace(made, step=step)


def _counted_operations(step, cycle):
    """GFLOP of a step, the mean over a cycle of steps."""
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils.flop_counter import flop_registry

    # FlopCounterMode also follows modules, which fails if gradients are differentiated.
    class Counter(TorchDispatchMode):
        total = 0

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            out = func(*args, **(kwargs or {}))
            count = flop_registry.get(func._overloadpacket)
            self.total += count(*args, **(kwargs or {}), out_val=out) if count else 0
            return out

    with Counter() as counter:
        for _ in range(cycle):
            step()
    return counter.total / cycle / 1e9
