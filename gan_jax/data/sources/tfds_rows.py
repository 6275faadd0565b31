"""The rows of prepared tensorflow-datasets, in memory or from a store."""

import dataclasses
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gan_jax.data import splits
from gan_jax.data.examples import MAX_BYTES, Examples, Listing
from gan_jax.data.pixels.recipe import Recipe
from gan_jax.data.sources import annotations, tfds
from gan_jax.data.store.filling import Part, Pixels
from gan_jax.data.store.place import Store
from gan_jax.errors import DataError

_BLOCK = 1024  # images in one read
_ATTRIBUTES = "attributes"  # the feature of sets whose images have several labels

# `image`, finished; `shares` float [n, 2]; `label` and `attributes` if asked for.
Rows = dict[str, np.ndarray]


def read(
    spec: Mapping[str, Any], recipe: Recipe, data_dir: str, manual_dir: str, store: Store | None = None
) -> Examples:
    """Rows of a tfds data set. The set is prepared first if needed and if its files can be obtained.

    Args:
      spec: all fields of a role. `name` is tfds' name, such as `mnist` or `cycle_gan/horse2zebra`; `split`
        has tfds' slicing syntax; `attributes` are the label's names in the set's feature `attributes`.
      recipe: what makes a row from each image.
      data_dir: folder of prepared data sets; '' is tfds' own default.
      manual_dir: see `tfds.prepared`.
      store: where large sets are kept decoded; None keeps every set in memory.

    Returns:
      `image` uint8 [N, H, W, C] and, if the set has it, `label` int32 [N], or int32 [N, K] in {0, 1}
      with K `attributes`. The rows are in the order of the prepared files. tfds shuffles the examples once,
      so the order is not the official files'.

    Raises:
      DataError: a name, split or attribute is unknown; files are damaged, or neither on disk nor reachable;
        the set has no images, or does not fit in memory.
    """
    name, attributes = spec["name"], spec["attributes"]
    builder = tfds.prepared(name, attributes, data_dir, manual_dir)
    sizes = {part: info.num_examples for part, info in builder.info.splits.items()}
    chosen = splits.parse(spec["split"], sizes, f"data set {name!r} in {builder.data_path}")
    source = Prepared(builder, name, chosen, recipe)
    if len(source) and store is not None and store.takes(len(source) * math.prod(source.shape())):
        found = store.rows(source)
        images: Any = found.images
        shares, columns = found.shares, dict(found.columns)
    else:
        rows = source.resident(attributes)
        images, shares, columns = rows.pop("image"), rows.pop("shares"), rows
    label: Any = columns.get("label")
    if attributes:
        known = list(builder.info.features[_ATTRIBUTES])
        places = annotations.choose(attributes, known, f"data set {name!r}")
        label = columns[_ATTRIBUTES][:, places].astype(np.int32)
    kept = {"image": images} if label is None else {"image": images, "label": label}
    return Examples(kept, origin=Listing(len(source), np.arange(len(source)), shares=shares))


class Prepared:
    """Some rows of a prepared set, in order; a `store.filling.Filler`."""

    def __init__(self, builder: Any, name: str, chosen: Sequence[tuple[str, slice]], recipe: Recipe):
        """The rows of `chosen`, see `splits.parse`, of the set that the user calls `name`.

        Raises:
          DataError: the set has no images.
        """
        self._builder, self._name, self._recipe = builder, name, recipe
        self._chosen = [(part, range(rows.start, rows.stop)) for part, rows in chosen]
        self._channels = channels(builder, name)
        self.title = f"{name} {'+'.join(f'{part}[{rows.start}:{rows.stop}]' for part, rows in self._chosen)}"

    def __len__(self) -> int:
        return sum(len(rows) for _, rows in self._chosen)

    def facts(self) -> Mapping[str, Any]:
        """See `Filler`. The time is that of the set's preparation."""
        info = f"{self._builder.data_path}/dataset_info.json"
        return {
            "set": str(self._builder.info.full_name),
            "prepared": [os.path.abspath(info), os.stat(info).st_mtime_ns],
            "rows": [[part, rows.start, rows.stop] for part, rows in self._chosen],
            "recipe": dataclasses.asdict(self._recipe),
        }

    def shape(self) -> tuple[int, int, int]:
        """The shape of each image."""
        wide, tall = self._recipe.framing.sides
        return tall, wide, self._recipe.depth(self._channels)

    def name(self, row: int) -> str:
        """The place of a row, since rows have no names."""
        return str(row)

    def fill(self, pixels: Pixels, parts: Sequence[range]) -> Iterator[Part]:
        """Reads the set in order; tensorflow-datasets decodes its images.

        Raises:
          DataError: the set is damaged.
        """
        labels = [name for name in ("label", _ATTRIBUTES) if _integers(self._builder, name)]
        for run in _runs(parts):
            blocks = self._blocks(range(run[0].start, run[-1].stop), labels)
            for rows, found in _cut(blocks, run):
                checksums = pixels.write(rows.start, found["image"])
                yield Part(rows, checksums, found["shares"], columns={name: found[name] for name in labels})

    def resident(self, attributes: Sequence[str]) -> Rows:
        """All rows in memory, with `attributes` if some are asked for, else with the set's `label`, if any.

        Raises:
          DataError: the set is damaged, or too large.
        """
        require_memory(self._name, len(self), *self._recipe.framing.sides, self._channels)
        wanted = _ATTRIBUTES if attributes else "label"
        labels = [wanted] if _integers(self._builder, wanted) else []
        rows: Rows = {"image": np.empty((len(self), *self.shape()), np.uint8)}
        rows["shares"] = np.ones((len(self), 2))
        filled = 0
        for block in self._blocks(range(len(self)), labels):
            end = filled + len(block["image"])
            for name, values in block.items():
                if name not in rows:
                    rows[name] = np.empty((len(self), *values.shape[1:]), values.dtype)
                rows[name][filled:end] = values
            filled = end
        if not len(self) and "label" in labels:
            rows["label"] = np.empty(0, np.int32)
        return rows

    def _blocks(self, rows: range, labels: Sequence[str]) -> Iterator[Rows]:
        """The rows at these places of all rows, in blocks of at most 1024."""
        framing, left = self._recipe.framing, len(rows)
        for block in _read(self._builder, self._split(rows), labels):
            left -= len(block["image"])
            if left < 0:
                break
            width, height = block["image"].shape[2:0:-1]
            found = {name: block[name].astype(np.int32) for name in labels if name != _ATTRIBUTES}
            if _ATTRIBUTES in labels:
                found[_ATTRIBUTES] = self._attributes(block)
            found["image"] = self._recipe.finish(framing.apply_all(block["image"]))
            found["shares"] = np.tile(framing.shares(width, height), (len(block["image"]), 1))
            yield found
        if left:
            raise tfds.unreadable(
                self._builder, f"holds {len(rows) - left} examples of {self.title!r}; expected {len(rows)}"
            )

    def _attributes(self, block: Mapping[str, Any]) -> np.ndarray:
        """The attributes of a block's rows in the order of the set's features, uint8 [n, K]."""
        names = self._builder.info.features[_ATTRIBUTES]
        return np.stack([block[_ATTRIBUTES][name] for name in names], 1).astype(np.uint8)

    def _split(self, rows: range) -> str:
        """The places `rows` of all rows in tfds' slicing syntax."""
        parts, start = [], 0
        for part, held in self._chosen:
            first, last = max(rows.start - start, 0), min(rows.stop - start, len(held))
            if first < last:
                parts.append(f"{part}[{held[first]}:{held[last - 1] + 1}]")
            start += len(held)
        return "+".join(parts)


def channels(builder: Any, name: str) -> int:
    """The channels of a set's images. Raises DataError if the set has no images."""
    features = dict(builder.info.features.items())
    image = features.get("image")
    if image is None or image.np_dtype != np.uint8 or image.shape[-1] not in (1, 3):
        found = f"its features are {', '.join(features)}" if image is None else f"has {image}"
        raise DataError(f"data set {name!r}: {found}; expected image, uint8 [H, W, 1 or 3]")
    return image.shape[-1]


def require_memory(name: str, total: int, width: int, height: int, depth: int) -> None:
    """Raises DataError if so many images do not fit in memory."""
    needed = math.prod((total, width, height, depth))
    if needed > MAX_BYTES:
        raise DataError(
            f"data set {name!r}: {total} images of {width} x {height} take {needed / 2**30:.1f} GiB; "
            f"allowed: {MAX_BYTES / 2**30:.0f} GiB; take a part by its split, such as 'train[:10%]', or keep "
            "the images in a store, see config.data.store"
        )


def _integers(builder: Any, name: str) -> bool:
    """Whether a set has a feature of integers, or of several integers by name."""
    found = dict(builder.info.features.items()).get(name)
    if name == _ATTRIBUTES:
        return hasattr(found, "items")
    return found is not None and np.issubdtype(found.np_dtype, np.integer)


def has_label(builder: Any) -> bool:
    """Whether a set has a `label` of integers."""
    return _integers(builder, "label")


def _runs(parts: Sequence[range]) -> list[list[range]]:
    """Parts in order, those that follow each other together."""
    runs: list[list[range]] = []
    for part in sorted(parts, key=lambda rows: rows.start):
        if runs and runs[-1][-1].stop == part.start:
            runs[-1].append(part)
        else:
            runs.append([part])
    return runs


def _cut(blocks: Iterator[Rows], parts: Sequence[range]) -> Iterator[tuple[range, Rows]]:
    """The rows of blocks of any length, part by part."""
    held: Rows = {}
    waiting = iter(parts)
    part = next(waiting, None)
    for block in blocks:
        held = {name: np.concatenate([held[name], block[name]]) for name in held} if held else block
        while part is not None and len(held["image"]) >= len(part):
            yield part, {name: values[: len(part)] for name, values in held.items()}
            held = {name: values[len(part) :] for name, values in held.items()}
            part = next(waiting, None)


def _read(builder: Any, split: str, labels: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The rows of `split` in blocks; every column has a leading axis, and attributes are columns by name."""
    if not split:
        return
    # Images of different sizes cannot be stacked before they are resized.
    block = _BLOCK if None not in builder.info.features["image"].shape else 1
    wanted: dict[str, Any] = dict.fromkeys(("image", *labels), True)
    if _ATTRIBUTES in wanted:
        wanted[_ATTRIBUTES] = dict.fromkeys(builder.info.features[_ATTRIBUTES], True)
    tfrecord = builder.info.file_format.value == "tfrecord"
    yield from (_tfrecord_blocks if tfrecord else _random_access_blocks)(builder, split, wanted, block)


def _tfrecord_blocks(builder, split, wanted, block):
    import tensorflow_datasets

    tf = tfds.tensorflow()
    try:
        rows = builder.as_dataset(
            split=split,
            decoders=tensorflow_datasets.decode.PartialDecoding(wanted),
            # The files are read one after the other; by default tfds would interleave sixteen.
            read_config=tensorflow_datasets.ReadConfig(interleave_cycle_length=1, try_autocache=False),
        )
        yield from rows.batch(block).as_numpy_iterator()
    except (OSError, tf.errors.OpError) as error:
        raise tfds.unreadable(builder, tfds.line(error)) from error


def _random_access_blocks(builder, split, wanted, block):
    """Blocks of array_record and similar formats, which tfds reads without TensorFlow."""

    def stacked(rows, wanted):
        return {
            name: np.stack([row[name] for row in rows])
            if inner is True
            else stacked([row[name] for row in rows], inner)
            for name, inner in wanted.items()
        }

    try:
        source = builder.as_data_source(split)
        for first in range(0, len(source), block):
            rows = source.__getitems__(range(first, min(first + block, len(source))))
            yield stacked(rows, wanted)
    except (OSError, ValueError, RuntimeError, IndexError) as error:
        raise tfds.unreadable(builder, tfds.line(error)) from error
