"""The origin of a result: command, commit, versions, hardware, and a hash of the parameters."""

import hashlib
import importlib.metadata
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import gan_jax

_FOLDER = Path(gan_jax.__file__).parent  # the package's folder
_PACKAGES = ("jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "numpy")


def facts() -> dict[str, Any]:
    """`command`, `commit`, `versions` and `hardware` of this process, as JSON values."""
    return {"command": command(), "commit": commit(), "versions": versions(), "hardware": hardware()}


def command() -> str:
    """The shell command that runs this process again."""
    script = Path(sys.argv[0])
    if script.name == "main.py" and script.parent.name == "gan_jax":
        return shlex.join(["python", "-m", "gan_jax.main", *sys.argv[1:]])
    if script.name == "gan_jax":
        return shlex.join(["gan_jax", *sys.argv[1:]])
    shown = script.resolve()
    if shown.is_relative_to(_FOLDER.parent):
        shown = shown.relative_to(_FOLDER.parent)
    return shlex.join(["python", str(shown), *sys.argv[1:]])


def commit() -> str | None:
    """The git commit of this package's checkout, with `-dirty` if files differ; None without a checkout.

    GAN_JAX_COMMIT in the environment replaces it, where the files were copied from a checkout elsewhere.
    """
    told = os.environ.get("GAN_JAX_COMMIT")
    if told or not (_FOLDER.parent / ".git").exists() or shutil.which("git") is None:
        return told or None

    def git(*args):
        return subprocess.run(["git", "-C", str(_FOLDER), *args], capture_output=True, text=True)

    head = git("rev-parse", "HEAD")
    if head.returncode:
        return None
    changed = git("status", "--porcelain", "--untracked-files=no", str(_FOLDER)).stdout.strip()
    return head.stdout.strip() + ("-dirty" if changed else "")


def versions() -> dict[str, str]:
    """The versions of Python, of this package, and of the packages that affect numerical results."""
    found = {name: importlib.metadata.version(name) for name in _PACKAGES}
    return {"python": platform.python_version(), "gan_jax": gan_jax.__version__, **found}


def hardware() -> dict[str, Any]:
    """The host's processor, and the number of cores that this process may use."""
    listing = Path("/proc/cpuinfo")
    named = re.search(r"^model name\s*: (.+)$", listing.read_text() if listing.exists() else "", re.MULTILINE)
    processor = named[1] if named else platform.processor() or platform.machine()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"processor": processor, "cores": cores}


def sha256(leaves: Mapping[str, np.ndarray]) -> str:
    """The SHA-256 of the names, dtypes, shapes and bytes of arrays, in the order of the names."""
    digest = hashlib.sha256()
    for name, leaf in sorted(leaves.items()):
        digest.update(f"{name} {leaf.dtype} {leaf.shape}\n".encode())
        digest.update(np.ascontiguousarray(leaf).tobytes())
    return digest.hexdigest()
