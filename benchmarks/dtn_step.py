"""Seconds of one DTN training step, ours against a PyTorch twin of equal parameter counts.

    pip install -e '.[bench]'
    python benchmarks/dtn_step.py --json=step.json

Each side lives in a process of its own with two threads and waits for its turn: turns alternate
(A B A B ...), so that both meet the machine in the same mood, and the ratio is taken pair by pair. A turn
is one step that does not count, after which caches and threads are this side's again, and two that do.
Then a real run on the embedded digits tells what share of its time is not the step.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from absl import app, flags

SCALES = {
    "paper": ((512, 256, 128), (128, 256, 512)),
    "half": ((256, 128, 64), (64, 128, 256)),
    "lite": ((128, 64, 32), (32, 64, 128)),
}
# Multiplications of one step for a pair of images, in millions, by direct convolution: passes of
# 2 f + 6 g + 13 D, a backward pass by parameters and input counted as two.
MACS = {"paper": 1380, "half": 416, "lite": 172}
F_WIDTHS = (64, 128, 256, 128)
SIDES = ("ours", "torch")
ENV = {**os.environ, "OMP_NUM_THREADS": "2", "JAX_PLATFORMS": "cpu"}
_COUNTED = 2  # steps of a turn whose time is taken
_WARM = 5  # steps of the real run before its clock starts

_SCALE = flags.DEFINE_enum("scale", "paper", list(SCALES), "Widths of g and D")
_BATCH = flags.DEFINE_integer("batch_size", 64, "Images of each domain", lower_bound=1)
_PAIRS = flags.DEFINE_integer("pairs", 11, "Turns of each side that count", lower_bound=1)
_NORM = flags.DEFINE_bool("d_batch_norm", True, "D with batch norm")
_JSON = flags.DEFINE_string("json", "", "File for the figures")
_LOOP_STEPS = flags.DEFINE_integer("loop_steps", 60, "Steps of the real run", lower_bound=20)
_WORKER = flags.DEFINE_enum("worker", None, (*SIDES, "loop"), "Used by the program itself: one part")


def fields():
    """The model's fields of this scale."""
    g_widths, d_widths = SCALES[_SCALE.value]
    return {"g_widths": g_widths, "d_widths": d_widths, "d_batch_norm": _NORM.value}


def ours():
    """Our step on fixed random data, and the parameters of each network."""
    import jax
    import numpy as np

    from gan_jax import models, parallel

    model = models.create({"name": "dtn", **fields()})
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
    """One side: makes its step, then takes a turn for every line that it reads."""
    started = time.perf_counter()
    run, sizes = {"ours": ours, "torch": torch}[side]()
    made = time.perf_counter()
    run()
    facts = {"start_seconds": made - started, "first_step_seconds": time.perf_counter() - made}
    print(json.dumps({"parameters": sizes, **facts}), flush=True)
    for _ in sys.stdin:
        run()
        began = time.perf_counter()
        for _ in range(_COUNTED):
            run()
        seconds = (time.perf_counter() - began) / _COUNTED
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "peak_mib": peak}), flush=True)


def loop():
    """Prints the seconds of an iteration of a real run, and of its step alone in the same process."""
    from gan_jax import config as configuration
    from gan_jax import logs, parallel, train

    logs.start()
    calls: list[float] = []
    pmap_step = parallel.pmap_step

    def watched(*args):
        step = pmap_step(*args)
        calls.clear()

        def timed(*args):
            calls.append(time.perf_counter())
            return step(*args)

        return timed

    config = configuration.load(str(Path(__file__).parents[1] / "configs" / "dtn_digits.py"))
    with tempfile.TemporaryDirectory() as folder:
        with config.unlocked():
            config.model.update(fields())
            config.model.f_widths = config.requires.f.model.widths = F_WIDTHS
            config.requires.f.steps = config.requires.judge.steps = 1
            config.evals = {}
            config.best = ""
            config.batch_size, config.steps, config.cache_dir = _BATCH.value, _LOOP_STEPS.value, folder
        parallel.pmap_step = watched
        train.train(config, Path(folder) / "run")
        parallel.pmap_step = pmap_step
    iteration = (calls[-1] - calls[_WARM]) / (len(calls) - 1 - _WARM)
    run, _ = ours()
    run()
    began = time.perf_counter()
    for _ in range(len(calls)):
        run()
    step = (time.perf_counter() - began) / len(calls)
    print(json.dumps({"iteration_seconds": iteration, "step_seconds": step}))


class Side:
    """A worker process that takes a turn when asked."""

    def __init__(self, name):
        """Starts it and waits until its step is compiled and has run once."""
        pipe = subprocess.PIPE
        process: Any = subprocess.Popen(command(name), stdin=pipe, stdout=pipe, text=True, env=ENV)
        self._process = process
        self.facts = json.loads(self._process.stdout.readline())

    def turn(self):
        """Seconds of a step, and the peak of memory."""
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self):
        """Ends it."""
        self._process.stdin.close()
        self._process.wait()


def command(name):
    """The command line of one part."""
    return [sys.executable, __file__, f"--worker={name}", *sys.argv[1:]]


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
        side.turn()
    taken = [{name: side.turn() for name, side in sides.items()} for _ in range(_PAIRS.value)]
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
            "first_step_seconds": side.facts["first_step_seconds"],
        }
    ratios = [pair["ours"]["seconds"] / pair["torch"]["seconds"] for pair in taken]
    summary = {"median": statistics.median(ratios), "min": min(ratios), "max": max(ratios)}
    lines = subprocess.run(command("loop"), env=ENV, check=True, text=True, stdout=subprocess.PIPE).stdout
    run = json.loads(lines.splitlines()[-1])
    run["outside_step"] = 1 - run["step_seconds"] / run["iteration_seconds"]
    report({"scale": _SCALE.value, "parameters": dict(counts[0]), "gemm_gflops": gemm_rate(),
            "sides": rows, "ratio": summary, "run": run})  # fmt: skip


def report(figures):
    """Prints the figures and writes them where asked."""
    from gan_jax import provenance

    figures |= provenance.facts()
    print(f"scale {figures['scale']}, batch {_BATCH.value} + {_BATCH.value}, {figures['parameters']}")
    print(f"matrix product: {figures['gemm_gflops']:.0f} GFLOP/s")
    for name, row in figures["sides"].items():
        print(f"{name:>6}", "  ".join(f"{key} {value:.3g}" for key, value in row.items()))
    print("a run:", "  ".join(f"{key} {value:.3g}" for key, value in figures["run"].items()))
    if _JSON.value:
        Path(_JSON.value).write_text(json.dumps(figures, indent=2) + "\n")
    ratio = figures["ratio"]
    print(f"ratio of ours to torch's: min {ratio['min']:.2f}, max {ratio['max']:.2f}")
    print(f"ratio {ratio['median']:.2f}")


def main(argv):
    """Runs the comparison, or one side of it."""
    del argv
    if _WORKER.value == "loop":
        loop()
    elif _WORKER.value:
        work(_WORKER.value)
    else:
        compare()


if __name__ == "__main__":
    app.run(main)
