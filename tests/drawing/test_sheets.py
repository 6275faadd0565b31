"""Sheets hold every pixel of their images, in the order given."""

import io

import numpy as np
from PIL import Image

from gan_jax.drawing import sheets


def opened(png):
    image = Image.open(io.BytesIO(png))
    image.load()
    assert image.format == "PNG"
    return image


def test_panels_show_every_pixel_enlarged():
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 256, (5, 4, 4, 3), np.uint8)
    grey = rng.integers(0, 256, (3, 4, 4, 1), np.uint8)
    image = opened(sheets.panels({"first": colours, "second": grey}, columns=3, zoom=2))
    assert image.size == (3 * 8, 2 * 8 + 8 + 2 * sheets.TITLE)
    pixels = np.asarray(image.convert("RGB")).astype(int)[sheets.TITLE : sheets.TITLE + 16]
    enlarged = colours.repeat(2, 1).repeat(2, 2).astype(int)
    for i, picture in enumerate(enlarged):
        row, column = divmod(i, 3)
        np.testing.assert_array_equal(pixels[8 * row : 8 * row + 8, 8 * column : 8 * column + 8], picture)
    assert (pixels[8:, 16:] == 255).all()  # no sixth image


def test_grids_beside_each_other_keep_their_pixels():
    pictures = {str(k): np.full((4, 5, 5, 1), 40 * k, np.uint8) for k in range(3)}
    image = opened(sheets.panels(pictures, columns=2, zoom=2, across=2))
    # Two grids of 20 pixels and a gap of 12; two lines of 20 pixels with titles of 22 above.
    assert image.size == (52, 84)
    grey = np.asarray(image.convert("L"))
    corners = {(22, 0): 0, (22, 32): 40, (64, 0): 80}
    for (top, left), value in corners.items():
        assert (grey[top : top + 20, left : left + 20] == value).all()
    assert (grey[22:42, 20:32] == 255).all()
    assert (grey[64:, 20:] == 255).all()


def test_pictures_of_any_size_stand_beside_each_other_from_the_top():
    rng = np.random.default_rng(0)
    one, other = rng.integers(0, 256, (4, 6, 3), np.uint8), rng.integers(0, 256, (7, 3, 3), np.uint8)
    found = sheets.beside([one, other], gap=2)
    assert found.shape == (7, 6 + 2 + 3, 3)
    np.testing.assert_array_equal(found[:4, :6], one)
    np.testing.assert_array_equal(found[:, 8:], other)
    assert (found[4:, :6] == 255).all() and (found[:, 6:8] == 255).all()
