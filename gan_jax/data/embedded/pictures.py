"""Two embedded sets of whole pictures for style transfer, 427x640 in colour, without file or network.

`sample_photographs` are scikit-learn's photographs, `china.jpg` and then `flower.jpg`, in every split.
`stroke_paintings` are painted by code: strokes along a field that flows and circles, over hills and a sky
with lights. Each painting has its own random stream, from (seed, split, row).
"""

import functools
import zlib

import numpy as np
from PIL import Image, ImageDraw

from gan_jax.data import splits
from gan_jax.data.examples import Examples, concatenate

NAMES = ("sample_photographs", "stroke_paintings")
SIZES = {"train": 2, "validation": 2, "test": 2}
SHAPE = (427, 640)  # height and width of the photographs, and so of the paintings
SEED = 18890615  # the week of van Gogh's Starry Night

_SKY, _HILL = ((14, 26, 74), (64, 112, 178)), ((12, 30, 34), (70, 92, 66))  # from dark to bright
_LIGHT = (246, 214, 96)
_LAYERS = ((22, 9, 14), (11, 5, 16), (6, 2, 12))  # (distance, width, steps) of the strokes, coarse to fine


def read(name: str, split: str) -> Examples:
    """Rows of one set: `image` uint8 [N, 427, 640, 3], and `label` int32 [N], the row within its split.

    Args:
      name: one of NAMES.
      split: tfds' slicing syntax over train, validation and test; SIZES has their sizes.

    Raises:
      DataError: the split does not exist.
    """
    chosen = splits.parse(split, SIZES, name)
    return concatenate([Examples(_make(name, part).gather(rows)) for part, rows in chosen])


@functools.cache
def _make(name: str, split: str) -> Examples:
    if name == "sample_photographs":
        from sklearn.datasets import load_sample_images

        images = np.stack(load_sample_images().images)
    else:
        streams = ([SEED, zlib.crc32(split.encode()), row] for row in range(SIZES[split]))
        images = np.stack([paint(np.random.default_rng(stream)) for stream in streams])
    return Examples({"image": images, "label": np.arange(len(images), dtype=np.int32)})


def paint(rng: np.random.Generator, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    """A painting uint8 [H, W, 3]: strokes of several widths along a field, over a composition of colours."""
    height, width = shape
    colours, angles = _composition(rng, shape)
    canvas = Image.fromarray(np.clip(colours, 0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(canvas)
    for distance, wide, steps in _LAYERS:
        grid = np.stack(np.meshgrid(np.arange(0, width, distance), np.arange(0, height, distance)), -1)
        starts = rng.permutation(grid.reshape(-1, 2) + rng.uniform(-distance, distance, (grid.size // 2, 2)))
        trail = [starts]
        for _ in range(steps):
            turn = angles[_index(trail[-1], shape)]
            trail.append(trail[-1] + wide / 2 * np.stack([np.cos(turn), np.sin(turn)], -1))
        tones = colours[_index(trail[steps // 2], shape)]
        tones = tones + rng.normal(0, 18, (len(starts), 1)) + rng.normal(0, 7, (len(starts), 3))
        for line, tone in zip(np.stack(trail, 1), np.clip(tones, 0, 255).astype(int), strict=True):
            pen.line([tuple(point) for point in line.tolist()], tuple(tone.tolist()), wide, joint="curve")
    return np.asarray(canvas)


def _composition(rng, shape):
    """The colours to paint, float [H, W, 3], and the direction of the strokes at each place, [H, W]."""
    height, width = shape
    y, x = np.mgrid[:height, :width].astype(float)
    # Sums of waves make hills and a sky that flows from left to right.
    waves = [(rng.uniform(2, 9) / width, rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 1)) for _ in range(6)]
    flow = 0.6 * sum(a * np.sin(2 * np.pi * f * (x + 0.7 * y) + p) for f, p, a in waves) / 2
    across, down = np.cos(flow), np.sin(flow)
    sky, hill = (np.array(pair, float) for pair in (_SKY, _HILL))
    tone = (0.5 + 0.5 * np.sin(3 * flow + y / height * 4))[..., None]
    colours = sky[0] + tone * (sky[1] - sky[0])
    for _ in range(rng.integers(6, 10)):
        cx, cy, radius = rng.uniform(0, width), rng.uniform(0, 0.6 * height), rng.uniform(14, 44)
        dx, dy = x - cx, y - cy
        away = np.hypot(dx, dy)
        pull = 2.5 * np.exp(-((away / (2.5 * radius)) ** 2))
        across, down = across - pull * dy / (away + 1), down + pull * dx / (away + 1)
        ring = np.exp(-(((away - 2 * radius) / (0.4 * radius)) ** 2))
        glow = np.exp(-((away / radius) ** 2)) + 0.35 * ring
        colours = colours + np.clip(glow, 0, 1)[..., None] * (np.array(_LIGHT) - colours)
    edge = height * (0.75 + 0.08 * sum(a * np.sin(2 * np.pi * f * x[0] + p) for f, p, a in waves) / 2)
    land = y > edge
    colours[land] = (hill[0] + tone * (hill[1] - hill[0]))[land]
    slope = np.arctan(np.gradient(edge))[None] + 0.3 * flow
    return colours, np.where(land, slope, np.arctan2(down, across))


def _index(points, shape):
    column, row = np.clip(points.astype(int), 0, (shape[1] - 1, shape[0] - 1)).T
    return row, column
