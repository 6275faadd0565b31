"""The folder that a translation writes: its check, the pictures, the page and the report."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gan_jax.data.sources import listing
from gan_jax.errors import ConfigError, DataError, IncompleteError
from gan_jax.inference import comparison, targets
from gan_jax.inference.output import png
from gan_jax.inference.sources import Source
from gan_jax.runs.workdir import Workdir


def folder(sources: Sequence[Source], names: Collection[str], output: str, overwrite: bool) -> Workdir:
    """The folder that `--output` names, after a check that no file in it would be lost.

    Args:
      sources: what is read; the folder must not lie in one of them.
      names: the pictures to write, relative to the folder.
      output: path of the folder.
      overwrite: whether other existing files are replaced.

    Raises:
      ConfigError: see `targets.check`, or the folder lies in a source.
    """
    for source in sources:
        if source.folder and Path(output).resolve().is_relative_to(source.folder.resolve()):
            where = f"output={output!r} lies in {source.flag}={str(source.folder)!r}"
            raise ConfigError(f"{where}; choose a folder outside of it")
    thumbnails = [file for name in names for file in comparison.files(name)]
    paths = [path for source in sources for path in source.paths]
    return targets.check(output, [*names, *thumbnails, comparison.PAGE], paths, overwrite)


def write(folder: Workdir, name: str, before: np.ndarray, after: np.ndarray, target: str) -> comparison.Pair:
    """Writes one picture and both thumbnails.

    Args:
      folder: the output folder.
      name: what the page calls the picture.
      before: uint8 [H, W, 1 or 3].
      after: uint8 [H', W', 1 or 3], the picture.
      target: the picture's file, relative to the folder.
    """
    folder.write(target, png(after))
    thumbnails = []
    for pixels, file in zip((before, after), comparison.files(target), strict=True):
        thumbnail, content = comparison.thumbnail(pixels, file)
        folder.write(file, content)
        thumbnails.append(thumbnail)
    return comparison.Pair(name, target, *thumbnails)


def conclude(
    folder: Workdir,
    title: str,
    facts: Mapping[str, object],
    pairs: Sequence[comparison.Pair],
    skipped: Mapping[str, str],
) -> dict[str, Any]:
    """Writes the page, and reports images that could not be used.

    Returns:
      Values to print.

    Raises:
      DataError: there is no pair.
      IncompleteError: some images could not be used.
    """
    total, left_out = len(pairs) + len(skipped), listing.counted(skipped)
    if not pairs:
        raise DataError(f"{facts['input']}: none of {total} images can be used: {left_out}")
    page = folder.path / comparison.PAGE
    folder.write(comparison.PAGE, comparison.page(title, facts, pairs, skipped))
    if skipped:
        message = f"{len(skipped)} of {total} images could not be used: {left_out}"
        raise IncompleteError(f"{message}; the others were translated, see {page}")
    return {"images": len(pairs), "comparison": page}
