"""Checkpoints: only this module and `intact` use orbax. Leaves have checksums, and checkpoints a version.

A checkpoint is a flat dict of host arrays by readable names (`players.gen.params.up_1.kernel`). It has no
device axis, so any number of devices can resume from it. The checksums find flipped bits, which orbax does
not notice.
"""

import contextlib
import json
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np
import orbax.checkpoint as ocp

from gan_jax.errors import CheckpointError, NonFiniteError
from gan_jax.files import writing
from gan_jax.runs import frozen, intact
from gan_jax.runs.intact import FORMAT
from gan_jax.runs.leaves import Leaves, PyTree, checksum, fit, flatten, renamed
from gan_jax.runs.literal import LiteralPath, checked
from gan_jax.runs.workdir import free_bytes

_OTHERS = "others."  # beginning of the names of leaves that are no part of the state
_REPLACED = ".replaced_by_"  # `8.replaced_by_8` is kept until the new step 8 is on disk


def newest_step(directory: Path) -> int:
    """The step of the newest checkpoint of a run, intact or not; 0 if there is none."""
    return max(intact.steps(Path(directory) / "newest"), default=0)


class Checkpoints:
    """The checkpoints of one run: the newest `keep` in the folder `newest`, and the best one in `best`.

    Saving is asynchronous. `check` and `close` raise the errors of saves.
    """

    def __init__(
        self, directory: Path, keep: int, writes: bool = True, prefixes: Mapping[str, str] | None = None
    ):
        """Opens the folder, after making it if necessary, and removes what an interrupted save left.

        Args:
          directory: the folder of all checkpoints of the run.
          keep: the number of newest checkpoints to keep.
          writes: whether this process saves. States are equal on all processes, so one of them saves and the
            others only restore.
          prefixes: beginnings of leaves' names in earlier versions, old -> new.

        Raises:
          WorkdirError: the folder's path is not one that can hold checkpoints, see `literal.checked`.
          CheckpointError: the folder cannot be written, or a link in it leads out of the run's folder.
        """
        self._prefixes = prefixes or {}
        self.directory = checked(directory)
        self._writes = writes
        self._under_way = (0, 0)  # step and bytes of the last save, for messages
        self._managers = {}
        if writes:
            try:
                for name in ("newest", "best", frozen.FOLDER):
                    writing.require_below(self.directory.parent, self.directory / name)
                self._managers = {
                    "newest": _manager(self.directory / "newest", keep),
                    "best": _manager(self.directory / "best", 1),
                }
            except OSError as error:
                message = f"checkpoints in {self.directory} cannot be written: {intact.reason(error)}"
                raise CheckpointError(message) from error

    def save(
        self,
        tree: PyTree,
        step: int,
        meta: dict[str, Any],
        best: bool = False,
        others: Leaves | None = None,
    ) -> None:
        """Starts to save host arrays. Checkpoints of this step and later are deleted once it is on disk.

        `others` are further leaves, which `restore_all` returns beside the tree.

        Raises:
          NonFiniteError: a leaf is not finite; nothing is written.
          CheckpointError: an earlier save failed.
        """
        if not self._writes:
            return
        flat = flatten(tree) | {f"{_OTHERS}{name}": leaf for name, leaf in (others or {}).items()}
        for name, leaf in flat.items():
            if jax.dtypes.issubdtype(leaf.dtype, np.inexact) and not np.isfinite(leaf).all():
                raise NonFiniteError(f"step {step}: {name} is not finite; the last checkpoint is untouched")
        self._guarded(lambda: self._write("best" if best else "newest", flat, step, meta))

    def _write(self, place, flat, step, meta):
        self._wait()  # for both folders: the best checkpoint must be on disk before a meta that names it
        self._under_way = (step, sum(leaf.nbytes for leaf in flat.values()))
        manager, folder = self._managers[place], self.directory / place
        for old in intact.steps(folder):
            if old >= step:
                (folder / str(old)).rename(folder / f"{old}{_REPLACED}{step}")
        manager.reload()
        checksums = {name: checksum(leaf) for name, leaf in flat.items()}
        own, outside = frozen.split(flat)
        name = frozen.write(self.directory, outside)
        # JSON gives the values as they are read back, in a copy: the caller goes on changing its own.
        content = json.loads(json.dumps({"step": step, "leaves": checksums, "frozen": name, "meta": meta}))
        content |= {"format": FORMAT, "checksum": intact.text_checksum(content)}
        stored = {name: leaf for name, leaf in own.items() if leaf.size}  # orbax refuses empty arrays
        manager.save(
            step,
            args=ocp.args.Composite(state=ocp.args.StandardSave(stored), meta=ocp.args.JsonSave(content)),
            force=True,
        )

    def _wait(self):
        for place, manager in self._managers.items():
            manager.wait_until_finished()
            _settle(self.directory / place)

    def _guarded(self, work):
        try:
            work()
        except (OSError, ValueError, RuntimeError) as error:
            time.sleep(0.5)  # orbax's threads still print; this message should be the last line
            (step, size), free = self._under_way, free_bytes(self.directory)
            raise CheckpointError(
                f"checkpoint of step {step} ({size} bytes) could not be written to {self.directory}, "
                f"where {free} bytes are free: {intact.reason(error)}; earlier checkpoints are intact"
            ) from error

    def check(self) -> None:
        """Raises CheckpointError if a save has failed since the last call. It takes microseconds."""
        for manager in self._managers.values():
            # `check_for_errors` would miss most errors: the thread that finishes a save has taken them.
            if not manager.is_saving_in_progress():
                self._guarded(manager.wait_until_finished)

    def close(self) -> None:
        """Waits for unfinished saves, and raises CheckpointError if one of them failed."""
        self._guarded(self._wait)
        for manager in self._managers.values():
            self._guarded(manager.close)

    def abandon(self) -> None:
        """Closes without raising, for a run that ends in another error or is already closed."""
        for manager in self._managers.values():
            with contextlib.suppress(*intact.DAMAGE, RuntimeError):
                manager.close()

    def restore(self, target: PyTree) -> tuple[PyTree, dict[str, Any]] | None:
        """The newest intact checkpoint in the structure of `target`, and its meta; None if there is none.

        A warning names each damaged checkpoint, which is moved to `<step>.damaged` and never deleted.

        Raises:
          CheckpointError: all checkpoints are damaged, the format is unknown, or the leaves are not
            `target`'s.
        """
        found = self.restore_all(target)
        return None if found is None else found[:2]

    def restore_all(self, target: PyTree) -> tuple[PyTree, dict[str, Any], Leaves] | None:
        """What `restore` returns, and the leaves that were saved as `others`, by name."""
        return self._restore("newest", target)

    def restore_best(self, target: PyTree) -> tuple[PyTree, dict[str, Any]] | None:
        """The best checkpoint, restored as by `restore`."""
        found = self._restore("best", target)
        return None if found is None else found[:2]

    def _restore(self, place, target):
        found = intact.newest(self.directory / place, aside=self._writes)
        if self._writes:
            self._managers[place].reload()
        if found is None:
            return None
        flat, others = _without_others(found[0])
        return fit(renamed(flat, self._prefixes), target), found[1], others


def load(directory: Path, best: bool = False) -> tuple[Leaves, dict[str, Any]]:
    """The newest (or best) intact checkpoint of another run as a flat dict, and its meta.

    Raises:
      WorkdirError: as for `Checkpoints`.
      CheckpointError: there is no checkpoint, or no intact one.
    """
    folder = checked(directory) / ("best" if best else "newest")
    found = intact.newest(folder, aside=False)
    if found is None:
        raise CheckpointError(f"no checkpoint in {folder}")
    return _without_others(found[0])[0], found[1]


def _without_others(flat: Leaves) -> tuple[Leaves, Leaves]:
    others = {name.removeprefix(_OTHERS): leaf for name, leaf in flat.items() if name.startswith(_OTHERS)}
    return {name: leaf for name, leaf in flat.items() if not name.startswith(_OTHERS)}, others


def _manager(directory: Path, keep: int) -> ocp.CheckpointManager:
    directory.mkdir(parents=True, exist_ok=True)
    _settle(directory)
    # Orbax would wait for the other processes before it removes these.
    for leftover in directory.glob("*.orbax-checkpoint-tmp*"):
        _remove(leftover)
    options = ocp.CheckpointManagerOptions(
        max_to_keep=keep, create=False, multiprocessing_options=intact.alone(directory.name)
    )
    return ocp.CheckpointManager(LiteralPath(directory), options=options)


def _settle(folder: Path) -> None:
    """Deletes replaced steps whose new version is on disk, and restores them if that save was cut off."""
    for path in folder.glob(f"*{_REPLACED}*"):
        old, _, new = path.name.partition(_REPLACED)
        if (folder / new).exists():
            _remove(path)
        else:
            path.rename(folder / old)


def _remove(path: Path) -> None:
    if path.is_symlink() or not path.is_dir():
        path.unlink()
    else:
        shutil.rmtree(path)
