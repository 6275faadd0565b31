"""What can be told of a role's examples without decoding or drawing an image."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gan_jax.data import roles
from gan_jax.data.embedded import catalogue
from gan_jax.data.examples import Examples
from gan_jax.data.pixels import views
from gan_jax.data.sources import arrays, folder, own, tfds_preview
from gan_jax.errors import DataError


@dataclasses.dataclass(frozen=True)
class Preview:
    """A role before its images are read.

    Attributes:
      count: the number of examples; an upper bound for files, since some may be unreadable.
      total: the number of examples that the split lists.
      columns: the columns of `load`'s examples. `image` is one image of zeros. The rows of the others are
        the examples' own, or stand-ins of the same shape with the smallest and largest values there may be.
      names: file names of all listed examples; () if they are not files.
      unread: names of columns whose values only the files of label maps tell; `columns` has zeros for them.
    """

    count: int
    total: int
    columns: Mapping[str, np.ndarray]
    names: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


def preview(
    spec: Mapping[str, Any], *, size: int, width: int = 0, data_dir: str = "", manual_dir: str = ""
) -> Preview:
    """What `load` will read of a role, found without decoding or drawing an image.

    Args:
      spec: as for `load`.
      size: as for `load`.
      width: as for `load`.
      data_dir: as for `load`.
      manual_dir: as for `load`.

    Raises:
      ConfigError, DataError: as for `check`; also a DataError for a split without examples.
    """
    spec = roles.complete(spec)
    needed = roles.reading(spec)
    exact = True
    if spec["files"] and folder.reads(needed, manual_dir):
        examples = folder.listed(needed, manual_dir)
    elif spec["files"]:
        examples = arrays.read(needed["files"], needed["split"], manual_dir)
    elif spec["name"] in catalogue.NAMES:
        examples, exact = catalogue.stand_ins(needed["name"], needed["split"], needed["attributes"]), False
    elif own.is_own(spec["name"]):
        examples = own.read(needed)
    else:
        examples, exact = tfds_preview.stand_ins(needed, data_dir), False
    if exact:
        examples = roles.chosen(spec, examples)
        if spec["exclude"]:
            examples = examples.excluding(spec["exclude"])
    elif (spec["having"] or spec["lacking"]) and not spec["attributes"]:
        examples = examples.without("label")
    elif spec["exclude"] and getattr(examples.columns.get("label"), "ndim", 0) == 1:
        examples = _without_classes(examples, spec["exclude"])
    count, columns = len(examples), {k: v for k, v in examples.columns.items() if k != "image"}
    if not count:
        source = spec["name"] or ", ".join(spec["files"].values())
        raise DataError(f"split {spec['split']!r} of {source} holds no example")
    if "label" in columns and columns["label"].ndim == 3:
        values = np.unique(columns["label"])[:, None, None]
        columns["label"] = np.broadcast_to(values, (len(values), size, width or size)).astype(np.int32)
    if not spec["labels"]:
        columns.pop("label", None)
    channels = 3 if spec["derive"] == roles.PALETTE else examples.columns["image"].shape[-1]
    how = "" if spec["derive"] == roles.PALETTE else spec["derive"]
    seen = views.derived(np.zeros((1, 8, 8, channels), np.uint8), how, spec["channels"])
    columns["image"] = np.zeros((1, size, width or size, seen.shape[-1]), np.uint8)
    unread = ("label",) if needed["label_maps"] and "label" in columns else ()
    return Preview(count, examples.listing.total, columns, examples.listing.names, unread)


def _without_classes(examples: Examples, classes: Sequence[int]) -> Examples:
    """Stand-ins as many as before, none of which has one of the classes, if others are left."""
    labels = examples.columns["label"]
    kept = labels[~np.isin(labels, classes)]
    return (
        examples.with_columns(label=np.resize(kept, len(labels)))
        if len(kept)
        else examples.subset(labels < 0)
    )
