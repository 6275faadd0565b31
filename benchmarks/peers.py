"""Shared parts of the benchmarks: seconds of a training step, ours and a PyTorch twin's.

Each side runs in its own process with two threads and waits for its turn. Turns alternate (A B A B ...), so
that both sides meet the same state of the machine, and the ratio is taken pair by pair. A turn has one step
that is not counted, which refills caches and wakes threads, and some that are counted. Before the turns, both
sides must have made the same number of updates of the same number of parameters in their first step.
"""

import dataclasses
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from absl import app, flags

SIDES = ("ours", "torch")
ENV = {**os.environ, "OMP_NUM_THREADS": "2", "JAX_PLATFORMS": "cpu"}
_MIB = 1024  # KiB, the unit of Linux's ru_maxrss

BATCH = flags.DEFINE_integer("batch_size", 64, "images of each domain in a batch", lower_bound=1)
_PAIRS = flags.DEFINE_integer("pairs", 11, "counted turns of each side", lower_bound=1)
_COUNTED = flags.DEFINE_integer("counted", 2, "counted steps of a turn", lower_bound=1)
_JSON = flags.DEFINE_string("json", "", "file for the figures")
_COST = flags.DEFINE_bool("cost", False, "whether our side also counts a step's operations and bytes")
_DEVICE = flags.DEFINE_enum("device", "cpu", ["cpu", "cuda"], "where the twin computes")
_AMP = flags.DEFINE_bool("amp", False, "whether the twin computes products and convolutions in bfloat16")
_COMPILE = flags.DEFINE_bool("compile", False, "whether torch.compile compiles the twin's networks")
_WORKER = flags.DEFINE_enum("worker", None, (*SIDES, "loop"), "used by the program itself to run one part")


@dataclasses.dataclass(frozen=True)
class Made:
    """One side, ready to train on fixed random data.

    Attributes:
      step: trains one step and returns its losses by name as numbers, which waits for the step's end.
      parameters: number of parameters of each player.
      updates: number of updates of each player so far, as its optimiser counted.
      cost: `flop` and `bytes` of a step, as XLA counts them; {} if they were not asked for.
      networks: the twin's networks by player; {} for our side.
    """

    step: Callable[[], Any]
    parameters: Mapping[str, int]
    updates: Callable[[], dict[str, int]]
    cost: Mapping[str, float] = dataclasses.field(default_factory=dict)
    networks: Mapping[str, Any] = dataclasses.field(default_factory=dict)


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
    """

    ours: Callable[[], Made]
    torch: Callable[[], Made]
    settings: Callable[[], dict[str, Any]]
    images: Callable[[], int]
    operations: Callable[[], float] | None = None
    loop: Callable[[], None] | None = None


def ours(fields, batch, frozen=()):
    """Our side: the model with these fields, on this batch.

    `frozen` names the networks that are not trained.
    """
    import jax
    import optax

    from gan_jax import models
    from gan_jax.game import devices

    model = models.create(fields)
    host = jax.jit(model.init)(jax.random.key(0), batch)
    networks = {**{k: p.params for k, p in host.players.items()}, **{k: host.frozen[k] for k in frozen}}
    sizes = {name: sum(x.size for x in jax.tree.leaves(tree)) for name, tree in networks.items()}
    placed, clock = devices.shard(batch), devices.clock(0, 0, True)
    box = [devices.replicate(host)]
    step: Any = devices.pmap_step(model.train_step, 0)
    phase, counted = ["train"], {}
    if _COST.value:
        # Operations are those of the program as written. Bytes are those of the compiled program.
        lowered = step.lower(box[0], placed, clock, *phase)
        step, phase = lowered.compile(), []  # a compiled step has its phase in it
        counted = {
            "flop": lowered.cost_analysis()["flops"],
            "bytes": step.cost_analysis()["bytes accessed"],
        }

    def run():
        box[0], metrics = step(box[0], placed, clock, *phase)
        return {name: x for name, x in devices.to_host(metrics).items() if name.endswith("/loss")}

    def updates():
        counts = {
            name: optax.tree.get_all_with_path(player.opt_state, "count")
            for name, player in box[0].players.items()
        }
        return {name: int(found[0][1][0]) for name, found in counts.items()}

    return Made(run, sizes, updates, counted)


def run(comparison: Comparison) -> None:
    """The program of a benchmark: the comparison, or one part of it."""

    def main(argv):
        del argv
        if _WORKER.value == "loop" and comparison.loop:
            comparison.loop()
        elif _WORKER.value:
            work(comparison, _WORKER.value)
        else:
            compare(comparison)

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
    facts["images"] = comparison.images()
    if side == "torch" and not (comparison.operations or _COMPILE.value):
        facts["gflop"] = _counted_operations(made.step)
    print(json.dumps(facts), flush=True)
    for line in sys.stdin:
        counted = int(line.strip() or _COUNTED.value)
        made.step()
        began = time.perf_counter()
        for _ in range(counted):
            made.step()
        seconds = (time.perf_counter() - began) / counted
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


def _counted_operations(step):
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
        step()
    return counter.total / 1e9


class Side:
    """A worker process that takes a turn when asked."""

    def __init__(self, name):
        """Starts the process and waits until its step is compiled and has run once."""
        pipe = subprocess.PIPE
        process: Any = subprocess.Popen(command(name), stdin=pipe, stdout=pipe, text=True, env=ENV)
        self._process = process
        self.facts = self._read()

    def _read(self):
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"one side ended early, with exit code {self._process.wait()}")
        return json.loads(line)

    def turn(self):
        """Seconds of a step, and the peak of memory."""
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._read()

    def close(self):
        """Ends the process."""
        self._process.stdin.close()
        self._process.wait()


def command(part):
    """The command line of one part of this program."""
    return [sys.executable, sys.argv[0], f"--worker={part}", *sys.argv[1:]]


def gemm_rate():
    """GFLOP/s of a large matrix product in numpy, an upper bound for both sides."""
    import numpy as np

    a = np.ones((2048, 2048), np.float32)
    times = []
    for _ in range(5):
        began = time.perf_counter()
        a @ a
        times.append(time.perf_counter() - began)
    return 2 * 2048**3 / min(times) / 1e9


def compare(comparison):
    """Alternates the two sides, prints the table, writes the JSON, and ends with the ratio."""
    sides = {name: Side(name) for name in SIDES}
    for fact in ("parameters", "updates"):
        one, other = (dict(sorted(side.facts[fact].items())) for side in sides.values())
        if one != other:
            raise SystemExit(f"the two sides differ in {fact}: {one} and {other}")
    for side in sides.values():
        side.turn()
    taken = [{name: side.turn() for name, side in sides.items()} for _ in range(_PAIRS.value)]
    for side in sides.values():
        side.close()
    counted = comparison.operations
    operations = counted() if counted else sides["torch"].facts["gflop"]
    rows = {}
    for name, side in sides.items():
        seconds = statistics.median(pair[name]["seconds"] for pair in taken)
        rows[name] = {
            "seconds": seconds,
            "steps_per_second": 1 / seconds,
            "images_per_second": comparison.images() / seconds,
            "gflops": operations / seconds,
            "peak_mib": taken[-1][name]["peak_mib"],
            "start_seconds": side.facts["start_seconds"],
            "first_step_seconds": side.facts["first_step_seconds"],
        }
    ratios = [pair["ours"]["seconds"] / pair["torch"]["seconds"] for pair in taken]
    summary = {"median": statistics.median(ratios), "min": min(ratios), "max": max(ratios)}
    facts = {name: dict(sorted(sides["ours"].facts[name].items())) for name in ("parameters", "updates")}
    figures = {**comparison.settings(), **facts, "gemm_gflops": gemm_rate(), "sides": rows, "ratio": summary}
    if comparison.loop:
        figures["run"] = _real_run()
    report(figures, comparison.settings())


def _real_run():
    lines = subprocess.run(command("loop"), env=ENV, check=True, text=True, stdout=subprocess.PIPE).stdout
    run = json.loads(lines.splitlines()[-1])
    return {**run, "outside_step": 1 - run["step_seconds"] / run["iteration_seconds"]}


def report(figures, settings):
    """Prints the figures and writes them to the file of --json."""
    from gan_jax.runs import provenance

    figures |= provenance.facts()
    print(", ".join(f"{key} {value}" for key, value in settings.items()) + f", {figures['parameters']}")
    print(f"matrix product: {figures['gemm_gflops']:.0f} GFLOP/s")
    for name, row in figures["sides"].items():
        print(f"{name:>6}", "  ".join(f"{key} {value:.3g}" for key, value in row.items()))
    if "run" in figures:
        print("a run:", "  ".join(f"{key} {value:.3g}" for key, value in figures["run"].items()))
    if _JSON.value:
        Path(_JSON.value).write_text(json.dumps(figures, indent=2) + "\n")
    ratio = figures["ratio"]
    print(f"ratio of ours to torch's: min {ratio['min']:.2f}, max {ratio['max']:.2f}")
    print(f"ratio {ratio['median']:.2f}")
