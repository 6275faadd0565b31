"""Image folders and zips, with the classes, attributes, label maps and features that accompany them."""

import contextlib
import dataclasses
import itertools
import logging
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gan_jax.data import splits
from gan_jax.data.examples import MAX_BYTES, Examples, Listing, concatenate, rows_of
from gan_jax.data.pixels.recipe import Recipe
from gan_jax.data.sources import annotations, decoding, filling, label_maps, listing
from gan_jax.data.sources.arrays import absolute, locate, missing
from gan_jax.data.sources.listing import Folder
from gan_jax.data.store.place import Store
from gan_jax.errors import ConfigError, DataError

_log = logging.getLogger(__name__)


def reads(spec: Mapping[str, Any], manual_dir: str) -> bool:
    """Whether a role's `files` are folders or zips of images; otherwise they are arrays.

    Raises:
      ConfigError: some files are folders and some are arrays, or fields for images accompany arrays.
      DataError: a path does not exist.
    """
    files = spec["files"]
    others = [name for name, path in files.items() if listing.find(path, manual_dir) is None]
    fields = ("classes", "attributes", "attributes_file", "features", "label_lists", "label_maps")
    given = [field for field in fields if spec[field]]
    if others and (given or len(others) < len(files)):
        for name in others:
            locate(files[name], manual_dir)
        why = f"{given[0]}={spec[given[0]]!r} is given" if given else "others are"
        raise ConfigError(
            f"files.{others[0]}={files[others[0]]!r} is not a folder or zip of images, but {why}"
        )
    return not others


def read(
    spec: Mapping[str, Any], recipe: Recipe, manual_dir: str = "", store: Store | None = None
) -> Examples:
    """The rows of a role whose `files` are folders or zips of images.

    Slices count the image files of a folder, recognised by their suffixes, in lexicographic order of their
    paths. Only the files of the slice are opened. Unusable files are then left out, so there may be fewer
    examples than rows. One line of the log counts the files left out by reason.

    Args:
      spec: all fields of a role.
      recipe: what makes a row from each image.
      manual_dir: folder where relative paths start; '' is the folder that GAN_JAX_DATA names.
      store: where large sets are kept decoded; None keeps every set in memory. Label maps stay in memory.

    Returns:
      `image` uint8 [N, size, size, C]; `label` int32 [N] with `classes` or `label_lists`, [N, K] in {0, 1}
      with K `attributes`, or [N, size, size] with `label_maps`; `features` float32 [N, d] with `features`.

    Raises:
      DataError: a folder, zip or table cannot be read, no image is usable, or a name or row does not fit.
    """
    with contextlib.ExitStack() as stack:
        sources, chosen = _plan(spec, manual_dir, stack)
        total = sum(max(rows.stop - rows.start, 0) for _, rows in chosen)
        (wide, tall), depth = recipe.framing.sides, recipe.depth()
        if store is not None and not store.takes(math.prod((total, tall, wide, depth))):
            store = None
        resident = (3 if store is None else 0) + 4 * bool(spec["label_maps"])
        if math.prod((total, tall, wide, resident)) > MAX_BYTES:
            what = "images" if store is None else "label maps"
            raise DataError(
                f"{total} {what} of {wide} x {tall} take more than {MAX_BYTES / 2**30:.0f} GiB; take a "
                "part by the role's split, such as 'train[:10%]'"
                + ("" if resident > 3 else ", or keep the images in a store, see config.data.store")
            )
        return concatenate([_decode(sources[name], rows, recipe, store) for name, rows in chosen])


def check(spec: Mapping[str, Any], manual_dir: str = "") -> None:
    """Raises the errors of `read`, except those that need the images decoded."""
    with contextlib.ExitStack() as stack:
        _plan(spec, manual_dir, stack)


@dataclasses.dataclass
class _Source:
    """One split: a folder, and what is known of each of its images."""

    folder: Folder
    columns: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)  # [files, ...]
    lacking: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)  # reason -> mask [files]
    notes: list[str] = dataclasses.field(default_factory=list)
    maps: label_maps.Maps | None = None


def listed(spec: Mapping[str, Any], manual_dir: str = "") -> Examples:
    """The rows that `read` would read if every file were readable, with images of one black pixel.

    Label maps, which are files too, are not read; each label is a map of one pixel, 0.

    Raises:
      DataError: as for `check`.
    """
    with contextlib.ExitStack() as stack:
        sources, chosen = _plan(spec, manual_dir, stack)
        return concatenate([_listed(sources[name], rows) for name, rows in chosen])


def _listed(source: _Source, rows: slice) -> Examples:
    places = np.arange(len(source.folder.images))[rows]
    kept = np.ones(len(places), bool)
    for mask in source.lacking.values():
        kept &= ~mask[places]
    columns = {name: values[places[kept]] for name, values in source.columns.items()}
    if source.maps:
        columns["label"] = np.zeros((kept.sum(), 1, 1), np.int32)
    names = tuple(source.folder.images[place] for place in places)
    image = np.zeros((kept.sum(), 1, 1, 3), np.uint8)
    return Examples({"image": image, **columns}, origin=Listing(len(places), np.flatnonzero(kept), names))


def _plan(
    spec: Mapping[str, Any], manual_dir: str, stack: contextlib.ExitStack
) -> tuple[dict[str, _Source], list[tuple[str, slice]]]:
    """Folders by split and their slices, with every column but the pixels."""
    sources = _sources(spec, manual_dir, stack)
    sizes = {name: len(source.folder.images) for name, source in sources.items()}
    chosen = splits.parse(spec["split"], sizes, f"files {', '.join(spec['files'].values())}")
    used = {name: sources[name] for name, _ in chosen}
    if spec["classes"]:
        _add_classes(sources, tuple(spec["class_names"]))
    if spec["attributes"]:
        for source in used.values():
            _add_attributes(source, spec, manual_dir)
    if spec["label_lists"]:
        for name, source in used.items():
            content, title = listing.text(spec["label_lists"][name], manual_dir)
            table = annotations.parse_labels(content, title)
            source.columns["label"] = table.values[_rows(source, table), 0]
    if spec["label_maps"]:
        for name, source in used.items():
            found = listing.find(spec["label_maps"][name], manual_dir)
            if found is None:
                raise missing(absolute(spec["label_maps"][name], manual_dir))
            beside = stack.enter_context(Folder(*found))
            source.maps = label_maps.beside(source.folder, beside, spec)
    if spec["features"]:
        _add_features(used, locate(spec["features"], manual_dir))
    return sources, chosen


def _sources(spec: Mapping[str, Any], manual_dir: str, stack: contextlib.ExitStack) -> dict[str, _Source]:
    sources = {}
    for name, path in spec["files"].items():
        found = listing.find(path, manual_dir)
        assert found is not None  # `reads` has checked this
        sources[name] = _Source(stack.enter_context(Folder(*found)))
    return sources


def classes(spec: Mapping[str, Any], manual_dir: str = "") -> tuple[str, ...]:
    """The names of the classes of a role with `classes`, in the order of their numbers.

    Raises:
      DataError: as for `read`.
    """
    if spec["class_names"]:
        return tuple(spec["class_names"])
    with contextlib.ExitStack() as stack:
        return _class_folders(_first_folders(_sources(spec, manual_dir, stack)))


def _first_folders(sources: Mapping[str, _Source]) -> dict[str, list[str]]:
    """Split -> the first folder of each image's path; '' if the image lies in none."""
    return {name: [image.rpartition("/")[0].split("/")[0] for image in source.folder.images]
            for name, source in sources.items()}  # fmt: skip


def _class_folders(first: Mapping[str, list[str]]) -> tuple[str, ...]:
    return listing.in_order({*itertools.chain(*first.values())} - {""})


def _add_classes(sources: Mapping[str, _Source], names: tuple[str, ...]) -> None:
    """Labels from the first folder of each path: places in `names`, or in all folders of all splits."""
    first = _first_folders(sources)
    there = _class_folders(first)
    titles = ", ".join(source.folder.title for source in sources.values())
    if not there:
        raise DataError(f"classes=True, but {titles} has no folders of images, one for each class")
    known = names or there
    unknown = [name for name in there if name not in known]
    if unknown:
        raise DataError(f"{titles}: class {listing.some(unknown)} is not known; known: {', '.join(known)}")
    number = {name: place for place, name in enumerate(known)}
    for name, source in sources.items():
        source.columns["label"] = np.array([number.get(part, -1) for part in first[name]], np.int32)
        source.lacking["in no class folder"] = source.columns["label"] < 0
        source.notes.append(f"{len(known)} classes ({listing.some(known)})")


def _add_attributes(source: _Source, spec: Mapping[str, Any], manual_dir: str) -> None:
    table = _attribute_table(source.folder, spec["attributes_file"], manual_dir)
    columns = annotations.choose(spec["attributes"], table.names, table.title)
    source.columns["label"] = table.values[_rows(source, table)][:, columns]


def _rows(source: _Source, table: annotations.Table) -> np.ndarray:
    """The row of each image in a table, or -1; notes images without a row and rows without an image."""
    rows = table.rows_of(source.folder.images)
    if (rows < 0).all():
        images = f"any image of {source.folder.title}, such as {source.folder.images[0]!r}"
        raise DataError(
            f"{table.title}: has no row for {images}; it has rows for {listing.some(table.files)}"
        )
    source.lacking[f"without a row in {Path(table.title).name}"] = rows < 0
    unused = len(table.files) - len(set(rows[rows >= 0]))
    if unused:
        source.notes.append(f"{unused} rows of {Path(table.title).name} without an image")
    return rows


def _attribute_table(folder: Folder, path: str, manual_dir: str) -> annotations.Table:
    if path:
        full = locate(path, manual_dir)
        return annotations.parse_attributes(listing.content(full), str(full))
    found = folder.attributes()
    if found is None:
        where = f"inside or beside {folder.title}; give the role's attributes_file"
        raise DataError(f"there is no {listing.ATTRIBUTES} {where}")
    return annotations.parse_attributes(*found)


def _add_features(used: Mapping[str, _Source], path: Path) -> None:
    """Features by file names, or row by row if a single split is read."""
    table = annotations.read_features(path)
    for name, source in used.items():
        images = source.folder.images
        if len(table.files):
            rows = table.rows_of(images)
            lacking = [image for image, row in zip(images, rows, strict=True) if row < 0]
            if lacking:
                found = f"{len(lacking)} of {len(images)} images of {source.folder.title}"
                raise DataError(f"{path}: has no features of {found}, such as {lacking[0]!r}")
            source.columns["features"] = table.values[rows]
        elif len(used) > 1:
            raise DataError(f"{path}: has no names of files, which splits {', '.join(used)} together need")
        elif len(table.values) != len(images):
            found = f"{len(table.values)} rows of features; expected {len(images)}"
            raise DataError(f"{path}: holds {found}, one for each image of {name} in {source.folder.title}")
        else:
            source.columns["features"] = table.values


def _decode(source: _Source, rows: slice, recipe: Recipe, store: Store | None) -> Examples:
    """The examples of one slice; logs one line on the files left out."""
    places = np.arange(len(source.folder.images))[rows]
    reasons = {place: reason for reason, mask in source.lacking.items() for place in places[mask[places]]}
    usable = np.array([place for place in places if place not in reasons], np.int64)
    names = [source.folder.images[place] for place in usable]
    images, shares, skipped = _images(source.folder, names, recipe, store if names else None)
    reasons |= {usable[place]: reason for place, reason in skipped.items()}
    kept = np.array([place not in skipped for place in range(len(usable))], bool)
    summary = _summary(source, reasons)
    if len(places) and not kept.any():
        raise DataError(f"{source.folder.title}: none of {len(places)} images can be used{summary}")
    if len(places):
        _log.info("%d images of %s%s", kept.sum(), source.folder.title, summary)
    columns = {name: values[usable[kept]] for name, values in source.columns.items()}
    if source.maps:
        columns["label"] = label_maps.read(source.maps, source.folder, usable[kept], recipe.framing)
    listed = tuple(source.folder.images[place] for place in places)
    listing = Listing(len(places), np.searchsorted(places, usable[kept]), listed, shares[kept])
    return Examples({"image": images if kept.all() else rows_of(images, kept), **columns}, origin=listing)


def _images(
    folder: Folder, names: list[str], recipe: Recipe, store: Store | None
) -> tuple[Any, np.ndarray, Mapping[int, str]]:
    """The rows of some files, the shares that they show, and why some have no image, by place."""
    if store is not None:
        found = store.rows(filling.Pictures(folder, names, recipe))
        return found.images, found.shares, found.skipped
    shares = np.ones((len(names), 2))
    images, skipped = decoding.decode_all(folder.read, names, recipe.framing, shares)
    return recipe.finish(images), shares, skipped


def _summary(source: _Source, reasons: Mapping[int, str]) -> str:
    """`, 2 skipped: 2 unreadable (a.jpg, b.jpg)`: files left out by reason, with the first few names."""
    left_out = dict.fromkeys(source.folder.others, "not an image")
    left_out |= {source.folder.images[place]: reasons[place] for place in sorted(reasons)}
    skipped = f", {len(left_out)} skipped: {listing.counted(left_out)}" if left_out else ""
    return skipped + "".join(f"; {note}" for note in source.notes)
