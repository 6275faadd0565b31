"""`--mode=translate`: a run's translations of the images of a folder, a zip, or one file.

Images are turned upright by their EXIF orientation. If the model takes any size, images keep theirs: they are
padded by reflection to the multiple that the architecture needs, and the translation is cropped back. If the
model takes one size only, images are brought to this size like the training images.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from gan_jax import models
from gan_jax.data.pixels import views
from gan_jax.data.pixels.framing import MAX_PIXELS
from gan_jax.data.sources import decoding
from gan_jax.data.sources.decoding import Skipped
from gan_jax.errors import ConfigError, WorkdirError
from gan_jax.game import devices
from gan_jax.inference import results, stylise, targets
from gan_jax.inference.sources import Source
from gan_jax.inference.styling.wishes import Wishes, of_styles
from gan_jax.inference.translator import Prepared, Translator
from gan_jax.ops.directions import DIRECTIONS
from gan_jax.runs import restore


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
    style: str = "",
    alpha: float = 1.0,
    weights: Sequence[str] = (),
    mask: str = "",
    colour: str = "none",
    sheet: str = "",
    tile: int = 768,
    style_side: int = 512,
) -> dict[str, Any]:
    """Writes a PNG for each image, and a page with all pairs; the run's folder is not changed.

    Args:
      workdir: folder of a run whose model turns images into images, finished or not.
      input: a folder, a zip, a folder inside a zip, or an image; sub-folders are included.
      output: a folder, created if missing; see `targets.names` for its files.
      direction: 's2t' translates source images to the target domain, 't2s' target images to the source.
      attributes: what a conditional model should give; other attributes of the same set are removed.
      derive: 'edges' or 'grey', computed from each image first, see `views.derived`; '' for none.
      max_side: larger images are scaled down to a longer side of so many pixels, if the model takes any size.
      max_pixels: larger images are left out, except JPEGs that `max_side` scales down while they are decoded.
      seed: of the random draws. On one device, a draw depends on the seed and the image's name only.
      overwrite: whether files of an earlier call are replaced.
      style: of a model that takes styles, as are all following arguments; see `styling.wishes.Wishes`.
      alpha: see `styling.wishes.Wishes`.
      weights: numbers as text.
      mask: see `styling.wishes.Wishes`.
      colour: see `styling.wishes.Wishes`.
      sheet: see `styling.wishes.Wishes`.
      tile: see `styling.wishes.Wishes`.
      style_side: see `styling.wishes.Wishes`.

    Returns:
      Values to print.

    Raises:
      ConfigError, WorkdirError, CheckpointError, DataError: before anything is written, or for a full disk.
      IncompleteError: some images could not be used; all others were translated.
    """
    limits: dict[str, Any] = {"max_side": max_side, "max_pixels": max_pixels}
    place: dict[str, Any] = {"input": input, "output": output, "overwrite": overwrite}
    wishes: dict[str, Any] = {"style": style, "alpha": alpha, "weights": _numbers(weights), "mask": mask}
    wishes |= {"colour": colour, "sheet": sheet, "tile": tile, "style_side": style_side}
    model = checked_model(workdir)
    if model.takes_styles:
        _refuse(_changed(direction, attributes, derive), "do not take styles")
        return stylise.run(workdir, wishes=Wishes(**wishes, **limits), **place)
    _refuse(of_styles(wishes), "take styles")
    return _translate(workdir, model, place, direction, seed, attributes, derive, limits)


def _translate(workdir, model, place, direction, seed, attributes, derive, limits):
    """The translations by a model that does not take styles."""
    condition = asked_label(model, direction, derive, attributes)
    if limits["max_side"] and not model.multiple:
        size = "this one brings all images to the size of its training images"
        raise ConfigError(f"max_side={limits['max_side']} is for models that take images of any size; {size}")
    with contextlib.ExitStack() as stack:
        source = Source.open(place["input"], stack)
        stack.enter_context(decoding.quiet())
        names = dict(zip(source.names, targets.names(source.names), strict=True))
        folder = results.folder([source], names.values(), place["output"], place["overwrite"])
        translator = Translator(restore.load(workdir), direction, condition, seed)
        title = f"{Path(workdir).absolute().name}: translations"
        told = {"attributes": ", ".join(attributes or ()), "derived from each image first": derive}
        prepare = functools.partial(translator.prepare, derive=derive, **limits)
        written = results.Results(folder, title, {**translator.facts, **told, "input": source.title})
        with written:
            for item, made in _translated(source, prepare, translator, written):
                written.add(item.name, item.pixels, made, names[item.name])
    return written.conclude()


def _changed(direction, attributes, derive):
    """The names of these flags that differ from their defaults."""
    given = {"direction": direction != "s2t", "attributes": attributes is not None, "derive": derive}
    return [name for name, value in given.items() if value]


def _refuse(flags: Sequence[str], models_that: str) -> None:
    """Refuses flags for other models than the run's."""
    if flags:
        raise ConfigError(f"--{flags[0]} is for models that {models_that}")


def _numbers(texts: Sequence[str]) -> tuple[float, ...]:
    try:
        return tuple(float(text) for text in texts)
    except ValueError as error:
        message = f"weights={','.join(texts)} is not allowed; allowed: numbers separated by commas"
        raise ConfigError(message) from error


def checked_model(workdir: Path | str) -> Any:
    """The model of the run in a folder.

    Raises:
      WorkdirError: the folder holds no run, or the model does not turn images into images.
    """
    config = restore.load_config(workdir)
    model = models.create(config.model)
    if model.translates or model.takes_styles:
        return model
    what = "makes images from noise" if model.draws_from_noise else "predicts labels of images"
    what = "holds one image" if model.holds_image else what
    raise WorkdirError(
        f"{workdir} holds the run {config.name!r} of model {config.model.name!r}, which {what}; "
        "--mode=translate needs one that turns images into images"
    )


def asked_label(
    model: Any, direction: str, derive: str, attributes: Sequence[str] | None
) -> np.ndarray | None:
    """The label vector for a conditional model, float32 [n]; None for other models.

    Raises:
      ConfigError: a value is not allowed, or attributes are missing or not possible.
    """
    for name, value, allowed in (("direction", direction, DIRECTIONS), ("derive", derive, views.DERIVED)):
        if value not in allowed:
            raise ConfigError(f"{name}={value!r} is not allowed; allowed: {', '.join(map(repr, allowed))}")
    if not model.takes_requests:
        if attributes is not None:
            raise ConfigError(
                f"attributes={','.join(attributes)} is for conditional models; this one is not conditional"
            )
        return None
    if attributes is None:
        raise ConfigError("--attributes is required: this model needs them, such as --attributes=Blond_Hair")
    return np.asarray(model.condition(tuple(attributes)), np.float32)


def _translated(
    source: Source,
    prepare: Callable[[str, bytes], Prepared],
    translator: Translator,
    written: results.Results,
) -> Iterator[tuple[Prepared, np.ndarray]]:
    """Images and their translations; neighbours of one shape go through the model together.

    Images that cannot be used are left out of `written`.
    """

    def flush() -> Iterator[tuple[Prepared, np.ndarray]]:
        if group:
            try:
                yield from zip(group, translator(group), strict=True)
            except Skipped as reason:
                for item in group:
                    written.leave_out(item.name, reason)

    group: list[Prepared] = []
    bar = Console(stderr=True)
    for name in track(source.names, "images", console=bar, disable=not bar.is_terminal, transient=True):
        try:
            item = prepare(name, source.content(name))
        except Skipped as reason:
            written.leave_out(name, reason)
            continue
        # Images may be large, so a batch has at most one image for each device.
        if group and (len(group) == devices.local_devices() or group[0].padded.shape != item.padded.shape):
            yield from flush()
            group = []
        group.append(item)
    yield from flush()
