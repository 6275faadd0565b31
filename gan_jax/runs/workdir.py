"""The folder of one run: its lock, its configuration, its records and its result."""

import contextlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from gan_jax import paths
from gan_jax.errors import ConfigError, WorkdirError
from gan_jax.files import locking, writing

_log = logging.getLogger(__name__)


class Workdir:
    """A run's folder, which one process at a time holds. It is a context manager.

    Files are written under a temporary name and then renamed. Lines are appended to `metrics.jsonl`. Links
    that lead out of the folder are refused.
    """

    def __init__(self, path: Path | str, writes: bool = True):
        """Sets the path. `writes=False` is for a process that only reads (rank 1 and up).

        Raises:
          ConfigError: see `paths.given`.
        """
        self.path = paths.given("workdir", path).absolute()
        self.writes = writes
        self._lock = contextlib.ExitStack()  # while the folder is held, it has the lock
        self._records: Any = None

    def open(self, wait: Callable[[], None] | None = None) -> "Workdir":
        """Makes the folder and takes its lock, which the system releases when this process ends.

        Args:
          wait: called every 0.2 s while another process holds the folder, for folders that several runs
            share; None refuses at once.

        Raises:
          WorkdirError: the folder cannot be made or written, or another process holds it.
        """
        if not self.writes:
            return self
        with contextlib.ExitStack() as unless_held:
            unless_held.callback(self.close)
            try:
                self.path.mkdir(parents=True, exist_ok=True)
                self._lock.enter_context(self._locked(wait))
                self._remove_leftovers()
            except OSError as error:
                message = f"workdir {self.path} cannot be used: {error.strerror or error}"
                raise WorkdirError(message) from error
            unless_held.pop_all()
        return self

    def _locked(self, wait: Callable[[], None] | None) -> contextlib.AbstractContextManager[None]:
        def busy(process: str) -> None:
            if wait is None:
                raise WorkdirError(f"workdir {self.path} is in use by process {process}")
            _log.info("waiting for process %s, which works in %s", process, self.path)

        return locking.held(self.path / "lock", busy, wait or (lambda: None))

    def _remove_leftovers(self) -> None:
        for folder in (".", "samples", "checkpoints/frozen"):
            writing.remove_leftovers(self.path / folder)

    def place(self, name: str) -> Path:
        """The path of a file or folder below this folder, for code that writes there itself.

        Raises:
          WorkdirError: a link in the path leads out of this folder.
        """
        path = self.path / name
        with self._written(path):
            writing.require_below(self.path, path)
        return path

    def close(self) -> None:
        """Closes the records and releases the lock."""
        self._close_records()
        self._lock.close()

    def _close_records(self) -> None:
        if self._records is not None:
            self._records.close()
            self._records = None

    def __enter__(self) -> "Workdir":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    @property
    def config(self) -> dict[str, Any] | None:
        """The configuration of the run in this folder; None if there is no run."""
        return self.read_json("config.json")

    @property
    def result(self) -> dict[str, Any] | None:
        """The result of the run; None if the run is not finished."""
        return self.read_json("result.json")

    @property
    def begun(self) -> bool:
        """Whether the run in this folder has done a step; if not, nothing would be lost."""
        kept = [self.path / "checkpoints" / kind for kind in ("newest", "best")]
        saved = any(any(folder.glob("*")) for folder in kept)
        return self.result is not None or saved or bool(self.records_content)

    def check(
        self,
        config: Mapping[str, Any],
        free: Collection[str],
        comparable: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict,
        extended: Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, Any]] = lambda *_: {},
    ) -> Mapping[str, Any]:
        """Refuses a folder in which a run with another configuration has begun. It writes nothing.

        Args:
          config: the configuration of this run.
          free: fields that may differ, with all fields below them.
          comparable: maps a configuration, the stored one or this one, to the values that are compared.
          extended: maps the compared values of both to further fields that may differ, by name.

        Returns:
          What `extended` gave; nothing if no run has begun in the folder.

        Raises:
          WorkdirError: fields differ that are not below one of `free`, or the folder cannot be read. The
            message has each of the fields.
        """
        try:
            blocked = self.path.exists() and not self.path.is_dir()
        except OSError as error:  # `exists` raises if a parent folder may not be entered
            message = f"workdir {self.path} cannot be used: {error.strerror or error}"
            raise WorkdirError(message) from error
        if blocked:
            raise WorkdirError(f"workdir {self.path} is not a folder")
        stored = self.config
        if stored is None or not self.begun:
            return {}
        try:
            both = comparable(stored), comparable(config)
        except ConfigError as error:
            raise WorkdirError(f"{self.path / 'config.json'} cannot be used: {error}") from error
        more = extended(*both)
        differing = differences(*both, [*free, *more])
        if differing:
            listed = "; ".join(f"{k}: {a!r} there, {b!r} now" for k, (a, b) in differing.items())
            raise WorkdirError(f"workdir {self.path} holds another run ({listed}); choose another --workdir")
        return more

    def append(self, record: Mapping[str, Any]) -> None:
        """Appends one line to `metrics.jsonl`. Values must be finite."""
        if not self.writes:
            return
        path = self.path / "metrics.jsonl"
        line = (json.dumps(record, allow_nan=False) + "\n").encode()
        with self._written(path):
            if self._records is None:
                descriptor = writing.open_own(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
                self._records = open(descriptor, "ab", buffering=0)  # noqa: SIM115  (held until close)
            rest = line
            while rest:  # a nearly full disk writes a part of the line, and fails only at the next part
                rest = rest[self._records.write(rest) :]

    def records(self) -> list[dict[str, Any]]:
        """The complete lines of `metrics.jsonl`, without a last line that a kill has cut off.

        Raises:
          WorkdirError: a complete line is not a record.
        """
        lines = self.records_content.split(b"\n")[:-1]
        path = self.path / "metrics.jsonl"
        return [_parse(line, f"line {number} of {path}") for number, line in enumerate(lines, 1)]

    @property
    def records_content(self) -> bytes:
        """The bytes of `metrics.jsonl`; none if there is no such file."""
        return _content(self.path / "metrics.jsonl") or b""

    def rewrite_records(
        self, change: Callable[[dict[str, Any]], dict[str, Any] | None]
    ) -> list[dict[str, Any]]:
        """Replaces each record of `metrics.jsonl` by what `change` returns for it; None drops the record."""
        kept = [new for record in self.records() if (new := change(record)) is not None]
        if self.writes:
            self._close_records()  # the open file would append to the old `metrics.jsonl`
            text = "".join(json.dumps(record, allow_nan=False) + "\n" for record in kept)
            self.write("metrics.jsonl", text.encode())
        return kept

    def write(self, name: str, content: bytes) -> None:
        """Writes one file, completely or not at all."""
        if not self.writes:
            return
        with self._written(self.path / name):
            writing.write(self.path, name, content)

    @contextlib.contextmanager
    def _written(self, path: Path) -> Iterator[None]:
        """Turns errors of a full or failing disk into a WorkdirError with one line."""
        try:
            yield
        except OSError as error:
            free, reason = free_bytes(self.path), error.strerror or error
            message = f"{path} could not be written, {free} bytes are free there: {reason}"
            raise WorkdirError(message) from error

    def remove(self, name: str) -> None:
        """Removes a file, if it is there."""
        if self.writes:
            with self._written(self.path / name):
                (self.path / name).unlink(missing_ok=True)

    def write_json(self, name: str, content: Mapping[str, Any]) -> None:
        """Writes indented JSON."""
        self.write(name, (json.dumps(content, indent=2, allow_nan=False) + "\n").encode())

    def read_json(self, name: str) -> dict[str, Any] | None:
        """The JSON object in a file of the folder; None if there is no such file.

        Raises:
          WorkdirError: the file cannot be read, or is not a JSON object.
        """
        content = _content(self.path / name)
        return None if content is None else _parse(content, str(self.path / name))


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if path.is_file() else None
    except OSError as error:
        raise WorkdirError(f"{path} cannot be read: {error.strerror or error}") from error


def _parse(content: bytes, name: str) -> dict[str, Any]:
    try:
        parsed = json.loads(content)
    except ValueError as error:
        raise WorkdirError(f"{name} cannot be read: {error}") from error
    if not isinstance(parsed, dict):
        raise WorkdirError(f"{name} cannot be read: it is not a JSON object")
    return parsed


def free_bytes(path: Path) -> int:
    """The free bytes of the disk of `path`, which need not exist."""
    return shutil.disk_usage(next(p for p in (path, *path.parents) if os.access(p, os.F_OK))).free


def differences(
    stored: Mapping[str, Any], new: Mapping[str, Any], free: Collection[str]
) -> dict[str, tuple[Any, Any]]:
    """The dotted fields whose values differ, as (stored, new), without fields below one of `free`."""
    old, now = (_flatten(json.loads(json.dumps(config))) for config in (stored, new))
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
