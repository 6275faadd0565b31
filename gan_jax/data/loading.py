"""Images by role: `load` reads a split, `stream` draws shuffled batches, `epoch` goes through."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from gan_jax.data import roles, splits
from gan_jax.data.embedded.digits import read as digits
from gan_jax.data.embedded.digits import scenes
from gan_jax.data.embedded.emoji import read as emoji
from gan_jax.data.examples import Examples
from gan_jax.data.pixels import views
from gan_jax.data.pixels.framing import Framing
from gan_jax.data.sources import arrays, folder, label_maps, tfds
from gan_jax.drawing import palette
from gan_jax.errors import DataError


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
        crops size x size at random, `epoch` those in the middle. The interpolation is then bicubic and
        antialiased, as in the official codes of pix2pix and CycleGAN. 0 for `size`.
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
    if load_size:
        framing = dataclasses.replace(framing, filter="bicubic")
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
    if spec["files"] and folder.reads(spec, manual_dir):
        folder.check(spec, manual_dir)
    elif spec["files"]:
        for path in spec["files"].values():
            arrays.locate(path, manual_dir)
    elif spec["name"] in digits.NAMES:
        splits.parse(spec["split"], digits.SIZES[spec["name"]], spec["name"])
    elif spec["name"] in scenes.NAMES:
        splits.parse(spec["split"], scenes.SIZES, spec["name"])
    elif spec["name"] == emoji.NAME:
        emoji.check(spec["split"], spec["attributes"])
    else:
        tfds.check(spec["name"], spec["attributes"], data_dir, manual_dir)


def _read(spec: Mapping[str, Any], framing: Framing, data_dir: str, manual_dir: str) -> Examples:
    if spec["files"] and folder.reads(spec, manual_dir):
        return folder.read(spec, framing, manual_dir)
    if not spec["files"] and spec["name"] not in (*digits.NAMES, *scenes.NAMES, emoji.NAME):
        return tfds.read(spec, framing, data_dir, manual_dir)
    if spec["files"]:
        examples = arrays.read(spec["files"], spec["split"], manual_dir)
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
