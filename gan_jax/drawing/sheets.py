"""Sheets of images: rows, grids, grids with titles, and tables of pictures."""

from collections.abc import Mapping, Sequence

import numpy as np

from gan_jax.drawing import figures

COLUMNS = 16  # images in each row of a sheet, by default
TITLE = 22  # pixels above a grid of `panels`, for its title
_GAP = 12  # pixels between neighbouring grids


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


def row(images: np.ndarray) -> np.ndarray:
    """Images uint8 [N, H, W, 1 or 3] side by side: uint8 [H, N W, 3]."""
    return mosaic(images, len(images))


def stack(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Rows uint8 [H, W, 3] of any widths, one below the other; shorter rows are filled with black."""
    width = max(line.shape[1] for line in rows)
    return np.concatenate([np.pad(line, ((0, 0), (0, width - line.shape[1]), (0, 0))) for line in rows])


def beside(images: Sequence[np.ndarray], gap: int = 4) -> np.ndarray:
    """Images uint8 [H, W, 3] of any sizes side by side, uint8 [H', W', 3]; the rest is white."""
    height = max(len(image) for image in images)
    padded = [
        np.pad(image, ((0, height - len(image)), (0, gap), (0, 0)), constant_values=255) for image in images
    ]
    return np.concatenate(padded, axis=1)[:, : -gap or None]


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
