"""`--mode=translate` of a run that takes styles: every image in every style, mixtures, sheets and regions."""

import contextlib
import dataclasses
import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import jax.numpy as jnp
import numpy as np
from PIL import Image
from rich.console import Console
from rich.progress import track

from gan_jax.data.pixels.framing import MAX_PIXELS
from gan_jax.data.sources import decoding
from gan_jax.data.sources.decoding import Skipped
from gan_jax.drawing import sheets
from gan_jax.errors import ConfigError, DataError
from gan_jax.inference import regions, results, stylist, targets
from gan_jax.inference.sources import Source
from gan_jax.inference.translator import Prepared, drafted, padded, reduced
from gan_jax.ops import colour, style
from gan_jax.ops.pixels import to_float, to_uint8
from gan_jax.runs import restore

_log = logging.getLogger(__name__)

COLOURS = ("none", "luminance", "match")
SHEETS = ("", "alpha", "mix")
_MOST = 4  # styles in a mixture
_STEPS = 5  # images a side of a sheet
_GAP = 2  # pixels between the images of a sheet


@dataclasses.dataclass(frozen=True)
class Wishes:
    """What to do with the styles; the fields are flags of `--mode=translate`.

    Attributes:
      style: a folder, a zip, a folder inside a zip, or an image: the styles in the order of their names.
      alpha: 1 for the style, 0 for the content alone, values between for a blend.
      weights: the weight of each style in a mixture of up to four, divided by their sum; () makes one image
        of every pair.
      mask: PNGs of style numbers from 0 on, one for each image and of its size; see `regions.Masks`.
      colour: 'match' gives the style the content's colours first, 'luminance' keeps the content's colours and
        takes only the brightness of the result, 'none' takes the style's colours.
      sheet: 'alpha' shows each style at five values of alpha; 'mix' four styles in the corners of a square
        and 25 mixtures.
      tile: larger images are computed in tiles of so many pixels a side; 0 never makes tiles.
      style_side: styles are scaled down so that the longer side has at most so many pixels.
      max_side: the same for the images; 0 keeps their size.
      max_pixels: limit of the pixels that are decoded of one image or style.
    """

    style: str = ""
    alpha: float = 1.0
    weights: tuple[float, ...] = ()
    mask: str = ""
    colour: str = "none"
    sheet: str = ""
    tile: int = 768
    style_side: int = 512
    max_side: int = 0
    max_pixels: int = MAX_PIXELS

    def __post_init__(self):
        """Refuses values out of range, and wishes that contradict each other."""
        for name, choices in {"colour": COLOURS, "sheet": SHEETS}.items():
            if getattr(self, name) not in choices:
                allowed = ", ".join(map(repr, choices))
                raise ConfigError(f"{name}={getattr(self, name)!r} is not allowed; allowed: {allowed}")
        allowed = "1, since sheet='alpha' has values of its own" if self.sheet == "alpha" else "0 to 1"
        if not (self.sheet == "alpha") <= self.alpha <= 1:
            raise ConfigError(f"alpha={self.alpha:g} is not allowed; allowed: {allowed}")
        good = all(0 <= w < np.inf for w in self.weights) and sum(self.weights) > 0
        if self.weights and not good:
            raise ConfigError(f"weights={_listed(self.weights)}: allowed: 0 or more, with a sum above 0")
        if not self.style:
            raise ConfigError("--style is required: this model needs one, such as --style=PAINTINGS")
        both = [name for name in ("weights", "mask", "sheet") if getattr(self, name)]
        if len(both) > 1:
            raise ConfigError(f"--{both[0]} and --{both[1]} exclude each other; give one of both")

    def check_count(self, source: Source) -> None:
        """Refuses a number of styles that the wishes cannot use.

        Raises:
          ConfigError: naming the number that is there and the number that is needed.
        """
        count = len(source.names)
        if self.weights and not len(self.weights) == count <= _MOST:
            allowed = f"one for each of the {count} styles of {source.title}, {_MOST} at most"
            raise ConfigError(f"weights={_listed(self.weights)} is not allowed; allowed: {allowed}")
        if self.sheet == "mix" and count != _MOST:
            raise ConfigError(f"sheet='mix' needs {_MOST} styles; {source.title} has {count}")


def changed(wishes: Mapping[str, Any]) -> list[str]:
    """The names of the wishes that differ from their defaults."""
    defaults = {field.name: field.default for field in dataclasses.fields(Wishes)}
    return [name for name, value in wishes.items() if value != defaults[name]]


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
        masks = regions.Masks.open(wishes.mask, stack, contents, len(paintings.names))
        names = _targets(contents, paintings, wishes)
        sources = [contents, paintings, *masks.sources]
        folder = results.folder(sources, [n for part in names.values() for n in part], output, overwrite)
        styles = _styles(paintings, wishes)
        loaded = restore.load(workdir)
        studio = _Studio(stylist.Stylist(loaded, wishes.tile), styles, masks, wishes)
        model = {"run": loaded.config.name, "model": loaded.config.model.name, "step": int(loaded.state.step)}
        told = dataclasses.asdict(wishes) | {"weights": _listed(wishes.weights), "style": paintings.title}
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
    studio, made = _Studio(artist, styles, None, wishes), []
    ((_, make),) = studio.jobs()
    for number, content in enumerate(contents):
        try:
            made.append(make(padded(str(number), np.asarray(content), artist.multiple)))
        except Skipped as reason:
            raise DataError(f"image {number}: {reason}") from reason
    return made


class _Studio:
    """Makes the pictures of one content after another."""

    def __init__(
        self,
        artist: stylist.Stylist,
        styles: Mapping[str, np.ndarray],
        masks: regions.Masks | None,
        wishes: Wishes,
    ):
        self._artist, self._styles, self._masks, self._wishes = artist, styles, masks, wishes
        self._fixed = [] if wishes.colour == "match" else self._moments(None)

    def prepare(self, name: str, content: bytes) -> Prepared:
        """An image file as the model receives it. Raises Skipped if it cannot be used."""
        side, limit = self._wishes.max_side, self._wishes.max_pixels
        picture = reduced(decoding.upright(content, drafted(side), limit), side)
        return padded(name, np.asarray(picture), self._artist.multiple)

    def jobs(self) -> list[tuple[str, Callable[[Prepared], np.ndarray]]]:
        """What is made of each content: what the page adds to its name, and the function that makes it."""
        wishes = self._wishes
        if wishes.sheet:
            return [("", self._sheet)]
        if wishes.mask:
            return [("", self._regions)]
        if wishes.weights:
            share = np.array(wishes.weights) / sum(wishes.weights)
            return [("", functools.partial(self._mixture, weights=share, alpha=wishes.alpha))]
        rows, several = np.eye(len(self._styles)), len(self._styles) > 1
        return [
            (name if several else "", functools.partial(self._mixture, weights=row, alpha=wishes.alpha))
            for name, row in zip(self._styles, rows, strict=True)
        ]

    def _mixture(self, content, weights, alpha):
        return self._made(content, self._maps(content), weights, alpha)

    def _made(self, content, maps, weights, alpha):
        used = [k for k, weight in enumerate(weights) if weight]
        moments = self._moments_for(content)
        chosen = [moments[k] for k in used]
        return self._finished(content, stylist.mixed(maps, chosen, [float(weights[k]) for k in used], alpha))

    def _regions(self, content):
        assert self._masks is not None  # of the wish `mask`
        numbers = self._masks.read(content, self._artist.multiple)
        maps = stylist.by_region(self._maps(content), self._moments_for(content), numbers, self._wishes.alpha)
        return self._finished(content, maps)

    def _sheet(self, content):
        """A row for each style and a column for each alpha, or the mixtures of four styles in a square."""
        maps, steps = self._maps(content), np.linspace(0, 1, _STEPS)
        if self._wishes.sheet == "alpha":
            cells = [(row, a) for row in np.eye(len(self._styles)) for a in steps]
        else:
            corners = [np.outer((1 - y, y), (1 - x, x)).ravel() for y in steps for x in steps]
            cells = [(corner, self._wishes.alpha) for corner in corners]
        made = [self._made(content, maps, weights, float(alpha)) for weights, alpha in cells]
        return sheets.mosaic(np.stack(made), _STEPS, _GAP)

    def _maps(self, content):
        return self._artist.encode(content.padded)

    def _finished(self, content, maps):
        """The picture of maps, cropped to the content, with the content's colours if they are kept."""
        made = content.cropped(self._artist.decode(maps))
        if self._wishes.colour != "luminance":
            return made
        pair = (jnp.asarray(to_float(pixels[None])) for pixels in (made, content.pixels))
        return to_uint8(np.asarray(colour.with_colours_of(*pair)))[0]

    def _moments_for(self, content):
        return self._fixed or self._moments(content)

    def _moments(self, content):
        """The statistics of all styles, with the content's colours if there is a content."""
        found = []
        for name, pixels in self._styles.items():
            if content is not None:
                images = (jnp.asarray(to_float(part[None])) for part in (pixels, content.pixels))
                pixels = np.asarray(style.coral(*images))[0]
            try:
                found.append(self._artist.moments(pixels))
            except Skipped as reason:
                raise DataError(f"style {name!r} cannot be used: {reason}") from reason
        return found


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


def _listed(weights: Sequence[float]) -> str:
    return ",".join(f"{weight:g}" for weight in weights)
