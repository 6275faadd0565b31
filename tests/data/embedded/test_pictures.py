"""The embedded photographs and paintings: sizes, randomness, and the direction of the strokes."""

import numpy as np
import pytest

from gan_jax.data.embedded import pictures


@pytest.fixture(scope="module")
def paintings():
    return pictures.read("stroke_paintings", "train").columns["image"]


def test_the_photographs_are_china_and_flower():
    found = pictures.read("sample_photographs", "test+train[:1]")
    assert found.columns["image"].shape == (3, *pictures.SHAPE, 3)
    np.testing.assert_array_equal(found.columns["image"][0], found.columns["image"][2])
    assert found.columns["label"].tolist() == [0, 1, 0]


def test_paintings_depend_on_their_place_alone_and_differ(paintings):
    assert paintings.shape == (2, *pictures.SHAPE, 3) and paintings.dtype == np.uint8
    one = pictures.paint(np.random.default_rng(3), (40, 60))
    np.testing.assert_array_equal(one, pictures.paint(np.random.default_rng(3), (40, 60)))
    assert np.abs(paintings[0].astype(int) - paintings[1]).mean() > 10


def test_a_painting_has_many_colours_and_strokes_rather_than_flat_areas(paintings):
    image = paintings[0].astype(float)
    assert image.std((0, 1)).min() > 20
    steps = np.abs(np.diff(image, axis=1)).mean(-1)
    assert 0.1 < (steps > 8).mean() < 0.9  # edges of strokes between the pixels of strokes
