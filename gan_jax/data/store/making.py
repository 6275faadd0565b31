"""The making of a store: in parts, aside, under a lock, and renamed when it is whole.

A store is a folder with `images.npy`; `rows.npz`, what is known of each row; and `listing.json`, for people.
While it is made, the folder's name ends with `.part`, and `records/` has the rows of each written part. A
process that is killed therefore loses the parts under way, and the next one writes only the parts without a
record.
"""

import datetime
import io
import json
import logging
import os
import shutil
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from gan_jax.data.store.filling import Filler, Part, Pixels
from gan_jax.data.store.progress import Progress
from gan_jax.errors import DataError
from gan_jax.files import locking, reading, writing

_log = logging.getLogger(__name__)

IMAGES, ROWS, LISTING = "images.npy", "rows.npz", "listing.json"
FORMAT = 1  # of a store's files; a part of its key
_RECORDS = "records"
_PLAN = "plan.json"
_PART_BYTES, _PART_ROWS = 2**24, 512  # of one part at most, but always one row


def make(folder: Path, filler: Filler, poll: Callable[[], Any]) -> None:
    """Makes the store in `folder`, unless it is there, or waits until another process has made it.

    Args:
      folder: of the finished store.
      filler: the source of the images.
      poll: called between parts, and while another process makes the store; it may raise to interrupt.

    Raises:
      DataError: the disk is full, or the source cannot be read any more. What is written stays.
    """
    part = folder.with_name(f"{folder.name}.part")

    def busy(process: str) -> None:
        _log.info("waiting for process %s, which makes the store of %s", process, filler.title)

    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with locking.held(folder.with_name(f"{folder.name}.lock"), busy, poll):
            if not folder.is_dir():
                _make(part, filler, poll)
                part.rename(folder)
                shutil.rmtree(folder / _RECORDS)
                (folder / _PLAN).unlink()
    except OSError as error:
        free = _free(folder.parent)
        raise DataError(
            f"{part} could not be written, {free} bytes are free there: {reading.reason(error)}; the same "
            "command goes on; config.data.store names another folder"
        ) from error


def _make(part: Path, filler: Filler, poll: Callable[[], Any]) -> None:
    pixels = _begun(part, filler)
    done = {record.rows.start: record for record in _records(part, pixels)}
    missing = [rows for rows in _parts(pixels) if rows.start not in done]
    needed, free = sum(map(len, missing)) * pixels.row_bytes, _free(part)
    if needed > free:
        raise DataError(
            f"{part}: the store of {filler.title} needs {needed} more bytes, and {free} are free there; name "
            "another folder by config.data.store, or take a part by the role's split, such as 'train[:10%]'"
        )
    with Progress(filler.title, len(filler), len(filler) - sum(map(len, missing))) as progress:
        for record in filler.fill(pixels, missing) if missing else ():
            writing.write(part, f"{_RECORDS}/{record.rows.start:012d}.npz", _packed(record))
            done[record.rows.start] = record
            progress.advance(len(record.rows))
            poll()
    _finish(part, filler, pixels, [done[rows.start] for rows in _parts(pixels)])


def _parts(pixels: Pixels) -> list[range]:
    rows = max(1, min(_PART_ROWS, _PART_BYTES // pixels.row_bytes))
    return [range(first, min(first + rows, pixels.shape[0])) for first in range(0, pixels.shape[0], rows)]


def _begun(part: Path, filler: Filler) -> Pixels:
    """The file of images, found or made, with its full size."""
    path, plan = part / IMAGES, part / _PLAN
    if plan.is_file() and path.is_file():
        found = json.loads(plan.read_bytes())
        pixels = Pixels(path, tuple(found["shape"]), found["offset"])
        if path.stat().st_size == pixels.offset + pixels.row_bytes * pixels.shape[0]:
            return pixels
    if part.exists():  # a kill within its first moments
        shutil.rmtree(part)
    part.mkdir()
    shape = (len(filler), *filler.shape())
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "|u1", "fortran_order": False, "shape": shape})
    pixels = Pixels(path, shape, head.tell())
    with open(path, "xb") as file:
        file.write(head.getvalue())
        file.truncate(pixels.offset + pixels.row_bytes * len(filler))
    (part / _RECORDS).mkdir()
    writing.write(part, _PLAN, json.dumps({"shape": shape, "offset": pixels.offset}).encode())
    return pixels


def _records(part: Path, pixels: Pixels) -> Iterator[Part]:
    """The parts that are written, without those whose images are not what their checksums say.

    Images are on the disk later than records. After a power failure some may be missing.
    """
    writing.remove_leftovers(part / _RECORDS)
    for path in sorted((part / _RECORDS).glob("*.npz")):
        try:
            with reading.Arrays(path) as arrays:
                record = _unpacked(dict(arrays))
            _require_intact(record, pixels)
        except (OSError, LookupError, ValueError) as error:
            _log.warning("%s: the images of %s are made again: %s", part, path.name, reading.reason(error))
            continue
        yield record


def _require_intact(record: Part, pixels: Pixels) -> None:
    with open(pixels.path, "rb") as file:
        file.seek(pixels.offset + record.rows.start * pixels.row_bytes)
        for row, known in zip(record.rows, record.checksums, strict=True):
            if zlib.crc32(file.read(pixels.row_bytes)) != known:
                raise ValueError(f"row {row} has another checksum")


def _packed(record: Part) -> bytes:
    content = io.BytesIO()
    arrays: dict[str, Any] = {
        "rows": np.array([record.rows.start, record.rows.stop]),
        "checksums": record.checksums,
        "shares": record.shares,
        "places": np.array([*record.skipped], np.int64),
        "reasons": np.array([*record.skipped.values()], str),
        **{f"column_{name}": values for name, values in record.columns.items()},
    }
    np.savez(content, **arrays)
    return content.getvalue()


def _unpacked(arrays: dict[str, np.ndarray]) -> Part:
    skipped = dict(zip(arrays["places"].tolist(), arrays["reasons"].tolist(), strict=True))
    columns = {
        name.removeprefix("column_"): values for name, values in arrays.items() if name.startswith("column_")
    }
    return Part(range(*arrays["rows"].tolist()), arrays["checksums"], arrays["shares"], skipped, columns)


def whole(records: list[Part]) -> Part:
    """Parts in order as one part."""
    skipped = {place: reason for record in records for place, reason in record.skipped.items()}
    return Part(
        range(records[0].rows.start, records[-1].rows.stop),
        np.concatenate([record.checksums for record in records]),
        np.concatenate([record.shares for record in records]),
        skipped,
        {name: np.concatenate([r.columns[name] for r in records]) for name in records[0].columns},
    )


def _finish(part: Path, filler: Filler, pixels: Pixels, records: list[Part]) -> None:
    """Writes all but the images, and waits until all of it is on the disk."""
    everything = whole(records)
    writing.write(part, ROWS, _packed(everything))
    listing = {
        "source": filler.title,
        "images": len(filler),
        "shape": pixels.shape[1:],
        "made": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "skipped": {filler.name(place): reason for place, reason in sorted(everything.skipped.items())},
        "facts": filler.facts(),
        "format": FORMAT,
    }
    writing.write(part, LISTING, (json.dumps(listing, indent=1) + "\n").encode())
    with open(pixels.path, "rb") as file:
        os.fsync(file.fileno())


def read_rows(folder: Path) -> Part:
    """What is known of the rows of a finished store.

    Raises:
      OSError, KeyError: the file is damaged.
    """
    with reading.Arrays(folder / ROWS) as arrays:
        return _unpacked(dict(arrays))


def _free(path: Path) -> int:
    """The free bytes of the disk of `path`, which need not exist."""
    return shutil.disk_usage(next(p for p in (path, *path.parents) if p.exists())).free
