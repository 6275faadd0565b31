"""Output file names, and the check that nothing is overwritten."""

import hashlib
import os
import tempfile
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path, PurePosixPath

from gan_jax import paths
from gan_jax.errors import ConfigError
from gan_jax.files import writing
from gan_jax.runs.workdir import Workdir

_LONGEST = 255  # bytes of one file's name that file systems allow


def fitted(name: str, ending: str) -> str:
    """`name + ending`, a relative path whose last part is shortened to what file systems allow.

    A shortened part ends in a hash of the whole, so that different names stay different.
    """
    folder, slash, last = name.rpartition("/")
    room = _LONGEST - len(ending)
    content = os.fsencode(last)
    if len(content) > room:
        mark = f"~{hashlib.sha256(content).hexdigest()[:12]}"
        # A character that was cut in the middle is left out.
        last = content[: room - len(mark)].decode(errors="ignore") + mark
    return f"{folder}{slash}{last}{ending}"


def names(files: Sequence[str]) -> list[str]:
    """A `.png` name for each file, in the same sub-folder.

    `a.jpg` becomes `a.png`. If several names would be equal, even when upper and lower case count as equal,
    each keeps its suffix: `a.jpg.png`, `a.gif.png`.

    Args:
      files: relative paths with '/', all different. Those of a zip may begin with '/'.
    """
    plain = [PurePosixPath(file.lstrip("/")) for file in files]
    whole = [False] * len(plain)
    while True:
        found = [
            fitted(str(path.with_name(path.name if keep else path.stem)), ".png")
            for path, keep in zip(plain, whole, strict=True)
        ]
        count = Counter(map(str.casefold, found))
        clash = [count[name.casefold()] > 1 for name in found]
        wider = [a or b for a, b in zip(whole, clash, strict=True)]
        if wider == whole:
            return found
        whole = wider


def check(folder: str, files: Collection[str], inputs: Collection[Path], overwrite: bool) -> Workdir:
    """The folder that `--output` names, after a check that no file in it would be lost.

    Args:
      folder: path of the folder; it need not exist.
      files: relative paths of all files to write.
      inputs: files that must not be replaced.
      overwrite: whether other existing files are replaced.

    Raises:
      ConfigError: the path is not a folder, the folder cannot be written, a link in it leads out of it, two
        files have one name, or one of the files exists already.
    """
    path = paths.given("output", folder).absolute()
    twice = [file for file, count in Counter(map(str.casefold, files)).items() if count > 1]
    if twice:
        raise ConfigError(f"output={folder!r}: two pictures would be {twice[0]}; rename one of the images")
    try:
        nearest = next(part for part in (path, *path.parents) if part.exists())
        is_folder = nearest.is_dir()
    except OSError as error:
        raise ConfigError(f"output={folder!r} cannot be written: {error.strerror}") from error
    if not is_folder:
        raise ConfigError(f"output={folder!r}: {nearest} is not a folder")
    try:
        # Permissions alone do not tell whether a folder can be written.
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError as error:
        raise ConfigError(f"output={folder!r}: {nearest} cannot be written: {error.strerror}") from error
    for below in dict.fromkeys(path / os.path.dirname(file) for file in files):
        try:
            writing.require_below(path, below)
            found = next(part for part in (below, *below.parents) if os.path.lexists(part))
        except OSError as error:
            raise ConfigError(f"output={folder!r}: {below} cannot be used: {error.strerror}") from error
        if not found.is_dir():
            raise ConfigError(f"output={folder!r}: {found} is not a folder")
    there = [file for file in files if os.path.lexists(f"{path}/{file}")]
    kept = {os.path.realpath(file) for file in inputs} if there else set()
    lost = [file for file in there if os.path.realpath(path / file) in kept]
    if lost:
        raise ConfigError(f"output={folder!r}: {lost[0]} is one of the images to translate")
    if there and not overwrite:
        more = f" and {len(there) - 1} more" if there[1:] else ""
        raise ConfigError(
            f"output={folder!r} has {there[0]}{more} already; choose another folder, or --overwrite"
        )
    return Workdir(path)
