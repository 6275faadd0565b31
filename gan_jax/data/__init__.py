"""Images by role: `load` reads a split, `stream` draws shuffled batches, `epoch` goes through."""

import dataclasses
from collections.abc import Generator, Iterator, Mapping
from typing import Any

import numpy as np

from gan_jax import palette
from gan_jax.data import (
    arrays_source,
    digits,
    emoji,
    folder_source,
    label_maps,
    roles,
    scenes,
    splits,
    tfds_source,
    views,
)
from gan_jax.data.examples import Examples
from gan_jax.data.framing import Framing
from gan_jax.data.order import Order, together
from gan_jax.data.prefetch import background
from gan_jax.errors import ConfigError, DataError

__all__ = ["Examples", "check", "epoch", "load", "stream", "together"]


def load(
    spec: Mapping[str, Any],
    *,
    size: int,
    load_size: int = 0,
    flip: bool = False,
    data_dir: str = "",
    manual_dir: str = "",
) -> Examples:
    """Reads what one role of a configuration names.

    Args:
      spec: the fields of a role, see `roles.complete`.
      size: images are resized to size x size pixels, bilinearly and antialiased; label maps to the nearest
        pixel.
      load_size: `size` or more pixels to which images are resized instead, of which each draw of `stream`
        crops size x size at random, `epoch` those in the middle; 0 for `size`.
      flip: each draw of `stream` mirrors an image by even chance.
      data_dir: folder of prepared tfds data sets; '' for tfds' own default.
      manual_dir: folder of files already on disk; '' for the one that GAN_JAX_DATA names.

    Returns:
      `image` uint8 [N, size, size, C]; where known and kept, `label` int32 [N], or [N, K] in {0, 1}
      where labels are attributes, or [N, size, size] of 0 to 255 where they are maps; `features`
      float32 [N, d], where given.

    Raises:
      ConfigError: an unknown field, not exactly one of `name` and `files`, or fields that do not go
        together.
      DataError: a data set, file, split or attribute that is missing, damaged or empty.
    """
    spec = roles.complete(spec)
    framing, view = roles.framing(spec, load_size or size), roles.view(spec, size, flip)
    examples = roles.chosen(spec, _read(roles.reading(spec), framing, data_dir, manual_dir))
    if spec["exclude"]:
        examples = examples.excluding(spec["exclude"])
    source = spec["name"] or ", ".join(spec["files"].values())
    if roles.uses_maps(spec) and (spec["label_classes"] or spec["derive"] == roles.PALETTE):
        label_maps.require(examples, spec["label_classes"], source)
    if spec["derive"] == roles.PALETTE:
        examples = examples.with_columns(image=palette.paint(examples.columns["label"]))
    if not spec["labels"]:
        examples = examples.without("label")
    if not len(examples):
        raise DataError(f"split {spec['split']!r} of {source} holds no example")
    if framing.size > size:  # what is derived at the border depends on the crop
        return dataclasses.replace(examples, view=view)
    images = views.derived(examples.columns["image"], view.derive, view.channels)
    return dataclasses.replace(
        examples.with_columns(image=images), view=views.View(size, flip) if flip else None
    )


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
    spec = roles.reading(roles.complete(spec))
    if spec["files"] and folder_source.reads(spec, manual_dir):
        folder_source.check(spec, manual_dir)
    elif spec["files"]:
        for path in spec["files"].values():
            arrays_source.locate(path, manual_dir)
    elif spec["name"] in digits.NAMES:
        splits.parse(spec["split"], digits.SIZES[spec["name"]], spec["name"])
    elif spec["name"] in scenes.NAMES:
        splits.parse(spec["split"], scenes.SIZES, spec["name"])
    elif spec["name"] == emoji.NAME:
        emoji.check(spec["split"], spec["attributes"])
    else:
        tfds_source.check(spec["name"], spec["attributes"], data_dir, manual_dir)


def stream(
    examples: Mapping[str, Examples],
    batch_size: int,
    *,
    seed: int,
    paired: bool = False,
    start: int = 0,
    process_index: int = 0,
    process_count: int = 1,
    prefetch: int = 2,
) -> Generator[dict[str, np.ndarray], None, None]:
    """Shuffled batches without end, made ready by a thread; a pure function of (seed, position).

    Example k of a role with n examples is `permutation(seed, role, k // n)[k % n]`, its random crop and
    mirror follow from (seed, role, k), and batch i holds examples i B to (i + 1) B: so `start` resumes
    exactly, and neither the number of processes nor another role changes what a role yields.

    Args:
      examples: by role.
      batch_size: B, over all processes.
      seed: of the order, 0 or more.
      paired: whether all roles have one order and the same crops and mirrors, so that rows of one number
        stay together, see `together`; else roles are independent streams.
      start: position of the first batch.
      process_index: this process's rank; it gets the contiguous part of each batch at that place.
      process_count: number of processes that share a batch.
      prefetch: batches kept ready in advance.

    Returns:
      An iterator over batches: `<role>` for the images and `<role>_<column>` for every other
      column, [B / process_count, ...]. Closing it ends the thread.

    Raises:
      ConfigError: `process_count` does not divide `batch_size`.
      DataError: `paired`, and the roles have unequal lengths.
    """
    lengths = {role: len(part) for role, part in examples.items()}
    if paired and len(set(lengths.values())) != 1:
        raise DataError(f"paired roles have lengths {lengths}; expected equal ones")
    if batch_size % process_count:
        raise ConfigError(
            f"batch_size={batch_size} is not divisible by the number of processes, {process_count}"
        )
    share = batch_size // process_count
    names = {role: "" if paired else role for role in examples}
    orders = {role: Order(len(part), seed, names[role]) for role, part in examples.items()}

    def batch(position: int) -> dict[str, np.ndarray]:
        first = position * batch_size + process_index * share

        def drawn(role: str, part: Examples) -> dict[str, np.ndarray]:
            draws = views.draw(seed, names[role], first, share) if part.varies else None
            return part.gather(orders[role].take(first, share), draws)

        return _merge({role: drawn(role, part) for role, part in examples.items()})

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


def _read(spec: Mapping[str, Any], framing: Framing, data_dir: str, manual_dir: str) -> Examples:
    if spec["files"] and folder_source.reads(spec, manual_dir):
        return folder_source.read(spec, framing, manual_dir)
    if not spec["files"] and spec["name"] not in (*digits.NAMES, *scenes.NAMES, emoji.NAME):
        return tfds_source.read(spec, framing, data_dir, manual_dir)
    if spec["files"]:
        examples = arrays_source.read(spec["files"], spec["split"], manual_dir)
    elif spec["name"] == emoji.NAME:
        examples = emoji.read(spec["split"], spec["attributes"])
    elif spec["name"] in scenes.NAMES:
        examples = scenes.read(spec["name"], spec["split"])
    else:
        examples = digits.read(spec["name"], spec["split"])
    framed = {"image": framing.apply_all(examples.columns["image"])}
    if examples.has_maps:
        maps = examples.columns["label"].astype(np.uint8)[..., None]
        framed["label"] = framing.apply_all(maps, nearest=True)[..., 0].astype(np.int32)
    return examples.with_columns(**framed)


def _merge(columns: Mapping[str, Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {
        role if name == "image" else f"{role}_{name}": values
        for role, part in columns.items()
        for name, values in part.items()
    }
