"""Part `times`: seconds of a step beside the PyTorch twin's, and its share of the roofline.

Each row is a program beside `accelerator.py` that makes both sides (`peers.py`). Every side runs in a process
of its own on the same accelerator. Sides take turns, and a side's time is the median of its turns. At the end
of each step its losses are read on the host.

The roofline of our step is the longer one of two times: XLA's count of its operations over the measured rate
of matrix products in the same precision, and XLA's count of the bytes that the compiled program reads and
writes over the measured bandwidth. The share is the roofline over the measured time.
"""

import dataclasses
import statistics
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from accelerator_parts.workers import Run, Worker, WorkerError

_SECONDS = 150.0  # for one row
_START = 120.0  # until all sides of a row have made their first step
_TURN, _PAIRS = 0.3, 7  # seconds of a turn, and counted turns of each side
_MEMORY = "0.1"  # largest share of the memory for each of our sides; the search for kernels takes much more
_HOME = Path(__file__).parents[1]


@dataclasses.dataclass(frozen=True)
class Row:
    """A step whose time is measured.

    Attributes:
      program: a program of this folder.
      flags: its flags.
      quick: the flags that replace some of `flags` in a quick check.
      compiles: whether torch.compile can compile the twin; it has no second derivatives.
      large: whether the memory of the step is of interest, so that a side computes blocks again.
      cycle: steps that together do everything as often as a run does it; turns count multiples of it.
    """

    program: str
    flags: Mapping[str, Any]
    quick: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    compiles: bool = True
    large: bool = False
    cycle: int = 1


_SMALL = {"size": 16, "width": 4, "batch_size": 4}
_STYLED = {"width_base": 16384, "width_max": 512}  # the paper's at 256 pixels: half of 1024 pixels' channels
_LAZY: dict[str, Any] = {"compiles": False, "cycle": 16}  # R1 comes every 16 iterations
_LARGE: dict[str, Any] = {**_LAZY, "large": True}
# A new model is one more row.
ROWS = {
    "dcgan_64": Row("dcgan_step.py", {"size": 64, "batch_size": 128}, _SMALL),
    "stylegan2_64": Row("stylegan2_step.py", {"size": 64, "batch_size": 32, **_STYLED}, **_LAZY),
    "cyclegan_256": Row("cyclegan_step.py", {"size": 256, "blocks": 9, "batch_size": 1}),
    "stargan_128": Row("stargan_step.py", {"size": 128, "batch_size": 16}, compiles=False),
    "dtn_32": Row("dtn_step.py", {"scale": "paper", "batch_size": 128}),
    "wgan_gp_28": Row("wgan_gp_step.py", {"batch_size": 50}, compiles=False),
    "stylegan2_256": Row("stylegan2_step.py", {"size": 256, "batch_size": 16, **_STYLED}, **_LARGE),
    "stylegan2_1024": Row("stylegan2_step.py", {"size": 1024, "batch_size": 4, **_STYLED}, **_LARGE),
    "cyclegan_256_batch_8": Row("cyclegan_step.py", {"size": 256, "blocks": 9, "batch_size": 8}, large=True),
    "dcgan_64_batch_512": Row("dcgan_step.py", {"size": 64, "batch_size": 512}),
}  # fmt: skip
QUICK = ("dcgan_64",)


@dataclasses.dataclass(frozen=True)
class Side:
    """One of the processes that take turns: whose step, with which flags and environment."""

    worker: str
    flags: tuple[str, ...] = ()
    env: Mapping[str, str] = dataclasses.field(default_factory=dict)
    precision: str = ""  # the name of our precision in `machine.PRECISIONS`
    like: str = ""  # the side that counted this side's operations and bytes; '': itself


_BF16, _CALL = "--precision=bfloat16", 16
OURS = {
    "ours, float32": Side("ours", ("--cost",), {"JAX_DEFAULT_MATMUL_PRECISION": "highest"}, "float32"),
    "ours, default precision": Side("ours", ("--cost",), precision="default"),
    "ours, bfloat16": Side("ours", ("--cost", _BF16), precision="bfloat16"),
    "ours, default precision, 16 a call": Side(
        "ours", (f"--steps_per_call={_CALL}",), precision="default", like="ours, default precision"
    ),
    "ours, bfloat16, 16 a call": Side(
        "ours", (_BF16, f"--steps_per_call={_CALL}"), precision="bfloat16", like="ours, bfloat16"
    ),
    "ours, bfloat16, remat": Side("ours", ("--cost", _BF16, "--remat"), precision="bfloat16"),
}
_FIRST = next(iter(OURS))
_QUICK_SIDES = (_FIRST, "ours, bfloat16", "ours, bfloat16, 16 a call")
TWINS = {
    "torch, default precision": Side("torch"),
    "torch, bfloat16": Side("torch", ("--amp",)),
    "torch.compile, bfloat16": Side("torch", ("--amp", "--compile")),
}


def run(check: Run, until: float) -> None:
    """Measures the rows that are missing, in order, and stops at the time `until`."""
    for name in QUICK if check.quick else ROWS:
        if check.record.done("times", name):
            continue
        if time.monotonic() > until:
            return
        try:
            values = _row(check, name, until if check.quick else min(until, time.monotonic() + _SECONDS))
        except WorkerError as error:
            values = {"error": str(error)}
        check.record.put("times", name, values)
        check.say(f"times {name}: {values.get('error') or _told(values)}")


def _told(values: dict[str, Any]) -> str:
    return ", ".join(f"{side} {1000 * v['seconds']:.3g} ms" for side, v in values["sides"].items())


def sides(check: Run, row: Row) -> dict[str, Side]:
    """The sides of a row on this machine; a twin needs PyTorch with CUDA, or any PyTorch in a quick check."""
    found = check.record.content["machine"]["torch"]
    ours = {name: side for name, side in OURS.items() if row.large or "--remat" not in side.flags}
    if check.quick:
        ours = {name: _quick(OURS[name]) for name in _QUICK_SIDES}
    if not found or not (found["cuda"] or check.quick):
        return ours
    twins = {name: side for name, side in TWINS.items() if row.compiles or "--compile" not in side.flags}
    if check.quick:
        twins = dict(list(twins.items())[:1])
    device = f"--device={'cpu' if check.quick else 'cuda'}"
    return ours | {n: dataclasses.replace(s, flags=(device, *s.flags)) for n, s in twins.items()}


def _quick(side: Side) -> Side:
    """A side with two steps in a call instead of many, which a CPU computes slowly."""
    flags = ("--steps_per_call=2" if flag.startswith("--steps_per_call") else flag for flag in side.flags)
    return dataclasses.replace(side, flags=tuple(flags))


def _row(check: Run, name: str, until: float) -> dict[str, Any]:
    row = ROWS[name]
    flags = {**row.flags, **(row.quick if check.quick else {})}
    workers: dict[str, Worker] = {}
    taken: dict[str, Side] = sides(check, row)
    try:
        for title, side in taken.items():
            command = [str(_HOME / row.program), f"--worker={side.worker}", *side.flags]
            command += [f"--{flag}={value}" for flag, value in flags.items()]
            label = f"times-{name}-{title.replace(', ', '-').replace(' ', '_')}"
            env = {} if row.large or side.worker == "torch" else {"XLA_PYTHON_CLIENT_MEM_FRACTION": _MEMORY}
            workers[title] = Worker(check, label, command, check.env(**side.env, **env))
        facts, failed = _first_steps(workers, until if check.quick else min(until, time.monotonic() + _START))
        seconds = _turns(workers, until, 2 if check.quick else _PAIRS, row.cycle)
    finally:
        for worker in workers.values():
            worker.close()
    machine = check.record.content["machine"]
    values = {}
    for title, times in seconds.items():
        side = taken[title]
        counted = facts.get(side.like or title, {})
        side = side if "flop" in counted else dataclasses.replace(side, precision="")
        cost = {k: counted[k] for k in ("flop", "bytes") if k in counted}
        values[title] = _figures({**facts[title], **cost}, side, times, machine)
    return {"settings": flags, "sides": values, **({"failed": failed} if failed else {})}


def _first_steps(workers: dict[str, Worker], until: float) -> tuple[dict[str, Any], dict[str, str]]:
    """What each side tells after its first step. A side that fails is taken out, but not our first one."""
    facts, failed = {}, {}
    for title, worker in list(workers.items()):
        try:
            facts[title] = worker.read(until)
        except WorkerError as error:
            if title == _FIRST:
                raise
            failed[title] = str(error)
            workers.pop(title).close()
    for title, told in facts.items():
        # After a call of several steps there are more updates.
        for fact in ("parameters", "updates") if told["iterations"] == 1 else ("parameters",):
            one, other = (dict(sorted(x[fact].items())) for x in (told, facts[_FIRST]))
            if one != other:
                raise WorkerError(f"{title} differs from ours in {fact}: {one} and {other}")
    return facts, failed


def _turns(workers: Mapping[str, Worker], until: float, pairs: int, cycle: int = 1) -> dict[str, list[float]]:
    """Seconds of a step in each turn of each side. The first turn finds how many steps a turn has."""
    first = {title: worker.ask(str(cycle), until)["seconds"] for title, worker in workers.items()}
    cycles = {title: round(_TURN / seconds / cycle) for title, seconds in first.items()}
    counts = {title: cycle * max(1, min(500, count)) for title, count in cycles.items()}
    taken: dict[str, list[float]] = {title: [] for title in workers}
    for _ in range(pairs):
        for title, worker in workers.items():
            taken[title].append(worker.ask(str(counts[title]), until)["seconds"])
    return taken


def _figures(facts: Any, side: Side, times: list[float], machine: Any) -> dict[str, Any]:
    """The figures of one side, from its turns and from what it told after its first step."""
    seconds = statistics.median(times)
    values: dict[str, Any] = {"seconds": seconds, "least": min(times), "most": max(times)}
    values |= {"images_per_second": facts["images"] / seconds, "first_step_seconds": facts["start_seconds"]}
    if side.precision:
        products = facts["flop"] / machine["products"][side.precision]
        memory = facts["bytes"] / machine["bandwidth"]
        values |= {"gflop": facts["flop"] / 1e9, "gigabytes": facts["bytes"] / 1e9}
        values |= {"bound": "products" if products > memory else "memory"}
        values |= {"roofline_share": max(products, memory) / seconds}
        if "temporary_bytes" in facts:
            values["temporary_gigabytes"] = facts["temporary_bytes"] / 1e9
    return values
