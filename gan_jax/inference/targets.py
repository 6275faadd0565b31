"""Where what is made of many files goes: names that keep theirs, in a folder of which nothing is lost."""

import tempfile
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path, PurePosixPath

from gan_jax.errors import ConfigError
from gan_jax.runs.workdir import Workdir


def names(files: Sequence[str]) -> list[str]:
    """A `.png` for each file, in the same sub-folder and of the same name.

    `a.jpg` becomes `a.png`. Where several would become the same, even on a disk that does not tell capitals
    from small letters, each keeps its ending: `a.jpg.png`, `a.gif.png`.

    Args:
      files: relative paths with '/', all different; those of a zip may begin with '/'.
    """
    plain = [PurePosixPath(file.lstrip("/")) for file in files]
    whole = [False] * len(plain)
    while True:
        found = [
            str(path.with_name(f"{path.name if keep else path.stem}.png"))
            for path, keep in zip(plain, whole, strict=True)
        ]
        count = Counter(map(str.casefold, found))
        clash = [count[name.casefold()] > 1 for name in found]
        wider = [a or b for a, b in zip(whole, clash, strict=True)]
        if wider == whole:
            return found
        whole = wider


def check(folder: str, files: Collection[str], inputs: Collection[Path], overwrite: bool) -> Workdir:
    """The folder that `--output` names, once it is sure that nothing in it would be lost.

    Args:
      folder: need not be there.
      files: relative paths of all that is to be written.
      inputs: files that must stay as they are.
      overwrite: whether other files of these names are replaced.

    Raises:
      ConfigError: the folder is none or cannot be written, or one of the files is there already.
    """
    path = Path(folder).absolute()
    nearest = next(part for part in (path, *path.parents) if part.exists())
    if not nearest.is_dir():
        raise ConfigError(f"output={folder!r}: {nearest} is no folder")
    try:
        # Permissions do not tell of all that keeps a folder from being written.
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError as error:
        raise ConfigError(f"output={folder!r}: {nearest} cannot be written: {error.strerror}") from error
    kept = {file.resolve() for file in inputs}
    there = [file for file in files if (path / file).exists()]
    lost = [file for file in there if (path / file).resolve() in kept]
    if lost:
        raise ConfigError(f"output={folder!r}: {lost[0]} is one of the images to translate")
    if there and not overwrite:
        more = f" and {len(there) - 1} more" if there[1:] else ""
        raise ConfigError(
            f"output={folder!r} has {there[0]}{more} already; choose another folder, or --overwrite"
        )
    return Workdir(path)
