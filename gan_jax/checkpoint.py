"""Checkpoints: orbax behind one module, with a checksum per leaf and a format version.

A checkpoint is a flat dict of host arrays by readable names (`players.g.params.up_1.kernel`), without
a device axis, so any number of devices resumes it. Orbax writes to a temporary folder and renames it;
it does not notice a flipped bit, hence the checksums.
"""

import contextlib
import json
import logging
import shutil
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np
import orbax.checkpoint as ocp

from gan_jax.errors import CheckpointError, NonFiniteError

_log = logging.getLogger(__name__)

FORMAT = 1

PyTree = Any
# What orbax and tensorstore raise on files that are missing, cut or changed.
_DAMAGE = (OSError, ValueError, KeyError, TypeError, UnicodeDecodeError, CheckpointError)


def flatten(tree: PyTree) -> dict[str, np.ndarray]:
    """Leaves of a pytree as host arrays by name, the parts of a name joined by dots."""
    pairs, _ = jax.tree_util.tree_flatten_with_path(tree)
    return {_name(path): np.asarray(leaf) for path, leaf in pairs}


def subtree(flat: Mapping[str, np.ndarray], prefix: str) -> dict[str, Any]:
    """The nested dict of all leaves below `prefix`, without it."""
    nested: dict[str, Any] = {}
    for name, leaf in flat.items():
        if name.startswith(f"{prefix}."):
            *parents, last = name.removeprefix(f"{prefix}.").split(".")
            node = nested
            for parent in parents:
                node = node.setdefault(parent, {})
            node[last] = leaf
    return nested


def _name(path) -> str:
    return ".".join(jax.tree_util.keystr((key,), simple=True) for key in path)


def _checksum(leaf: np.ndarray) -> list[Any]:
    return [zlib.crc32(np.ascontiguousarray(leaf)), str(leaf.dtype), list(leaf.shape)]


def _text_checksum(content: Mapping[str, Any]) -> int:
    return zlib.crc32(json.dumps(content, sort_keys=True).encode())


def newest_step(directory: Path) -> int:
    """The step of the newest checkpoint of a run, intact or not; 0 if there is none."""
    return max(_steps(Path(directory) / "newest"), default=0)


def _steps(folder: Path) -> list[int]:
    return sorted((int(path.name) for path in folder.glob("*") if path.name.isdigit()), reverse=True)


class Checkpoints:
    """The checkpoints of one run: the newest `keep` under `directory`, the best one under `best`.

    Saving is asynchronous; `check` and `close` raise what went wrong meanwhile.
    """

    def __init__(self, directory: Path, keep: int, writes: bool = True):
        """Opens (and makes) the folder; leftovers of an interrupted save are removed.

        States are equal on all processes, so one of them `writes` and the others only restore.
        """
        self.directory = Path(directory).absolute()
        self._writes = writes
        self._managers = {}
        if writes:
            self._managers = {
                "newest": _manager(self.directory / "newest", keep),
                "best": _manager(self.directory / "best", 1),
            }

    def save(self, tree: PyTree, step: int, meta: dict[str, Any], best: bool = False) -> None:
        """Starts to save host arrays; an equal step is written again.

        Raises:
          NonFiniteError: a leaf is not finite; nothing is written.
          CheckpointError: an earlier save failed.
        """
        if not self._writes:
            return
        flat = flatten(tree)
        for name, leaf in flat.items():
            if leaf.dtype.kind == "f" and not np.isfinite(leaf).all():
                raise NonFiniteError(
                    f"step {step}: {name} is not finite; the last good checkpoint is untouched"
                )
        manager = self._managers["best" if best else "newest"]
        self._guarded(step, flat, lambda: self._write(manager, flat, step, meta))

    def _write(self, manager, flat, step, meta):
        # Both: what this one's meta says of the best must be on disk before it.
        for other in self._managers.values():
            other.wait_until_finished()
        for old in manager.all_steps():
            if old >= step:  # of a damaged or abandoned continuation
                manager.delete(old)
        checksums = {name: _checksum(leaf) for name, leaf in flat.items()}
        # Through JSON: a copy, since the caller's values go on changing, and what will be read back.
        content = json.loads(json.dumps({"step": step, "leaves": checksums, "meta": meta}))
        content |= {"format": FORMAT, "checksum": _text_checksum(content)}
        manager.save(
            step,
            args=ocp.args.Composite(state=ocp.args.StandardSave(flat), meta=ocp.args.JsonSave(content)),
            force=True,
        )

    def _guarded(self, step, flat, work):
        try:
            return work()
        except (OSError, ValueError, RuntimeError) as error:
            raise self._failure(step, flat, error) from error

    def _failure(self, step, flat, error):
        size = sum(leaf.nbytes for leaf in flat.values())
        free = shutil.disk_usage(self.directory).free
        reason = str(error).splitlines()[0][:300] if str(error) else type(error).__name__
        return CheckpointError(
            f"checkpoint of step {step} ({size} bytes) could not be written to {self.directory}, "
            f"where {free} bytes are free: {reason}; earlier checkpoints are intact"
        )

    def check(self) -> None:
        """Raises CheckpointError if a save has failed since the last call."""
        for manager in self._managers.values():
            self._guarded(manager.latest_step(), {}, manager.check_for_errors)

    def close(self) -> None:
        """Waits for saves under way and raises CheckpointError if one of them failed."""
        for manager in self._managers.values():
            self._guarded(manager.latest_step(), {}, manager.wait_until_finished)
            self._guarded(manager.latest_step(), {}, manager.check_for_errors)
            manager.close()

    def abandon(self) -> None:
        """Closes without raising: for a run that ends in an error of its own, or is closed already."""
        for manager in self._managers.values():
            with contextlib.suppress(*_DAMAGE, RuntimeError):
                manager.close()

    def restore(self, target: PyTree) -> tuple[PyTree, dict[str, Any]] | None:
        """The newest intact checkpoint in the structure of `target`, and its meta; None if none.

        A damaged one is named in a warning and moved aside to `<step>.damaged`, never deleted.

        Raises:
          CheckpointError: all are damaged, the format is another, or the leaves are not `target`'s.
        """
        return self._restore("newest", target)

    def restore_best(self, target: PyTree) -> tuple[PyTree, dict[str, Any]] | None:
        """The best checkpoint, likewise."""
        return self._restore("best", target)

    def _restore(self, place, target):
        found = _newest_intact(self.directory / place, aside=self._writes)
        if self._writes:
            self._managers[place].reload()
        return None if found is None else (fit(found[0], target), found[1])


def load(directory: Path, best: bool = False) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The newest (or best) intact checkpoint of another run as a flat dict, and its meta.

    Raises:
      CheckpointError: there is none, or none intact.
    """
    folder = Path(directory).absolute() / ("best" if best else "newest")
    found = _newest_intact(folder, aside=False)
    if found is None:
        raise CheckpointError(f"no checkpoint in {folder}")
    return found


def _manager(directory: Path, keep: int) -> ocp.CheckpointManager:
    directory.mkdir(parents=True, exist_ok=True)
    several = jax.process_count() > 1
    processes = ocp.options.MultiprocessingOptions(
        primary_host=0,
        active_processes={0} if several else None,
        barrier_sync_key_prefix=directory.name,
    )
    options = ocp.CheckpointManagerOptions(
        max_to_keep=keep,
        create=False,
        cleanup_tmp_directories=not several,  # orbax would wait for the other processes there
        multiprocessing_options=processes,
    )
    return ocp.CheckpointManager(directory, options=options)


def _newest_intact(folder: Path, aside: bool) -> tuple[dict[str, np.ndarray], dict] | None:
    damaged = []
    for step in _steps(folder):
        try:
            found = _read(folder / str(step))
        except _DAMAGE as error:
            reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
            damaged.append(step)
            _log.warning("checkpoint %s is damaged: %s", folder / str(step), reason)
            continue
        if found[1].pop("format") != FORMAT:
            raise CheckpointError(f"{folder / str(step)} is not of format {FORMAT}, which this version reads")
        for bad in damaged:
            _log.warning("using step %d instead of the damaged step %d", step, bad)
            if aside:
                (folder / str(bad)).rename(folder / f"{bad}.damaged")
        return found[0], found[1]
    if damaged:
        listed = ", ".join(map(str, damaged))
        raise CheckpointError(f"every checkpoint in {folder} is damaged: steps {listed}; none was deleted")
    return None


def _read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    content = json.loads((path / "meta" / "metadata").read_text())
    version, checksum = content.pop("format"), content.pop("checksum")
    if checksum != _text_checksum(content):
        raise CheckpointError("the checksum of its meta does not match")
    if version != FORMAT:
        return {}, {"format": version}
    target = {name: np.zeros(shape, dtype) for name, (_, dtype, shape) in content["leaves"].items()}
    with ocp.StandardCheckpointer() as checkpointer:
        flat = checkpointer.restore(path / "state", target)
    flat = {name: np.asarray(leaf) for name, leaf in flat.items()}
    for name, leaf in flat.items():
        if _checksum(leaf) != content["leaves"][name]:
            raise CheckpointError(f"the checksum of {name} does not match")
    return flat, {**content["meta"], "step": content["step"], "format": version}


def fit(flat: Mapping[str, np.ndarray], target: PyTree) -> PyTree:
    """The leaves of `flat` in the structure of `target`, a pytree of anything with shape and dtype.

    Raises:
      CheckpointError: naming a leaf that is missing, left over, or of another shape or dtype.
    """
    pairs, treedef = jax.tree_util.tree_flatten_with_path(target)
    wanted = {_name(path): leaf for path, leaf in pairs}
    for name in [*wanted, *flat]:
        if name not in flat:
            raise CheckpointError(f"the checkpoint has no {name}, which this model has")
        if name not in wanted:
            raise CheckpointError(f"the checkpoint has {name}, which this model has not")
        have, want = flat[name], wanted[name]
        if have.shape != want.shape or have.dtype != want.dtype:
            raise CheckpointError(
                f"{name} is {have.dtype} {list(have.shape)} in the checkpoint, "
                f"{want.dtype} {list(want.shape)} in this model"
            )
    return jax.tree_util.tree_unflatten(treedef, [flat[name] for name in wanted])
