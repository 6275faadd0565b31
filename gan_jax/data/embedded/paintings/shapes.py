"""Manners of flat pieces: facets, tiles, glass, planes, discs, cut paper and threads."""

import itertools

import numpy as np
from PIL import Image, ImageDraw

from gan_jax.data.embedded.paintings import canvas
from gan_jax.data.embedded.paintings.canvas import SIDE


def facets(
    rng: np.random.Generator, colours: np.ndarray, *, count: int = 60, shade: float = 70, outline: int = 2
) -> Image.Image:
    """Cubism: overlapping polygons, each shaded from one side to the other, with dark edges."""
    picture = canvas.composition(rng, colours, 3)
    painted = canvas.image(picture)
    y, x = np.mgrid[:SIDE, :SIDE]
    for _ in range(count):
        centre, radius = rng.random(2) * SIDE, rng.uniform(0.08, 0.24) * SIDE
        angles = np.sort(rng.random(int(rng.integers(3, 6)))) * 2 * np.pi
        corners = centre + radius * np.stack([np.cos(angles), np.sin(angles)], -1)
        tilt = rng.random() * 2 * np.pi
        left, top = np.clip(np.floor(corners.min(0)).astype(int), 0, SIDE - 1)
        right, low = np.clip(np.ceil(corners.max(0)).astype(int) + 1, 1, SIDE)
        box = np.s_[top:low, left:right]
        ramp = ((x[box] - centre[0]) * np.cos(tilt) + (y[box] - centre[1]) * np.sin(tilt)) / radius
        tone = canvas.at(picture, centre[None])[0] + shade * ramp[..., None] + rng.normal(0, 12)
        mask = Image.new("L", (int(right - left), int(low - top)))
        points = (corners - (left, top)).ravel().tolist()
        ImageDraw.Draw(mask).polygon(points, 255)
        painted.paste(canvas.image(tone), (int(left), int(top)), mask)
        if outline:
            closed = np.concatenate([corners, corners[:1]]).ravel().tolist()
            ImageDraw.Draw(painted).line(closed, canvas.rgb(colours[0]), outline)
    return painted


def tiles(
    rng: np.random.Generator, colours: np.ndarray, *, tile: int = 10, gap: int = 2, jitter: float = 26
) -> Image.Image:
    """Mosaic: small stones that follow gentle curves, with grout between them."""
    picture = canvas.composition(rng, colours)
    painted, pen = canvas.blank(rng.choice((40.0, 200.0)) * np.ones(3))
    directions = canvas.field(rng, 0.4, 3)
    places = canvas.starts(rng, tile)
    grid = np.round(places / tile) * tile
    tones = canvas.at(picture, grid) + rng.normal(0, jitter, (len(grid), 1))
    angles = 0.25 * np.sin(canvas.at(directions, grid)) + rng.normal(0, 0.06, len(grid))
    half = (tile - gap) / 2
    stones = canvas.boxes(grid, angles, np.full(len(grid), half), half)
    for stone, ink in zip(stones, canvas.inks(tones), strict=True):
        pen.polygon(stone, ink)
    return painted


def glass(
    rng: np.random.Generator, colours: np.ndarray, *, cells: int = 70, lead: int = 5, glow: float = 50
) -> Image.Image:
    """Stained glass: cells of saturated colour, bright in their middle, between dark lead."""
    picture = canvas.composition(rng, colours, 3)
    seeds = rng.random((cells, 2)) * SIDE
    places = np.stack(np.meshgrid(np.arange(0, SIDE, 2), np.arange(0, SIDE, 2)), -1)
    from scipy.spatial import KDTree

    two, owners = KDTree(seeds).query(places, 2)
    owner, border = owners[..., 0], two[..., 1] - two[..., 0]
    tones = canvas.at(picture, seeds) + rng.normal(0, 30, (cells, 3))
    pixels = tones[owner] + glow * (0.5 - np.clip(two[..., :1] / 24, 0, 1))
    pixels = np.where(border[..., None] < lead, colours[0] * 0.4, pixels)
    return canvas.image(pixels).resize((SIDE, SIDE), Image.Resampling.BILINEAR)


def planes(
    rng: np.random.Generator, colours: np.ndarray, *, cuts: int = 6, line: int = 8, filled: float = 0.4
) -> Image.Image:
    """Neoplasticism: rectangles in few colours between black lines."""
    painted, pen = canvas.blank(colours[-1])
    edges = [
        [0, *sorted((rng.random(cuts) * SIDE).astype(int).tolist()), SIDE]
        for _ in range(2)
    ]  # fmt: skip
    for (left, right), (top, low) in itertools.product(*map(itertools.pairwise, edges)):
        if rng.random() < filled:
            pen.rectangle((left, top, right, low), canvas.rgb(canvas.pick(rng, colours[1:-1])))
    for x in edges[0][1:-1]:
        pen.line((x, 0, x, SIDE), canvas.rgb(colours[0]), line)
    for y in edges[1][1:-1]:
        pen.line((0, y, SIDE, y), canvas.rgb(colours[0]), line)
    return painted


def discs(
    rng: np.random.Generator, colours: np.ndarray, *, count: int = 24, rings: int = 4, chords: int = 14
) -> Image.Image:
    """Concentric circles, arcs and lines of contrasting colours, as in Kandinsky's and Delaunay's works."""
    painted, pen = canvas.blank(canvas.pick(rng, colours))
    for x, y in (rng.random((count, 2)) * SIDE).tolist():
        radius = float(rng.uniform(0.05, 0.26) * SIDE)
        first = float(rng.choice((0, 0, 90, 180)))
        for ring in range(rings, 0, -1):
            r = radius * ring / rings
            box = (x - r, y - r, x + r, y + r)
            pen.pieslice(box, first, first + 360 if first == 0 else first + 180,
                         canvas.rgb(canvas.pick(rng, colours)))  # fmt: skip
    for line in rng.random((chords, 4)) * SIDE:
        pen.line(line.tolist(), canvas.rgb(colours[0]), int(rng.integers(1, 5)))
    return painted


def cut_paper(
    rng: np.random.Generator, colours: np.ndarray, *, count: int = 22, lobes: int = 7, depth: float = 0.5
) -> Image.Image:
    """Flat leaves and waves cut from coloured paper, as in Matisse's late works."""
    painted, pen = canvas.blank(canvas.pick(rng, colours))
    for x, y in (rng.random((4, 2)) * SIDE).tolist():
        wide = rng.uniform(0.2, 0.5) * SIDE
        pen.rectangle((x - wide, y - wide, x + wide, y + wide), canvas.rgb(canvas.pick(rng, colours)))
    t = np.linspace(0, 2 * np.pi, 90)
    for place in rng.random((count, 2)) * SIDE:
        wave = 1 + depth * np.sin(int(rng.integers(3, lobes + 1)) * t + rng.random() * 6)
        radius = rng.uniform(0.04, 0.15) * SIDE * wave
        stretch = np.array([1.0, rng.uniform(0.5, 1.6)])
        leaf = place + stretch * radius[:, None] * np.stack([np.cos(t), np.sin(t)], -1)
        pen.polygon(leaf.ravel().tolist(), canvas.rgb(canvas.pick(rng, colours)))
    return painted


def threads(
    rng: np.random.Generator, colours: np.ndarray, *, pitch: int = 6, slant: bool = False, shine: float = 40
) -> Image.Image:
    """Tapestry: the picture in woven or crossed stitches of the palette's colours."""
    picture = canvas.composition(rng, colours)
    cells = SIDE // pitch
    middle = (np.arange(cells) * pitch + pitch // 2).astype(int)
    stitches = colours[canvas.nearest(picture[np.ix_(middle, middle)] + rng.normal(0, 20, 3), colours)]
    large = stitches.repeat(pitch, 0).repeat(pitch, 1)
    y, x = np.mgrid[: len(large), : len(large)] % pitch / pitch
    over = (np.indices((cells, cells)).sum(0) % 2).repeat(pitch, 0).repeat(pitch, 1)
    along = (
        (np.abs(x - y) + np.abs(1 - x - y)) / 2 if slant else np.where(over, np.abs(x - 0.5), np.abs(y - 0.5))
    )
    pixels = large + shine * (0.5 - 2 * along)[..., None]
    whole = np.pad(pixels, ((0, SIDE - len(pixels)),) * 2 + ((0, 0),), mode="edge")
    return canvas.image(whole)
