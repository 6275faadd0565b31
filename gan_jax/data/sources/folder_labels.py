"""What is known of each image of a folder or zip: its class, attributes, label map and features."""

import contextlib
import dataclasses
import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gan_jax.data import splits
from gan_jax.data.sources import annotations, label_maps, listing
from gan_jax.data.sources.arrays import absolute, locate, missing
from gan_jax.data.sources.listing import Folder
from gan_jax.errors import DataError


@dataclasses.dataclass
class Source:
    """One split: a folder, and what is known of each of its images."""

    folder: Folder
    columns: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)  # [files, ...]
    lacking: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)  # reason -> mask [files]
    notes: list[str] = dataclasses.field(default_factory=list)
    maps: label_maps.Maps | None = None


def plan(
    spec: Mapping[str, Any], manual_dir: str, stack: contextlib.ExitStack
) -> tuple[dict[str, Source], list[tuple[str, slice]]]:
    """Folders by split and their slices, with every column but the pixels. `stack` closes the folders.

    Raises:
      DataError: a folder, zip or table cannot be read, or a name or row does not fit.
    """
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


def classes(spec: Mapping[str, Any], manual_dir: str = "") -> tuple[str, ...]:
    """The names of the classes of a role with `classes`, in the order of their numbers.

    Raises:
      DataError: as for `plan`.
    """
    if spec["class_names"]:
        return tuple(spec["class_names"])
    with contextlib.ExitStack() as stack:
        return _class_folders(_first_folders(_sources(spec, manual_dir, stack)))


def _sources(spec: Mapping[str, Any], manual_dir: str, stack: contextlib.ExitStack) -> dict[str, Source]:
    sources = {}
    for name, path in spec["files"].items():
        found = listing.find(path, manual_dir)
        assert found is not None  # `reads` has checked this
        sources[name] = Source(stack.enter_context(Folder(*found)))
    return sources


def _first_folders(sources: Mapping[str, Source]) -> dict[str, list[str]]:
    """Split -> the first folder of each image's path; '' if the image lies in none."""
    return {name: [image.rpartition("/")[0].split("/")[0] for image in source.folder.images]
            for name, source in sources.items()}  # fmt: skip


def _class_folders(first: Mapping[str, list[str]]) -> tuple[str, ...]:
    return listing.in_order({*itertools.chain(*first.values())} - {""})


def _add_classes(sources: Mapping[str, Source], names: tuple[str, ...]) -> None:
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


def _add_attributes(source: Source, spec: Mapping[str, Any], manual_dir: str) -> None:
    table = _attribute_table(source.folder, spec["attributes_file"], manual_dir)
    columns = annotations.choose(spec["attributes"], table.names, table.title)
    source.columns["label"] = table.values[_rows(source, table)][:, columns]


def _rows(source: Source, table: annotations.Table) -> np.ndarray:
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


def _add_features(used: Mapping[str, Source], path: Path) -> None:
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
