"""Experiments run as a user runs them: by a command line, in another process."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def experiment(script, *flags, **folders):
    """The finished process of `experiments/<script>.py`; `folders` are flags with paths as values."""
    command = [sys.executable, f"experiments/{script}.py"]
    command += [f"--{flag}={path}" for flag, path in folders.items()]
    return subprocess.run(
        [*command, *flags],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )


def untouched(folder):
    """The time of the last change of each file below a folder, without locks."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "lock"]
    return {path: path.stat().st_mtime_ns for path in files}
