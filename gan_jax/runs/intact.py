"""The reading of checkpoints: the newest intact one of a folder, and what is wrong with the others."""

import json
import logging
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np
import orbax.checkpoint as ocp

from gan_jax.errors import CheckpointError
from gan_jax.runs import frozen
from gan_jax.runs.leaves import Leaves, checksum
from gan_jax.runs.literal import LiteralPath

_log = logging.getLogger(__name__)

FORMAT = 2  # format 1 kept the frozen variables in every checkpoint; it can still be read

_READ = (1, 2)
# The exceptions of orbax and tensorstore for files that are missing, cut or changed.
DAMAGE = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error,
           CheckpointError)  # fmt: skip


def reason(error: Exception) -> str:
    """The first line of an error, at most 300 characters."""
    line = (str(error).strip() or type(error).__name__).splitlines()[0]
    return line if len(line) <= 300 else f"{line[:80]} ... {line[-200:]}"  # leaves out paths in the middle


def text_checksum(content: Mapping[str, Any]) -> int:
    """The CRC-32 of a checkpoint's meta as JSON."""
    return zlib.crc32(json.dumps(content, sort_keys=True).encode())


def steps(folder: Path) -> list[int]:
    """The steps of the checkpoints in a folder, intact or not, the newest first.

    Raises:
      CheckpointError: the folder is there and cannot be read.
    """
    try:
        names = os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:  # `glob` would find nothing, and the run would begin anew
        raise CheckpointError(f"checkpoints in {folder} cannot be read: {reason(error)}") from error
    return sorted((int(name) for name in names if name.isdigit()), reverse=True)


def alone(name: str) -> ocp.options.MultiprocessingOptions:
    """Options by which orbax waits for no other process, as processes may find damage at different times."""
    rank = jax.process_index()
    active = {rank} if jax.process_count() > 1 else None
    return ocp.options.MultiprocessingOptions(
        primary_host=rank, active_processes=active, barrier_sync_key_prefix=f"{name}_{rank}"
    )


def newest(folder: Path, aside: bool) -> tuple[Leaves, dict[str, Any]] | None:
    """The leaves and the meta of the newest intact checkpoint in a folder; None if there is no checkpoint.

    A warning names each damaged one. With `aside` it is also moved to `<step>.damaged`.

    Raises:
      CheckpointError: all checkpoints are damaged, or the format is unknown.
    """
    damaged: dict[Path, str] = {}
    for step in steps(folder):
        path = folder / str(step)
        try:
            flat, meta = _read(path)
        except DAMAGE as error:
            damaged[path] = reason(error)
            continue
        if meta.pop("format") not in _READ:
            raise CheckpointError(f"{path} is not of format {FORMAT} or earlier, which this version reads")
        for bad, why in damaged.items():
            _log.warning("checkpoint %s is damaged: %s; using step %d instead", bad, why, step)
            if aside:
                _move_aside(bad)
        return flat, meta
    for bad, why in damaged.items():
        _log.warning("checkpoint %s is damaged: %s", bad, why)
    if damaged:
        listed = ", ".join(path.name for path in damaged)
        raise CheckpointError(f"every checkpoint in {folder} is damaged: steps {listed}; none was deleted")
    return None


def _move_aside(path: Path) -> None:
    earlier = len(list(path.parent.glob(f"{path.name}.damaged*")))
    path.rename(path.with_name(f"{path.name}.damaged{f'.{earlier + 1}' if earlier else ''}"))


def _read(path: Path) -> tuple[Leaves, dict[str, Any]]:
    content = json.loads((path / "meta" / "metadata").read_text())
    version, expected = content.pop("format"), content.pop("checksum")
    if expected != text_checksum(content):
        raise CheckpointError("the checksum of its meta does not match")
    if version not in _READ:
        return {}, {"format": version}
    target = {name: np.zeros(shape, dtype) for name, (_, dtype, shape) in content["leaves"].items()}
    outside = frozen.read(path.parent.parent, content.get("frozen", ""), target)
    stored = {name: leaf for name, leaf in target.items() if leaf.size and name not in outside}
    with ocp.StandardCheckpointer(multiprocessing_options=alone("read")) as checkpointer:
        restored = checkpointer.restore(LiteralPath(path / "state"), stored)
    found = {**restored, **outside}
    flat = {name: np.asarray(found.get(name, leaf)) for name, leaf in target.items()}
    for name, leaf in flat.items():
        if checksum(leaf) != content["leaves"][name]:
            raise CheckpointError(f"the checksum of {name} does not match")
    return flat, {**content["meta"], "step": content["step"], "format": version}
