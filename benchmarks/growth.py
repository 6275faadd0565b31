"""How the cost of a run grows with images, pixels and parameters, and where it is worse than linear.

    python benchmarks/growth.py --json=results/growth.json

Each row is one run in a process of its own, on images of noise. The start is the time from the start of the
process to its first step. It includes the compilation, except on the axis of images, whose rows have one
program. A run on many images starts twice: `first` decodes them into a store, and `start` finds them there. A
row's exponent is the slope of log cost over log size from the row before it. More than 1.1 counts as worse
than linear. The figures, a page and a plot have the name of `--json`.
"""

import dataclasses
import itertools
import json
import logging
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from math import log
from pathlib import Path
from typing import Any

import measured
from absl import app, flags

ROOT = Path(__file__).parents[1]
LINEAR = 1.1  # the largest exponent that counts as linear
_STEPS = 12  # the fastest of them is a row's step
_KINDS = 64  # different files of noise; further names are links to them


@dataclasses.dataclass(frozen=True)
class Axis:
    """One way to grow.

    Attributes:
      title: what grows.
      sizes: the values of the axis.
      costs: the figures of a row that may grow with it.
    """

    title: str
    sizes: tuple[int, ...]
    costs: tuple[str, ...]


# Sides of images and widths of networks stand for pixels and parameters, which the rows tell.
AXES = {
    "images": Axis("images", (1000, 10_000, 50_000, 200_000), ("first", "start", "peak_mib", "step")),
    "pixels": Axis("pixels of an image", (32, 64, 128, 256), ("start", "peak_mib", "step", "checkpoint")),
    "parameters": Axis("parameters", (48, 96, 192, 416), ("start", "peak_mib", "step", "checkpoint")),
}
QUICK = {"images": (8, 16), "pixels": (16, 32), "parameters": (2, 4)}
HEADS = {  # of the page's columns and the plot's lines
    "first": "first start (s)",
    "start": "start (s)",
    "step": "step (s)",
    "checkpoint": "checkpoint (s)",
    "peak_mib": "peak memory (MiB)",
}

_JSON = flags.DEFINE_string("json", "", "file for the figures")
_QUICK = flags.DEFINE_bool("quick", False, "the smallest form of every axis")
_AXES = flags.DEFINE_list("axes", [*AXES], "what to measure; the file keeps the others")
_WORKER = flags.DEFINE_string("worker", "", "used by the program itself: a row as JSON")


def _noise(folder: Path, side: int, count: int) -> str:
    """A folder of JPEG files of noise; most of them are links."""
    import numpy as np
    from PIL import Image

    kinds = folder.with_name(f"{folder.name}_kinds")
    for place in (folder, kinds):
        place.mkdir(parents=True)
    for row in range(count):
        kind = kinds / f"{row % _KINDS}.jpg"
        if row < _KINDS:
            pixels = np.random.default_rng(row).integers(0, 256, (side, side, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(kind)
        os.link(kind, folder / f"{row:07d}.jpg")
    return str(folder)


def _config(axis: str, size: int, images: str, scratch: Path) -> Any:
    from gan_jax import config as configuration

    config = configuration.default()
    place: dict[str, Any] = {"files": {"train": images}, "labels": False}
    if axis == "pixels":
        fields = {"g_width": 8, "blocks": 2, "d_width": 8, "d_layers": 2}
        config.model = configuration.model("cyclegan", **fields)
        config.data.roles.source = configuration.inline(**place)
        config.data.roles.target = configuration.inline(**place)
        config.data.size, config.batch_size = size, 1
    else:
        width = size if axis == "parameters" else 4
        config.model = configuration.model("gan", size=32, channels=3, g_width=width, d_width=width)
        config.data.roles.image = configuration.inline(**place)
        config.data.size, config.batch_size = 32, 4
    config.name, config.steps, config.checkpoint_every = "growth", _STEPS, 10**6
    config.log_every, config.log_seconds, config.tensorboard = 1, 0.0, False
    config.cache_dir, config.data.store = str(scratch / "cache"), str(scratch / "store")
    config.data.store_above = 0 if axis == "images" else 2**30
    configuration.validate(config)
    return config


class _Steps(logging.Handler):
    """When each step ended, by the lines of the log."""

    def __init__(self):
        super().__init__()
        self.times: list[float] = []

    def emit(self, record: logging.LogRecord) -> None:
        if re.search(r": step \d+/", record.getMessage()):
            self.times.append(record.created)


def _row(axis: str, size: int, scratch: str, images: str) -> dict[str, float]:
    """Trains a few steps and saves one more checkpoint."""
    import psutil

    began = psutil.Process().create_time()
    from gan_jax.game import devices
    from gan_jax.runs import checkpoint, restore
    from gan_jax.train import train

    steps = _Steps()
    logging.getLogger("gan_jax").setLevel(logging.INFO)
    logging.getLogger("gan_jax").addHandler(steps)
    workdir = Path(tempfile.mkdtemp(dir=scratch), "run")
    devices.start("cpu", compilation_cache=str(Path(scratch, "programs")))
    train(_config(axis, size, images, Path(scratch)), workdir)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    run = restore.load(workdir)
    saved = checkpoint.Checkpoints(workdir / "again", 1)
    first = time.perf_counter()
    saved.save(run.state, 1, {})
    saved.close()
    last = time.perf_counter()
    leaves = [leaf for player in run.state.players.values() for leaf in _leaves(player.params)]
    return {
        "start": steps.times[0] - began,
        "step": min(after - before for before, after in itertools.pairwise(steps.times)),
        "peak_mib": peak,
        "checkpoint": last - first,
        "parameters": sum(leaf.size for leaf in leaves),
    }


def _leaves(tree: Any) -> list[Any]:
    import jax

    return jax.tree.leaves(tree)


def _measured(axis: str, size: int, scratch: Path, images: str) -> dict[str, float]:
    row = json.dumps([axis, size, str(scratch), images])
    done = subprocess.run(
        [sys.executable, __file__, f"--worker={row}"], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"the row {row} ended with exit code {done.returncode}")
    return json.loads(done.stdout.splitlines()[-1])


def rows(axis: str, sizes: tuple[int, ...], scratch: Path) -> list[dict[str, float]]:
    """The rows of one axis; `size` is the number of images, pixels or parameters."""
    found: list[dict[str, float]] = []
    if axis == "images":  # compiles the program of all rows
        _measured(axis, 0, scratch, _noise(scratch / "few", 32, _KINDS))
    for size in sizes:
        count, side = (size, 32) if axis == "images" else (16, size if axis == "pixels" else 32)
        images = _noise(scratch / f"{axis}_{size}", side, count)
        row = _measured(axis, size, scratch, images)
        if axis == "images":
            again = _measured(axis, size, scratch, images)
            row = {**again, "first": row["start"], "peak_mib": max(row["peak_mib"], again["peak_mib"])}
        amount = {"images": size, "pixels": size**2, "parameters": row["parameters"]}[axis]
        found.append({"size": amount, **row})
        print(axis, " ".join(f"{name} {value:.4g}" for name, value in found[-1].items()), flush=True)
        shutil.rmtree(scratch / f"{axis}_{size}")
    return found


def exponents(found: list[dict[str, float]], cost: str) -> list[float]:
    """The slope of log cost over log size from each row to the next one."""
    pairs = itertools.pairwise(found)
    return [log(b[cost] / a[cost]) / log(b["size"] / a["size"]) for a, b in pairs]


def worse(axes: dict[str, list[dict[str, float]]]) -> list[str]:
    """What grows faster than linearly between two rows, in words."""
    lines = []
    for name, found in axes.items():
        for cost in AXES[name].costs:
            for row, slope in zip(found[1:], exponents(found, cost), strict=True):
                if slope > LINEAR:
                    grown = f"{AXES[name].title}^{slope:.2f} up to {_grouped(row['size'])}"
                    lines.append(f"{HEADS[cost]} grows as {grown}")
    return lines


def _figure(value: float) -> str:
    """Three digits of a cost: 0.0172, 1.50, 1 270."""
    if value < 1:
        return f"{value:.3g}"
    rounded = float(f"{value:.3g}")
    return _grouped(rounded, max(0, 3 - len(f"{rounded:.0f}")))


def _grouped(value: float, digits: int = 0) -> str:
    """A number with its digits in groups of three."""
    return f"{value:,.{digits}f}".replace(",", " ")


def page(figures: dict[str, Any]) -> str:
    """The figures for people."""
    lines = ["# How cost grows", "", f"`{figures['command']}`, commit {figures['commit']}", ""]
    for name, found in figures["axes"].items():
        costs = AXES[name].costs
        lines.append(f"| {AXES[name].title} | {' | '.join(HEADS[cost] for cost in costs)} |")
        lines.append(f"| ---: |{' ---: |' * len(costs)}")
        slopes = {cost: ["", *(f" (^{slope:.2f})" for slope in exponents(found, cost))] for cost in costs}
        for place, row in enumerate(found):
            cells = (f"{_figure(row[cost])}{slopes[cost][place]}" for cost in costs)
            lines.append(f"| {_grouped(row['size'])} | {' | '.join(cells)} |")
        lines.append("")
    told = figures["worse_than_linear"]
    lines += ["Worse than linear:" if told else "Nothing grows faster than linearly.", ""]
    return "\n".join([*lines, *(f"- {line}" for line in told)]).rstrip() + "\n"


def plot(figures: dict[str, Any], path: Path) -> None:
    """A panel for each axis, both scales logarithmic; the grey line is linear."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, len(figures["axes"]), figsize=(4.5 * len(figures["axes"]), 4))
    for panel, (name, found) in zip(panels, figures["axes"].items(), strict=True):
        sizes = [row["size"] for row in found]
        for cost in AXES[name].costs:
            relative = [row[cost] / found[0][cost] for row in found]
            panel.plot(sizes, relative, marker="o", label=HEADS[cost])
        panel.plot(sizes, [size / sizes[0] for size in sizes], color="0.7", label="linear")
        panel.set(xscale="log", yscale="log", xlabel=AXES[name].title, ylabel="relative to the first row")
        panel.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, dpi=100)


def main(argv: list[str]) -> None:
    """Measures all axes, prints the page, and writes the files."""
    del argv
    if _WORKER.value:
        axis, size, scratch, images = json.loads(_WORKER.value)
        print(json.dumps(_row(axis, size, scratch, images)))
        return
    path = Path(_JSON.value) if _JSON.value else None
    axes = json.loads(path.read_text())["axes"] if path and path.exists() else {}
    for name in _AXES.value:
        with tempfile.TemporaryDirectory() as scratch:
            axes[name] = rows(name, QUICK[name] if _QUICK.value else AXES[name].sizes, Path(scratch))
        figures: dict[str, Any] = {"seed": 0, "axes": axes, "worse_than_linear": worse(axes)}
        figures |= measured.facts()
        if path:
            path.write_text(json.dumps(figures, indent=2) + "\n")
    print(page(figures))
    if path:
        path.with_suffix(".md").write_text(page(figures))
        plot(figures, path.with_suffix(".png"))


if __name__ == "__main__":
    app.run(main)
