"""Reads what a report shows from a folder: JSON files, records and pictures, in groups."""

import base64
import dataclasses
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from gan_jax.errors import WorkdirError
from gan_jax.files import writing
from gan_jax.report.nodes import is_number
from gan_jax.runs.workdir import Workdir

_PICTURES = (".png", ".jpg", ".jpeg")
_WHOLE = 2**14  # bytes up to which a picture is on the page as it is
_SIDE = 720  # most pixels of a side of a larger one
_NESTING = 50  # most levels of a JSON file


@dataclasses.dataclass(frozen=True)
class Picture:
    """An image file: its path relative to the report's folder, its bytes, and its size in pixels."""

    name: str
    content: bytes
    media_type: str
    width: int
    height: int

    @property
    def stem(self) -> str:
        """The file's name without its suffix."""
        return Path(self.name).stem

    @property
    def uri(self) -> str:
        """The picture as a `data:` address, reduced if its file is large."""
        small = self._reduced() if self.is_large else b""
        kind, content = ("image/webp", small) if small else (self.media_type, self.content)
        return f"data:{kind};base64,{base64.b64encode(content).decode()}"

    @property
    def is_large(self) -> bool:
        """Whether the page shows the picture in a reduced form."""
        return len(self.content) > _WHOLE

    def _reduced(self) -> bytes:
        """The picture as WebP with some loss, 720 pixels a side at most; no bytes if that is not smaller."""
        buffer = io.BytesIO()
        with Image.open(io.BytesIO(self.content)) as image:
            small = image.convert("RGB")
            small.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
            small.save(buffer, "WEBP", quality=45, method=6)
        found = buffer.getvalue()
        return found if len(found) < len(self.content) else b""


@dataclasses.dataclass(frozen=True)
class Document:
    """A JSON file: its path relative to the report's folder, its content, and the pictures that it lists."""

    name: str
    content: Any
    listed: tuple[Path, ...] = ()

    @property
    def stem(self) -> str:
        """The file's name without its suffix."""
        return Path(self.name).stem

    @property
    def is_result(self) -> bool:
        """Whether a run wrote it."""
        return isinstance(self.content, dict) and isinstance(self.content.get("metrics"), dict)


@dataclasses.dataclass(frozen=True)
class Group:
    """Files that belong together on the page: a run, its seeds, a table, or any other file.

    `place` is the group's folder relative to the report's. `config` is None except for a run's folder.
    """

    place: str
    documents: tuple[Document, ...] = ()
    pictures: tuple[Picture, ...] = ()
    records: tuple[dict[str, Any], ...] = ()
    config: dict[str, Any] | None = None


def collect(folder: Path | str) -> list[Group]:
    """Reads a run's folder, or a folder of results with its sub-folders.

    A folder with a `config.json` is a run. From any other folder, every JSON file and picture is taken. A
    picture belongs to the file that lists it under `pictures`, or else to the file whose name begins the
    picture's, or else to the folder's only group.

    Raises:
      WorkdirError: there is neither a run nor a JSON file; a file is damaged or cannot be read, or a link
        leads out of the folder.
    """
    root = Path(folder)
    try:
        if not root.is_dir():
            raise WorkdirError(f"{root} is not a folder")
        folders = list(_folders(root))
        documents = {
            path: [_document(root, file) for file in _files(path, (".json",))]
            for path in folders
            if not _is_run(path)
        }
        taken = {path for found in documents.values() for document in found for path in document.listed}
        groups: list[Group] = []
        for path in folders:
            found = documents.get(path)
            groups += [_run(root, path)] if found is None else _results(root, path, found, taken)
    except OSError as error:
        raise WorkdirError(f"{error.filename or root} cannot be read: {error.strerror or error}") from error
    if not any(group.documents or group.config is not None for group in groups):
        raise WorkdirError(f"{root} holds neither a run (config.json) nor results (*.json)")
    return groups


def _is_run(path: Path) -> bool:
    return (path / "config.json").is_file()


def _folders(path: Path, above: tuple[Path, ...] = ()) -> Iterator[Path]:
    """A folder and those below it, without hidden ones, links back to those above, and those inside a run."""
    real = path.resolve()
    if real in above:
        return
    yield path
    if not _is_run(path):
        for child in sorted(path.iterdir()):
            if child.is_dir() and not child.name.startswith("."):
                yield from _folders(child, (*above, real))


def _files(path: Path, endings: Iterable[str]) -> list[Path]:
    return sorted(file for file in path.iterdir() if file.suffix.lower() in endings and file.is_file())


def _run(root: Path, path: Path) -> Group:
    workdir = Workdir(path, writes=False)
    result = path / "result.json"
    pictures = [*_files(path, _PICTURES), *sorted((path / "samples").glob("*.png"))]
    return Group(
        place=_name(root, path),
        documents=(Document(_name(root, result), workdir.result),) if result.is_file() else (),
        pictures=tuple(_picture(root, file) for file in pictures),
        records=_records(workdir),
        config=workdir.config,
    )


def _results(root: Path, path: Path, documents: list[Document], taken: set[Path]) -> list[Group]:
    """The groups of one folder: the results of one run's seeds together, every other file by itself."""
    sets: dict[str, list[Document]] = {}
    for document in documents:
        key = f"run {document.content.get('name')}" if document.is_result else document.name
        sets.setdefault(key, []).append(document)
    owned = {key: [file for document in found for file in document.listed] for key, found in sets.items()}
    alone = next(iter(sets)) if len(sets) == 1 else ""
    for file in _files(path, _PICTURES):
        begins = [(doc.stem, key) for key, found in sets.items() for doc in found if _begins(file, doc)]
        if file.resolve() not in taken:
            # All these stems begin the file's stem, so the largest is the longest.
            owned.setdefault(max(begins)[1] if begins else alone, []).append(file)
    records = _records(Workdir(path, writes=False))
    place = _name(root, path)
    groups = [
        Group(place, tuple(sets.get(key, ())), _pictures(root, files), records if key == alone else ())
        for key, files in owned.items()
    ]
    stray = Group(place, records=records)
    return groups if alone in owned or not records else [*groups, stray]


def _begins(file: Path, document: Document) -> bool:
    """Whether a picture is named after a document: `table.png` and `table_sheet.png` after `table.json`."""
    return file.stem == document.stem or file.stem.startswith((f"{document.stem}_", f"{document.stem}-"))


def _document(root: Path, file: Path) -> Document:
    writing.require_below(root, file)
    try:
        content = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise WorkdirError(f"{file} cannot be read: {error}") from error
    # A loop, since recursion into a deep file could exceed Python's limit.
    level, depth = [content], 0
    while level:
        depth += 1
        branches = [v.values() if isinstance(v, dict) else v for v in level if isinstance(v, dict | list)]
        level = [child for branch in branches for child in branch]
    if depth > _NESTING:
        raise WorkdirError(f"{file} cannot be read: it nests {depth} levels; allowed: {_NESTING}")
    return Document(_name(root, file), content, _listed(root, file, content))


def _listed(root: Path, file: Path, content: Any) -> tuple[Path, ...]:
    """The files that a document lists under `pictures`, relative to the document's folder."""
    names = content.get("pictures") if isinstance(content, dict) else None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return ()
    paths = [(file.parent / name).resolve() for name in names]
    for name, path in zip(names, paths, strict=True):
        known = path.is_relative_to(root.resolve()) and path.suffix.lower() in _PICTURES
        if not known or not path.is_file():
            allowed = f"allowed: {', '.join(_PICTURES)} files below {root}"
            raise WorkdirError(f"{file}: pictures={name!r} is missing or not allowed; {allowed}")
    return tuple(dict.fromkeys(paths))


def _pictures(root: Path, files: list[Path]) -> tuple[Picture, ...]:
    return tuple(_picture(root.resolve(), file.resolve()) for file in files)


def _picture(root: Path, file: Path) -> Picture:
    writing.require_below(root, file)
    content = file.read_bytes()
    try:
        with Image.open(io.BytesIO(content)) as image:
            image.verify()
            media_type, (width, height) = Image.MIME[image.format or ""], image.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise WorkdirError(f"{file} cannot be read: it is not an intact picture") from error
    return Picture(_name(root, file), content, media_type, width, height)


def _records(workdir: Workdir) -> tuple[dict[str, Any], ...]:
    records = workdir.records()
    for number, record in enumerate(records, 1):
        values = [value for name, value in record.items() if name not in ("step", "eval")]
        named = type(record.get("step")) is int and isinstance(record.get("eval", ""), str)
        if not named or not all(map(is_number, values)):
            file = workdir.path / "metrics.jsonl"
            raise WorkdirError(f"line {number} of {file} cannot be read: it does not have numbers at a step")
    return tuple(records)


def _name(root: Path, path: Path) -> str:
    name = path.relative_to(root).as_posix()
    return "" if name == "." else name
