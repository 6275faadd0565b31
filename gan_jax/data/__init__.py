"""Images by role: `load` reads a split, `stream` draws shuffled batches, `epoch` goes through."""

import zlib
from collections.abc import Generator, Iterator, Mapping
from typing import Any

import numpy as np

from gan_jax.data import arrays_source, digits, emoji, folder_source, splits, tfds_source
from gan_jax.data.examples import Examples
from gan_jax.data.prefetch import background
from gan_jax.errors import ConfigError, DataError

__all__ = ["Examples", "check", "epoch", "load", "stream"]

_DEFAULTS: Mapping[str, Any] = {
    "name": "",
    "files": {},
    "split": "train",
    "exclude": (),
    "labels": True,
    "classes": False,
    "attributes": (),
    "attributes_file": "",
    "features": "",
}


def load(spec: Mapping[str, Any], *, size: int, data_dir: str = "", manual_dir: str = "") -> Examples:
    """Reads what one role of a configuration names.

    Args:
      spec: the fields of a role; either of the first two is required.
        `name`: of an embedded or tfds data set.
        `files`: split -> path of arrays (`arrays_source`), or of a folder or zip of images, or of a
          folder inside a zip, `faces.zip/train` (`folder_source`).
        `split`: a slice in tfds' syntax such as `test[:8000]+train`.
        `exclude`: labels to leave out. They serve this even where they are not kept.
        `labels`: whether the examples keep their label.
        `classes`: whether labels are the folders that images lie in, numbered in order of their names.
        `attributes`: names of the attributes that are the label, in this order; () for none, or for
          all of `emoji`.
        `attributes_file`: path of their table; '' for `attributes.csv` inside or beside the folder or
          zip. Either `file,Name1,...` with values 0/1 or -1/1, or CelebA's `list_attr_celeba.txt`.
        `features`: path of features of these images: `.npy` [N, d] in order of the files, or `.npz`
          with `features` and `files`, their names.
      size: images are resized to size x size pixels, bilinearly.
      data_dir: folder of prepared tfds data sets; '' for tfds' own default.
      manual_dir: folder of files already on disk; '' for the one that GAN_JAX_DATA names.

    Returns:
      `image` uint8 [N, size, size, C]; where known and kept, `label` int32 [N], or [N, K] in {0, 1}
      where labels are attributes; `features` float32 [N, d], where given.

    Raises:
      ConfigError: an unknown field, not exactly one of `name` and `files`, or fields that do not go
        together.
      DataError: a data set, file, split or attribute that is missing, damaged or empty.
    """
    spec = _complete(spec)
    examples = _read(spec, size, data_dir, manual_dir)
    if spec["exclude"]:
        examples = examples.excluding(spec["exclude"])
    if not spec["labels"]:
        examples = examples.without("label")
    if not len(examples):
        source = spec["name"] or ", ".join(spec["files"].values())
        raise DataError(f"split {spec['split']!r} of {source} holds no example")
    return examples.resized(size)


def check(spec: Mapping[str, Any], *, data_dir: str = "", manual_dir: str = "") -> None:
    """Finds, without reading images, what would keep `load` from reading a role.

    Args:
      spec: as for `load`.
      data_dir: likewise.
      manual_dir: likewise.

    Raises:
      ConfigError: as for `load`.
      DataError: an unknown or unreachable data set or attribute, or a file that is missing.
    """
    spec = _complete(spec)
    if spec["files"] and folder_source.reads(spec, manual_dir):
        folder_source.check(spec, manual_dir)
    elif spec["files"]:
        for path in spec["files"].values():
            arrays_source.locate(path, manual_dir)
    elif spec["name"] in digits.NAMES:
        splits.parse(spec["split"], digits.SIZES[spec["name"]], spec["name"])
    elif spec["name"] == emoji.NAME:
        emoji.check(spec["split"], spec["attributes"])
    else:
        tfds_source.check(spec["name"], data_dir, manual_dir)


def stream(
    examples: Mapping[str, Examples],
    batch_size: int,
    *,
    seed: int,
    start: int = 0,
    process_index: int = 0,
    process_count: int = 1,
    prefetch: int = 2,
) -> Generator[dict[str, np.ndarray], None, None]:
    """Shuffled batches without end, made ready by a thread; a pure function of (seed, position).

    Example k of a role with n examples is `permutation(seed, role, k // n)[k % n]`, and batch i
    holds examples i B to (i + 1) B: so `start` resumes exactly, and neither the number of processes
    nor another role changes what a role yields.

    Args:
      examples: independent streams, by role.
      batch_size: B, over all processes.
      seed: of the order, 0 or more.
      start: position of the first batch.
      process_index: this process's rank; it gets the contiguous part of each batch at that place.
      process_count: number of processes that share a batch.
      prefetch: batches kept ready in advance.

    Returns:
      An iterator over batches: `<role>` for the images and `<role>_<column>` for every other
      column, [B / process_count, ...]. Closing it ends the thread.

    Raises:
      ConfigError: `process_count` does not divide `batch_size`.
    """
    if batch_size % process_count:
        raise ConfigError(
            f"batch_size={batch_size} is not divisible by the number of processes, {process_count}"
        )
    share = batch_size // process_count
    orders = {role: _Order(len(part), seed, role) for role, part in examples.items()}

    def batch(position: int) -> dict[str, np.ndarray]:
        first = position * batch_size + process_index * share
        return _merge({r: part.gather(orders[r].take(first, share)) for r, part in examples.items()})

    return background(batch, start, prefetch)


def epoch(examples: Mapping[str, Examples], batch_size: int) -> Iterator[dict[str, np.ndarray]]:
    """One pass in order over the first role; others keep step and start again at their end.

    Args:
      examples: by role.
      batch_size: rows of each batch; the last one may be smaller.

    Yields:
      Batches with the keys of `stream`.
    """
    total = len(next(iter(examples.values())))
    for first in range(0, total, batch_size):
        rows = np.arange(first, min(first + batch_size, total))
        yield _merge({role: part.gather(rows % len(part)) for role, part in examples.items()})


class _Order:
    """The row at every position of an endless sequence of permutations."""

    def __init__(self, size: int, seed: int, role: str):
        self._size = size
        self._seed = (seed, zlib.crc32(role.encode()))
        self._epoch, self._permutation = -1, np.empty(0, np.int64)

    def take(self, first: int, count: int) -> np.ndarray:
        """Rows at positions first to first + count."""
        epochs, offsets = np.divmod(np.arange(first, first + count), self._size)
        rows = np.empty(count, np.int64)
        for number in np.unique(epochs):
            here = epochs == number
            rows[here] = self._shuffled(int(number))[offsets[here]]
        return rows

    def _shuffled(self, number: int) -> np.ndarray:
        if number != self._epoch:
            # Philox: counter-based, its streams for different keys are independent by design.
            keys = np.random.SeedSequence([*self._seed, number])
            self._permutation = np.random.Generator(np.random.Philox(keys)).permutation(self._size)
            self._epoch = number
        return self._permutation


def _complete(spec: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(spec) - set(_DEFAULTS))
    if unknown:
        raise ConfigError(f"a role's field {unknown[0]!r} is not known: {', '.join(_DEFAULTS)}")
    full = {**_DEFAULTS, **spec}
    if bool(full["name"]) == bool(full["files"]):
        found = f"name={full['name']!r} and files={dict(full['files'])}"
        raise ConfigError(f"a role has {found}; expected exactly one of them")
    _check_labels(full)
    return full


def _check_labels(spec: Mapping[str, Any]) -> None:
    """Refuses fields on labels that do not go together, or not with this kind of source."""
    names = spec["attributes"]
    if isinstance(names, str) or len(set(names)) != len(names):
        raise ConfigError(f"attributes={names!r} is not allowed; allowed: names, each once")
    if spec["classes"] and names:
        raise ConfigError(f"classes=True and attributes={tuple(names)}: a label is either; give one of them")
    if spec["exclude"] and (names or spec["name"] == emoji.NAME):
        raise ConfigError(f"exclude={tuple(spec['exclude'])} is for classes; these labels are attributes")
    if spec["attributes_file"] and not names:
        raise ConfigError(f"attributes_file={spec['attributes_file']!r} needs attributes, names to keep")
    for field in ("classes", "attributes", "attributes_file", "features"):
        if spec["name"] and spec[field] and (field, spec["name"]) != ("attributes", emoji.NAME):
            raise ConfigError(f"{field}={spec[field]!r} is for images by files; name={spec['name']!r}")


def _read(spec: Mapping[str, Any], size: int, data_dir: str, manual_dir: str) -> Examples:
    if spec["files"] and folder_source.reads(spec, manual_dir):
        return folder_source.read(spec, size, manual_dir)
    if spec["files"]:
        return arrays_source.read(spec["files"], spec["split"], manual_dir)
    if spec["name"] in digits.NAMES:
        return digits.read(spec["name"], spec["split"])
    if spec["name"] == emoji.NAME:
        return emoji.read(spec["split"], spec["attributes"])
    return tfds_source.read(spec["name"], spec["split"], size, data_dir, manual_dir)


def _merge(columns: Mapping[str, Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {
        role if name == "image" else f"{role}_{name}": values
        for role, part in columns.items()
        for name, values in part.items()
    }
