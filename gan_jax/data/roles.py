"""The fields of a configuration's role: their defaults, and checks of contradictions between them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gan_jax.data.embedded import catalogue
from gan_jax.data.examples import Examples
from gan_jax.data.pixels.framing import MAX_PIXELS, SIDES, Framing, require_choice
from gan_jax.data.pixels.views import DERIVED, View
from gan_jax.errors import ConfigError

PALETTE = "palette"  # the value of `derive` that is made from label maps, not from images
DEFAULTS: Mapping[str, Any] = {
    "name": "",
    "files": {},
    "split": "train",
    "exclude": (),
    "labels": True,
    "classes": False,
    "class_names": (),
    "attributes": (),
    "having": (),
    "lacking": (),
    "attributes_file": "",
    "label_lists": {},
    "label_maps": {},
    "label_classes": 0,
    "label_side": "",
    "label_colours": (),
    "features": "",
    "side": "",
    "crop": (),
    "resize": "square",
    "derive": "",
    "channels": 0,
    "max_pixels": MAX_PIXELS,
}

# The types of the fields whose defaults do not tell those of their items.
TYPES: Mapping[str, Any] = {
    **{field: type(value) for field, value in DEFAULTS.items()},
    **dict.fromkeys(("attributes", "having", "lacking", "class_names"), Sequence[str]),
    **dict.fromkeys(("exclude", "crop"), Sequence[int]),
    **dict.fromkeys(("files", "label_lists", "label_maps"), Mapping[str, str]),
    "label_colours": Sequence[Sequence[int]],
}


def complete(spec: Mapping[str, Any]) -> dict[str, Any]:
    """All fields of a role: the given ones, and defaults for the others.

    Args:
      spec: the given fields. Exactly one of the first two is required.
        `name`: name of an embedded or tfds data set.
        `files`: split -> path of arrays (`sources.arrays`), of a folder or zip of images, or of a folder
        inside a zip, `faces.zip/train` (`sources.folder`).
        `split`: a slice in tfds' syntax, such as `test[:8000]+train`.
        `exclude`: labels to leave out; works even if `labels` is False.
        `labels`: whether the examples keep their label.
        `classes`: whether the images' folders are their labels, numbered by their names, 2 before 10.
        `class_names`: the names of all classes in the order of their numbers, with `classes` or `label_maps`.
        () means the folders of all splits in `files` for `classes`.
        `attributes`: names of the attributes in the label, in this order. () means none, but all for `emoji`.
        A tfds set has its attributes in the feature `attributes`, as celeb_a has.
        `having`, `lacking`: names of attributes that images must have, or must not have; other images are
        left out. With either field, `attributes=()` keeps no label.
        `attributes_file`: path of the table of attributes; '' means `attributes.csv` inside or beside the
        folder or zip. It is `file,Name1,...` with 0/1, -1/1, False/True or no/yes, or CelebA's own list.
        `label_lists`: split -> path of a text file, also inside a zip, whose lines are like `00000001.png 5`.
        `label_maps`: split -> path of a folder or zip, for each split of `files`. It holds a PNG of class
        indices, grey or palette, for every image, with the image's name and size. 255 stands for pixels
        without a class. The map is cropped and mirrored with the image and never interpolated.
        `label_classes`: number of classes in label maps; other values, except 255, are refused. 0 allows all.
        `label_side`: 'left' or 'right' half of the pictures of `label_maps`; '' is the image's `side`.
        `label_colours`: the classes' colours (red, green, blue), 0 to 255, in label maps of any format. A
        pixel has the class of the nearest colour. () means class indices.
        `features`: path of features of these images: `.npy` [N, d] in the order of the files, or `.npz` with
        `features` and the file names `files`.
        `side`: 'left' or 'right' half of two images beside each other; '' for the whole image.
        `crop`: (width, height) of the middle, or the box (left, top, right, bottom), in pixels of the file's
        image or half; () keeps all.
        `resize`: 'crop', or its older name 'square', keeps the aspect ratio and uses the largest part in the
        middle; 'squeeze' uses all pixels; 'width' keeps the aspect ratio and uses the whole width; 'fit' uses
        all pixels and keeps the aspect ratio, so that images are rectangles whose longer side is `size`. All
        images of a role then have the first one's shape.
        `derive`: 'edges' or 'grey', computed from the image with integers, one channel; 'palette', the label
        map in the colours of its classes, see `gan_jax.drawing.palette`; '' for the image.
        `channels`: 1 converts colours to luma, 3 replicates one channel, 0 leaves the channels as they are.
        `max_pixels`: limit of the pixels that are decoded of one file; a larger picture is left out. A JPEG
        is decoded at reduced size where that suffices.

    Raises:
      ConfigError: a field is unknown, a value is not allowed, not exactly one of `name` and `files` is given,
        or fields contradict each other.
    """
    unknown = sorted(set(spec) - set(DEFAULTS))
    if unknown:
        raise ConfigError(f"a role's field {unknown[0]!r} is not known: {', '.join(DEFAULTS)}")
    full = {**DEFAULTS, **spec}
    if bool(full["name"]) == bool(full["files"]):
        found = f"name={full['name']!r} and files={dict(full['files'])}"
        raise ConfigError(f"a role has {found}; expected exactly one of them")
    _check_labels(full)
    if full["resize"] == "fit" and full["name"] and full["name"] not in catalogue.NAMES:
        raise ConfigError(f"resize='fit' is for files and embedded sets, but name={full['name']!r}")
    framing(full, 1)
    view(full, 1)
    return full


def framing(spec: Mapping[str, Any], size: int, width: int = 0) -> Framing:
    """The framing that gives a role's images `size` rows and `width` columns; 0 is `size` columns.

    `spec` has all fields.
    """
    part = spec["side"], spec["crop"], spec["resize"]
    return Framing(size, *part, max_pixels=spec["max_pixels"], width=width)


def framing_like(spec: Mapping[str, Any], height: int, width: int) -> Framing:
    """The framing that gives pictures the height and width of a role's images; `spec` has all fields.

    With `resize='fit'` only pictures of the same aspect ratio get this height and width.
    """
    return framing(spec, max(height, width)) if spec["resize"] == "fit" else framing(spec, height, width)


def view(spec: Mapping[str, Any], size: int, flip: bool = False, width: int = 0) -> View:
    """The view of a role's framed images at each draw; `spec` has all fields."""
    require_choice("derive", spec["derive"], (*DERIVED, PALETTE))
    # A label map's colours replace the image when the image is read.
    derive = "" if spec["derive"] == PALETTE else spec["derive"]
    return View(size, flip, derive, spec["channels"], width)


def reading(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The fields for reading a role.

    `attributes` becomes all attributes that are needed, the label's first. `label_maps` is kept only if the
    maps are used, and `label_lists` only if the classes are.
    """
    needed = (*spec["attributes"], *spec["having"], *spec["lacking"])
    maps = spec["label_maps"] if uses_maps(spec) else {}
    lists = spec["label_lists"] if spec["labels"] or spec["exclude"] else {}
    names = tuple(dict.fromkeys(needed))
    return {**spec, "attributes": names, "label_lists": lists, "label_maps": maps}


def uses_maps(spec: Mapping[str, Any]) -> bool:
    """Whether label maps, if there are any, are kept as labels or shown as images."""
    return spec["labels"] or spec["derive"] == PALETTE


def chosen(spec: Mapping[str, Any], examples: Examples) -> Examples:
    """The examples that satisfy `having` and `lacking`, with the role's own label.

    Args:
      spec: all fields of the role.
      examples: the examples as read with the fields of `reading`.
    """
    if not (spec["having"] or spec["lacking"]):
        return examples
    columns = dict(zip(reading(spec)["attributes"], examples.columns["label"].T, strict=True))
    wanted = {**dict.fromkeys(spec["having"], 1), **dict.fromkeys(spec["lacking"], 0)}
    kept = examples.subset(np.all([columns[name] == value for name, value in wanted.items()], axis=0))
    if not spec["attributes"]:
        return kept.without("label")
    return kept.with_columns(label=kept.columns["label"][:, : len(spec["attributes"])])


def _check_labels(spec: Mapping[str, Any]) -> None:
    """Refuses fields on labels that contradict each other or do not fit the kind of source."""
    names, embedded = spec["attributes"], catalogue.LABELS.get(spec["name"])
    if isinstance(names, str) or len(set(names)) != len(names):
        raise ConfigError(f"attributes={names!r} is not allowed; allowed: names, each once")
    _check_conditions(spec)
    classes = spec["class_names"]
    if isinstance(classes, str) or len(set(classes)) != len(classes):
        raise ConfigError(f"class_names={classes!r} is not allowed; allowed: names, each once")
    if classes and not (spec["classes"] or spec["label_maps"]):
        raise ConfigError(f"class_names={tuple(classes)} needs classes=True or label_maps")
    if spec["classes"] and names:
        raise ConfigError(
            f"classes=True and attributes={tuple(names)}: a label is a class or attributes; give one of both"
        )
    _check_beside(spec, "label_lists", ("classes", "attributes", "having", "lacking", "label_maps"))
    _check_maps(spec)
    if spec["exclude"] and (names or embedded == catalogue.ATTRIBUTES):
        raise ConfigError(f"exclude={tuple(spec['exclude'])} is for classes; these labels are attributes")
    if spec["attributes_file"] and not reading(spec)["attributes"]:
        raise ConfigError(
            f"attributes_file={spec['attributes_file']!r} needs the field attributes, the names to keep"
        )
    for field in ("classes", "attributes_file", "features", "label_lists", "label_maps"):
        if spec["name"] and spec[field]:
            raise ConfigError(f"{field}={spec[field]!r} is for images from files, but name={spec['name']!r}")
    if names and embedded not in (None, catalogue.ATTRIBUTES):
        raise ConfigError(f"attributes={names!r}: name={spec['name']!r} has none; its labels are {embedded}")


def _check_maps(spec: Mapping[str, Any]) -> None:
    """Refuses label maps beside other kinds of labels, or for other splits than the images."""
    classes = spec["label_classes"]
    if type(classes) is not int or not 0 <= classes <= 255:
        raise ConfigError(f"label_classes={classes!r} is not allowed; allowed: 0 to 255")
    _check_colours(spec["label_colours"], classes)
    for field in ("label_side", "label_colours"):
        if spec[field] and not spec["label_maps"]:
            raise ConfigError(f"{field}={spec[field]!r} needs label_maps")
    require_choice("label_side", spec["label_side"], SIDES)
    if spec["label_side"] and not spec["side"]:
        raise ConfigError(f"label_side={spec['label_side']!r} is for images with side='left' or 'right'")
    names = spec["class_names"]
    if spec["label_maps"] and names and len(names) != classes:
        found = f"class_names has {len(names)} names and label_classes={classes}"
        raise ConfigError(f"{found}; give equally many")
    _check_beside(spec, "label_maps", ("classes", "attributes", "having", "lacking", "exclude"))


def _check_beside(spec: Mapping[str, Any], field: str, others: Sequence[str]) -> None:
    """Refuses files of labels by split beside other kinds of labels, or for other splits than the images."""
    if not spec[field]:
        return
    for other in others:
        if spec[other]:
            raise ConfigError(f"{field} are given and {other}={spec[other]!r}: give only one of both")
    if spec["files"] and set(spec[field]) != set(spec["files"]):
        found = f"{field} has splits {', '.join(spec[field])}"
        raise ConfigError(f"{found}; expected those of files, {', '.join(spec['files'])}")


def _check_colours(colours: Any, classes: int) -> None:
    """Refuses colours of classes that are no colours, are given twice, or are not as many as the classes."""
    found = [tuple(colour) for colour in colours]
    for place, colour in enumerate(found):
        valid = len(colour) == 3 and all(type(level) is int and 0 <= level <= 255 for level in colour)
        if not valid or colour in found[:place]:
            allowed = "(red, green, blue), whole numbers of 0 to 255, each colour once"
            raise ConfigError(f"label_colours[{place}]={colour!r} is not allowed; allowed: {allowed}")
    if found and len(found) != classes:
        raise ConfigError(
            f"label_colours has {len(found)} colours and label_classes={classes}; give equally many"
        )


def _check_conditions(spec: Mapping[str, Any]) -> None:
    """Refuses `having` and `lacking` that are not names, contradict each other, or have no attributes."""
    for field in ("having", "lacking"):
        names = spec[field]
        if isinstance(names, str) or set(names) & set(spec["lacking" if field == "having" else "having"]):
            raise ConfigError(f"{field}={names!r} is not allowed; allowed: names, each in one of the fields")
        kind = "classes" if spec["classes"] else catalogue.LABELS.get(spec["name"], catalogue.ATTRIBUTES)
        if names and kind != catalogue.ATTRIBUTES:
            raise ConfigError(f"{field}={tuple(names)} needs attributes; these images have {kind}")
