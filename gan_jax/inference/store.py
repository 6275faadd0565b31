"""The stores of decoded images: what there is, whether a store is intact, and its removal."""

import datetime
import os
from typing import Any

from gan_jax import paths
from gan_jax.data.store import keeping
from gan_jax.errors import ConfigError

_DEFAULT = "runs/store"  # beside the default folder of required runs


def run(*, store: str = "", verify: str | None = None, remove: str | None = None) -> dict[str, Any]:
    """Lists the stores of a folder, or verifies or removes one of them.

    Args:
      store: the folder; '' is the folder that GAN_JAX_STORE names, or else `runs/store`.
      verify: name of a store to read wholly and to compare with its checksums.
      remove: name of a store to remove.

    Returns:
      Name of a store -> its size, images, source and last use, with the most recently used store last, and
      the `total`. After a verification or a removal, its outcome.

    Raises:
      ConfigError: both are asked for, or there is no such store.
      DataError: the store is damaged, or cannot be removed.
    """
    root = paths.given("store", store or os.environ.get("GAN_JAX_STORE", "") or _DEFAULT).absolute()
    if verify is not None and remove is not None:
        raise ConfigError(f"--verify={verify} and --remove={remove} are two things; give one of them")
    if verify is not None:
        return {"verified": f"{verify}, {keeping.verify(root, verify)} images are what was stored"}
    if remove is not None:
        return {"removed": f"{remove}, {_size(keeping.remove(root, remove))}"}
    found = keeping.stores(root)
    lines = {kept.name: _line(kept) for kept in found}
    return {**lines, "total": f"{_size(sum(kept.size for kept in found))} in {len(found)} stores of {root}"}


def _line(kept: keeping.Kept) -> str:
    used = datetime.datetime.fromtimestamp(kept.used).strftime("%Y-%m-%d %H:%M")
    what = "not finished" if kept.images is None else f"{kept.images} images of {kept.source}"
    return f"{_size(kept.size)}, {what}, last used {used}"


def _size(size: int) -> str:
    return f"{size / 2**30:.2f} GiB" if size >= 2**27 else f"{size / 2**20:.1f} MiB"
