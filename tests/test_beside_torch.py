"""Tests that import PyTorch run in separate processes, because PyTorch beside TensorFlow can crash one."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import beside_torch
import pytest

HERE = Path(__file__).parent


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")
@pytest.mark.parametrize(
    "marked",
    [
        "not long and not nightly",
        pytest.param("long and not nightly", marks=pytest.mark.long),
        pytest.param("nightly", marks=pytest.mark.nightly),
    ],
)
def test_what_imports_pytorch_passes_in_a_process_of_its_own(marked):
    command = [sys.executable, "-m", "pytest", "-p", "no:xdist", "-p", "no:cacheprovider", "-m", marked]
    command += [str(HERE / file) for file in beside_torch.FILES]
    done = subprocess.run(command, cwd=HERE.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^\d+ passed", done.stdout, re.MULTILINE), done.stdout


def test_every_file_that_imports_pytorch_is_listed():
    """A worker of the suite would import PyTorch in a file that is not listed."""
    asks = re.compile(r"^\s*(import torch|from torch|\w+ = pytest\.importorskip\(.torch)", re.MULTILINE)
    found = {str(p.relative_to(HERE)) for p in HERE.rglob("test_*.py") if asks.search(p.read_text())}
    assert found == set(beside_torch.FILES)
