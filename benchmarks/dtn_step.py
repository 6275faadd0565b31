"""Seconds of one DTN training step, ours against a PyTorch twin of equal parameter counts.

    pip install -e '.[bench]'
    python benchmarks/dtn_step.py --scale=half --json=step.json

Each side lives in a process of its own with two threads and waits for its turn: the steps alternate
(A B A B ...), so that both meet the machine in the same mood. The ratio is taken pair by pair.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from absl import app, flags

SCALES = {
    "paper": ((512, 256, 128), (128, 256, 512)),
    "half": ((256, 128, 64), (64, 128, 256)),
    "lite": ((128, 64, 32), (32, 64, 128)),
}
# Multiplications of one step for a pair of images, in millions: 2 f + 8 g + 13 D, see the README.
MACS = {"paper": 1520, "half": 450, "lite": 180}
SIDES = ("ours", "torch")

_SCALE = flags.DEFINE_enum("scale", "half", list(SCALES), "Widths of g and D")
_BATCH = flags.DEFINE_integer("batch_size", 64, "Images of each domain", lower_bound=1)
_PAIRS = flags.DEFINE_integer("pairs", 15, "Steps of each side that count", lower_bound=1)
_NORM = flags.DEFINE_bool("d_batch_norm", True, "D with batch norm")
_JSON = flags.DEFINE_string("json", "", "File for the figures")
_WORKER = flags.DEFINE_enum("worker", None, SIDES, "Used by the program itself: one side")


def ours():
    """Our step on fixed random data, and the parameters of each network."""
    import jax
    import numpy as np

    from gan_jax import models, parallel

    g_widths, d_widths = SCALES[_SCALE.value]
    model = models.create(
        {"name": "dtn", "g_widths": g_widths, "d_widths": d_widths, "d_batch_norm": _NORM.value}
    )
    rng = np.random.default_rng(0)
    size = (_BATCH.value, 32, 32)
    batch = {
        "source": rng.uniform(-1, 1, (*size, 3)).astype(np.float32),
        "target": rng.uniform(-1, 1, (*size, 1)).astype(np.float32),
        "source_z": rng.normal(size=(_BATCH.value, 128)).astype(np.float32),
        "target_z": rng.normal(size=(_BATCH.value, 128)).astype(np.float32),
    }
    host = jax.jit(model.init)(jax.random.key(0), batch)
    players = {**{k: p.params for k, p in host.players.items()}, "f": host.frozen["f"]}
    sizes = {name: sum(x.size for x in jax.tree.leaves(p)) for name, p in players.items()}
    step, placed = parallel.pmap_step(model.train_step, 0), parallel.shard(batch)
    box = [parallel.replicate(host)]

    def run():
        box[0], metrics = step(box[0], placed, parallel.clock(0, 0, True), "train")
        return parallel.to_host(metrics)["g/loss"]

    return run, sizes


def torch():
    """The twin's step, likewise."""
    import torch_twin

    torch_twin.torch.set_num_threads(2)
    return torch_twin.make_step(*SCALES[_SCALE.value], _NORM.value, _BATCH.value)


def work(side):
    """One side: makes its step, then times one for every line that it reads."""
    started = time.perf_counter()
    run, sizes = {"ours": ours, "torch": torch}[side]()
    run()
    print(json.dumps({"parameters": sizes, "start_seconds": time.perf_counter() - started}), flush=True)
    for _ in sys.stdin:
        began = time.perf_counter()
        run()
        seconds = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "peak_mib": peak}), flush=True)


class Side:
    """A worker process that runs one step when asked."""

    def __init__(self, name):
        """Starts it and waits until its step is compiled and has run once."""
        command = [sys.executable, __file__, f"--worker={name}", *sys.argv[1:]]
        env = {**os.environ, "OMP_NUM_THREADS": "2", "JAX_PLATFORMS": "cpu"}
        pipe = subprocess.PIPE
        process: Any = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=env)
        self._process = process
        self.facts = json.loads(self._process.stdout.readline())

    def step(self):
        """Seconds and peak memory of one step."""
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self):
        """Ends it."""
        self._process.stdin.close()
        self._process.wait()


def gemm_rate():
    """GFLOP/s of a large matrix product in numpy, the ceiling of either side."""
    import numpy as np

    a = np.ones((2048, 2048), np.float32)
    times = []
    for _ in range(5):
        began = time.perf_counter()
        a @ a
        times.append(time.perf_counter() - began)
    return 2 * 2048**3 / min(times) / 1e9


def compare():
    """Alternates the two sides; prints the table, writes the JSON, and ends with the ratio."""
    sides = {name: Side(name) for name in SIDES}
    counts = [sorted(side.facts["parameters"].items()) for side in sides.values()]
    if counts[0] != counts[1]:
        raise SystemExit(f"the networks differ: {counts}")
    for side in sides.values():
        side.step()
    taken = [{name: side.step() for name, side in sides.items()} for _ in range(_PAIRS.value)]
    for side in sides.values():
        side.close()
    operations = 2 * MACS[_SCALE.value] * _BATCH.value / 1000
    rows = {}
    for name, side in sides.items():
        seconds = statistics.median(pair[name]["seconds"] for pair in taken)
        rows[name] = {
            "seconds": seconds,
            "steps_per_second": 1 / seconds,
            "images_per_second": 2 * _BATCH.value / seconds,
            "gflops": operations / seconds,
            "peak_mib": taken[-1][name]["peak_mib"],
            "start_seconds": side.facts["start_seconds"],
        }
    ratios = [pair["ours"]["seconds"] / pair["torch"]["seconds"] for pair in taken]
    summary = {"median": statistics.median(ratios), "min": min(ratios), "max": max(ratios)}
    report({"scale": _SCALE.value, "parameters": dict(counts[0]), "gemm_gflops": gemm_rate(),
            "sides": rows, "ratio": summary})  # fmt: skip


def report(figures):
    """Prints the figures and writes them where asked."""
    from gan_jax import provenance

    figures |= provenance.facts()
    print(f"scale {figures['scale']}, batch {_BATCH.value} + {_BATCH.value}, {figures['parameters']}")
    print(f"matrix product: {figures['gemm_gflops']:.0f} GFLOP/s")
    for name, row in figures["sides"].items():
        print(f"{name:>6}", "  ".join(f"{key} {value:.3g}" for key, value in row.items()))
    if _JSON.value:
        Path(_JSON.value).write_text(json.dumps(figures, indent=2) + "\n")
    ratio = figures["ratio"]
    print(f"ratio of ours to torch's: min {ratio['min']:.2f}, max {ratio['max']:.2f}")
    print(f"ratio {ratio['median']:.2f}")


def main(argv):
    """Runs the comparison, or one side of it."""
    del argv
    work(_WORKER.value) if _WORKER.value else compare()


if __name__ == "__main__":
    app.run(main)
