"""Experiments run as a user runs them: a command line, in another process."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def experiment(script, *flags, **folders):
    """The finished process of `experiments/<script>.py`; `folders` are flags whose values are paths."""
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
    """When each file below a folder was written, but for locks."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "lock"]
    return {path: path.stat().st_mtime_ns for path in files}
