"""`--mode=translate` of a run that takes styles: every image in every style, mixtures, sheets and regions."""

import contextlib
import dataclasses
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from PIL import Image
from rich.console import Console
from rich.progress import track

from gan_jax.data.sources import decoding
from gan_jax.data.sources.decoding import Skipped
from gan_jax.errors import DataError
from gan_jax.inference import results, targets
from gan_jax.inference.sources import Source
from gan_jax.inference.styling import stylist
from gan_jax.inference.styling.regions import Masks
from gan_jax.inference.styling.studio import Studio
from gan_jax.inference.styling.wishes import Wishes, listed
from gan_jax.inference.translator import drafted, padded, reduced
from gan_jax.runs import restore


def run(
    workdir: Path | str, *, input: str, output: str, wishes: Wishes, overwrite: bool = False
) -> dict[str, Any]:
    """Writes the images, and a page with all pairs; the run's folder is not changed.

    With several styles and no mixture, `DIR/photo/painting.png` is a photo in the style of a painting.
    Otherwise `DIR/photo.png` is the one picture of a photo.

    Args:
      workdir: folder of a run whose model takes styles.
      input: as for `translate.run`.
      output: a folder, created if missing.
      wishes: what to do with the styles.
      overwrite: whether files of an earlier call are replaced.

    Returns:
      Values to print.

    Raises:
      ConfigError, WorkdirError, CheckpointError, DataError: before anything is written, or for a full disk.
      IncompleteError: some images could not be used; all others were made.
    """
    with contextlib.ExitStack() as stack:
        contents = Source.open(input, stack)
        paintings = Source.open(wishes.style, stack, "style")
        wishes.check_count(paintings)
        masks = Masks.open(wishes.mask, stack, contents, len(paintings.names))
        names = _targets(contents, paintings, wishes)
        sources = [contents, paintings, *masks.sources]
        folder = results.folder(sources, [n for part in names.values() for n in part], output, overwrite)
        styles = _styles(paintings, wishes)
        loaded = restore.load(workdir)
        studio = Studio(stylist.Stylist(loaded, wishes.tile), styles, masks, wishes)
        model = {"run": loaded.config.name, "model": loaded.config.model.name, "step": int(loaded.state.step)}
        told = dataclasses.asdict(wishes) | {"weights": listed(wishes.weights), "style": paintings.title}
        title = f"{Path(workdir).absolute().name}: styles"
        written = stack.enter_context(
            results.Results(folder, title, {**model, **told, "input": contents.title})
        )
        bar = Console(stderr=True)
        for name in track(contents.names, "images", console=bar, disable=not bar.is_terminal, transient=True):
            try:
                content = studio.prepare(name, contents.content(name))
                for (label, make), target in zip(studio.jobs(), names[name], strict=True):
                    shown = f"{name}, {label}" if label else name
                    written.add(shown, content.pixels, make(content), target)
            except Skipped as reason:
                written.leave_out(name, reason)
    return written.conclude()


def of_pictures(
    artist: stylist.Stylist, contents: Sequence[Image.Image], painting: Image.Image, alpha: float
) -> list[np.ndarray]:
    """Each content in the style of one picture, uint8 [H, W, 3] of the content's size.

    Args:
      artist: the run that gives styles.
      contents: pictures in RGB.
      painting: a picture in RGB; it is scaled down as `Wishes.style_side` says.
      alpha: as in `Wishes`.

    Raises:
      ConfigError: alpha is out of range.
      DataError: a picture is too small for the network, or too large for the memory.
    """
    wishes = Wishes(style="style", alpha=alpha)
    styles = {"style": np.asarray(reduced(painting, wishes.style_side))}
    studio, made = Studio(artist, styles, None, wishes), []
    ((_, make),) = studio.jobs()
    for number, content in enumerate(contents):
        try:
            made.append(make(padded(str(number), np.asarray(content), artist.multiple)))
        except Skipped as reason:
            raise DataError(f"image {number}: {reason}") from reason
    return made


def _targets(contents: Source, paintings: Source, wishes: Wishes) -> dict[str, list[str]]:
    """The files of each content."""
    names = dict(zip(contents.names, targets.names(contents.names), strict=True))
    if wishes.weights or wishes.mask or wishes.sheet or len(paintings.names) == 1:
        return {name: [target] for name, target in names.items()}
    inner = targets.names(paintings.names)
    return {n: [str(PurePosixPath(t).with_suffix("") / part) for part in inner] for n, t in names.items()}


def _styles(paintings: Source, wishes: Wishes) -> dict[str, np.ndarray]:
    """The styles' pixels by name, uint8 [h, w, 3].

    Raises:
      DataError: a style cannot be read. No style may be missing, since weights and masks count them.
    """
    found = {}
    for name in paintings.names:
        try:
            picture = decoding.upright(paintings.content(name), drafted(wishes.style_side), wishes.max_pixels)
        except Skipped as reason:
            raise DataError(f"style={paintings.title}: {name} cannot be used: {reason}") from reason
        found[name] = np.asarray(reduced(picture, wishes.style_side))
    return found
