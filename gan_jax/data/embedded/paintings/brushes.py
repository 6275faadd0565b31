"""Manners of brush and paint: strokes along fields, dots, knives, washes, drips and bands."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from gan_jax.data.embedded.paintings import canvas
from gan_jax.data.embedded.paintings.canvas import SIDE


def strokes(
    rng: np.random.Generator,
    colours: np.ndarray,
    *,
    width: float = 7,
    steps: int = 5,
    length: float = 6,
    turns: float = 1.0,
    swirl: bool = False,
    jitter: float = 22,
) -> Image.Image:
    """Strokes that follow a field of directions, or swirls, as in van Gogh's skies."""
    picture = canvas.composition(rng, colours)
    directions = canvas.swirls(rng) if swirl else canvas.field(rng, turns)
    painted, pen = canvas.blank(picture.mean((0, 1)))
    places = canvas.starts(rng, max(0.8 * width, 3.5))
    tones = canvas.at(picture, places) + rng.normal(0, jitter, (len(places), 1)) + rng.normal(0, 6, (1, 3))
    lines = canvas.flat(canvas.trails(directions, places, steps, length))
    widths = np.maximum(1, rng.normal(width, width / 5, len(places))).astype(int).tolist()
    for line, ink, wide in zip(lines, canvas.inks(tones), widths, strict=True):
        pen.line(line, ink, wide)
    return painted


def dots(
    rng: np.random.Generator, colours: np.ndarray, *, radius: float = 3, snap: float = 60, contrast: float = 1
) -> Image.Image:
    """Pointillism: dots of pure colours that mix in the eye."""
    picture = canvas.composition(rng, colours)
    painted, pen = canvas.blank(colours[-1])
    places = canvas.starts(rng, radius * 1.5)
    wanted = canvas.at(picture, places) + rng.normal(0, snap, (len(places), 3))
    tones = colours[canvas.nearest(wanted, colours)] * contrast
    for (x, y), ink in zip(places.tolist(), canvas.inks(tones), strict=True):
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), ink)
    return painted


def knife(
    rng: np.random.Generator, colours: np.ndarray, *, wide: float = 26, thick: float = 9, relief: float = 1.5
) -> Image.Image:
    """Impasto with a palette knife: broad slabs of paint, lit from one side."""
    picture = canvas.composition(rng, colours)
    painted, pen = canvas.blank(picture.mean((0, 1)))
    height = Image.new("L", painted.size, 0)
    relief_pen = ImageDraw.Draw(height)
    directions = canvas.field(rng, 0.5, 3)
    places = canvas.starts(rng, thick * 1.1)
    tones = canvas.at(picture, places) + rng.normal(0, 18, (len(places), 1))
    levels = rng.integers(40, 255, len(places)).tolist()
    angles = canvas.at(directions, places) + rng.normal(0, 0.25, len(places))
    slabs = canvas.boxes(places, angles, wide * rng.uniform(0.3, 0.7, len(places)), thick / 2)
    for slab, ink, level in zip(slabs, canvas.inks(tones), levels, strict=True):
        pen.polygon(slab, ink)
        relief_pen.polygon(slab, level)
    slope = np.asarray(height.filter(ImageFilter.GaussianBlur(1.5)), float)
    light = relief * (np.roll(slope, 2, 0) - slope + np.roll(slope, 2, 1) - slope) / 4
    return canvas.image(np.asarray(painted) - light[..., None])


def washes(
    rng: np.random.Generator, colours: np.ndarray, *, layers: int = 7, wet: float = 4, grain: float = 9
) -> Image.Image:
    """Watercolour: translucent washes that darken each other and collect at their borders, on paper."""
    paper = np.full((SIDE, SIDE, 3), 247.0) - 3 * rng.random((SIDE, SIDE, 1))
    for _ in range(layers):
        blob = canvas.noise(rng, int(rng.integers(3, 7))) + 0.1 * (canvas.noise(rng, 40) - 0.5)
        cover = 1 / (1 + np.exp(-(blob - rng.uniform(0.5, 0.85)) * 160 / wet))
        rim = 4 * cover * (1 - cover)
        tone = canvas.pick(rng, colours[:-1])
        strength = (rng.uniform(0.2, 0.5) * cover + 0.2 * rim)[..., None]
        paper *= 1 - strength * (1 - tone / 255)
    rough = rng.normal(0, grain, (SIDE // 2, SIDE // 2, 1)).repeat(2, 0).repeat(2, 1)
    return canvas.image(paper + rough)


def drips(
    rng: np.random.Generator, colours: np.ndarray, *, threads: int = 70, width: float = 3, splashes: int = 260
) -> Image.Image:
    """Action painting: thrown threads of paint and splashes."""
    painted, pen = canvas.blank(colours[-1] if rng.random() < 0.7 else colours[0])
    for _ in range(threads):
        knots = rng.normal(0, 1, (4, 2)) * SIDE / 3 + rng.random(2) * SIDE
        t = np.linspace(0, 1, 24)[:, None]
        a, b, c, d = knots
        curve = (1 - t) ** 3 * a + 3 * t * (1 - t) ** 2 * b + 3 * t**2 * (1 - t) * c + t**3 * d
        wide = int(max(1, rng.gamma(2, width / 2)))
        pen.line(curve.ravel().tolist(), canvas.rgb(canvas.pick(rng, colours)), wide, joint="curve")
    for x, y in (rng.random((splashes, 2)) * SIDE).tolist():
        r = float(min(rng.gamma(1.2, width / 2), 12))
        pen.ellipse((x - r, y - r, x + r, y + r), canvas.rgb(canvas.pick(rng, colours)))
    return painted


def bands(
    rng: np.random.Generator, colours: np.ndarray, *, count: int = 16, wave: float = 0.5, streak: float = 26
) -> Image.Image:
    """Long winding bands of colour with streaks along them, as in Munch's skies."""
    angle = rng.choice((0.0, 0.3, -0.3, np.pi / 2))
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    level = x * np.sin(angle) + y * np.cos(angle) + wave * (canvas.noise(rng, 4) - 0.5)
    order = rng.integers(0, len(colours), 3 * count)
    place = (level - level.min()) * count
    tone = colours[order[place.astype(int) % len(order)]]
    fine = np.interp(place * 9, np.arange(9 * 3 * count), rng.normal(0, streak, 27 * count))
    return canvas.image(tone + fine[..., None]).filter(ImageFilter.GaussianBlur(0.8))
