"""Commands in processes of their own: seconds to the first step and to the end, and peak memory."""

import dataclasses
import itertools
import os
import re
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[1]
_STEP = re.compile(r": step (\d+)/\d+, ")
_SECONDS = 0.1  # between two looks at a process


@dataclasses.dataclass
class Run:
    """A process that was started, and what was seen of it.

    Attributes:
      lines: (seconds since the start, line) of its standard error.
      peak: largest resident memory of the process in bytes.
      peak_all: the same with its children, all at one moment.
      seconds: from the start to the end.
      code: exit code.
    """

    lines: list[tuple[float, str]] = dataclasses.field(default_factory=list)
    peak: int = 0
    peak_all: int = 0
    seconds: float = 0.0
    code: int = 0

    def at(self, pattern: str) -> float:
        """When the first line that has a pattern was written; -1 without one."""
        return next((seconds for seconds, line in self.lines if re.search(pattern, line)), -1.0)

    def facts(self) -> dict[str, Any]:
        """The figures as JSON: seconds, and MiB."""
        steps = [seconds for seconds, line in self.lines if _STEP.search(line)]
        found = {
            "seconds": self.seconds,
            "peak_mib": self.peak / 2**20,
            "peak_with_children_mib": self.peak_all / 2**20,
        }
        if steps:
            found["first_step_seconds"] = steps[0]
        if len(steps) > 1:
            gaps = [after - before for before, after in itertools.pairwise(steps)]
            found["step_seconds"] = statistics.median(gaps)
        return found


class Started:
    """A command that runs; `end` waits for it."""

    def __init__(self, args: list[str], env: Mapping[str, str] | None = None):
        """Starts Python with arguments from the root of the checkout."""
        self._run, self._began = Run(), time.monotonic()
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
        self._process = subprocess.Popen(
            [sys.executable, *args], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._threads = [threading.Thread(target=job) for job in (self._listen, self._watch)]
        for thread in self._threads:
            thread.start()

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._run.lines.append((time.monotonic() - self._began, line.rstrip()))

    def _watch(self) -> None:
        while self._process.poll() is None:
            try:
                process = psutil.Process(self._process.pid)
                own = process.memory_info().rss
                others = sum(_resident(child) for child in process.children(recursive=True))
            except psutil.NoSuchProcess:
                break
            self._run.peak = max(self._run.peak, own)
            self._run.peak_all = max(self._run.peak_all, own + others)
            time.sleep(_SECONDS)

    def end(self, kill_when: Callable[[], bool] | None = None, code: int = 0) -> Run:
        """The finished run. The process is killed as soon as `kill_when` says so.

        Raises:
          RuntimeError: its exit code is not `code`, or -9 where it should be killed.
        """
        while kill_when is not None and self._process.poll() is None:
            if kill_when():
                self._process.kill()
                break
            time.sleep(_SECONDS)
        self._run.code = self._process.wait()
        self._run.seconds = time.monotonic() - self._began
        for thread in self._threads:
            thread.join()
        expected = -9 if kill_when is not None else code
        if self._run.code != expected:
            said = "\n".join(line for _, line in self._run.lines[-20:])
            raise RuntimeError(f"exit code {self._run.code}, expected {expected}\n{said}")
        return self._run


def _resident(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.NoSuchProcess:
        return 0


def facts() -> dict[str, Any]:
    """`provenance.facts`, with folders by their names alone, since they are other ones elsewhere."""
    from gan_jax.runs import provenance

    found = provenance.facts()
    return {**found, "command": re.sub(r"=/\S*/", "=", found["command"])}


def training(workdir: Path, fields: Mapping[str, Any], *flags: str) -> list[str]:
    """The arguments that train the run of a folder, with fields of the configuration."""
    folders = {"cache_dir": workdir.parent / "cache", "compilation_cache": workdir.parent / "programs"}
    plain = {"tensorboard": False, "log_seconds": 0.0, **folders}
    changed = [f"--config.{name}={value}" for name, value in {**plain, **fields}.items()]
    return ["-m", "gan_jax.main", f"--workdir={workdir}", *flags, *changed]
