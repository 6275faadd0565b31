"""Processes that decode pictures into a store. They are given the files' contents, so they know no source."""

import contextlib
import json
import os
import queue
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import numpy as np

from gan_jax.data.pixels.recipe import Recipe
from gan_jax.data.sources.decoding import Skipped
from gan_jax.data.store import worker
from gan_jax.data.store.filling import Part, Pixels
from gan_jax.errors import DataError

_PROGRAM = f"import sys; from {worker.__name__} import serve; serve(sys.argv[1])"
_ROOT = Path(__file__).parents[3]  # the folder from which gan_jax is imported


def decode(
    pixels: Pixels, recipe: Recipe, parts: Sequence[range], content: Callable[[int], bytes]
) -> Iterator[Part]:
    """Decodes pictures in as many processes as there are cores, and yields each part once it is written.

    Each process has the content of one file and the images of one part in memory.

    Args:
      pixels: where the images are written.
      recipe: what makes the images from the pictures.
      parts: the rows to write.
      content: the file of a row; Skipped leaves the row out. Several threads call it at once.

    Raises:
      DataError: a process has ended, or `content` raises it.
      OSError: the images cannot be written.
    """
    count = max(1, min(len(parts), _cores()))
    with contextlib.ExitStack() as stack:
        idle: queue.SimpleQueue[_Child] = queue.SimpleQueue()
        children = [_Child(pixels, recipe) for _ in range(count)]
        pool = stack.enter_context(ThreadPoolExecutor(count, thread_name_prefix="decoding"))
        # Leaving the block ends the processes first, which ends the threads that wait for them.
        for child in children:
            stack.callback(child.end)
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)
        for child in children:
            idle.put(child)

        def one(rows: range) -> Part:
            child = idle.get()
            with contextlib.ExitStack() as failed:
                failed.callback(idle.put, child)
                failed.callback(child.stop)  # it would take the next rows for the rest of these
                part = child.decode(rows, content)
                failed.pop_all()
            idle.put(child)
            return part

        for done in as_completed([pool.submit(one, rows) for rows in parts]):
            yield done.result()


def _cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Child:
    """A running worker."""

    def __init__(self, pixels: Pixels, recipe: Recipe):
        paths = (str(_ROOT), os.environ.get("PYTHONPATH", ""))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", _PROGRAM, worker.argument(pixels, recipe)],
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(filter(None, paths)),
                "OPENBLAS_NUM_THREADS": "1",  # each thread reserves memory
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C stops this process, which ends the child by closing its input
        )

    def decode(self, rows: range, content: Callable[[int], bytes]) -> Part:
        """Hands over the files of some rows, one at a time, and waits until their images are written."""
        given, answers = self._process.stdin, self._process.stdout
        assert given is not None and answers is not None
        skipped: dict[int, str] = {}
        try:
            given.write(worker.NUMBER.pack(rows.start) + worker.NUMBER.pack(len(rows)))
            for row in rows:
                try:
                    file = content(row)
                except Skipped as reason:
                    skipped[row] = str(reason)
                    given.write(worker.NUMBER.pack(-1))
                    continue
                given.write(worker.NUMBER.pack(len(file)))
                given.write(file)
            given.flush()
            answer = json.loads(answers.readline() or "{}")
        except BrokenPipeError:
            answer = {}
        if "errno" in answer:
            raise OSError(answer["errno"], answer["error"])
        if not answer:
            code = self._process.wait()
            raise DataError(
                f"a process that decodes images has ended, exit code {code}; the same command goes on"
            )
        skipped |= {int(place): reason for place, reason in answer["skipped"].items()}
        checksums = np.array(answer["checksums"], np.uint32)
        return Part(rows, checksums, np.array(answer["shares"], np.float64).reshape(-1, 2), skipped)

    def stop(self) -> None:
        """Ends the process, which leaves at most a part half written."""
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        """Ends the process and closes its files."""
        self._process.kill()
        self._process.communicate()
