"""Two sides of a benchmark that take turns, and the report of their figures.

Each side runs in its own process with two threads and waits for its turn. Turns alternate (A B A B ...), so
that both sides meet the same state of the machine, and the ratio is taken pair by pair. A turn has one step
that is not counted, which refills caches and wakes threads, and some that are counted. Before the turns, both
sides must have made the same number of updates of the same number of parameters in their first step.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from typing import Any

SIDES = ("ours", "torch")
# Both sides get large pages of memory, which `docs/devices.md` recommends.
ENV = {
    **os.environ,
    "OMP_NUM_THREADS": "2",
    "JAX_PLATFORMS": "cpu",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}


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


def compare(comparison, pairs, json_file):
    """Alternates the two sides, prints the table, writes the JSON, and ends with the ratio.

    Args:
      comparison: a `peers.Comparison`.
      pairs: the number of counted turns of each side.
      json_file: path for the figures; '' for none.
    """
    sides = {name: Side(name) for name in SIDES}
    for fact in ("parameters", "updates"):
        one, other = (dict(sorted(side.facts[fact].items())) for side in sides.values())
        if one != other:
            raise SystemExit(f"the two sides differ in {fact}: {one} and {other}")
    for side in sides.values():
        side.turn()
    taken = [{name: side.turn() for name, side in sides.items()} for _ in range(pairs)]
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
    report(figures, comparison.settings(), json_file)


def _real_run():
    lines = subprocess.run(command("loop"), env=ENV, check=True, text=True, stdout=subprocess.PIPE).stdout
    run = json.loads(lines.splitlines()[-1])
    return {**run, "outside_step": 1 - run["step_seconds"] / run["iteration_seconds"]}


def report(figures, settings, json_file):
    """Prints the figures and, unless `json_file` is '', writes them to that file."""
    from gan_jax import paths
    from gan_jax.runs import provenance

    figures |= provenance.facts()
    print(", ".join(f"{key} {value}" for key, value in settings.items()) + f", {figures['parameters']}")
    print(f"matrix product: {figures['gemm_gflops']:.0f} GFLOP/s")
    for name, row in figures["sides"].items():
        print(f"{name:>6}", "  ".join(f"{key} {value:.3g}" for key, value in row.items()))
    if "run" in figures:
        print("a run:", "  ".join(f"{key} {value:.3g}" for key, value in figures["run"].items()))
    if json_file:
        paths.given("json", json_file).write_text(json.dumps(figures, indent=2) + "\n")
    ratio = figures["ratio"]
    print(f"ratio of ours to torch's: min {ratio['min']:.2f}, max {ratio['max']:.2f}")
    print(f"ratio {ratio['median']:.2f}")
