"""Sheets of images: grids, rows with titles, grids with titles, and tables of pictures."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from gan_jax.drawing import figures

COLUMNS = 16  # images in each row of a sheet, by default
TITLE = 22  # pixels above a grid of `panels`, for its title
_GAP = 12  # pixels between neighbouring grids
_SPACE = 2  # pixels between images of one grid
_TEXT, _LINE = 12, 18  # pixels of a letter's size, and of a line of text
_MARGIN = 4  # pixels left of the longest title
_LEAST = 24  # least pixels of an image in a labelled sheet
_LONGEST = 28  # most letters of a row's title


def mosaic(images: np.ndarray, columns: int, gap: int = 0) -> np.ndarray:
    """Images uint8 [N, H, W, 1 or 3] in rows of `columns`; gaps and empty places are white.

    Returns:
      uint8 [H', W', 3] with `gap` pixels between neighbours and none at the edges.
    """
    images = np.repeat(images, 3, -1) if images.shape[-1] == 1 else images
    images = np.pad(images, ((0, 0), (0, gap), (0, gap), (0, 0)), constant_values=255)
    empty = np.full((-len(images) % columns, *images.shape[1:]), 255, np.uint8)
    rows = np.concatenate([images, empty]).reshape(-1, columns, *images.shape[1:])
    whole = np.concatenate([np.concatenate(list(line), axis=1) for line in rows])
    return whole[: whole.shape[0] - gap, : whole.shape[1] - gap]


def labelled(blocks: Sequence[Sequence[tuple[str, np.ndarray]]], title: str = "") -> np.ndarray:
    """Rows of images with their titles at the left, and gaps between all images.

    Args:
      blocks: rows that belong together, such as images and their translations; each row is its title and its
        images, uint8 [N, H, W, 1 or 3]. Small images are enlarged by a whole number.
      title: text above all rows.

    Returns:
      uint8 [H', W', 3] on white. If all titles of rows are empty, no place is kept for them.
    """
    font = _font()
    rows = [
        (_shortened(text), images, number) for number, block in enumerate(blocks) for text, images in block
    ]
    left = max(_width(font, text) for text, _, _ in rows)
    left += _MARGIN + _GAP if left else 0
    top = _LINE if title else 0
    placed, bottom = [], top
    for place, (text, images, number) in enumerate(rows):
        zoom = max(1, -(-_LEAST // max(images.shape[1:3])))
        line = mosaic(images.repeat(zoom, 1).repeat(zoom, 2), len(images), _SPACE)
        bottom += 0 if not place else _GAP if rows[place - 1][2] != number else _SPACE
        placed.append((text, line, bottom))
        bottom += max(len(line), _LINE if text else 0)
    width = max([_MARGIN + _width(font, title), *(left + line.shape[1] for _, line, _ in placed)])
    sheet = Image.new("RGB", (width, bottom), "white")
    draw = ImageDraw.Draw(sheet)
    draw.text((_MARGIN, _LINE / 2), title, "black", font, "lm")
    for text, line, y in placed:
        draw.text((left - _GAP, y + max(len(line), _LINE) / 2), text, "black", font, "rm")
        sheet.paste(Image.fromarray(line), (left, y))
    return np.asarray(sheet)


def tiles(sheet: np.ndarray, side: int) -> np.ndarray:
    """The images of a sheet that `labelled` made of one block without titles.

    Args:
      sheet: uint8 [H, W, 3].
      side: pixels a side of the images before they were enlarged.

    Returns:
      uint8 [n, side, side, 3], row by row; the empty places of a last row are white images.
    """
    zoom = max(1, -(-_LEAST // side))
    step = side * zoom + _SPACE
    whole = np.pad(sheet, ((0, _SPACE), (0, _SPACE), (0, 0)))
    rows = whole.reshape(len(whole) // step, step, -1, step, 3).swapaxes(1, 2).reshape(-1, step, step, 3)
    return rows[:, : side * zoom : zoom, : side * zoom : zoom]


def captioned(pictures: Mapping[str, np.ndarray]) -> np.ndarray:
    """Pictures uint8 [H, W, 3] of any sizes side by side, each below its name: uint8 [H', W', 3] on white."""
    font = _font()
    widths = [max(picture.shape[1], _width(font, name)) for name, picture in pictures.items()]
    height = _LINE + max(map(len, pictures.values()))
    sheet = Image.new("RGB", (sum(widths) + _GAP * (len(widths) - 1), height), "white")
    draw, x = ImageDraw.Draw(sheet), 0
    for (name, picture), width in zip(pictures.items(), widths, strict=True):
        draw.text((x, _LINE / 2), name, "black", font, "lm")
        sheet.paste(Image.fromarray(picture), (x, _LINE))
        x += width + _GAP
    return np.asarray(sheet)


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(_TEXT)


def _width(font: ImageFont.FreeTypeFont | ImageFont.ImageFont, text: str) -> int:
    return math.ceil(font.getlength(text))


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def panels(pictures: Mapping[str, np.ndarray], *, columns: int, zoom: int = 2, across: int = 1) -> bytes:
    """Grids of images beside and below each other, each with its title.

    Args:
      pictures: title -> uint8 [N, H, W, 1 or 3].
      columns: images in each row of a grid.
      zoom: screen pixels for each pixel of an image.
      across: grids beside each other.
    """
    grids = [(title, mosaic(images, columns)) for title, images in pictures.items()]
    lines = [grids[first : first + across] for first in range(0, len(grids), across)]
    tallest = [max(grid.shape[0] for _, grid in line) * zoom for line in lines]
    pitch = max(grid.shape[1] for _, grid in grids) * zoom + _GAP
    width, height = min(across, len(grids)) * pitch - _GAP, sum(tallest) + TITLE * len(lines)
    figure, _ = figures.new(width / figures.DPI, height / figures.DPI, 0)
    top = height
    for line, line_height in zip(lines, tallest, strict=True):
        for place, (title, grid) in enumerate(line):
            tall, wide, left = grid.shape[0] * zoom, grid.shape[1] * zoom, place * pitch
            figure.text((left + 4) / width, (top - TITLE / 2) / height, title, fontsize=9, va="center")
            box = (left / width, (top - TITLE - tall) / height, wide / width, tall / height)
            axis = figure.add_axes(box)
            axis.imshow(grid, interpolation="nearest", aspect="auto")
            axis.axis("off")
        top -= TITLE + line_height
    return figures.png(figure)


def table_of_pictures(
    cells: Mapping[str, Mapping[str, tuple[np.ndarray | None, str]]], title: str, zoom: float = 1.0
) -> bytes:
    """A table of pictures with a line of text below each, as PNG.

    Args:
      cells: row -> column -> (uint8 [H, W, 3], or None for an empty cell; text). All rows have the same
        columns.
      title: text above the table.
      zoom: screen pixels for each pixel of a picture, of which 192 or more are shown.
    """
    known = [picture for line in cells.values() for picture, _ in line.values() if picture is not None]
    side = max([192, *(round(zoom * max(picture.shape)) for picture in known)]) / figures.DPI
    columns = list(next(iter(cells.values())))
    figure, _ = figures.new(side * len(columns) + 1.2, (side + 0.35) * len(cells) + 0.7, 0)
    grid = figure.subplots(len(cells), len(columns), squeeze=False)
    for axes, (name, found) in zip(grid, cells.items(), strict=True):
        for axis, column in zip(axes, columns, strict=True):
            picture, text = found[column]
            if picture is not None:
                axis.imshow(picture)  # smoothed where pixels are left out, which would look like a texture
            axis.set(xticks=[], yticks=[])
            axis.set_xlabel(text, fontsize=9)
        axes[0].set_ylabel(name, fontsize=9)
    for axis, column in zip(grid[0], columns, strict=True):
        axis.set_title(column, fontsize=10)
    figure.suptitle(title, fontsize=10)
    figure.set_layout_engine("constrained")
    return figures.png(figure)
