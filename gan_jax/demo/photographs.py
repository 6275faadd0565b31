"""The page of a run that turns photographs into images, by a translator or in the style of a picture."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gan_jax.data.pixels.views import DERIVED
from gan_jax.data.sources import decoding
from gan_jax.data.sources.decoding import Skipped
from gan_jax.demo.controls import Control, Made, chosen, whole
from gan_jax.errors import ConfigError, DataError
from gan_jax.inference import stylise
from gan_jax.inference.styling.stylist import Stylist
from gan_jax.inference.styling.wishes import Wishes
from gan_jax.inference.translate import asked_label
from gan_jax.inference.translator import Translator, drafted, reduced
from gan_jax.ops.directions import DIRECTIONS
from gan_jax.runs import restore

_SIDES = (256, 512, 1024)  # most pixels of the longer side of a photograph
_SMALL = 128  # pixels a side below which the page shows pixels with sharp edges
_FIRST = "0"  # the name of the one image of a call, as in `Run.translate`
_MAX_SIDE = Control(
    "max_side",
    "choice",
    "Longer side at most",
    "Photograph",
    512,
    "Each new size of a photograph is compiled once.",
    options=(*((f"{side} pixels", side) for side in _SIDES), ("as it is", 0)),
)


def _photograph(label: str = "Photograph", name: str = "photograph") -> Control:
    return Control(name, "picture", label, "Photograph")


class Translating:
    """A photograph beside its translation."""

    button, results, seed = "Translate", ("Source", "Translation"), ""

    def __init__(self, run: restore.Run):
        """Places the run's state on the devices; nothing is compiled yet."""
        self._run = run
        model: Any = run.model
        some = model.condition(model.requests[0][:1]) if model.takes_requests else None
        self._ways: dict[str, Translator] = {}
        for way in DIRECTIONS:
            try:
                self._ways[way] = Translator(run, way, None if some is None else np.asarray(some), 0)
            except ConfigError as refused:  # the model does not translate in this direction
                reason = refused
        if not self._ways:
            raise reason
        self._random = False
        self._compiled: set[Any] = set()
        self.small = not model.multiple and max(self._sides(next(iter(self._ways)))) < _SMALL

    def prepare(self) -> None:
        """Compiles the first direction at the size of the training, and finds out whether it draws noise."""
        way, translator = next(iter(self._ways.items()))
        noise = np.random.default_rng(0).integers(0, 256, (*self._sides(way), 3), np.uint8)
        item = translator.framed(_FIRST, Image.fromarray(noise))
        condition = translator.condition
        first, second = (translator.asking(condition, seed)([item])[0] for seed in (0, 1))
        self._random = not np.array_equal(first, second)
        self._compiled.add((way, item.padded.shape))

    @property
    def controls(self) -> tuple[Control, ...]:
        """The photograph, and what the model may be asked for."""
        return (_photograph(), *self._wishes())

    def _wishes(self) -> Iterator[Control]:
        group, model = "Translation", self._run.model
        if len(self._ways) > 1:
            options = tuple((" to ".join(DIRECTIONS[way]), way) for way in self._ways)
            yield Control("direction", "radio", "Direction", group, options[0][1], options=options)
        if model.takes_requests:
            for i, names in enumerate(model.requests):  # type: ignore[attr-defined]  # of such models
                options = tuple((name.replace("_", " "), name) for name in names)
                label = "Attributes" if len(model.requests) == 1 else f"Attributes, set {i + 1}"  # type: ignore[attr-defined]
                yield Control(f"attributes_{i}", "several", label, group, [], options=options)
        if self._random:
            yield Control("seed", "number", "Seed", group, 0, "Seed of the noise that the model draws.")
        if model.multiple:
            yield _MAX_SIDE
        names = {"": "nothing", "edges": "edges", "grey": "grey"}
        way = next(iter(self._ways))
        trained = self._role(way).get("derive", "")
        yield Control(
            "derive",
            "radio",
            "Derive from the photograph first",
            "Photograph",
            trained if trained in DERIVED else "",
            options=tuple((names[what], what) for what in DERIVED),
        )

    def make(self, values: Mapping[str, Any]) -> Iterator[str | Made]:
        """The photograph as the model sees it, and its translation, see `Work.make`."""
        among = [control for control in self.controls if control.kind in ("radio", "choice")]
        picked = {control.name: chosen(values, control) for control in among}
        way = picked.get("direction", next(iter(self._ways)))
        seed = whole(values, "seed") if self._random else 0
        content = read(values, "photograph")
        try:
            with decoding.quiet():
                side = picked.get("max_side", 0)
                item = self._ways[way].prepare(_FIRST, content, picked["derive"], side)
            condition = self._condition(way, picked["derive"], values)
            translator = self._ways[way].asking(condition, seed)
            if (way, item.padded.shape) not in self._compiled:
                yield f"Compiling the program for {_size(item.pixels)} ..."
            start = time.monotonic()
            made = translator([item])[0]
        except Skipped as reason:
            raise DataError(f"The photograph cannot be used: {reason}.") from reason
        self._compiled.add((way, item.padded.shape))
        yield Made((item.pixels, made), f"{_size(made)}, {time.monotonic() - start:.2f} s")

    def _condition(self, way: str, derive: str, values: Mapping[str, Any]) -> np.ndarray | None:
        """The label vector of the attributes that are chosen; None for a model that takes none."""
        if not self._run.model.takes_requests:
            return None
        several = [control.name for control in self.controls if control.kind == "several"]
        wanted = [name for key in several for name in values[key]]
        if not wanted:
            raise ConfigError("Choose one attribute or more.")
        return asked_label(self._run.model, way, derive, wanted)

    def _role(self, way: str) -> Mapping[str, Any]:
        """The training role whose images are like those that a direction takes."""
        return self._run.config.data.roles.get(self._run.model.trained_role(DIRECTIONS[way][0]), {})

    def _sides(self, way: str) -> tuple[int, int]:
        height, width, _ = self._run.example[self._run.model.trained_role(DIRECTIONS[way][0])][0]
        return height, width


class Styling:
    """A photograph beside itself in the style of another picture."""

    button, results, seed, small = "Give the style", ("Photograph", "In the style"), "", False
    controls = (
        _photograph(),
        _MAX_SIDE,
        Control("style", "picture", "Style", "Style"),
        Control("alpha", "slider", "Alpha", "Style", 1.0, "1: style, 0: photograph", step=0.05),
    )

    def __init__(self, run: restore.Run):
        """Places the run's state on the devices; nothing is compiled yet."""
        self._artist = Stylist(run, Wishes.tile)
        self._sides = run.example["content"][0][:2]
        self._compiled: set[Any] = set()

    def prepare(self) -> None:
        """Compiles both networks at the size of the training."""
        noise = np.random.default_rng(0).integers(0, 256, (*self._sides, 3), np.uint8)
        picture = Image.fromarray(noise)
        stylise.of_pictures(self._artist, [picture], picture, 1.0)
        self._compiled |= {("photograph", picture.size), ("style", picture.size)}

    def make(self, values: Mapping[str, Any]) -> Iterator[str | Made]:
        """The photograph, and the photograph in the style, see `Work.make`."""
        named = {control.name: control for control in self.controls}
        side, alpha = chosen(values, named["max_side"]), chosen(values, named["alpha"])
        picture = _opened("photograph", read(values, "photograph"), side)
        style = _opened("style", read(values, "style"), Wishes.style_side)
        sizes = {("photograph", picture.size), ("style", style.size)}
        if not sizes <= self._compiled:
            yield "Compiling the program for pictures of this size ..."
        start = time.monotonic()
        made = stylise.of_pictures(self._artist, [picture], style, alpha)[0]
        self._compiled |= sizes
        yield Made((np.asarray(picture), made), f"{_size(made)}, {time.monotonic() - start:.2f} s")


def read(values: Mapping[str, Any], name: str) -> bytes:
    """The content of the picture that a user has uploaded.

    Raises:
      ConfigError: there is none yet.
      DataError: its file cannot be read.
    """
    if not values[name]:
        raise ConfigError(f"Upload a {name}.")
    try:
        return Path(values[name]).read_bytes()
    except OSError as error:
        raise DataError(f"The {name} cannot be used: {error.strerror}.") from error


def _opened(name: str, content: bytes, side: int) -> Image.Image:
    try:
        with decoding.quiet():
            return reduced(decoding.upright(content, drafted(side)), side)
    except Skipped as reason:
        raise DataError(f"The {name} cannot be used: {reason}.") from reason


def _size(pixels: np.ndarray) -> str:
    return f"{pixels.shape[1]} x {pixels.shape[0]} pixels"
