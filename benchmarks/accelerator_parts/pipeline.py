"""Part `pipeline`: images a second that the input pipeline brings to the device, beside what a step needs.

The images are random bytes in a `.npy` file that is mapped into memory, as a set larger than memory is. The
batches are those of a run: drawn in a random order, gathered by a thread, and placed on the device as bytes.
The file is smaller than the memory of the host, so the second pass over it reads no disk.
"""

import json
import time
from pathlib import Path
from typing import Any

from accelerator_parts.workers import Run, WorkerError, started

_SECONDS, _QUICK_SECONDS = 3.0, 0.2  # of a measurement
_LIMIT = 60.0  # seconds for all measurements
_BYTES, _QUICK_BYTES = 2**28, 2**21  # of a file
# Size in pixels, batch, and the step in part `times` that reads such batches.
ROWS = {
    "64 pixels": (64, 128, "dcgan_64"),
    "128 pixels": (128, 16, "stargan_128"),
    "256 pixels": (256, 16, "stylegan2_256"),
}


def run(check: Run, until: float) -> None:
    """Measures all rows in one process, once for each record."""
    if all(check.record.done("pipeline", name) for name in ROWS):
        return
    worker = started(check, "pipeline", str(check.scratch), *(["quick"] if check.quick else []))
    try:
        for name, (_, _, step) in ROWS.items():
            values = worker.read(until if check.quick else min(until, time.monotonic() + _LIMIT))
            check.record.put("pipeline", name, values | needed(check.record.rows("times").get(step)))
    except WorkerError as error:
        check.record.put("pipeline", name, {"error": str(error)})
    finally:
        worker.close()
    told = {
        name: row.get("images_per_second", "failed") for name, row in check.record.rows("pipeline").items()
    }
    check.say(f"pipeline: images/s {told}")


def needed(row: Any) -> dict[str, float]:
    """The images a second that the fastest of our sides of a row of `times` reads; {} without that row."""
    ours = [v for name, v in (row or {}).get("sides", {}).items() if name.startswith("ours")]
    return {"needed_per_second": max(v["images_per_second"] for v in ours)} if ours else {}


def work(folder: str, quick: bool) -> None:
    """The worker: a line of JSON for each row."""
    import numpy as np

    from gan_jax import data
    from gan_jax.game import devices

    for name, (size, batch, _) in ROWS.items():
        count = max(2 * batch, (_QUICK_BYTES if quick else _BYTES) // (3 * size * size))
        path = Path(folder) / f"images_{size}.npy"
        images = np.lib.format.open_memmap(path, "w+", np.uint8, (count, size, size, 3))
        images[:] = np.random.default_rng(0).integers(0, 256, images.shape, np.uint8)
        images.flush()
        mapped: Any = np.load(path, mmap_mode="r")
        stream = data.stream({"image": data.Examples({"image": mapped})}, batch, seed=0)
        place = lambda item: devices.shard(item)["image"].block_until_ready()  # noqa: E731
        seconds = _QUICK_SECONDS if quick else _SECONDS
        gathered = _rate(stream, lambda item: item["image"], seconds)
        placed = _rate(stream, place, seconds)
        stream.close()
        path.unlink()
        row = {"batch": batch, "gathered_per_second": batch * gathered, "images_per_second": batch * placed}
        print(json.dumps({"row": name, **row}), flush=True)


def _rate(stream: Any, use: Any, seconds: float) -> float:
    """Batches a second that a consumer takes who does nothing else."""
    use(next(stream))
    began, taken = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        use(next(stream))
        taken += 1
    return taken / (time.perf_counter() - began)
