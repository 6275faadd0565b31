"""The robustness grid of Gulrajani et al. 2017 (Fig. 2): seven pairs of networks x four ways of training.

    python experiments/gan_robustness.py --out=results/gan_robustness_part
    python experiments/gan_robustness.py --config=configs/gan_grid.py
    python experiments/gan_robustness.py --quick

The default scale suits a CPU: 32 pixels, base width 16, a ResNet of 35 layers, hours on two cores. Without
`:part` the scale is the paper's. `--quick` takes two steps of all 28 cells, at base width 4 and with the
ResNet of 101 layers, whose compilation takes most of the time. Each cell is a run with its own folder under
`--workdir`. The same command resumes an interrupted one. A cell with a loss that is not finite is shown as
diverged, with its last sheet. Output, written again after every cell: `OUT.json`, `OUT.md` and `OUT.png`, the
grid of sheets with a score below each. A sheet is the upper left quarter of the run's last one.
"""

import json
from typing import Any

import numpy as np
import tables
from absl import flags
from PIL import Image

from gan_jax import models
from gan_jax.config import FREE
from gan_jax.drawing.sheets import table_of_pictures
from gan_jax.errors import ConfigError, NonFiniteError
from gan_jax.metrics.score_names import naming
from gan_jax.runs import restore
from gan_jax.runs.stored import comparable
from gan_jax.runs.workdir import Workdir

ROWS = {
    "baseline": "baseline: DCGAN",
    "constant": "G: no norm, constant filters",
    "mlp": "G: ReLU MLP, four layers",
    "no_norm": "no norm in G and D",
    "gated": "gated everywhere",
    "tanh": "tanh everywhere",
    "resnet": "ResNet",
}
COLUMNS = {"dcgan": "DCGAN", "lsgan": "LSGAN", "wgan": "WGAN (clipping)", "wgan_gp": "WGAN-GP"}

CAPTION = """\
The figures are {score} of {n_fake} images against {n_real} test images, less is better; as many training
images have {floor}. Each column has one seed and one set of hyper-parameters, and nothing was tuned. In
the column WGAN-GP, D has layer norm instead of batch norm, so D is a different network there. G uses its
running statistics for sampling. The numbers of parameters do not include running statistics.
"""

_CONFIG = "configs/gan_grid.py"
flags.FLAGS.set_default("config", f"{_CONFIG}:part")
_ROWS = flags.DEFINE_list("rows", list(ROWS), "pairs of networks to train")
_COLUMNS = flags.DEFINE_list("columns", list(COLUMNS), "ways of training the pairs")

_DIVERGED = "diverged.json"  # marks the folder of a run that cannot continue


def main():
    """Trains what is missing and writes the grid after every cell."""
    plan = configurations()
    cells: dict[tuple[str, str], dict[str, Any]] = {}
    for (row, column), config in plan.items():
        cells[row, column] = {"row": row, "column": column, **trained(config)}
        content = {**facts(config, list(cells.values())), "cells": list(cells.values())}
        written = tables.write(content, text(content, cells), picture(content, cells))
    print(written)


def configurations():
    """The configuration of every cell. All are checked before anything is trained."""
    if tables.QUICK.value:
        flags.FLAGS["config"].value = f"{_CONFIG}:quick"
    for flag, known in ((_ROWS, ROWS), (_COLUMNS, COLUMNS)):
        for name in flag.value or [""]:
            if name not in known:
                raise ConfigError(f"{flag.name}={name!r} is not allowed; allowed: {', '.join(known)}")
    seed = tables.only_seed()
    return {(r, c): tables.load(f"{r},{c}", seed) for r in _ROWS.value for c in _COLUMNS.value}


def trained(config):
    """One cell: its run's scores and facts, or the step where its losses stopped being finite."""
    folder = tables.place(config)
    known = {"folder": folder.name, "parameters": parameters(config), "seed": config.seed}
    if (folder / _DIVERGED).is_file():
        Workdir(folder, writes=False).check(config.to_dict(), FREE, comparable)
        return {**known, **json.loads((folder / _DIVERGED).read_text())}
    try:
        _, result = tables.run(config)
    except NonFiniteError as error:
        found = {"score": None, "diverged": str(error)}
        Workdir(folder).write_json(_DIVERGED, found)
        return {**known, **found}
    kept = {k: result[k] for k in ("step", "seconds", "params_sha256", "commit", "device", "metrics")}
    return {**known, "score": result["metrics"][score_name(config)], **kept}


def score_name(config):
    """The name of the Frechet distance among the scores of a run."""
    spec = config.evals.test
    return naming(spec.get("features", "judge"), spec.get("prefix", "digit"))("fid")


def parameters(config):
    """The number of each player's parameters, G first, without running statistics."""
    size, channels = config.model.size, config.model.channels
    model = models.create(config.model)
    state = restore.abstract_state(model, {"image": [[size, size, channels], "float32"]})
    counts = tables.parameters(state)
    return {"gen": counts.pop("gen"), **counts}


def facts(config, cells):
    """Data and scale in words, the score of real images, and the origin of the figures."""
    role, model = config.data.roles.image, config.model
    measured: dict[str, Any] = next((cell["metrics"] for cell in cells if cell["score"] is not None), {})
    name = score_name(config)
    return {
        "data": f"{role.name or ', '.join(role.files.values())} [{role.split}], {model.size} pixels",
        "scale": f"{config.steps} updates of G, batch {config.batch_size}, base width {model.d_width or 64}",
        "score": name,
        "floor": round(measured["floor"][name], 2) if measured else None,
        **{count: measured.get(count) for count in ("n_fake", "n_real")},
        **tables.origin(),
        "config": config.to_dict(),
    }


def text(content, cells):
    """The grid as Markdown."""
    rows, columns = (list(dict.fromkeys(names)) for names in zip(*cells, strict=True))
    lines = [
        f"Data: {content['data']}. Scale: {content['scale']}.",
        "",
        *CAPTION.format(**content).splitlines(),
        "",
        f"| networks | parameters of G / D | {' | '.join(COLUMNS[c] for c in columns)} |",
        f"| --- | ---: |{' ---: |' * len(columns)}",
    ]
    for row in rows:
        counts = cells[row, columns[0]]["parameters"].values()
        sizes = " / ".join(f"{count:,}".replace(",", " ") for count in counts)
        found = " | ".join(verdict(cells.get((row, column))) for column in columns)
        lines.append(f"| {ROWS[row]} | {sizes} | {found} |")
    stopped = [f"- {ROWS[r]}, {COLUMNS[c]}: {cell['diverged']}" for (r, c), cell in cells.items()
               if cell["score"] is None]  # fmt: skip
    return "\n".join([*lines, *(["", "Diverged:", "", *stopped] if stopped else []), ""])


def verdict(cell):
    """A cell in a few words. The score does not show missing classes, so they are named."""
    if cell is None:
        return "-"
    if cell["score"] is None:
        return "diverged"
    missing = cell["metrics"].get("classes_missing", 0)
    named = f", {missing} class{'es' if missing > 1 else ''} missing"
    return f"{cell['score']:.1f}" + (named if missing else "")


def picture(content, cells):
    """The grid of sheets, PNG."""
    table: dict[str, dict[str, tuple[np.ndarray | None, str]]] = {}
    for (row, column), cell in cells.items():
        table.setdefault(ROWS[row], {})[COLUMNS[column]] = (sheet(cell["folder"]), verdict(cell))
    empty = {COLUMNS[column]: (None, "-") for _, column in cells}
    complete = {row: {**empty, **found} for row, found in table.items()}
    return table_of_pictures(complete, f"{content['score']} below each cell; {content['scale']}")


def sheet(folder):
    """The upper left quarter of the last sheet in a run's folder, or None if there is no sheet."""
    samples = tables.place_of_runs() / folder / "samples"
    files = sorted(samples.glob("final_sheet_*.png")) or sorted(samples.glob("samples_sheet_*.png"))
    if not files:
        return None
    with Image.open(files[-1]) as image:
        return np.asarray(image.convert("RGB").crop((0, 0, image.width // 2, image.height // 2)))


if __name__ == "__main__":
    tables.start(main)
