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


def test_pictures_of_any_size_stand_beside_each_other_below_their_names():
    rng = np.random.default_rng(0)
    one, other = rng.integers(0, 256, (4, 60, 3), np.uint8), rng.integers(0, 256, (7, 90, 3), np.uint8)
    found = sheets.captioned({"content": one, "style": other})
    assert found.shape == (18 + 7, 60 + 12 + 90, 3)
    np.testing.assert_array_equal(found[18:22, :60], one)
    np.testing.assert_array_equal(found[18:, 72:], other)
    assert (found[22:, :60] == 255).all() and (found[18:, 60:72] == 255).all()
    assert all((found[:18, start : start + 45] < 128).any() for start in (0, 72))


def test_rows_have_their_titles_at_the_left_and_gaps_between_all_images():
    rng = np.random.default_rng(0)
    first, second = (rng.integers(0, 200, (3, 30, 40, channels), np.uint8) for channels in (3, 1))
    found = sheets.labelled([[("source", first), ("source to target", second)], [("target", first[:2])]])
    images = found[:, -(3 * 40 + 2 * 2) :]
    left = found[:, : -images.shape[1]]
    assert found.shape[0] == 30 + 2 + 30 + 12 + 30
    for top, pictures in ((0, first), (32, second), (74, first[:2])):
        for place, picture in enumerate(pictures):
            cell = images[top : top + 30, 42 * place : 42 * place + 40]
            np.testing.assert_array_equal(cell, np.broadcast_to(picture, cell.shape))
        assert (left[top : top + 30] < 128).any()
    assert (images[30:32] == 255).all() and (images[62:74] == 255).all()
    assert (images[:62, 40:42] == 255).all() and (images[74:, 84:] == 255).all()
    assert (left[:, -12:] == 255).all() and (left[62:74] == 255).all()


def test_without_titles_no_place_is_kept_for_them_and_small_images_are_enlarged():
    small = np.arange(6, dtype=np.uint8).reshape(2, 1, 3, 1)
    found = sheets.labelled([[("", small)]])
    assert found.shape == (8, 24 + 2 + 24, 3)
    np.testing.assert_array_equal(found[3, :24, 0], np.repeat([0, 1, 2], 8))
    assert sheets.labelled([[("", small)]], "what the rows are").shape[0] == 18 + 8
    # A long title is cut, so that it leaves room for the images.
    long, cut = (sheets.labelled([[(text, small)]]).shape[1] for text in ("x" * 100, "x" * 27 + "…"))
    assert long == cut


def test_the_images_of_a_sheet_are_found_again():
    rng = np.random.default_rng(0)
    for side in (5, 30):  # the smaller ones are enlarged
        images = rng.integers(0, 255, (5, side, side, 3), np.uint8)
        found = sheets.tiles(sheets.labelled([[("", images[:3]), ("", images[3:])]]), side)
        np.testing.assert_array_equal(found[:5], images)
        assert found.shape == (6, side, side, 3) and (found[5] == 255).all()
