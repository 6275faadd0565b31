"""What a place that a user names holds: splits, channels and classes, found without reading all images."""

import dataclasses
import logging
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from gan_jax import paths
from gan_jax.data.embedded import catalogue
from gan_jax.data.sources import arrays, decoding, listing, tfds, tfds_preview
from gan_jax.errors import ConfigError, DataError

_log = logging.getLogger(__name__)

DOMAINS = ("A", "B")  # the ends of the names of splits that hold two domains: trainA, trainB
_SPLITS = ("train", "val", "valid", "validation", "test")
_NAMES = frozenset((*_SPLITS, *(split + domain for split in _SPLITS for domain in DOMAINS)))
_ARRAYS = (".npz", ".mat", ".gz", "-ubyte")  # the ends of files of arrays
_SEEN = 16  # images, from the whole list, whose colours are looked at


@dataclasses.dataclass(frozen=True)
class Place:
    """Where images are, and what they are.

    Attributes:
      title: the place as the user named it.
      fields: the fields of a data set that reads the place: `name`, or `files`.
      sizes: split -> number of images; an upper bound for files, since some may be unreadable.
      channels: 1 or 3.
      classes: number of classes; 0 if the images have no class labels.
      by_folder: whether the classes are the images' folders.
      blocks: split -> the numbers of images of the classes in a row, as the split lists them; () if classes
        are not folders.
    """

    title: str
    fields: Mapping[str, Any]
    sizes: Mapping[str, int]
    channels: int
    classes: int = 0
    by_folder: bool = False
    blocks: Mapping[str, tuple[int, ...]] = dataclasses.field(default_factory=dict)


def find(text: str, *, data_dir: str = "", manual_dir: str = "") -> Place:
    """The place that a text names.

    Args:
      text: a path; or the name of an embedded set or of a tfds set. A path is a folder or zip of images, a
        folder inside a zip, one image, or a file of arrays. It is relative to the working folder, or else to
        the folder of files. Sub-folders `train`, `val`, `test`, or `trainA` and so on, are splits, in
        any case of letters. Other sub-folders are classes.
      data_dir: folder of prepared tfds sets.
      manual_dir: folder of files; '' is the folder that GAN_JAX_DATA names.

    Raises:
      ConfigError, DataError: nothing has the name, or it cannot be read, or an embedded set and something in
        the working folder have it; the message says what is allowed.
    """
    if text in catalogue.NAMES and paths.given("data", text).exists():
        raise ConfigError(
            f"data={text!r} is the name of an embedded set and of something in the working folder; allowed: "
            f"'./{text}' for the latter, or another working folder for the set"
        )
    if text in catalogue.NAMES:
        return _embedded(text)
    path = _path(text, manual_dir)
    if path is None and (text.startswith((".", "/", "~")) or text.endswith(("/", ".zip", *_ARRAYS))):
        raise DataError(f"data={text!r}: there is no such file or folder")
    if path is None:
        try:
            return _of_tfds(text, data_dir, manual_dir)
        except DataError as error:
            raise DataError(f"data={text!r}: there is no such file or folder; as a name: {error}") from error
    found = listing.find(str(path))
    if found is not None:
        return _folder(text, *found)
    if not path.name.endswith(_ARRAYS):
        allowed = "a folder or zip of images, an image, or a file of arrays, such as .npz"
        raise DataError(f"{arrays.shortened(path)}: cannot be used as data; allowed: {allowed}")
    return _arrays(text, path)


def has_attributes(place: Place, data_dir: str = "") -> bool:
    """Whether the images of a place have attributes: a table `attributes.csv`, or those of a named set.

    Args:
      place: a place that `find` found.
      data_dir: folder of tfds.

    Raises:
      DataError: a table cannot be read.
    """
    name = place.fields.get("name", "")
    if name in catalogue.NAMES:
        return catalogue.LABELS[name] == catalogue.ATTRIBUTES
    if name:
        return "attributes" in tfds.builder_of(name, data_dir).info.features
    folders = [listing.find(root) for root in place.fields["files"].values()]
    return all(found is not None and _has_table(*found) for found in folders)


def _has_table(path: Path, inner: str) -> bool:
    with listing.Folder(path, inner) as folder:
        return folder.attributes() is not None


def _path(text: str, manual_dir: str) -> Path | None:
    """The existing path that a text names; None if there is none."""
    near = paths.given("data", text).absolute()
    local = arrays.local_folder(manual_dir)
    for path in (near, *([local.absolute() / text] if local is not None else [])):
        if listing.find(str(path)) is not None or path.is_file():
            return path
    return None


def _embedded(name: str) -> Place:
    sizes = dict(catalogue.sizes(name))
    image, label = (catalogue.stand_ins(name, "train").columns[key] for key in ("image", "label"))
    classes = int(label.max()) + 1 if catalogue.LABELS[name] == catalogue.CLASSES else 0
    return Place(name, {"name": name}, sizes, image.shape[-1], classes)


def _arrays(text: str, path: Path) -> Place:
    """A file of arrays, whose classes are those of its training split."""
    files = {split: str(path) for split in arrays.splits_of(path) if split in _NAMES}
    sizes = {split: len(arrays.read(files, split)) for split in files}
    columns = arrays.read(files, "train").columns
    label = columns.get("label")
    classes = int(label.max()) + 1 if label is not None and label.ndim == 1 else 0
    return Place(text, {"files": files}, sizes, columns["image"].shape[-1], classes)


def _of_tfds(name: str, data_dir: str, manual_dir: str) -> Place:
    tfds.check(name, (), data_dir, manual_dir)
    builder = tfds.builder_of(name, data_dir)
    sizes = {split: info.num_examples for split, info in builder.info.splits.items()}
    if not sizes:
        raise DataError(f"data set {name!r} is not prepared, so that the sizes of its splits are not known")
    spec = {"name": name, "split": next(iter(sizes)), "attributes": ()}
    columns = tfds_preview.stand_ins(spec, data_dir).columns
    label = columns.get("label")
    classes = int(label.max()) + 1 if label is not None and label.ndim == 1 else 0
    return Place(name, {"name": name}, sizes, columns["image"].shape[-1], classes)


def _folder(text: str, path: Path, inner: str) -> Place:
    """A folder, zip or image. A folder that has only one sub-folder stands for that sub-folder."""
    with listing.Folder(path, inner) as folder:
        images, grey = folder.images, _is_grey(folder)
    below = ""
    first = {name.partition("/")[0] for name in images}
    while len(first) == 1 and all("/" in name for name in images) and not _parts(text, first):
        below += f"{first.pop()}/"
        images = tuple(name.partition("/")[2] for name in images)
        first = {name.partition("/")[0] for name in images}
    root = "/".join(part for part in (str(path), inner, below.rstrip("/")) if part)
    parts = _parts(text, first)
    if any(part.startswith("train") for part in parts):
        files = {part: f"{root}/{there}" for part, there in parts.items()}
        inside = {part: [name.partition("/")[2] for name in images if name.startswith(f"{there}/")]
                  for part, there in parts.items()}  # fmt: skip
        unused = len(images) - sum(map(len, inside.values()))
        if unused:
            _log.warning("%s: %d images outside of %s are not used", text, unused, ", ".join(parts.values()))
    else:
        files, inside = {"train": root}, {"train": list(images)}
    firsts = {part: [name.partition("/")[0] if "/" in name else "" for name in names]
              for part, names in inside.items()}  # fmt: skip
    for part in _without_classes(firsts):
        _log.warning("%s: %s is not used: unlike train, it has no folders of classes", text, parts[part])
        del files[part], firsts[part]
    sizes = {part: len(names) for part, names in firsts.items()}
    found = set().union(*firsts.values())
    by_folder = len(found) > 1 and "" not in found
    fields = {"files": files, **({"channels": 1} if grey else {})}
    blocks = {part: tuple(Counter(names).values()) for part, names in firsts.items()} if by_folder else {}
    return Place(text, fields, sizes, 1 if grey else 3, len(found) if by_folder else 0, by_folder, blocks)


def _without_classes(firsts: Mapping[str, Sequence[str]]) -> list[str]:
    """The splits that have images outside of folders, if those of `train` are in folders of classes."""
    learned = set(firsts.get("train", ()))
    classes = len(learned) > 1 and "" not in learned
    return [part for part, names in firsts.items() if classes and "" in names]


def _parts(text: str, folders: Collection[str]) -> dict[str, str]:
    """Split -> the sub-folder that is this split, whether its name has capitals or not, as in `Train`.

    Raises:
      DataError: two sub-folders are the same split.
    """
    known = {name.casefold(): name for name in _NAMES}
    found: dict[str, str] = {}
    for folder in sorted(folders):
        part = known.get(folder.casefold())
        if part in found:
            raise DataError(f"data={text!r} has {found[part]!r} and {folder!r}; allowed: one folder {part!r}")
        if part is not None:
            found[part] = folder
    return dict(sorted(found.items()))


def _is_grey(folder: listing.Folder) -> bool:
    """Whether images at even distances in the list have no colours; the first ones may be of one class."""
    seen = []
    for place in range(min(_SEEN, len(folder.images))):
        name = folder.images[place * len(folder.images) // min(_SEEN, len(folder.images))]
        try:
            seen.append(decoding.is_grey(decoding.read_content(folder.read, name)))
        except decoding.Skipped:  # reading the data set reports the file
            continue
    return bool(seen) and all(seen)
