"""The fields of a configuration's role: their defaults, and which of them do not go together."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gan_jax.data.embedded.digits import read as digits
from gan_jax.data.embedded.digits import scenes
from gan_jax.data.embedded.emoji import read as emoji
from gan_jax.data.examples import Examples
from gan_jax.data.pixels.framing import Framing
from gan_jax.data.pixels.views import DERIVED, View
from gan_jax.errors import ConfigError

EMBEDDED = (*digits.NAMES, *scenes.NAMES, emoji.NAME)  # data sets that need no file and no network
PALETTE = "palette"  # a `derive` of label maps, not of images
DEFAULTS: Mapping[str, Any] = {
    "name": "",
    "files": {},
    "split": "train",
    "exclude": (),
    "labels": True,
    "classes": False,
    "attributes": (),
    "having": (),
    "lacking": (),
    "attributes_file": "",
    "label_maps": {},
    "label_classes": 0,
    "features": "",
    "side": "",
    "crop": (),
    "resize": "square",
    "derive": "",
    "channels": 0,
}


def complete(spec: Mapping[str, Any]) -> dict[str, Any]:
    """All fields of a role: those given, and defaults.

    Args:
      spec: the fields that are given; either of the first two is required.
        `name`: of an embedded or tfds data set.
        `files`: split -> path of arrays (`arrays_source`), or of a folder or zip of images, or of a
          folder inside a zip, `faces.zip/train` (`folder_source`).
        `split`: a slice in tfds' syntax such as `test[:8000]+train`.
        `exclude`: labels to leave out. They serve this even where they are not kept.
        `labels`: whether the examples keep their label.
        `classes`: whether labels are the folders that images lie in, numbered in order of their names.
        `attributes`: names of the attributes that are the label, in this order; () for none, or for
          all of `emoji`; a tfds set has them as the feature `attributes`, as celeb_a does.
        `having`, `lacking`: names of attributes that images must have, or must not; others are left out.
          Where they are given, `attributes=()` keeps no label.
        `attributes_file`: path of their table; '' for `attributes.csv` inside or beside the folder or
          zip. Either `file,Name1,...` with values 0/1 or -1/1, or CelebA's `list_attr_celeba.txt`.
        `label_maps`: split -> path of a folder or zip, for each of `files`, with a PNG of class indices, grey
          or palette, for every image: of its name and size. The label is then a map of labels, 255 where a
          pixel has no class, cropped and mirrored with the image and never interpolated.
        `label_classes`: how many classes label maps have; other values, but 255, are refused. 0 takes any.
        `features`: path of features of these images: `.npy` [N, d] in order of the files, or `.npz`
          with `features` and `files`, their names.
        `side`: 'left' or 'right' half of two images beside each other; '' for the whole image.
        `crop`: (width, height) of its middle, or the box (left, top, right, bottom), in pixels of the file's
          image or half; () for all.
        `resize`: 'square' keeps the aspect and of what is left uses the largest square in the middle,
          'squeeze' uses all.
        `derive`: 'edges' or 'grey', made of the image by integers alone, one channel; 'palette', the label
          map in the colours of its classes, see `gan_jax.palette`; '' for the image.
        `channels`: 1 takes colours' luma, 3 replicates one channel, 0 leaves them as they are.

    Raises:
      ConfigError: an unknown field, a value that is not allowed, not exactly one of `name` and `files`, or
        fields that do not go together.
    """
    unknown = sorted(set(spec) - set(DEFAULTS))
    if unknown:
        raise ConfigError(f"a role's field {unknown[0]!r} is not known: {', '.join(DEFAULTS)}")
    full = {**DEFAULTS, **spec}
    if bool(full["name"]) == bool(full["files"]):
        found = f"name={full['name']!r} and files={dict(full['files'])}"
        raise ConfigError(f"a role has {found}; expected exactly one of them")
    _check_labels(full)
    framing(full, 1)
    view(full, 1)
    return full


def framing(spec: Mapping[str, Any], size: int) -> Framing:
    """How images of a role, all of whose fields are given, become squares of `size` pixels a side."""
    return Framing(size, spec["side"], spec["crop"], spec["resize"])


def view(spec: Mapping[str, Any], size: int, flip: bool = False) -> View:
    """What is then made of them each time they are drawn."""
    if spec["derive"] not in (*DERIVED, PALETTE):
        allowed = ", ".join(map(repr, (*DERIVED, PALETTE)))
        raise ConfigError(f"a role's derive={spec['derive']!r} is not allowed; allowed: {allowed}")
    # A label map's colours are put in the image's place when it is read.
    return View(size, flip, "" if spec["derive"] == PALETTE else spec["derive"], spec["channels"])


def reading(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The fields with all attributes that reading needs, the label's first, and maps if they are used."""
    needed = (*spec["attributes"], *spec["having"], *spec["lacking"])
    maps = spec["label_maps"] if uses_maps(spec) else {}
    return {**spec, "attributes": tuple(dict.fromkeys(needed)), "label_maps": maps}


def uses_maps(spec: Mapping[str, Any]) -> bool:
    """Whether label maps, where there are any, are kept or shown."""
    return spec["labels"] or spec["derive"] == PALETTE


def chosen(spec: Mapping[str, Any], examples: Examples) -> Examples:
    """Those examples, read by `reading`, that `having` and `lacking` ask for; the label is the role's own."""
    if not (spec["having"] or spec["lacking"]):
        return examples
    columns = dict(zip(reading(spec)["attributes"], examples.columns["label"].T, strict=True))
    wanted = {**dict.fromkeys(spec["having"], 1), **dict.fromkeys(spec["lacking"], 0)}
    kept = examples.subset(np.all([columns[name] == value for name, value in wanted.items()], axis=0))
    if not spec["attributes"]:
        return kept.without("label")
    return kept.with_columns(label=kept.columns["label"][:, : len(spec["attributes"])])


def _check_labels(spec: Mapping[str, Any]) -> None:
    """Refuses fields on labels that do not go together, or not with this kind of source."""
    names = spec["attributes"]
    if isinstance(names, str) or len(set(names)) != len(names):
        raise ConfigError(f"attributes={names!r} is not allowed; allowed: names, each once")
    _check_conditions(spec)
    if spec["classes"] and names:
        raise ConfigError(f"classes=True and attributes={tuple(names)}: a label is either; give one of them")
    _check_maps(spec)
    if spec["exclude"] and (names or spec["name"] == emoji.NAME):
        raise ConfigError(f"exclude={tuple(spec['exclude'])} is for classes; these labels are attributes")
    if spec["attributes_file"] and not reading(spec)["attributes"]:
        raise ConfigError(f"attributes_file={spec['attributes_file']!r} needs attributes, names to keep")
    for field in ("classes", "attributes_file", "features", "label_maps"):
        if spec["name"] and spec[field]:
            raise ConfigError(f"{field}={spec[field]!r} is for images by files; name={spec['name']!r}")
    if spec["name"] in (*digits.NAMES, *scenes.NAMES) and names:
        raise ConfigError(f"attributes={names!r}: name={spec['name']!r} has none, its labels are classes")


def _check_maps(spec: Mapping[str, Any]) -> None:
    """Refuses label maps beside other labels, or of other splits than the images."""
    classes = spec["label_classes"]
    if type(classes) is not int or not 0 <= classes <= 255:
        raise ConfigError(f"label_classes={classes!r} is not allowed; allowed: 0 to 255")
    if not spec["label_maps"]:
        return
    for field in ("classes", "attributes", "having", "lacking", "exclude"):
        if spec[field]:
            raise ConfigError(f"label_maps are given and {field}={spec[field]!r}: a label is one of them")
    if spec["files"] and set(spec["label_maps"]) != set(spec["files"]):
        found = f"label_maps has splits {', '.join(spec['label_maps'])}"
        raise ConfigError(f"{found}; expected those of files, {', '.join(spec['files'])}")


def _check_conditions(spec: Mapping[str, Any]) -> None:
    """Refuses `having` and `lacking` that are no names, contradict each other, or have nothing to ask."""
    for field in ("having", "lacking"):
        names = spec[field]
        if isinstance(names, str) or set(names) & set(spec["lacking" if field == "having" else "having"]):
            raise ConfigError(f"{field}={names!r} is not allowed; allowed: names, each in one of the fields")
        if names and (spec["classes"] or spec["name"] in (*digits.NAMES, *scenes.NAMES)):
            raise ConfigError(f"{field}={tuple(names)} needs attributes; these images have classes")
