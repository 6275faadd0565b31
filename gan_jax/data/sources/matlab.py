"""SVHN's arrays from a `.mat`. scipy reads it in a process of its own, since damage can crash scipy."""

import json
import os
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np

from gan_jax.errors import DataError
from gan_jax.files import reading

LAYOUT = "SVHN's layout: X uint8 [H, W, C, N] and y integer [N, 1]"

_PROGRAM = Path(__file__).with_name("matlab_child.py")


def read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The images uint8 [N, H, W, C] and labels [N, 1] of a file in SVHN's layout.

    Raises:
      DataError: the file holds other arrays.
      OSError: the file is damaged or too large.
    """
    with reading.open_regular(path) as file:
        limit = reading.unpacked_limit(os.fstat(file.fileno()).st_size)
    process = subprocess.Popen(
        [sys.executable, "-P", str(_PROGRAM), str(path), str(limit)],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # each thread reserves memory
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C stops this process, which ends the child by closing the pipe
    )
    with process:
        assert process.stdout is not None
        try:
            answer = json.loads(process.stdout.readline())
            arrays = [_array(process.stdout) for _ in range(0 if answer else 2)]
        except ValueError as error:
            process.kill()
            raise OSError(f"scipy could not read it, exit code {process.wait()}") from error
    if "holds" in answer:
        has = ", ".join(f"{name} {kind}" for name, kind in answer["holds"].items())
        raise DataError(f"{path}: holds {has or 'nothing'}; expected {LAYOUT}")
    if "damage" in answer:
        raise OSError(answer["damage"])
    image, label = arrays
    return np.ascontiguousarray(image.transpose(3, 0, 1, 2)), label


def _array(pipe: Any) -> np.ndarray:
    # numpy would take the pipe itself for a file in which it can seek.
    return np.lib.format.read_array(types.SimpleNamespace(read=pipe.read), allow_pickle=False)
