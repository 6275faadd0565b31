"""The folder of one run: its lock, its configuration, its records and its result."""

import contextlib
import fcntl
import json
import logging
import os
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from gan_jax.errors import WorkdirError

_log = logging.getLogger(__name__)

_LOCK_SECONDS = 0.2  # between two attempts at another's lock


class Workdir:
    """A run's folder, held by one process at a time; a context manager.

    Files are written to a temporary name and renamed, `metrics.jsonl` is appended to.
    """

    def __init__(self, path: Path | str, writes: bool = True):
        """Names the folder; `writes=False` is for a process that only reads (rank 1 and up)."""
        self.path = Path(path).absolute()
        self.writes = writes
        self._lock: Any = None
        self._records: Any = None

    def open(self, wait: Callable[[], None] | None = None) -> "Workdir":
        """Makes the folder and takes its lock, which ends with this process.

        Args:
          wait: called now and then while another process holds the folder, for folders that several
            runs share; None refuses at once.

        Raises:
          WorkdirError: the folder cannot be made or written, or another process holds it.
        """
        if not self.writes:
            return self
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = open(self.path / "lock", "a+")  # noqa: SIM115  (held until close)
        except OSError as error:
            message = f"workdir {self.path} cannot be used: {error.strerror or error}"
            raise WorkdirError(message) from error
        if not self._acquired():
            self._lock.seek(0)
            holder = self._lock.read().strip() or "unknown"
            if wait is None:
                self.close()
                raise WorkdirError(f"workdir {self.path} is in use by process {holder}")
            _log.info("waiting for process %s, which works in %s", holder, self.path)
            while not self._acquired():
                wait()
                time.sleep(_LOCK_SECONDS)
        self._lock.truncate(0)
        self._lock.write(f"{os.getpid()}\n")
        self._lock.flush()
        return self

    def _acquired(self) -> bool:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Closes the records and lets the lock go."""
        for name in ("_records", "_lock"):
            if getattr(self, name) is not None:
                getattr(self, name).close()
                setattr(self, name, None)

    def __enter__(self) -> "Workdir":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    @property
    def config(self) -> dict[str, Any] | None:
        """The configuration of the run that lives here, or None."""
        return self._read_json("config.json")

    @property
    def result(self) -> dict[str, Any] | None:
        """The result of the finished run, or None."""
        return self._read_json("result.json")

    def check(self, config: Mapping[str, Any], free: Collection[str]) -> None:
        """Refuses a folder of a run with another configuration; writes nothing.

        Raises:
          WorkdirError: naming each field that differs and is not below one of `free`.
        """
        if self.path.exists() and not self.path.is_dir():
            raise WorkdirError(f"workdir {self.path} is not a folder")
        stored = self.config
        if stored is None:
            return
        differing = differences(stored, config, free)
        if differing:
            listed = "; ".join(f"{k}: {a!r} there, {b!r} now" for k, (a, b) in differing.items())
            raise WorkdirError(f"workdir {self.path} holds another run ({listed}); choose another --workdir")

    def append(self, record: Mapping[str, Any]) -> None:
        """Adds one line to `metrics.jsonl`; values must be finite."""
        if not self.writes:
            return
        path = self.path / "metrics.jsonl"
        with self._written(path):
            if self._records is None:
                # Unbuffered: a line that did not fit must not be tried again on closing.
                self._records = open(path, "ab", buffering=0)  # noqa: SIM115  (held until close)
            self._records.write((json.dumps(record, allow_nan=False) + "\n").encode())

    def records(self) -> list[dict[str, Any]]:
        """Complete lines of `metrics.jsonl`; one cut off by a kill is left out."""
        path = self.path / "metrics.jsonl"
        if not path.exists():
            return []
        lines = path.read_text().split("\n")[:-1]
        return [json.loads(line) for line in lines]

    def keep_records(self, wanted: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        """Rewrites `metrics.jsonl` with those lines alone for which `wanted` holds."""
        kept = [record for record in self.records() if wanted(record)]
        if self.writes:
            text = "".join(json.dumps(record, allow_nan=False) + "\n" for record in kept)
            self.write("metrics.jsonl", text.encode())
        return kept

    def write(self, name: str, content: bytes) -> None:
        """Writes one file, whole or not at all."""
        if not self.writes:
            return
        path = self.path / name
        temporary = path.with_name(path.name + ".tmp")
        with self._written(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(temporary, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)

    @contextlib.contextmanager
    def _written(self, path: Path) -> Iterator[None]:
        """Turns a full or failing disk into an error of one line."""
        try:
            yield
        except OSError as error:
            free = shutil.disk_usage(self.path).free
            reason = error.strerror or error
            raise WorkdirError(
                f"{path} could not be written, {free} bytes are free there: {reason}"
            ) from error

    def write_json(self, name: str, content: Mapping[str, Any]) -> None:
        """Writes JSON, readable for a person."""
        self.write(name, (json.dumps(content, indent=2, allow_nan=False) + "\n").encode())

    def _read_json(self, name):
        path = self.path / name
        if not path.is_file():
            return None
        try:
            return json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise WorkdirError(f"{path} cannot be read: {error}") from error


def differences(
    stored: Mapping[str, Any], new: Mapping[str, Any], free: Collection[str]
) -> dict[str, tuple[Any, Any]]:
    """Dotted fields whose values differ, as (stored, new), but for those below one of `free`."""
    old, now = _flatten(stored), _flatten(json.loads(json.dumps(new)))
    return {
        name: (old.get(name), now.get(name))
        for name in sorted({*old, *now})
        if old.get(name) != now.get(name) and not any(f"{name}.".startswith(f"{f}.") for f in free)
    }


def _flatten(tree, prefix=""):
    flat = {}
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            flat.update(_flatten(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat
