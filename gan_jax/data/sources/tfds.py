"""Data sets by name through tensorflow-datasets, as arrays in memory."""

import difflib
import math
import sys
import threading
import urllib.parse
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gan_jax import paths
from gan_jax.data import splits
from gan_jax.data.embedded import catalogue
from gan_jax.data.examples import MAX_BYTES, Examples, Listing
from gan_jax.data.pixels.framing import Framing
from gan_jax.data.sources import annotations
from gan_jax.data.sources.arrays import local_folder
from gan_jax.errors import DataError

_PROBE_SECONDS = 4.0  # tfds itself would try for three minutes
_BLOCK = 1024  # images in one read


def read(spec: Mapping[str, Any], framing: Framing, data_dir: str, manual_dir: str) -> Examples:
    """Rows of a tfds data set. The set is prepared first if needed and if its files can be obtained.

    Args:
      spec: all fields of a role. `name` is tfds' name, such as `mnist` or `cycle_gan/horse2zebra`; `split`
        has tfds' slicing syntax; `attributes` are the label's names in the set's feature `attributes`.
      framing: the used part of each image.
      data_dir: folder of prepared data sets; '' is tfds' own default.
      manual_dir: folder of official files already on disk, or of a folder `name` that holds them; '' is the
        folder that GAN_JAX_DATA names.

    Returns:
      `image` uint8 [N, size, size, C] and, if the set has it, `label` int32 [N], or int32 [N, K] in {0, 1}
      with K `attributes`. The rows are in the order of the prepared files. tfds shuffles the examples once,
      so the order is not the official files'.

    Raises:
      DataError: a name, split or attribute is unknown; files are damaged, or neither on disk nor reachable;
        the set has no images, or does not fit in memory.
    """
    name, split = spec["name"], spec["split"]
    builder = builder_of(name, data_dir)
    if not builder.is_prepared():
        _prepare(builder, name, manual_dir)
        builder = builder_of(name, data_dir)
    _check_attributes(builder, name, spec["attributes"])
    sizes = {part: info.num_examples for part, info in builder.info.splits.items()}
    chosen = splits.parse(split, sizes, f"data set {name!r} in {builder.data_path}")
    total = sum(rows.stop - rows.start for _, rows in chosen if rows.stop > rows.start)
    columns = allocate(builder, name, total, *framing.sides)
    if spec["attributes"]:
        columns["label"] = np.empty((total, len(spec["attributes"])), np.int32)
    shares, filled = np.ones((total, 2)), 0
    for block in _blocks(builder, split, tuple(columns), spec["attributes"]):
        end = filled + len(block["image"])
        if end > total:
            break
        columns["image"][filled:end] = framing.apply_all(block["image"])
        shares[filled:end] = framing.shares(*block["image"].shape[2:0:-1])
        if "label" in columns:
            columns["label"][filled:end] = block["label"]
        filled = end
    if filled != total:
        raise _unreadable(builder, f"holds {filled} examples of {split!r}; expected {total}")
    return Examples(columns, origin=Listing(total, np.arange(total), shares=shares))


def check(name: str, attributes: Sequence[str], data_dir: str, manual_dir: str) -> None:
    """Raises, within seconds, the DataError of a missing data set or attribute that `read` would raise."""
    builder = builder_of(name, data_dir)
    if not builder.is_prepared():
        _obtainable(builder, name, manual_dir)
    _check_attributes(builder, name, attributes)


def _check_attributes(builder: Any, name: str, attributes: Sequence[str]) -> None:
    if attributes:
        features = dict(builder.info.features.items())
        known: Any = features.get("attributes")
        title = f"data set {name!r}"
        if not hasattr(known, "items"):
            raise DataError(f"{title} has no attributes; its features are {', '.join(sorted(features))}")
        annotations.choose(attributes, list(known), title)


def builder_of(name: str, data_dir: str) -> Any:
    """The builder of a set. Raises DataError for an unknown name or version, or without tfds."""
    try:
        import tensorflow_datasets as tfds
    except ImportError as error:
        raise DataError(f"data set {name!r} needs tensorflow-datasets: {_line(error)}") from error
    try:
        return tfds.builder(name, data_dir=str(paths.given("data_dir", data_dir)) if data_dir else None)
    except (AssertionError, ValueError) as error:  # for an unknown version or name
        known = tfds.list_builders(with_community_datasets=False)
        if name.split("/")[0].split(":")[0] in known:
            raise DataError(f"data set {name!r}: {_line(error)}") from error
        near = difflib.get_close_matches(name, [*catalogue.NAMES, *known])
        hint = f"did you mean {', '.join(near)}? " if near else ""
        raise DataError(
            f"data set {name!r} is not known; {hint}known: {', '.join(catalogue.NAMES)} and "
            "those of tfds, such as mnist, svhn_cropped"
        ) from error


def allocate(builder: Any, name: str, total: int, width: int, height: int) -> dict[str, np.ndarray]:
    """Empty columns for `total` examples, if the set has images and they fit in memory."""
    features = dict(builder.info.features.items())
    image = features.get("image")
    if image is None or image.np_dtype != np.uint8 or image.shape[-1] not in (1, 3):
        found = f"its features are {', '.join(features)}" if image is None else f"has {image}"
        raise DataError(f"data set {name!r}: {found}; expected image, uint8 [H, W, 1 or 3]")
    shape = (total, height, width, image.shape[-1])
    if math.prod(shape) > MAX_BYTES:
        raise DataError(
            f"data set {name!r}: {total} images of {width} x {height} take "
            f"{math.prod(shape) / 2**30:.1f} GiB; allowed: {MAX_BYTES / 2**30:.0f} GiB; "
            "take a part by its split, such as 'train[:10%]'"
        )
    columns = {"image": np.empty(shape, np.uint8)}
    if "label" in features and np.issubdtype(features["label"].np_dtype, np.integer):
        columns["label"] = np.empty(total, np.int32)
    return columns


def _blocks(
    builder: Any, split: str, columns: Sequence[str], attributes: Sequence[str]
) -> Iterator[dict[str, np.ndarray]]:
    """The rows of `split` in blocks; every column has a leading axis."""
    # Images of different sizes cannot be stacked before they are resized.
    block = _BLOCK if None not in builder.info.features["image"].shape else 1
    wanted: dict[str, Any] = dict.fromkeys(columns, True)
    if attributes:
        del wanted["label"]
        wanted["attributes"] = dict.fromkeys(attributes, True)
    tfrecord = builder.info.file_format.value == "tfrecord"
    for rows in (_tfrecord_blocks if tfrecord else _random_access_blocks)(builder, split, wanted, block):
        if attributes:
            given = rows.pop("attributes")
            rows["label"] = np.stack([given[name] for name in attributes], 1).astype(np.int32)
        yield rows


def _tfrecord_blocks(builder, split, wanted, block):
    import tensorflow_datasets as tfds

    tf = _tensorflow()
    try:
        rows = builder.as_dataset(
            split=split,
            decoders=tfds.decode.PartialDecoding(wanted),
            # The files are read one after the other; by default tfds would interleave sixteen.
            read_config=tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False),
        )
        yield from rows.batch(block).as_numpy_iterator()
    except (OSError, tf.errors.OpError) as error:
        raise _unreadable(builder, _line(error)) from error


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
        raise _unreadable(builder, _line(error)) from error


def _tensorflow() -> Any:
    """TensorFlow, barred from the accelerators before it can reserve their memory."""
    import tensorflow as tf

    for kind in ("GPU", "TPU"):
        tf.config.set_visible_devices([], kind)
    return tf


def _prepare(builder: Any, name: str, manual_dir: str) -> None:
    """Prepares the set from official files on disk or, if they are reachable, from downloads.

    tfds writes to a temporary folder and renames it at the end, so an interrupted preparation leaves nothing
    that looks like a data set.
    """
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core.download import download_manager, extractor, util

    folder = _obtainable(builder, name, manual_dir)
    tf = _tensorflow()
    if not sys.stderr.isatty():
        tfds.disable_progress_bar()
    config = tfds.download.DownloadConfig(manual_dir=folder, try_download_gcs=False)
    try:
        builder.download_and_prepare(download_config=config)
    except (AssertionError, ImportError, OSError, ValueError, zlib.error, tf.errors.OpError,
            download_manager.NonMatchingChecksumError, extractor.ExtractError,
            util.DownloadError) as error:  # fmt: skip
        if not builder.is_prepared():  # another process may have prepared it meanwhile
            message = f"data set {name!r} cannot be prepared in {builder.data_path}: {_line(error)}"
            raise DataError(message) from error


def _obtainable(builder: Any, name: str, manual_dir: str) -> Path | None:
    """The folder of official files, after a check that every missing file is reachable."""
    if builder.data_path.exists():
        raise _unreadable(builder, "has no dataset_info.json")
    folder = _official_files(builder, name, manual_dir)
    missing = _missing(builder, folder)
    if missing and not _reachable(next(iter(missing))):
        raise DataError(_ways_on(builder, name, folder, missing))
    return folder


def _official_files(builder: Any, name: str, manual_dir: str) -> Path | None:
    """The folder to take official files from, after a check of the files' sizes."""
    folder = local_folder(manual_dir)
    if folder is None:
        return None
    if (folder / name).is_dir():
        folder = folder / name
    for info in builder.url_infos.values():
        path = folder / (info.filename or "")
        found = path.stat().st_size if path.is_file() else info.size
        if found != info.size:
            raise DataError(
                f"{path}: has {found} bytes; expected {int(info.size)}, the official file of data "
                f"set {name!r}; a part of a set is read by config.data.sets.<set>.files"
            )
    return folder


def _missing(builder: Any, folder: Path | None) -> dict[str, str]:
    """URL -> file name of the files that are neither in `folder` nor among tfds' finished downloads."""
    from tensorflow_datasets.core.download import resource

    finished = {path.name for path in Path(builder.data_dir_root, "downloads").rglob("*.INFO")}
    return {
        url: info.filename
        for url, info in builder.url_infos.items()
        if not (folder and info.filename and (folder / info.filename).is_file())
        and f"{resource.get_dl_fname(url, info.checksum)}.INFO" not in finished
    }


def _reachable(url: str) -> bool:
    """Whether the server answers within seconds, through the same proxies as tfds' downloads."""
    import requests

    answers = []

    def ask():
        try:
            with requests.get(url, stream=True, timeout=_PROBE_SECONDS) as answer:
                answers.append(answer.ok)
        except requests.RequestException:
            answers.append(False)

    # A thread limits the time, since looking up a host's name has no time limit.
    thread = threading.Thread(target=ask, name="probe", daemon=True)
    thread.start()
    thread.join(_PROBE_SECONDS + 1)
    return answers == [True]


def _ways_on(builder: Any, name: str, folder: Path | None, missing: dict[str, str]) -> str:
    files = ", ".join(missing.values())
    looked = f"not in {folder}" if folder else "no manual_dir is given"
    return (
        f"data set {name!r} is not prepared in {builder.data_path}, {looked}, and "
        f"{urllib.parse.urlsplit(next(iter(missing))).netloc} cannot be reached; give "
        f"config.data.data_dir, a folder of prepared tfds sets; or config.data.manual_dir (or "
        f"GAN_JAX_DATA), a folder with {files}; or paths by config.data.sets.<set>.files; or run "
        f"configs/dtn_digits.py, which needs no file"
    )


def _unreadable(builder: Any, reason: str) -> DataError:
    what = f"is not a complete prepared data set: {reason}"
    return DataError(f"{builder.data_path} {what}; remove it to prepare it again")


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:400]
