"""Tiles for convolutions with fewer products: exact algebra and the choice of their size."""

import numpy as np
import pytest

from gan_jax.networks.layers import tiles


@pytest.mark.parametrize("taps", [2, 3])
@pytest.mark.parametrize("tile", [2, 4])
def test_products_at_the_points_give_the_outputs_of_a_filter(tile, taps):
    axis = tiles.Axis(tile, taps, tile)
    rng = np.random.default_rng(0)
    inputs, kernel = rng.normal(size=axis.inputs), rng.normal(size=taps)
    products = (axis.analysis @ inputs) * (axis.evaluation @ kernel)
    assert len(products) == axis.points == tile + taps - 1  # instead of tile x taps
    wanted = np.correlate(inputs, kernel, "valid")
    np.testing.assert_allclose(axis.synthesis @ products, wanted, atol=1e-12)


@pytest.mark.parametrize(
    ("batch", "sides", "taps", "sizes", "counts"),
    [
        (8, (16, 16), 3, (4, 4), (4, 4)),
        (2, (16, 16), 3, (2, 2), (8, 8)),  # 32 tiles of four are few
        (64, (6, 8), 3, (2, 4), (3, 2)),  # 3 tiles of 4 points rather than 2 of 6
        (64, (8, 17), 3, (4, 4), (2, 5)),  # one tile of 6 points for the last output
        (64, (7, 7), 2, (4, 4), (2, 2)),
    ],
)
def test_axes_are_cut_for_the_fewest_products(batch, sides, taps, sizes, counts):
    axes = tiles.cut(batch, sides, taps)
    assert tuple(axis.tile for axis in axes) == sizes
    assert tuple(axis.tiles for axis in axes) == counts
    for axis in axes:
        assert axis.outputs <= axis.tile * axis.tiles < axis.outputs + axis.tile
        assert axis.inputs == axis.tile * axis.tiles + taps - 1


def test_every_tile_starts_where_the_last_ended():
    axis = tiles.Axis(8, 3, 4)
    positions = np.arange(axis.inputs)[None]
    taken = [np.asarray(axis.every(positions, i, 1))[0].tolist() for i in range(axis.points)]
    assert taken == [[0, 4], [1, 5], [2, 6], [3, 7], [4, 8], [5, 9]]
