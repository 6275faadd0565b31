"""The page of a run that draws images from noise: seeds, classes, and sliders over latents or styles."""

import functools
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gan_jax.demo.controls import Control, Made, chosen, whole
from gan_jax.drawing import sheets
from gan_jax.inference import generators, output
from gan_jax.ops import latents as ops
from gan_jax.ops.pixels import to_uint8
from gan_jax.runs import functions, restore

COUNTS = (1, 4, 9, 16)  # images on a sheet; each count is a program
_FEW, _LARGE = 4, 128  # images at first where a side has so many pixels or more
_DIALS = 4  # sliders over latent dimensions or directions
_SPREAD = 3.0  # the reach of a slider over a latent dimension, in standard deviations
_STRENGTH = 5.0  # the reach of a slider along a direction of the styles
_GAP = 2  # pixels between the images of a sheet
_ALL = ""  # the class of a sheet on which the classes take turns


class Drawing:
    """The images of a seed, moved by sliders; with all sliders at their initial values those of `sample`."""

    button, results, seed = "Draw", ("Images",), "seed"

    def __init__(self, workdir: Path | str, run: restore.Run):
        """Places the run's state on the devices; nothing is compiled yet."""
        self._run, self._model = run, run.model
        model: Any = run.model
        self.small = model.size < _LARGE
        self._classes = generators.class_titles(workdir, range(model.num_classes))
        self._latents = functools.lru_cache(16)(
            lambda seed, count: generators.latents(model, seed, range(count))
        )
        self._compiled: set[int] = set()
        if model.has_styles:
            self._style, self._mean = functions.styler(run), functions.styler(run, 0.0)
            self._draw = functions.synthesiser(run)
        else:
            self._draw = functions.decoder(run)
        self.controls = (*self._of_sample(), *self._between(), *self._dials())
        self._named = {control.name: control for control in self.controls}

    def prepare(self) -> Made:
        """Compiles the program of the initial number of images, and makes these images."""
        *_, made = self.make({control.name: control.value for control in self.controls})
        assert isinstance(made, Made)
        return made

    def make(self, values: Mapping[str, Any]) -> Iterator[str | Made]:
        """The sheet of the values' images, see `Work.make`."""
        seed = whole(values, "seed")
        count = chosen(values, self._named["count"])
        new, told = count not in self._compiled, f"{count} image{'s' * (count > 1)}"
        if new:
            yield f"Compiling the program for {told} ..."
        start = time.monotonic()
        pictures = self.images(values)
        self._compiled.add(count)
        line = f"Seed {seed}, {told}, {'compiled and drawn in ' * new}{time.monotonic() - start:.2f} s"
        yield Made((sheets.mosaic(pictures, output.square(count), _GAP),), line)

    def images(self, values: Mapping[str, Any]) -> np.ndarray:
        """The images uint8 [count, S, S, C] of the values."""
        seed, other = whole(values, "seed"), whole(values, "other_seed")
        others = (control for control in self.controls if control.kind != "number")
        picked = {control.name: chosen(values, control) for control in others}
        count, share = picked["count"], picked["share"]
        first, last = (self._latents(number, count) for number in (seed, other))
        label = self._label(picked.get("class", _ALL), count)
        moves = np.array([picked[f"dial_{i}"] for i in range(self._dials_there)], np.float32)
        if self._model.has_styles:
            return to_uint8(self._draw(self._styles(first, last, label, moves, picked)))
        kind = "linear" if self._straight else "spherical"
        z = ops.PATHS[kind](first, last, share).astype(np.float32)
        z[:, : len(moves)] += moves
        return to_uint8(self._draw(z, label))

    def _styles(self, first, last, label, moves, picked):
        """Styles [n, L, d]: between those of two latents, mixed by layers, moved, then truncated."""
        own, other = (self._style(z, label) for z in (first, last))
        ws, layer = ops.lerp(own, other, picked["share"]), picked.get("layer", self._layers)
        ws[:, layer:] = other[:, layer:]
        mean = self._mean(first, label)  # styles are linear in the truncation
        ws = ops.lerp(mean, ws, picked["truncation"])
        if len(moves):
            ws = ws + moves @ self._directions
        return ws.astype(np.float32)

    @property
    def _layers(self) -> int:
        return self._model.num_styles  # type: ignore[attr-defined]  # of models with styles

    @property
    def _straight(self) -> bool:
        return self._model.straight_paths  # type: ignore[attr-defined]  # of models that draw from noise

    @property
    def _dials_there(self) -> int:
        return sum(name.startswith("dial_") for name in self._named)

    @functools.cached_property
    def _directions(self) -> np.ndarray:
        """The directions [k, d] in which a style changes its layers most, as `--mode=edit` finds them."""
        model: Any = self._model
        kernels = [kernel for layer in model.affine_kernels(self._run.state) for kernel in layer]
        return ops.factorised_directions(kernels, min(_DIALS, model.w_dim))

    def _label(self, name, count):
        """Classes int32 [count]: the chosen one, or all in turn."""
        if not self._classes:
            return None
        every = np.arange(len(self._classes), dtype=np.int32)
        return np.resize(every if name == _ALL else every[name], count)

    def _of_sample(self):
        model: Any = self._model
        several = _FEW if model.size >= _LARGE else 9
        yield Control("seed", "number", "Seed", "Images", 0, "As in the mode sample.")
        counts = tuple((str(count), count) for count in COUNTS)
        yield Control("count", "radio", "Number of images", "Images", several, options=counts)
        if self._classes:
            options = (("all, in turn", _ALL), *((name, i) for i, name in enumerate(self._classes)))
            yield Control("class", "choice", "Class", "Images", _ALL, options=options)
        if model.has_styles:
            info = "1 leaves the styles as they are, 0 gives their mean."
            yield Control("truncation", "slider", "Truncation psi", "Images", 1.0, info, -1.0, 1.0, 0.05)

    def _between(self):
        group = "Between two seeds"
        yield Control("other_seed", "number", "Second seed", group, 1)
        yield Control("share", "slider", "Share of the second seed", group, 0.0)
        model: Any = self._model
        if model.has_styles and model.styled_sides:
            info = f"Styles from this layer on are the second seed's; {self._layers} takes none."
            end = self._layers
            yield Control("layer", "slider", "Mix from layer", group, end, info, 0, end, 1)

    def _dials(self):
        model: Any = self._model
        if model.has_styles:
            count = len(self._directions) if model.styled_sides else 0
            group, label, reach = "Directions of the styles", "Direction", _STRENGTH
        else:
            count, group, label = min(_DIALS, model.z_dim), "First latent dimensions", "Dimension"
            reach = round(_SPREAD * float(np.std(generators.latents(model, 0, range(64)))), 1)
        for i in range(count):
            yield Control(f"dial_{i}", "slider", f"{label} {i + 1}", group, 0.0, "", -reach, reach, 0.1)
