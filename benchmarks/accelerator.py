"""Checks this library on an accelerator in one unattended call of a few minutes.

    python benchmarks/accelerator.py prepare --data=carried
    python benchmarks/accelerator.py --data=carried --out=results_of_the_accelerator --budget=480

`prepare` makes the files that the trainings read, from the folder that GAN_JAX_DATA names. The check itself
compares one iteration of every model with the CPU's, measures steps beside the PyTorch twins, measures the
input pipeline, and trains some models. It writes at most eight files into `--out`: `accelerator.json`,
`accelerator.md`, `log.txt`, and a sheet of each training. The same command goes on where a cut ended it.
README.md has the details.
"""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from absl import app, flags

sys.path.insert(0, str(Path(__file__).parents[1]))  # the package beside this folder needs no installation

from accelerator_parts import equal, machine, pack, page, pipeline, times, trainings
from accelerator_parts.record import Record
from accelerator_parts.workers import Run, WorkerError

PARTS = {"equal": equal, "times": times, "pipeline": pipeline, "trainings": trainings}
# The share of the time that is left at the start of a part, which the part may take if others follow.
SHARES = {"equal": 0.3, "times": 0.5, "pipeline": 0.2, "trainings": 1.0}

_OUT = flags.DEFINE_string("out", "accelerator_results", "folder of the results")
_SCRATCH = flags.DEFINE_string("scratch", "", "folder of runs and logs (default: OUT_scratch beside OUT)")
_DATA = flags.DEFINE_string("data", "", "folder of the carried files")
_FILES = flags.DEFINE_list("files", ["faces", "digits"], f"prepare: groups among {', '.join(pack.MAKERS)}")
_BUDGET = flags.DEFINE_float("budget", 480, "seconds of the whole call", lower_bound=1)
_PARTS = flags.DEFINE_list("parts", list(PARTS), "parts to run, in this order")
_QUICK = flags.DEFINE_bool("quick", False, "the smallest form of every part, on the CPU")


def main(argv: list[str]) -> int:
    """Runs one of the commands and returns its exit code. Messages of bad input are one line."""
    command, rest = (argv[1], argv[2:]) if len(argv) > 1 else ("run", [])
    if command == "worker":
        works: dict[str, Any] = {
            "equal": equal.work,
            "machine": lambda *quick: machine.measure(bool(quick)),
            "pipeline": lambda folder, *quick: pipeline.work(folder, bool(quick)),
        }
        works[rest[0]](*rest[1:])
        return 0
    try:
        if command == "prepare" and not rest:
            return _prepare()
        if command == "run" and not rest:
            return _run()
        raise WorkerError(f"command {' '.join(argv[1:])!r} is not known; known: run, prepare")
    except (WorkerError, pack.PackError) as error:
        print(f"accelerator: {error}", file=sys.stderr)
        return 1


def _prepare() -> int:
    images = os.environ.get("GAN_JAX_DATA", "")
    if not images or not _DATA.value:
        raise WorkerError("prepare needs --data, a new folder, and GAN_JAX_DATA, the folder of real images")
    for name, size in pack.prepare(Path(images), Path(_DATA.value), _FILES.value).items():
        print(f"{size / 2**20:8.2f} MiB  {name}")
    return 0


def _run() -> int:
    until = time.monotonic() + _BUDGET.value
    unknown = [part for part in _PARTS.value if part not in PARTS]
    if unknown:
        raise WorkerError(f"part {unknown[0]!r} is not known; known: {', '.join(PARTS)}")
    data = Path(_DATA.value).resolve() if _DATA.value else None
    if data and not data.is_dir():
        raise WorkerError(f"data={_DATA.value!r}: no such folder; `prepare` makes it")
    out = Path(_OUT.value).resolve()
    scratch = Path(_SCRATCH.value).resolve() if _SCRATCH.value else out.with_name(f"{out.name}_scratch")
    for folder in (out, scratch):
        folder.mkdir(parents=True, exist_ok=True)
    check = Run(out, scratch, data, _QUICK.value, Record(out / "accelerator.json"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # workers end on the way out
    check.say(f"machine: {machine.known(check)['kind']}")
    for i, part in enumerate(_PARTS.value):
        now, others = time.monotonic(), i + 1 < len(_PARTS.value)
        PARTS[part].run(check, now + (until - now) * (SHARES[part] if others else 1))
        (out / "accelerator.md").write_text(page.page(check.record.content))
    failed = check.record.failed()
    check.say(f"finished with {len(failed)} failed rows {failed}" if failed else "finished")
    return 1 if failed else 0


if __name__ == "__main__":
    app.run(lambda argv: sys.exit(main(argv)))
