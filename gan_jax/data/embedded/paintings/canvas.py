"""What all manners draw with: smooth noise, fields of directions, compositions of colours, and lines."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

SIZE = 128  # pixels a side of a painting
SCALE = 2  # paintings are drawn so many times larger and then reduced, so that edges are smooth
SIDE = SIZE * SCALE

# Palettes of five or six colours, the darkest first.
PALETTES = {
    "night": ("0b1437", "1f3a7a", "3f6fb5", "8fb8d8", "f2d35b", "f7efc1"),
    "harvest": ("3b2a14", "7a5a1e", "b98a2b", "e0b84c", "7f8f3a", "f3e6b0"),
    "garden": ("1d3326", "3f6b3c", "7fa650", "c7d28a", "d98aa6", "f6e3ea"),
    "fauve": ("20123a", "c2203c", "ef7d22", "f5c92e", "1f8f6a", "2d5fc4"),
    "earth": ("1e1611", "4a3426", "7d5a3c", "ad8560", "d1b48c", "ece0c8"),
    "sea": ("0d2b3e", "1f5a6e", "3c8f94", "83bdb1", "d4e4d4", "f2c98a"),
    "primary": ("101010", "c8241f", "1e3f95", "f2c811", "f1ede2", "f8f6f0"),
    "sunset": ("2a0f2e", "6b1f4a", "b5334f", "e6673c", "f5a84b", "fbe0a3"),
    "ice": ("1b2733", "4b6478", "88a3b5", "b9cbd6", "dde7ec", "f7fafb"),
    "print": ("17202e", "27476e", "9c3b2e", "d7a763", "cfd3bd", "f2e8d0"),
    "violet": ("1c1230", "46307a", "8560b4", "bb9bd6", "e9c6d8", "e8d67a"),
    "ink": ("0f0f12", "33343a", "66686e", "9c9ea0", "cfcdc6", "f3efe4"),
}


def palette(name: str) -> np.ndarray:
    """The colours of a palette, float [n, 3] in 0 to 255."""
    return np.array([list(bytes.fromhex(colour)) for colour in PALETTES[name]], float)


def noise(rng: np.random.Generator, cells: int, side: int = SIDE) -> np.ndarray:
    """Smooth noise with ranks uniform in [0, 1): `cells` random values along each side, [side, side]."""
    grid = Image.fromarray(rng.random((cells, cells), np.float32))
    smooth = np.asarray(grid.resize((side, side), Image.Resampling.BICUBIC))
    low, high = np.quantile(smooth[::4, ::4], (0.02, 0.98))
    return np.clip((smooth - low) / (high - low), 0, 0.999)


def field(rng: np.random.Generator, turns: float, cells: int = 4) -> np.ndarray:
    """A field of directions in radians, [side, side], that turns by at most `turns` full circles."""
    return 2 * np.pi * (turns * noise(rng, cells) + rng.random())


def swirls(rng: np.random.Generator, count: int = 3) -> np.ndarray:
    """Directions that circle around a few centres and drift between them, [side, side]."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    vector = np.stack([np.full_like(x, 0.15), np.zeros_like(x)])
    for _ in range(count):
        cx, cy = rng.random(2) * SIDE
        dx, dy = x - cx, y - cy
        weight = rng.choice((-1, 1)) * np.exp(-(dx**2 + dy**2) / (2 * (SIDE / rng.uniform(3, 6)) ** 2))
        scale = np.hypot(dx, dy) + 1
        vector += weight * np.stack([-dy, dx]) / scale
    return np.arctan2(vector[1], vector[0])


def composition(rng: np.random.Generator, colours: np.ndarray, cells: int = 4) -> np.ndarray:
    """An abstract picture to paint: a ground, hills and discs in the palette's colours, [side, side, 3].

    Every manner paints one of these, so that its strokes carry large shapes as well as texture.
    """
    value = noise(rng, cells)
    places = value * (len(colours) - 1)
    low = places.astype(int)
    part = (places - low)[..., None]
    order = colours[rng.permutation(len(colours))]
    ground = order[low] * (1 - part) + order[np.minimum(low + 1, len(colours) - 1)] * part
    picture = Image.fromarray(ground.astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    for _ in range(rng.integers(0, 3)):
        heights = SIDE * (rng.uniform(0.3, 0.9) + 0.25 * (noise(rng, 5, SIDE)[0] - 0.5))
        edge = [(x, float(heights[x])) for x in range(0, SIDE, 8)] + [(SIDE, float(heights[-1]))]
        draw.polygon([*edge, (SIDE, SIDE), (0, SIDE)], fill=rgb(pick(rng, colours)))
    for _ in range(rng.integers(0, 4)):
        x, y = rng.random(2) * SIDE
        radius = rng.uniform(0.06, 0.22) * SIDE
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=rgb(pick(rng, colours)))
    return np.asarray(picture).astype(float)


def pick(rng: np.random.Generator, colours: np.ndarray) -> np.ndarray:
    """One colour of [n, 3]."""
    return colours[rng.integers(len(colours))]


def nearest(pixels: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """The index of the nearest of the colours [n, 3] for every pixel [..., 3]."""
    return np.square(pixels[..., None, :] - colours).sum(-1).argmin(-1)


def rgb(colour: np.ndarray) -> tuple[int, int, int]:
    """A colour [3] as Pillow takes it; values outside 0 to 255 are cut."""
    red, green, blue = np.clip(colour, 0, 255).astype(int).tolist()
    return red, green, blue


def inks(colours: np.ndarray) -> list[tuple[int, int, int]]:
    """Many colours [n, 3] as Pillow takes them."""
    return [(red, green, blue) for red, green, blue in np.clip(colours, 0, 255).astype(int).tolist()]


def boxes(
    places: np.ndarray, angles: np.ndarray, half_length: np.ndarray, half_width: float
) -> list[list[float]]:
    """Turned rectangles around places [n, 2], as the four corners x, y, x, y, ... that Pillow takes."""
    along = np.stack([np.cos(angles), np.sin(angles)], -1) * np.asarray(half_length)[..., None]
    across = np.stack([-np.sin(angles), np.cos(angles)], -1) * half_width
    corners = [-along - across, along - across, along + across, across - along]
    return np.concatenate([places + corner for corner in corners], -1).tolist()


def flat(lines: np.ndarray) -> list[list[float]]:
    """Lines [n, points, 2] as the lists x, y, x, y, ... that Pillow takes."""
    return lines.reshape(len(lines), -1).tolist()


def blank(colour: np.ndarray | Sequence[float]) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """A canvas of one colour, and the pen that draws on it."""
    picture = Image.new("RGB", (SIDE, SIDE), rgb(np.asarray(colour, float)))
    return picture, ImageDraw.Draw(picture)


def starts(rng: np.random.Generator, spacing: float) -> np.ndarray:
    """Places [n, 2] of (x, y) on a jittered grid in random order, so that all of the canvas is covered."""
    count = int(SIDE / spacing) + 2
    grid = np.stack(np.meshgrid(np.arange(count), np.arange(count)), -1).reshape(-1, 2) - 0.5
    places = (grid + rng.uniform(-0.5, 0.5, grid.shape)) * spacing
    return rng.permutation(places)


def at(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The values of an array [side, side, ...] at places [n, 2] of (x, y), at the border where outside."""
    x, y = np.clip(places.astype(int), 0, SIDE - 1).T
    return values[y, x]


def trails(directions: np.ndarray, places: np.ndarray, steps: int, length: float) -> np.ndarray:
    """Lines that follow a field of directions from their starts, [n, steps + 1, 2]."""
    found = [places]
    for _ in range(steps):
        angle = at(directions, places)
        places = places + length * np.stack([np.cos(angle), np.sin(angle)], -1)
        found.append(places)
    return np.stack(found, 1)


def reduced(picture: Image.Image) -> np.ndarray:
    """The finished painting, uint8 [SIZE, SIZE, 3]."""
    return np.asarray(picture.reduce(SCALE))


def image(pixels: np.ndarray) -> Image.Image:
    """Pixels [side, side, 3] as a picture; values outside 0 to 255 are cut."""
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
