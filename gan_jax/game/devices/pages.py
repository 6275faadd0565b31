"""Large pages of memory on Linux, which make steps on a CPU faster."""

import os
import platform
from pathlib import Path

import jax

_SWITCH = Path("/sys/kernel/mm/transparent_hugepage/enabled")
_VARIABLE, _TUNABLE = "GLIBC_TUNABLES", "glibc.malloc.hugetlb"
_FIRST = (2, 35)  # the version of glibc that knows the tunable


def wanted() -> str:
    """What should be set before a program on this CPU starts; '' if it is set or changes nothing.

    XLA takes fresh memory for every step. The kernel gives it in pages of 4 KiB, with a fault for each,
    unless the C library asks for large pages. glibc asks for them if the variable tells it to.
    """
    library, version = platform.libc_ver()
    if jax.default_backend() != "cpu" or library != "glibc" or _TUNABLE in os.environ.get(_VARIABLE, ""):
        return ""
    asked = _SWITCH.is_file() and "[madvise]" in _SWITCH.read_text()  # pages are large if a program asks
    known = tuple(map(int, version.split("."))) >= _FIRST
    return f"{_VARIABLE}={_TUNABLE}=1" if asked and known else ""
