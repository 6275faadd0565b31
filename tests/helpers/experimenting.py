"""Experiments run as a user runs them: by a command line, in another process."""

import json
import os
from pathlib import Path

import forking

ROOT = Path(__file__).parents[2]


def experiment(script, *flags, **folders):
    """The finished process of `experiments/<script>.py`; `folders` are flags whose values are paths."""
    places = [f"--{flag}={path}" for flag, path in folders.items()]
    return python(f"experiments/{script}.py", *places, *flags)


def below(folder, out="out"):
    """The folders of an experiment whose files lie below one folder; `out` names its results."""
    return {"workdir": folder / "runs", "cache_dir": folder / "cache", "out": folder / out}


def told(code, *args):
    """What the JSON says that a program prints in its last line."""
    process = python("-c", code, *args)
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout.splitlines()[-1])


def python(*args):
    """The finished process of `python *args` in the checkout, whose package it imports."""
    return forking.run(*args, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})


def untouched(folder):
    """The time of the last change of each file below a folder, without locks."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "lock"]
    return {path: path.stat().st_mtime_ns for path in files}
