"""The images of folders and zips, with what `folder_labels` knows of each of them."""

import contextlib
import logging
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from gan_jax.data.examples import MAX_BYTES, Examples, Listing, concatenate, rows_of
from gan_jax.data.pixels.recipe import Recipe
from gan_jax.data.sources import decoding, filling, folder_labels, label_maps, listing
from gan_jax.data.sources.arrays import locate
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
        sources, chosen = folder_labels.plan(spec, manual_dir, stack)
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
        folder_labels.plan(spec, manual_dir, stack)


def listed(spec: Mapping[str, Any], manual_dir: str = "") -> Examples:
    """The rows that `read` would read if every file were readable, with images of one black pixel.

    Label maps, which are files too, are not read; each label is a map of one pixel, 0.

    Raises:
      DataError: as for `check`.
    """
    with contextlib.ExitStack() as stack:
        sources, chosen = folder_labels.plan(spec, manual_dir, stack)
        return concatenate([_listed(sources[name], rows) for name, rows in chosen])


def _listed(source: folder_labels.Source, rows: slice) -> Examples:
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


def _decode(source: folder_labels.Source, rows: slice, recipe: Recipe, store: Store | None) -> Examples:
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


def _summary(source: folder_labels.Source, reasons: Mapping[int, str]) -> str:
    """`, 2 skipped: 2 unreadable (a.jpg, b.jpg)`: files left out by reason, with the first few names."""
    left_out = dict.fromkeys(source.folder.others, "not an image")
    left_out |= {source.folder.images[place]: reasons[place] for place in sorted(reasons)}
    skipped = f", {len(left_out)} skipped: {listing.counted(left_out)}" if left_out else ""
    return skipped + "".join(f"; {note}" for note in source.notes)
