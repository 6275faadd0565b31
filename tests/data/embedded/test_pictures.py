"""The embedded photographs and paintings: sizes, randomness, and the direction of the strokes."""

import numpy as np
import pytest

from gan_jax.data.embedded import pictures


@pytest.fixture(scope="module")
def painting():
    return pictures.paint(np.random.default_rng(0))


def test_the_photographs_are_china_and_flower():
    found = pictures.read("sample_photographs", "test+train[:1]")
    assert found.columns["image"].shape == (3, *pictures.SHAPE, 3)
    np.testing.assert_array_equal(found.columns["image"][0], found.columns["image"][2])
    assert found.columns["label"].tolist() == [0, 1, 0]


def test_paintings_follow_from_their_stream_and_have_the_shape_of_the_photographs(painting):
    assert painting.shape == (*pictures.SHAPE, 3) and painting.dtype == np.uint8
    one, again, other = (pictures.paint(np.random.default_rng(seed), (40, 60)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, again)
    assert np.abs(one.astype(int) - other).mean() > 10


def test_each_place_of_each_split_has_a_stream_of_its_own(monkeypatch):
    monkeypatch.setattr(pictures, "paint", lambda rng: rng.integers(0, 256, (4, 4, 3), np.uint8))
    monkeypatch.setattr(pictures, "_make", pictures._make.__wrapped__)
    found, again = (
        pictures.read("stroke_paintings", "train+validation+test").columns["image"] for _ in range(2)
    )
    np.testing.assert_array_equal(found, again)
    assert len(np.unique(found.reshape(6, -1), axis=0)) == 6


def test_a_painting_has_many_colours_and_strokes_rather_than_flat_areas(painting):
    image = painting.astype(float)
    assert image.std((0, 1)).min() > 20
    steps = np.abs(np.diff(image, axis=1)).mean(-1)
    assert 0.1 < (steps > 8).mean() < 0.9  # edges of strokes between the pixels of strokes
