"""Processes that do the work. The program itself never touches a device, so a worker's crash ends one row."""

import dataclasses
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from accelerator_parts.record import Record

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).parents[1] / "accelerator.py"
_GRACE = 5.0  # seconds that a worker has to end after its input was closed


class WorkerError(Exception):
    """A worker failed or took too long. The message is one line."""


@dataclasses.dataclass(frozen=True)
class Run:
    """One call of the accelerator check.

    Attributes:
      out: folder of the results.
      scratch: folder of runs, compiled programs and logs, which an interrupted check reads again.
      data: folder of the carried files; None if no part reads files.
      quick: whether every part is as small as possible and runs on the CPU.
      record: the results so far.
    """

    out: Path
    scratch: Path
    data: Path | None
    quick: bool
    record: Record

    def env(self, **more: str) -> dict[str, str]:
        """The environment of a worker on the accelerator, or on the CPU if the check is quick."""
        paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        fixed = {
            "PYTHONPATH": paths,
            "JAX_COMPILATION_CACHE_DIR": str(self.scratch / "programs"),
            "XLA_PYTHON_CLIENT_PREALLOCATE": "false",  # several workers share the accelerator
            "CUDA_VISIBLE_DEVICES": os.environ.get("CUDA_VISIBLE_DEVICES", "0"),
        }
        return {**os.environ, **fixed, **({"JAX_PLATFORMS": "cpu"} if self.quick else {}), **more}

    def say(self, text: str) -> None:
        """Adds a line with the time to the log, and shows it."""
        line = f"{time.strftime('%H:%M:%S')} {text}"
        with (self.out / "log.txt").open("a") as log:
            log.write(line + "\n")
        print(line, file=sys.stderr, flush=True)

    def log(self, name: str) -> Path:
        """The file of a worker's error output."""
        path = self.scratch / "logs" / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


class Worker:
    """A process that answers in lines of JSON. Other lines of its output go to its log."""

    def __init__(self, run: Run, name: str, command: list[str], env: Mapping[str, str]):
        """Starts `python *command`."""
        self.name, self._path, self._rest = name, run.log(name), b""
        self._log = self._path.open("wb")
        pipe = subprocess.PIPE
        self._process: Any = subprocess.Popen(
            [sys.executable, *command], stdin=pipe, stdout=pipe, stderr=self._log, env=dict(env), cwd=ROOT
        )

    def read(self, until: float) -> dict[str, Any]:
        """The next line of JSON.

        Raises:
          WorkerError: the process ended, or no line came before the time `until` of `time.monotonic`.
        """
        while True:
            line, found, rest = self._rest.partition(b"\n")
            if found:
                self._rest = rest
                if line.startswith(b"{"):
                    return json.loads(line)
                self._log.write(line + b"\n")
                continue
            out = self._process.stdout
            if not select.select([out], [], [], max(0.0, until - time.monotonic()))[0]:
                raise WorkerError(f"{self.name}: no answer in time")
            more = os.read(out.fileno(), 1 << 16)
            if not more:
                code = self._process.wait()
                raise WorkerError(f"{self.name}: ended with exit code {code}: {last_line(self._path)}")
            self._rest += more

    def ask(self, line: str, until: float) -> dict[str, Any]:
        """Sends a line and reads the answer; raises as `read` does."""
        try:
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            code = self._process.wait()
            raise WorkerError(f"{self.name}: ended with exit code {code}: {last_line(self._path)}") from None
        return self.read(until)

    def close(self) -> None:
        """Ends the process."""
        self._process.stdin.close()
        try:
            self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._log.close()


def last_line(path: Path) -> str:
    """The last line of a log, which has the error."""
    lines = path.read_text(errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else "no output"


def started(run: Run, part: str, *args: str, label: str = "", **env: str) -> Worker:
    """A worker of `accelerator.py` itself. `label` tells its log from those of other workers of a part."""
    command = [str(PROGRAM), "worker", part, *args]
    name = "-".join(filter(None, [part, *args[:1], label])).replace("/", "_")
    return Worker(run, name, command, run.env(**env))
