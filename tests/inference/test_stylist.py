"""The parts of a stylisation alone: tiles, regions, masks, mixtures and sheets, without a network."""

import numpy as np

from gan_jax.inference.styling import regions, stylist
from gan_jax.inference.styling.studio import Studio
from gan_jax.inference.styling.wishes import Wishes
from gan_jax.inference.translator import Prepared


def test_a_tile_has_the_surroundings_that_the_plane_has_on_both_sides():
    tiles = list(stylist._tiles((6, 2), 2, 1))
    assert [(inner[0].start, inner[0].stop) for inner, _ in tiles] == [(0, 2), (2, 4), (4, 6)]
    assert [(outer[0].start, outer[0].stop) for _, outer in tiles] == [(0, 3), (1, 5), (3, 6)]
    assert {(outer[1].start, outer[1].stop) for _, outer in tiles} == {(0, 2)}


def test_each_region_is_normalised_by_its_own_statistics_and_takes_those_of_its_style(monkeypatch):
    # The statistics of a region are told by the number of its positions.
    monkeypatch.setattr(stylist.style, "moments", lambda maps, mask=None: np.sum(maps[0, ..., 0] == mask))
    monkeypatch.setattr(stylist.style, "adain", lambda maps, style, own: np.full(maps.shape, style + own))
    monkeypatch.setattr(stylist.style, "blend", lambda content, styled, alpha: styled)
    found = stylist.by_region(np.ones((1, 4, 1)), [(10,), (20,)], np.array([[0, 1, 1, 1]]), 1.0)
    np.testing.assert_array_equal(found.ravel(), [11, 23, 23, 23])


def test_a_mask_is_read_in_the_middle_of_every_position_and_goes_on_into_the_padding():
    numbers = np.arange(12, dtype=np.uint8).reshape(3, 4)
    content = Prepared("a.png", np.zeros((3, 4, 3), np.uint8), np.zeros((4, 4, 3), np.uint8))
    found = regions.Masks(numbers={"a.png": numbers}).read(content, 2)
    np.testing.assert_array_equal(found, [[5, 7], [9, 11]])


def studio(**wishes):
    """What makes pictures of four styles, of which only the weights matter."""
    made = object.__new__(Studio)
    made._wishes, made._styles = Wishes(style="paintings", **wishes), dict.fromkeys("abcd")
    made._maps = lambda content: None
    made._made = lambda content, maps, weights, alpha: np.full((1, 1, 3), 255 * weights[1], np.uint8)
    return made


def test_the_weights_of_a_mixture_add_up_to_one():
    ((_, make),) = studio(weights=(1.0, 3.0, 0.0, 0.0)).jobs()
    np.testing.assert_allclose(make.keywords["weights"], [0.25, 0.75, 0, 0])


def test_a_sheet_of_mixtures_has_the_styles_in_its_corners_line_by_line():
    sheet = studio(sheet="mix")._sheet(None)[..., 0]
    assert (sheet[0, 0], sheet[0, -1], sheet[-1, 0], sheet[-1, -1]) == (0, 255, 0, 0)
