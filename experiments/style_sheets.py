"""The sheets of `style_generation.py`: samples, mixes, edits, paths, projections, and stages of growth."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gan_jax.drawing.sheets import panels, tiles
from gan_jax.inference import edit, interpolate, mix, project, sample
from gan_jax.runs import inputs, restore

STEPS = 1000  # of a projection
TRUNCATION = 0.7
PHOTOGRAPHS = 3

_COLUMNS = 8
_ZOOM = 2


def drawn(
    folders: Mapping[str, Path], runs: Mapping[str, restore.Run], steps: int
) -> tuple[bytes, dict[str, bytes]]:
    """The sheet of samples, and the other sheets by name, each with a panel for each run that can have one.

    Args:
      folders: the folder of each run by its name.
      runs: the runs by the same names.
      steps: steps of a projection.
    """
    styled = {name: folders[name] for name, run in runs.items() if _has_layers(run.model)}
    samples = {
        f"{name}, truncation {TRUNCATION:g}" if name in styled else name: _made(
            sample, folder, num=4 * _COLUMNS, **({"truncation": TRUNCATION} if name in styled else {})
        )["image"]
        for name, folder in folders.items()
    }
    paths = {
        name: _made(interpolate, folder, rows=4, columns=_COLUMNS)["image"]
        for name, folder in folders.items()
    }
    further = {"interpolation": panels(paths, columns=_COLUMNS, zoom=_ZOOM, across=2)}
    if styled:
        mixes = {
            n: _made(mix, f, rows=4, columns=7, truncation=TRUNCATION)["image"] for n, f in styled.items()
        }
        edits = {n: _made(edit, f, num=2, directions=4, columns=7)["image"] for n, f in styled.items()}
        pairs = {name: _projected(runs[name], folder, steps) for name, folder in styled.items()}
        further["mixing"] = panels(mixes, columns=_COLUMNS, zoom=_ZOOM, across=2)
        further["edits"] = panels(edits, columns=7, zoom=_ZOOM, across=2)
        further["projection"] = panels(pairs, columns=2 * PHOTOGRAPHS, zoom=2 * _ZOOM, across=1)
    stages = {title: images for name in runs for title, images in _stages(name, runs[name], folders[name])}
    if stages:
        further["stages"] = panels(stages, columns=_COLUMNS, zoom=_ZOOM, across=2)
    return panels(samples, columns=_COLUMNS, zoom=_ZOOM, across=2), further


def _has_layers(model: Any) -> bool:
    return model.has_styles and bool(model.styled_sides)


def _made(mode, folder, **options):
    """The arrays of a mode of inference."""
    with tempfile.TemporaryDirectory() as place:
        mode.run(folder, out=f"{place}/made.npz", **options)
        with np.load(f"{place}/made.npz") as arrays:
            return dict(arrays)


def _projected(run, folder, steps):
    """Photographs and their projections in turn, uint8 [2 n, S, S, C]."""
    role = run.config.evals.samples.roles.image
    photographs = inputs.load_role(run.config, role).columns["image"][:PHOTOGRAPHS]
    with tempfile.TemporaryDirectory() as place:
        for i, pixels in enumerate(photographs):
            Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(f"{place}/{i}.png")
        found = _made(project, folder, input=place, steps=steps)
    return np.stack([found["target"], found["image"]], 1).reshape(-1, *found["image"].shape[1:])


def _stages(name, run, folder):
    """Titles and samples of each stage of a run that grows: the last sheet of the stage."""
    model: Any = run.model
    if not hasattr(model, "first_stage"):
        return
    last = {}
    for path in sorted((folder / "samples").glob("samples_sheet_*.png")):
        step = int(path.stem.rpartition("_")[2])
        last[model.stage(max(step - 1, 0))] = step, path
    for stage, (step, path) in sorted(last.items()):
        with Image.open(path) as sheet:
            images = tiles(np.asarray(sheet.convert("RGB")), model.size)
        yield f"{name}: {4 * 2**stage} pixels, iteration {step}", images[: 4 * _COLUMNS]
