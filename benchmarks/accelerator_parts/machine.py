"""The machine: its devices, the rates of its matrix products, and the bandwidth of its memory."""

import json
import subprocess
import sys
import time
from typing import Any

from accelerator_parts.workers import Run, WorkerError, started

_SIDE, _QUICK_SIDE = 8192, 256  # rows and columns of the matrices
_NUMBERS, _QUICK_NUMBERS = 2**28, 2**18  # numbers that a copy reads and writes
_CALLS, _REPEATS = 4, 5
_SECONDS = 120.0  # for all measurements
# Precisions of our steps: what `jax_default_matmul_precision` is, and the type of the products' factors.
PRECISIONS = {"float32": ("highest", "float32"), "default": (None, "float32"), "bfloat16": (None, "bfloat16")}


def measure(quick: bool) -> None:
    """Prints the facts as one line of JSON."""
    import jax
    import jax.numpy as jnp

    from gan_jax.game import devices
    from gan_jax.runs import provenance

    side, numbers = (_QUICK_SIDE, _QUICK_NUMBERS) if quick else (_SIDE, _NUMBERS)
    key = jax.random.key(0)
    facts: dict[str, Any] = {**devices.describe(), "versions": provenance.versions()}
    facts |= {"hardware": provenance.hardware(), "commit": provenance.commit(), "products": {}}
    for name, (precision, dtype) in PRECISIONS.items():
        a = jax.random.normal(key, (side, side), dtype)
        with jax.default_matmul_precision(precision):
            seconds = _fastest(jax.jit(jnp.matmul), a, a)
        facts["products"][name] = 2 * side**3 / seconds
    x = jnp.ones(numbers, jnp.float32)
    facts["bandwidth"] = 2 * x.nbytes / _fastest(jax.jit(lambda x: x + 1), x)
    facts["torch"] = _torch()
    print(json.dumps(facts), flush=True)


def _fastest(call, *args) -> float:
    """Seconds of a call, the least of several repeats."""
    call(*args).block_until_ready()
    times = []
    for _ in range(_REPEATS):
        began = time.perf_counter()
        outs = [call(*args) for _ in range(_CALLS)]
        outs[-1].block_until_ready()
        times.append((time.perf_counter() - began) / _CALLS)
    return min(times)


def _torch() -> dict[str, Any] | None:
    """Version and CUDA device of PyTorch; None without PyTorch."""
    program = (
        "import json, torch; cuda = torch.cuda.is_available(); "
        "print(json.dumps({'version': torch.__version__, "
        "'cuda': torch.cuda.get_device_name() if cuda else None}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


def known(run: Run) -> dict[str, Any]:
    """The facts of this machine, measured once for each record.

    Raises:
      WorkerError: jax finds no accelerator, or the record is of another machine.
    """
    worker = started(run, "machine", *(["quick"] if run.quick else []))
    try:
        facts = worker.read(time.monotonic() + _SECONDS)
    finally:
        worker.close()
    if facts["platform"] == "cpu" and not run.quick:
        raise WorkerError("jax finds no accelerator here, only a cpu; --quick runs on the cpu")
    kept = run.record.content.setdefault("machine", facts)
    for fact in ("kind", "platform"):
        if kept[fact] != facts[fact]:
            raise WorkerError(f"{run.record.path} is of {kept['kind']!r}, and this is {facts['kind']!r}: "
                              "name another folder by --out")  # fmt: skip
    run.record.write()
    return kept
