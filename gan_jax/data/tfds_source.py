"""Data sets by name, through tensorflow-datasets, as arrays in memory."""

import difflib
import re
import sys
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from gan_jax.data import splits
from gan_jax.data.arrays_source import local_folder
from gan_jax.data.examples import Examples, resize
from gan_jax.errors import DataError

MAX_BYTES = 8 * 2**30  # of images held in memory
_PROBE_SECONDS = 4.0  # tfds itself tries for three minutes
_BLOCK = 1024  # images read at once


def read(name: str, split: str, size: int, data_dir: str, manual_dir: str) -> Examples:
    """Rows of a tfds data set, prepared first where it is not and its files can be had.

    Args:
      name: as tfds has it, such as `mnist` or `cycle_gan/horse2zebra`.
      split: tfds' slicing syntax.
      size: images are resized to size x size pixels.
      data_dir: folder of prepared data sets; '' for tfds' own default.
      manual_dir: folder of official files already on disk, they or a folder `name` of them in it; ''
        for the one that GAN_JAX_DATA names.

    Returns:
      `image` uint8 [N, size, size, C] and, where the set has it, `label` int32 [N], in the order of the
      prepared files (tfds shuffles them once: it is not the order of the official ones).

    Raises:
      DataError: an unknown name or split, files that are neither here nor reachable or are damaged, or
        a set that is not of images or does not fit in memory.
    """
    builder = _builder(name, data_dir)
    if not builder.is_prepared():
        _prepare(builder, name, manual_dir)
        builder = _builder(name, data_dir)
    sizes = {part: info.num_examples for part, info in builder.info.splits.items()}
    chosen = splits.parse(split, sizes, f"data set {name!r} in {builder.data_path}")
    total = sum(rows.stop - rows.start for _, rows in chosen if rows.stop > rows.start)
    columns = _allocate(builder, name, total, size)
    filled = 0
    for block in _blocks(builder, split, tuple(columns)):
        end = filled + len(block["image"])
        if end > total:
            break
        columns["image"][filled:end] = resize(block["image"], size)
        if "label" in columns:
            columns["label"][filled:end] = block["label"]
        filled = end
    if filled != total:
        raise _unreadable(builder, f"holds {filled} examples of {split!r}; expected {total}")
    return Examples(columns)


def _builder(name: str, data_dir: str) -> Any:
    import tensorflow_datasets as tfds

    try:
        return tfds.builder(name, data_dir=data_dir or None)
    except ValueError as error:
        known = ["digits_plain", "digits_street", *tfds.list_builders(with_community_datasets=False)]
        near = ", ".join(difflib.get_close_matches(name, known)) or "mnist, svhn_cropped, ..."
        message = f"data set {name!r} is not known; embedded: digits_plain, digits_street; of tfds: {near}"
        raise DataError(message) from error
