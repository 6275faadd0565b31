"""Part `trainings`: short trainings on carried files, with scores and sheets.

A training runs the program's own command line until its steps or its time are over. At the end of its time
it gets the signal that makes it save its state. A second call of the same command, with the steps that were
reached, then scores it and draws its sheets. If the check is cut, the next call continues the run.
"""

import dataclasses
import json
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from accelerator_parts import pack
from accelerator_parts.workers import ROOT, Run, WorkerError, last_line

_SAVING = 60.0  # seconds that a run has to save its state
_SCORING = 0.2  # share of a training's time that is kept for its scores
_LEAST = 15.0  # seconds that are kept at least
_STOPPED = (128 + signal.SIGTERM, -signal.SIGTERM)  # after a state was saved; before the run had begun


@dataclasses.dataclass(frozen=True)
class Row:
    """A training.

    Attributes:
      config: a file of `configs` with variants.
      weight: its share of the time, relative to the other trainings.
      fields: fields of the configuration that it changes.
      sheets: patterns of its sheets in `samples`; of each the newest is kept.
      files: the carried files that it reads, see `pack.MAKERS`.
    """

    config: str
    weight: float
    files: tuple[str, ...]
    fields: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    sheets: tuple[str, ...] = ("final_*sheet*.png",)


_PAPER = {"model.g_widths": (512, 256, 128), "model.d_widths": (128, 256, 512)}
_DIGITS = {"data.sets.svhn.files": pack.SVHN, "data.sets.mnist.files": pack.MNIST}
# A new training is one more row.
ROWS = {
    "stylegan2_64": Row("stylegan2_celeba.py:mid", 4, ("faces",)),
    "dcgan_64": Row("dcgan_celeba.py:mid", 1, ("faces",)),
    "stargan_64": Row("stargan_celeba.py:mid", 2, ("faces",)),
    "dtn_paper_widths": Row("dtn_svhn_mnist.py:part,best", 1, ("digits",), {**_PAPER, **_DIGITS}),
    "pix2pix_facades_128": Row(
        "pix2pix_facades.py",
        2,
        ("facades",),
        {"data.sets.facades.files": pack.FACADES, "data.size": 128, "data.load_size": 143, "model.levels": 7},
    ),
    "cyclegan_horse2zebra_128": Row(
        "cyclegan_horse2zebra.py:folders",
        3,
        ("animals",),
        {"data.sets.animals.files": pack.ANIMALS, "data.size": 128, "data.load_size": 143, "model.blocks": 6},
    ),
}
_F = (4, 4, 4, 8)
_ONE = {"steps": 1, "batch_size": 8, "model.widths": _F}
# The quick check's training: two steps of tiny networks on 64 images.
_FEW = {
    "train[:64]": ("data.roles.source", "data.roles.target", "evals.validation.roles.source"),
    "test[:64]": ("evals.test.roles.source", "evals.samples.roles.source"),
}
_TINY: dict[str, Any] = {
    **{f"{place}.split": split for split, places in _FEW.items() for place in places},
    **{f"requires.{run}.data.roles.image.split": "train[:64]" for run in ("f", "judge")},
    **{f"requires.{run}.evals.test.roles.image.split": "test[:64]" for run in ("f", "judge")},
    **{f"requires.{run}.{field}": value for run in ("f", "judge") for field, value in _ONE.items()},
    **{"model.f_widths": _F, "model.g_widths": (8, 8, 4), "model.d_widths": (4, 8, 8)},
    **{"steps": 2, "batch_size": 8, "evals.validation.every": 1},
}
QUICK = {"dtn_tiny": Row("dtn_svhn_mnist.py:part", 1, ("digits",), {**_DIGITS, **_TINY})}


def rows(check: Run) -> dict[str, Row]:
    """The trainings whose files are there."""
    known = QUICK if check.quick else ROWS
    return {n: row for n, row in known.items() if check.data and pack.holds(check.data, row.files)}


def run(check: Run, until: float) -> None:
    """Trains the rows that are left, each in its share of the time until `until`."""
    left = remaining(check)
    if not left:
        return
    files = check.scratch / "files"
    pack.unpack(check.data, files)
    while left:
        name, row = next(iter(left.items()))
        now = time.monotonic()
        share = (until - now) * row.weight / sum(other.weight for other in left.values())
        if share < _LEAST and not check.quick:
            return
        try:
            values = _row(check, name, row, files, now + share)
        except WorkerError as error:
            values = {"error": str(error)}
        check.record.put("trainings", name, values)
        check.say(f"trainings {name}: {values.get('error') or json.dumps(values['metrics'])[:200]}")
        del left[name]


def remaining(check: Run) -> dict[str, Row]:
    """The rows that are missing, then those that were cut and whose saved states are still there."""
    known, told = rows(check), check.record.rows("trainings")
    missing = {name: row for name, row in known.items() if not check.record.done("trainings", name)}
    cut = (name for name in known if name not in missing and told[name]["cut"])
    return missing | {n: known[n] for n in cut if reached(check.scratch / "trainings" / n)}


def command(check: Run, name: str, row: Row, files: Path) -> list[str]:
    """The command line of a training."""
    cache, programs = check.scratch / "cache", check.scratch / "programs"
    own = {"tensorboard": False, "log_seconds": 5.0, "cache_dir": cache, "compilation_cache": programs}
    return [
        *(sys.executable, "-m", "gan_jax.main", f"--config={ROOT / 'configs' / row.config}"),
        *(f"--workdir={check.scratch / 'trainings' / name}", *_flags({**own, "data.manual_dir": files})),
        *_flags(row.fields),
    ]


def _flags(fields: Mapping[str, Any]) -> list[str]:
    given: dict[str, Any] = {}
    for field, value in fields.items():
        given |= {f"{field}.{k}": v for k, v in value.items()} if isinstance(value, dict) else {field: value}
    return [f"--config.{field}={value}" for field, value in given.items()]


def _row(check: Run, name: str, row: Row, files: Path, until: float) -> dict[str, Any]:
    folder = check.scratch / "trainings" / name
    line = command(check, name, row, files)
    kept = max(_LEAST, _SCORING * (until - time.monotonic()))
    cut = not _finished(check, name, line, until - kept)
    if cut:
        step = reached(folder)
        if not step:
            raise WorkerError(f"{name}: its time ended before a state was saved; the next call goes on")
        if not _finished(check, name, [*line, *ending(row, step)], until + _SAVING):
            raise WorkerError(f"{name}: its time ended before it was scored at step {step}")
    result = json.loads((folder / "result.json").read_text())
    told = {key: result[key] for key in ("step", "judged_step", "seconds") if key in result}
    numbers = {k: v for k, v in result["metrics"].items() if isinstance(v, int | float)}
    shown = _sheets(check, name, row, folder)
    asked = ["python", "-m", "gan_jax.main", f"--config=configs/{row.config}", *_flags(row.fields)]
    return {**told, "cut": cut, "command": shlex.join(asked), "metrics": numbers, "sheets": shown}


def ending(row: Row, step: int) -> list[str]:
    """The flags that end a run at `step`, where the evaluation that it is judged by is made once more."""
    from gan_jax import config

    watched = config.load(str(ROOT / "configs" / row.config)).best.partition("/")[0]
    again = [f"--config.evals.{watched}.every={step}"] if watched else []
    return [f"--config.steps={step}", *again]


def _finished(check: Run, name: str, line: list[str], until: float) -> bool:
    """Runs a command until it ends; False if its time ended first and it stopped in order."""
    path = check.log(f"trainings-{name}")
    with path.open("ab") as log:
        process = subprocess.Popen(line, stdout=log, stderr=log, env=check.env(), cwd=ROOT)
        try:
            code = process.wait(max(1.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.terminate()
            code = _last(process)
        finally:
            process.kill()
    if code not in (0, *_STOPPED):
        raise WorkerError(f"{name}: ended with exit code {code}: {last_line(path)}")
    return code == 0


def _last(process: Any) -> int:
    try:
        return process.wait(_SAVING)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def reached(folder: Path) -> int:
    """The newest saved step of a run; 0 if it has none."""
    from gan_jax.runs import checkpoint

    return max(0, checkpoint.newest_step(folder / "checkpoints"))


def _sheets(check: Run, name: str, row: Row, folder: Path) -> list[str]:
    """Copies the newest sheet of each pattern into the results."""
    copied = []
    for i, pattern in enumerate(row.sheets):
        found = sorted((folder / "samples").glob(pattern), key=lambda path: path.stat().st_mtime_ns)
        if found:
            target = check.out / f"{name}{f'_{i + 1}' if i else ''}.png"
            shutil.copyfile(found[-1], target)
            copied.append(target.name)
    return copied
