"""The manners: how each one paints, and in which palettes."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from gan_jax.data.embedded.paintings import brushes, canvas, prints, shapes


class Manner(NamedTuple):
    """One way to paint.

    Attributes:
      name: of the manner.
      technique: the function that paints; its arguments are a generator and the palette's colours.
      palettes: names of the palettes that it chooses from.
    """

    name: str
    technique: Callable[[np.random.Generator, np.ndarray], Image.Image]
    palettes: tuple[str, ...]


def _manner(name: str, technique: Callable[..., Image.Image], palettes: str, **options: Any) -> Manner:
    return Manner(name, functools.partial(technique, **options), tuple(palettes.split()))


MANNERS = (
    _manner("swirling strokes", brushes.strokes, "night sunset sea", swirl=True, width=6, steps=6),
    _manner("short strokes", brushes.strokes, "harvest garden sea", width=5, steps=2, length=5, turns=0.4),
    _manner("long broad strokes", brushes.strokes, "fauve violet earth", width=13, steps=7, jitter=30),
    _manner("hairy strokes", brushes.strokes, "harvest earth night", width=2, steps=6, jitter=34),
    _manner("curling strokes", brushes.strokes, "garden violet ice", width=5, steps=9, length=4, turns=3),
    _manner("fine dots", brushes.dots, "garden sea harvest", radius=2.2),
    _manner("coarse dots", brushes.dots, "fauve sunset night", radius=4.5, snap=40),
    _manner("confetti", brushes.dots, "fauve primary violet", radius=6, snap=110),
    _manner("palette knife", brushes.knife, "sea sunset harvest"),
    _manner("heavy slabs", brushes.knife, "earth fauve night", wide=44, thick=16, relief=2.4),
    _manner("small dabs", brushes.knife, "garden ice violet", wide=13, thick=6),
    _manner("watercolour", brushes.washes, "sea garden violet"),
    _manner("wet watercolour", brushes.washes, "sunset ice garden", wet=14, grain=4),
    _manner("ink wash", brushes.washes, "ink", layers=6, wet=9, grain=12),
    _manner("drips", brushes.drips, "ink primary earth"),
    _manner("fine threads of paint", brushes.drips, "night fauve sunset", threads=150, width=1.5),
    _manner("winding bands", brushes.bands, "sunset fauve night"),
    _manner("calm bands", brushes.bands, "sea ice harvest", count=24, wave=0.2, streak=14),
    _manner("facets", shapes.facets, "earth ice harvest"),
    _manner("bright facets", shapes.facets, "fauve sunset violet", count=40, shade=40, outline=0),
    _manner("splinters", shapes.facets, "print night earth", count=140, shade=90, outline=1),
    _manner("mosaic", shapes.tiles, "sea earth harvest"),
    _manner("fine mosaic", shapes.tiles, "night garden print", tile=6, gap=1, jitter=34),
    _manner("stained glass", shapes.glass, "fauve primary sunset"),
    _manner("crackle", shapes.glass, "ice sea earth", cells=240, lead=2, glow=20),
    _manner("planes and lines", shapes.planes, "primary"),
    _manner("many planes", shapes.planes, "fauve print sea", cuts=14, line=3, filled=0.8),
    _manner("discs", shapes.discs, "fauve primary violet"),
    _manner("bubbles", shapes.discs, "sunset sea garden", count=70, rings=2, chords=4),
    _manner("cut paper", shapes.cut_paper, "fauve sea primary"),
    _manner("blossoms", shapes.cut_paper, "garden violet sunset", count=60, lobes=12, depth=0.8),
    _manner("weave", shapes.threads, "earth print garden"),
    _manner("cross stitch", shapes.threads, "primary fauve violet", pitch=8, slant=True, shine=60),
    _manner("pen hatching", prints.hatching, "ink earth"),
    _manner("dense engraving", prints.hatching, "ink print", pitch=4, layers=5, curved=0.3),
    _manner("reed pen", prints.hatching, "harvest night", pitch=10, layers=3, width=3, curved=0.6),
    _manner("woodcut", prints.woodcut, "ink print"),
    _manner("tinted woodcut", prints.woodcut, "print sunset sea", pitch=12, wave=60, tint=True),
    _manner("fine engraving", prints.woodcut, "ink earth", pitch=5, wave=40),
    _manner("halftone", prints.halftone, "primary fauve"),
    _manner("coarse screen print", prints.halftone, "sunset violet sea", pitch=16, inks=3),
    _manner("colour print", prints.contours, "print sea sunset"),
    _manner("map of contours", prints.contours, "harvest garden ice", levels=14, line=1, fade=10),
    _manner("charcoal", prints.charcoal, "ink"),
    _manner("red chalk", prints.charcoal, "sunset earth", width=3, grain=90, smear=0.8),
    _manner("scratches", prints.scratches, "night fauve violet"),
    _manner("fur", prints.scratches, "earth harvest ink", pitch=3, steps=3),
)


def paint(rng: np.random.Generator, manner: int) -> np.ndarray:
    """A painting in one of MANNERS, uint8 [SIZE, SIZE, 3]."""
    chosen = MANNERS[manner]
    colours = canvas.palette(str(rng.choice(chosen.palettes)))
    return canvas.reduced(chosen.technique(rng, colours))
