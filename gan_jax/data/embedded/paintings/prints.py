"""Manners of lines and prints: hatching, woodcut, halftone, contours, charcoal and scratches."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from scipy import ndimage

from gan_jax.data.embedded.paintings import canvas
from gan_jax.data.embedded.paintings.canvas import SIDE


def hatching(
    rng: np.random.Generator,
    colours: np.ndarray,
    *,
    pitch: float = 7,
    layers: int = 4,
    width: int = 1,
    curved: float = 0.1,
) -> Image.Image:
    """Pen and ink: layers of lines in several directions; the darker the tone, the more layers."""
    tone = _tone(rng, colours)
    paper, pen = canvas.blank(colours[-1])
    first = rng.random() * np.pi
    for layer in range(layers):
        directions = first + layer * np.pi / layers + curved * 2 * np.pi * (canvas.noise(rng, 3) - 0.5)
        places = canvas.starts(rng, pitch)
        places = places[canvas.at(tone, places) < 1 - (layer + 0.5) / layers]
        for line in canvas.flat(canvas.trails(directions, places, 3, pitch * 0.9)):
            pen.line(line, canvas.rgb(colours[0]), width)
    return paper


def woodcut(
    rng: np.random.Generator, colours: np.ndarray, *, pitch: float = 9, wave: float = 30, tint: bool = False
) -> Image.Image:
    """Woodcut: black lines that swell with the darkness, along curves, over paper or flat tints."""
    tone = _tone(rng, colours)
    angle = rng.random() * np.pi
    y, x = np.mgrid[:SIDE, :SIDE]
    phase = (x * np.cos(angle) + y * np.sin(angle) + wave * canvas.noise(rng, 4)) * 2 * np.pi / pitch
    black = np.sin(phase) > 2 * tone - 1
    flat = colours[1 + (tone * (len(colours) - 2)).astype(int)] if tint else colours[-1]
    return canvas.image(np.where(black[..., None], colours[0], flat)).filter(ImageFilter.GaussianBlur(0.7))


def halftone(
    rng: np.random.Generator, colours: np.ndarray, *, pitch: float = 9, angle: float = 0.5, inks: int = 2
) -> Image.Image:
    """Screen print: each ink is a grid of dots that grow with its strength, on bright paper."""
    pixels = np.full((SIDE, SIDE, 3), 250.0)
    y, x = np.mgrid[:SIDE, :SIDE]
    chosen = rng.permutation(len(colours) - 1)[:inks]
    for ink in chosen:
        turn = angle + 0.6 * ink
        u, v = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
        screen = (np.cos(2 * np.pi * u / pitch) + np.cos(2 * np.pi * v / pitch) + 2) / 4
        strength = canvas.noise(rng, 4) ** 1.3
        pixels = np.where((screen < strength)[..., None], np.minimum(pixels, colours[ink]), pixels)
    return canvas.image(pixels).filter(ImageFilter.GaussianBlur(0.7))


def contours(
    rng: np.random.Generator, colours: np.ndarray, *, levels: int = 6, line: int = 3, fade: float = 30
) -> Image.Image:
    """Flat colours with dark outlines and a fade inside each, as in Japanese colour prints."""
    height = canvas.noise(rng, 5) * 0.8 + 0.2 * canvas.noise(rng, 14)
    place = np.clip(height, 0, 0.999) * levels
    level = place.astype(int)
    order = rng.integers(1, len(colours), levels)
    pixels = colours[order[level]] + fade * (place - level - 0.5)[..., None]
    edge = (level != np.roll(level, 1, 0)) | (level != np.roll(level, 1, 1))
    edge[0] = edge[:, 0] = False
    # MaxFilter of Pillow 12.3.0 ends the process with a floating point exception.
    thick = ndimage.maximum_filter(edge, line, mode="nearest")
    return canvas.image(np.where(thick[..., None], colours[0], pixels))


def charcoal(
    rng: np.random.Generator, colours: np.ndarray, *, width: int = 5, grain: float = 70, smear: float = 1.5
) -> Image.Image:
    """Charcoal or chalk: broad soft strokes that the grain of the paper interrupts."""
    tone = _tone(rng, colours)
    drawn = Image.new("L", (SIDE, SIDE), 0)
    pen = ImageDraw.Draw(drawn)
    directions = canvas.field(rng, 0.3, 3)
    places = canvas.starts(rng, width * 1.3)
    dark = 1 - canvas.at(tone, places)
    kept = rng.random(len(places)) < dark * 1.2
    lines = canvas.flat(canvas.trails(directions, places[kept], 4, width * 1.5))
    for line, strength in zip(lines, (90 + 165 * dark[kept]).astype(int).tolist(), strict=True):
        pen.line(line, strength, width)
    soft = np.asarray(drawn.filter(ImageFilter.GaussianBlur(smear)), float)
    rough = rng.normal(0, grain, (SIDE // 2, SIDE // 2)).repeat(2, 0).repeat(2, 1)
    cover = np.clip((soft + rough * (soft > 8)) / 255, 0, 1)[..., None]
    return canvas.image(colours[-1] * (1 - cover) + colours[0] * cover)


def scratches(
    rng: np.random.Generator, colours: np.ndarray, *, pitch: float = 6, steps: int = 6, length: float = 6
) -> Image.Image:
    """Sgraffito: bright lines scratched along a field into a dark ground."""
    picture = canvas.composition(rng, colours)
    ground, pen = canvas.blank(colours[0] * 0.7)
    directions = canvas.field(rng, 1.5)
    places = canvas.starts(rng, pitch)
    tones = canvas.at(picture, places)
    kept = rng.random(len(places)) < 0.2 + 0.8 * tones.mean(-1) / 255
    lines = canvas.flat(canvas.trails(directions, places[kept], steps, length))
    for line, ink in zip(lines, canvas.inks(40 + tones[kept]), strict=True):
        pen.line(line, ink, int(rng.integers(1, 3)))
    return ground


def _tone(rng, colours):
    """The brightness of a composition, stretched to [0, 1]."""
    grey = canvas.composition(rng, colours).mean(-1)
    low, high = grey.min(), grey.max()
    return (grey - low) / max(high - low, 1)
