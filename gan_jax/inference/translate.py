"""`--mode=translate`: a run's translations of the images of a folder, a zip, or one file."""

import contextlib
import errno
import functools
import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from gan_jax import models
from gan_jax.data.pixels import views
from gan_jax.data.pixels.framing import MAX_PIXELS
from gan_jax.data.sources import decoding, listing
from gan_jax.data.sources.decoding import Skipped
from gan_jax.errors import ConfigError, DataError, IncompleteError, WorkdirError
from gan_jax.files import reading
from gan_jax.game import devices
from gan_jax.inference import comparison, targets
from gan_jax.inference.output import png
from gan_jax.inference.sources import Source
from gan_jax.inference.translator import Prepared, Translator
from gan_jax.ops.directions import DIRECTIONS
from gan_jax.runs import restore
from gan_jax.runs.workdir import Workdir

# Errors of writing that concern the place of one file, not the disk.
_OF_ONE_FILE = (errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.ELOOP, errno.EACCES)

_log = logging.getLogger(__name__)


def run(
    workdir: Path | str,
    *,
    input: str,
    output: str,
    direction: str = "s2t",
    attributes: Sequence[str] | None = None,
    derive: str = "",
    max_side: int = 0,
    max_pixels: int = MAX_PIXELS,
    seed: int = 0,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Writes a PNG for each image, and a page with all pairs; the run's folder is not changed.

    Images are turned upright by their EXIF orientation. If the model takes any size, images keep theirs: they
    are padded by reflection to the multiple that the architecture needs, and the translation is cropped back.
    If the model takes one size only, images are brought to it as the training images were.

    Args:
      workdir: folder of a run whose model turns images into images, finished or not.
      input: a folder, a zip, a folder inside a zip, or an image; sub-folders are included.
      output: a folder, created if missing; see `targets.names` for its files.
      direction: 's2t' translates source images to the target domain, 't2s' target images to the source
        domain.
      attributes: the attributes that a conditional model should give; all others of the same data set are
        removed.
      derive: 'edges' or 'grey', computed from each image first, see `views.derived`; '' for images as they
        are.
      max_side: larger images are scaled down so that the longer side has so many pixels; 0 keeps their size.
      max_pixels: limit of the pixels that are decoded of one image; larger images are left out. A JPEG that
        `max_side` scales down is decoded at reduced size.
      seed: seed of the random draws. With one device, an image's draw depends on the seed and the image's
        name only.
      overwrite: whether files of an earlier call are replaced.

    Returns:
      Values to print.

    Raises:
      ConfigError, WorkdirError, CheckpointError, DataError: before anything is written, or for a full disk.
      IncompleteError: some images could not be used; all others were translated.
    """
    for name, value, allowed in (("direction", direction, DIRECTIONS), ("derive", derive, views.DERIVED)):
        if value not in allowed:
            raise ConfigError(f"{name}={value!r} is not allowed; allowed: {', '.join(map(repr, allowed))}")
    condition = _condition(_model(workdir), attributes)
    skipped: dict[str, str] = {}
    with contextlib.ExitStack() as stack:
        source = Source.open(input, stack)
        stack.enter_context(decoding.quiet())
        names = dict(zip(source.names, targets.names(source.names), strict=True))
        folder = _folder(source, names.values(), output, overwrite)
        translator = Translator(restore.load(workdir), direction, condition, seed)
        asked = {"attributes": ", ".join(attributes or ()), "derived from each image first": derive}
        facts = {**translator.facts, **asked, "input": source.title}
        treatment: Any = {"derive": derive, "max_side": max_side, "max_pixels": max_pixels}
        made = _translated(source, functools.partial(translator.prepare, **treatment), translator, skipped)
        pairs = _write_all(folder, made, names, skipped, Path(workdir).absolute().name, facts)
    return _conclude(folder, source.title, pairs, skipped)


def _conclude(
    folder: Workdir, title: str, pairs: Sequence[comparison.Pair], skipped: Mapping[str, str]
) -> dict[str, Any]:
    """Reports images that could not be used."""
    total, left_out = len(pairs) + len(skipped), listing.counted(skipped)
    if not pairs:
        raise DataError(f"{title}: none of {total} images can be used: {left_out}")
    page = folder.path / comparison.PAGE
    if skipped:
        message = f"{len(skipped)} of {total} images could not be used: {left_out}"
        raise IncompleteError(f"{message}; the others were translated, see {page}")
    return {"images": len(pairs), "comparison": page}


def _model(workdir: Path | str) -> Any:
    """The model of the run in a folder, which must turn images into images."""
    config = restore.load_config(workdir)
    model = models.create(config.model)
    if model.translates:
        return model
    what = "makes images from noise" if model.draws_from_noise else "predicts labels of images"
    raise WorkdirError(
        f"{workdir} holds the run {config.name!r} of model {config.model.name!r}, which {what}; "
        "--mode=translate needs one that turns images into images"
    )


def _condition(model: Any, attributes: Sequence[str] | None) -> np.ndarray | None:
    """The label vector for a conditional model, float32 [n]; None for other models."""
    if not model.takes_requests:
        if attributes is not None:
            raise ConfigError(
                f"attributes={','.join(attributes)} is for conditional models; this one is not conditional"
            )
        return None
    if attributes is None:
        raise ConfigError("--attributes is required: this model needs them, such as --attributes=Blond_Hair")
    return np.asarray(model.condition(tuple(attributes)), np.float32)


def _folder(source: Source, names: Collection[str], output: str, overwrite: bool) -> Workdir:
    """The folder that `--output` names, after a check that no file in it would be lost."""
    if source.folder and Path(output).resolve().is_relative_to(source.folder.resolve()):
        where = f"output={output!r} lies in input={str(source.folder)!r}"
        raise ConfigError(f"{where}; choose a folder outside of it")
    thumbnails = [file for name in names for file in comparison.files(name)]
    return targets.check(output, [*names, *thumbnails, comparison.PAGE], source.paths, overwrite)


def _translated(
    source: Source, prepare: Callable[[str, bytes], Prepared], translator: Translator, skipped: dict[str, str]
) -> Iterator[tuple[Prepared, np.ndarray]]:
    """Images and their translations; neighbours of one shape go through the model together.

    Images that cannot be used are added to `skipped`.
    """

    def flush() -> Iterator[tuple[Prepared, np.ndarray]]:
        if group:
            try:
                yield from zip(group, translator(group), strict=True)
            except Skipped as reason:
                for item in group:
                    _leave_out(skipped, item.name, reason)

    group: list[Prepared] = []
    bar = Console(stderr=True)
    for name in track(source.names, "images", console=bar, disable=not bar.is_terminal, transient=True):
        try:
            item = prepare(name, source.content(name))
        except Skipped as reason:
            _leave_out(skipped, name, reason)
            continue
        # Images may be large, so a batch has at most one image for each device.
        if group and (len(group) == devices.local_devices() or group[0].padded.shape != item.padded.shape):
            yield from flush()
            group = []
        group.append(item)
    yield from flush()


def _write_all(
    folder: Workdir,
    made: Iterator[tuple[Prepared, np.ndarray]],
    names: Mapping[str, str],
    skipped: dict[str, str],
    run: str,
    facts: Mapping[str, object],
) -> list[comparison.Pair]:
    """Writes the translations and then the page, also if the disk fills up half-way, as far as it can be."""
    pairs: list[comparison.Pair] = []
    try:
        for item, pixels in made:
            try:
                pairs.append(_write(folder, item, pixels, names[item.name]))
            except Skipped as reason:
                _leave_out(skipped, item.name, reason)
    finally:
        if pairs:
            folder.write(comparison.PAGE, comparison.page(f"{run}: translations", facts, pairs, skipped))
    return pairs


def _leave_out(skipped: dict[str, str], name: str, reason: Skipped) -> None:
    skipped[name] = str(reason)
    _log.warning("%s: %s", listing.shown(name), reason)


def _write(folder: Workdir, item: Prepared, made: np.ndarray, target: str) -> comparison.Pair:
    """Writes one translation and both thumbnails.

    Raises:
      Skipped: the place of one of these files cannot be used.
      WorkdirError: no file can be written any more, such as on a full disk.
    """
    thumbnails = []
    try:
        folder.write(target, png(made))
        for pixels, file in zip((item.pixels, made), comparison.files(target), strict=True):
            thumbnail, content = comparison.thumbnail(pixels, file)
            folder.write(file, content)
            thumbnails.append(thumbnail)
    except WorkdirError as error:
        cause = error.__cause__
        if not isinstance(cause, OSError) or cause.errno not in _OF_ONE_FILE:
            raise
        raise Skipped(f"its output cannot be written: {reading.reason(cause)}") from error
    return comparison.Pair(item.name, target, *thumbnails)
