"""The street domain: crops of house numbers rendered from matplotlib's fonts, 32x32 in colour.

The crops have what makes SVHN hard: many typefaces and colours, ink lighter or darker than the ground,
neighbouring digits cut off at the sides, edges of the sign, uneven light, perspective, blur and noise.
"""

import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from gan_jax.data.embedded.digits import painted

SIZE = 32  # pixels
_CANVAS = 64  # glyphs are drawn at twice the final size
_BLOCK = 500  # images made together; bounds the memory
_HEIGHT = 68  # pixels of an em on the canvas; digits are about 0.73 em high
_PAINTED = 0.5  # share of hand-painted numbers
# Only text faces, since mathematical and symbol fonts have no ordinary digits.
_FACES = ("DejaVuSans*.ttf", "DejaVuSerif*.ttf", "STIXGeneral*.ttf", "cmb10.ttf", "cmr10.ttf",
          "cmss10.ttf", "cmtt10.ttf")  # fmt: skip


def make(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Random crops with the labelled digit in the middle.

    Returns:
      Images uint8 [size, 32, 32, 3] and their labels int32 [size], all classes in equal shares.
    """
    labels = rng.permutation(np.arange(size) % 10).astype(np.int32)
    blocks = [labels[first : first + _BLOCK] for first in range(0, size, _BLOCK)]
    return np.concatenate([photograph(rng, _numbers(rng, block)) for block in blocks]), labels


@functools.cache
def faces() -> tuple[str, ...]:
    """Paths of the fonts that are used."""
    import matplotlib

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    found = sorted(str(path) for face in _FACES for path in folder.glob(face))
    return tuple(path for path in found if "Display" not in path)


@functools.cache
def glyph(face: str, digit: int, stroke: int) -> Image.Image:
    """The coverage mask of one digit, cropped to its ink; `stroke` makes it so many pixels bolder."""
    # Every build of Pillow has the basic layout engine.
    font = ImageFont.truetype(face, _HEIGHT, layout_engine=ImageFont.Layout.BASIC)
    canvas = Image.new("L", (2 * _HEIGHT, 2 * _HEIGHT))
    middle = (_HEIGHT, _HEIGHT)
    ImageDraw.Draw(canvas).text(middle, str(digit), 255, font, anchor="mm", stroke_width=stroke)
    return canvas.crop(canvas.getbbox())


def photograph(rng: np.random.Generator, numbers: np.ndarray) -> np.ndarray:
    """Photographs of numbers on a sign, with light, lens and sensor in that order: uint8 [N, 32, 32, 3].

    `numbers` float [N, 32, 32, 1] in [0, 1] is the share of each pixel that the ink covers.
    """
    count = len(numbers)
    ground, ink, wall = _colours(rng, count)
    beyond = _beyond_the_sign(rng, count)
    image = ground + (wall - ground) * beyond
    image = image + (ink - image) * numbers
    grain = rng.normal(0, rng.uniform(0, 0.05, (count, 1, 1, 1)), image.shape)
    image = _blur(rng, image * _light(rng, count) + grain)
    return np.rint(255 * np.clip(image, 0, 1)).astype(np.uint8)


def _numbers(rng: np.random.Generator, labels: np.ndarray) -> np.ndarray:
    return np.stack([_number(rng, int(digit)) for digit in labels])[..., None]


def _number(rng: np.random.Generator, digit: int) -> np.ndarray:
    """Coverage [32, 32] in [0, 1] of the digit and of the neighbours that reach into the crop."""
    draw = _writing(rng)
    gap = rng.uniform(2, 12)
    canvas = Image.new("L", (_CANVAS, _CANVAS))
    centre = draw(digit)
    _paste(canvas, centre, _CANVAS / 2)
    for side in (-1, 1):
        if rng.random() < 0.6:
            other = draw(int(rng.integers(10)))
            _paste(canvas, other, _CANVAS / 2 + side * ((centre.width + other.width) / 2 + gap))
    seen = canvas.transform(
        (SIZE, SIZE), Image.Transform.PERSPECTIVE, _perspective(rng), Image.Resampling.BILINEAR
    )
    return np.asarray(seen, np.float32) / 255


def _writing(rng: np.random.Generator) -> Callable[[int], Image.Image]:
    """A function `digit -> mask` for all digits of one number: a font, or hand-painted strokes."""
    if rng.random() < _PAINTED:
        size = (rng.uniform(0.35, 0.6) * _HEIGHT, 0.65 * _HEIGHT)
        slant, pen = rng.normal(0.1, 0.15), int(rng.integers(3, 12))
        return lambda digit: painted.paint(rng, digit, size, slant, pen)
    face = faces()[rng.integers(len(faces()))]
    stroke = int(rng.integers(3))
    return lambda digit: glyph(face, digit, stroke)


def _paste(canvas: Image.Image, mask: Image.Image, x: float) -> None:
    canvas.paste(255, (round(x - mask.width / 2), (_CANVAS - mask.height) // 2), mask)


def _perspective(rng: np.random.Generator) -> tuple[float, ...]:
    """Pillow's eight coefficients from output to canvas: an affine map and a slight tilt."""
    angle, shear = rng.normal(0, 0.08, 2)
    cos, sin = np.cos(angle), np.sin(angle)
    scale = _CANVAS / SIZE * np.diag([rng.uniform(0.9, 1.4), rng.uniform(0.85, 1.3)])
    matrix = scale @ [[cos, -sin], [sin, cos]] @ [[1, shear], [0, 1]]
    tilt = rng.normal(0, 0.003, 2)
    half, middle = np.full(2, SIZE / 2), _CANVAS / 2 + rng.uniform(-3, 3, 2)
    # The crop's centre maps to `middle` for every tilt.
    offset = middle * (1 + tilt @ half) - matrix @ half
    return (*matrix[0], offset[0], *matrix[1], offset[1], *tilt)


def _colours(rng: np.random.Generator, count: int) -> np.ndarray:
    """Colours of sign, ink and wall [3, count, 1, 1, 3], about in [0, 1].

    Most colours are dull, and the ink contrasts with the sign.
    """
    ground = rng.beta(1.7, 2.0, (1, count))
    contrast = rng.uniform(0.15, 0.6, (1, count))
    # The ink mostly lies towards the end of the scale that has more room.
    lighter = rng.random((1, count)) < 0.5 + 1.1 * (0.5 - ground)
    ink = np.where(lighter, ground + contrast, ground - contrast)
    wall = ground + rng.normal(0, 0.2, (1, count))
    grey = np.concatenate([ground, ink, wall])
    # Daylight and paint vary far more from blue to orange than from green to purple.
    warm = 0.03 * rng.standard_t(3, (3, count)) + rng.normal(-0.01, 0.03, (1, count))
    green = rng.normal(0, 0.012, (3, count))
    tint = np.stack([warm - green, green, -warm - green], axis=-1)
    return (grey[..., None] + np.clip(tint, -0.4, 0.4))[:, :, None, None]


def _beyond_the_sign(rng: np.random.Generator, count: int) -> np.ndarray:
    """Coverage [count, 32, 32, 1] of the wall beyond the sign, in pictures that show the sign's edge."""
    turn = rng.integers(4, size=count) * np.pi / 2 + rng.normal(0, 0.08, count)
    distance = np.where(rng.random(count) < 0.5, rng.uniform(11, 16, count), 2 * SIZE)
    place = np.arange(SIZE) - (SIZE - 1) / 2
    across = np.cos(turn)[:, None, None] * place + np.sin(turn)[:, None, None] * place[:, None]
    return np.clip(across - distance[:, None, None] + 0.5, 0, 1)[..., None]


def _light(rng: np.random.Generator, count: int) -> np.ndarray:
    """Brightness [count, 32, 32, 1] around 1: random at 4x4 places, interpolated between them."""
    knots = np.linspace(0, 3, SIZE)
    weights = np.clip(1 - np.abs(knots[:, None] - np.arange(4)), 0, None)
    coarse = rng.normal(0, rng.uniform(0.02, 0.16, (count, 1, 1)), (count, 4, 4))
    return 1 + (weights @ coarse @ weights.T)[..., None]


def _blur(rng: np.random.Generator, images: np.ndarray) -> np.ndarray:
    """Blurs each image with its own Gaussian, of standard deviations 0.5 to 1.8 pixels on each axis."""
    place = np.arange(SIZE)
    spread = rng.uniform(0.6, 1.6, (len(images), 1)) * rng.uniform(0.85, 1.15, (len(images), 2))
    kernel = np.exp(-0.5 * ((place[:, None] - place) / spread[..., None, None]) ** 2)
    down, across = np.moveaxis(kernel / kernel.sum(-1, keepdims=True), 1, 0)
    channels = np.moveaxis(images, -1, 1)
    blurred = down[:, None] @ channels @ across[:, None].swapaxes(-1, -2)
    return np.moveaxis(blurred, 1, -1)
