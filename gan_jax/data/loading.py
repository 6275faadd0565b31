"""Reads what a role names: an embedded set, files, or a tfds data set. All its images get one size."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from gan_jax.data import roles
from gan_jax.data.embedded import catalogue
from gan_jax.data.examples import Examples
from gan_jax.data.pixels import views
from gan_jax.data.pixels.recipe import Recipe
from gan_jax.data.sources import arrays, folder, folder_labels, label_maps, own, tfds, tfds_rows
from gan_jax.data.store.place import Store
from gan_jax.drawing import palette
from gan_jax.errors import ConfigError, DataError


def load(
    spec: Mapping[str, Any],
    *,
    size: int,
    width: int = 0,
    load_size: int = 0,
    flip: bool = False,
    data_dir: str = "",
    manual_dir: str = "",
    store: Store | None = None,
) -> Examples:
    """Reads the images of one role of a configuration.

    Args:
      spec: the fields of a role, see `roles.complete`.
      size: images are resized to `size` rows, bilinearly and antialiased. Label maps take the nearest pixel.
        With the role's `resize='fit'` this is the longer side.
      width: columns of the images; 0 means `size`.
      load_size: images are resized to so many rows instead, bicubically as in the codes of pix2pix and
        CycleGAN. Each draw of `stream` then crops them at random; `epoch` crops the middle. 0 means `size`.
      flip: whether each draw of `stream` mirrors an image with probability one half.
      data_dir: folder of prepared tfds data sets; '' is tfds' own default.
      manual_dir: folder of files already on disk; '' is the folder that GAN_JAX_DATA names.
      store: where large sets are kept decoded; None keeps every set in memory.

    Returns:
      `image` uint8 [N, size, width, C], an array or rows of a store; `label`, if known and kept, [N] for
      classes, [N, K] for attributes, or [N, size, width] for maps; `features` float32 [N, d].

    Raises:
      ConfigError: a field is unknown, not exactly one of `name` and `files` is given, or fields contradict
        each other.
      DataError: a data set, file, split or attribute is missing, damaged or empty.
    """
    spec = roles.complete(spec)
    framing = roles.framing(spec, load_size or size, round(width * (load_size or size) / size))
    view = roles.view(spec, size, flip, width)
    if framing.resize == "fit" and (load_size or flip):
        raise ConfigError("a role's resize='fit' is for images that are not cropped or mirrored at random")
    if load_size:
        framing = dataclasses.replace(framing, filter="bicubic")
    # Edges at the border depend on the crop. Where there is one, each draw derives them anew.
    recipe = Recipe(framing) if framing.size > size else Recipe(framing, view.derive, view.channels)
    examples = roles.chosen(spec, _read(roles.reading(spec), recipe, data_dir, manual_dir, store))
    if spec["exclude"]:
        examples = examples.excluding(spec["exclude"])
    source = spec["name"] or ", ".join(spec["files"].values())
    if roles.uses_maps(spec):
        label_maps.warn_of_masks(examples, source)
    if roles.uses_maps(spec) and (spec["label_classes"] or spec["derive"] == roles.PALETTE):
        label_maps.require(examples, spec["label_classes"], source)
    if spec["derive"] == roles.PALETTE:
        examples = examples.with_columns(image=recipe.finish(palette.paint(examples.columns["label"])))
    if not spec["labels"]:
        examples = examples.without("label")
    if not len(examples):
        raise DataError(f"split {spec['split']!r} of {source} holds no example")
    if framing.size > size:
        return dataclasses.replace(examples, view=view)
    return dataclasses.replace(examples, view=views.View(size, flip, width=width) if flip else None)


def check(spec: Mapping[str, Any], *, data_dir: str = "", manual_dir: str = "") -> None:
    """Finds, without reading images, what would keep `load` from reading a role.

    Args:
      spec: as for `load`.
      data_dir: as for `load`.
      manual_dir: as for `load`.

    Raises:
      ConfigError: as for `load`.
      DataError: a data set or attribute is unknown or unreachable, or a file is missing.
    """
    spec = roles.reading(roles.complete(spec))
    if spec["files"] and folder.reads(spec, manual_dir):
        folder.check(spec, manual_dir)
    elif spec["files"]:
        for path in spec["files"].values():
            arrays.locate(path, manual_dir)
    elif spec["name"] in catalogue.NAMES:
        catalogue.check(spec["name"], spec["split"], spec["attributes"])
    elif own.is_own(spec["name"]):
        own.check(spec)
    else:
        tfds.check(spec["name"], spec["attributes"], data_dir, manual_dir)


def classes(spec: Mapping[str, Any], *, manual_dir: str = "") -> tuple[str, ...]:
    """The names of the classes that a role's folders are, in the order of their numbers; () without such.

    Args:
      spec: as for `load`.
      manual_dir: as for `load`.

    Raises:
      ConfigError, DataError: as for `check`.
    """
    spec = roles.complete(spec)
    if not (spec["classes"] and folder.reads(spec, manual_dir)):
        return ()
    return folder_labels.classes(spec, manual_dir)


def _read(
    spec: Mapping[str, Any], recipe: Recipe, data_dir: str, manual_dir: str, store: Store | None
) -> Examples:
    if spec["files"] and folder.reads(spec, manual_dir):
        return folder.read(spec, recipe, manual_dir, store)
    if spec["files"]:
        examples = arrays.read(spec["files"], spec["split"], manual_dir)
    elif spec["name"] in catalogue.NAMES:
        examples = catalogue.read(spec["name"], spec["split"], spec["attributes"])
    elif own.is_own(spec["name"]):
        examples = own.read(spec)
    else:
        return tfds_rows.read(spec, recipe, data_dir, manual_dir, store)
    framing = recipe.framing
    framed = {"image": recipe.finish(framing.apply_all(examples.columns["image"]))}
    height, width = examples.columns["image"].shape[1:3]
    shares = np.tile(framing.shares(width, height), (len(examples), 1))
    origin = dataclasses.replace(examples.listing, shares=shares)
    examples = dataclasses.replace(examples, origin=origin)
    if examples.has_maps:
        maps = examples.columns["label"].astype(np.uint8)[..., None]
        framed["label"] = framing.apply_all(maps, nearest=True)[..., 0].astype(np.int32)
    return examples.with_columns(**framed)
