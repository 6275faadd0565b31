"""The program that reads SVHN's arrays from a `.mat`, in a process of its own: see `matlab`.

It is called with the path and with the most bytes of an array. It writes a line of JSON to standard output:
`{"holds": ...}` for a file of another layout, `{"damage": ...}` for one that cannot be read, or `{}`. The
arrays X and y follow as two `.npy`. It imports nothing of gan_jax, to start soon.
"""

import json
import math
import resource
import sys
import warnings
from typing import Any

import numpy as np
import scipy.io

_MEMORY = 2**32  # bytes of address space for the program itself


def main(path: str, limit: int) -> None:
    """Writes the answer for one file."""
    warnings.simplefilter("ignore")
    memory = _MEMORY + 2 * limit
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answer: dict[str, Any]
    try:
        # The directory is checked first, before scipy reads an array of a damaged class.
        found = {name: (shape, kind) for name, shape, kind in scipy.io.whosmat(path)}
        (shape, kind), (labels, label_kind) = found.get("X", ((), "")), found.get("y", ((), ""))
        if kind != "uint8" or len(shape) != 4 or "int" not in label_kind or labels != (shape[3], 1):
            answer = {"holds": {name: f"{kind} {list(shape)}" for name, (shape, kind) in found.items()}}
        elif math.prod(shape) > limit:
            answer = {"damage": f"X has {math.prod(shape)} bytes; allowed: {limit}"}
        else:
            content = scipy.io.loadmat(path, variable_names=("X", "y"))
            answer = {}
    # scipy raises errors of many types for damaged files; none of them is of interest to the caller.
    except Exception as error:
        answer = {"damage": str(error) or type(error).__name__}
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
    for name in () if answer else ("X", "y"):
        np.lib.format.write_array(sys.stdout.buffer, content[name], allow_pickle=False)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
