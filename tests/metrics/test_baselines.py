"""Translations without a network, on images whose means are known."""

import numpy as np

from gan_jax.metrics import baselines, similarity


def targets():
    """Two images of two pixels: (10, 20, 30) and (30, 20, 10), and the same with 100 added."""
    first = np.array([[[10, 20, 30], [30, 20, 10]]], np.uint8)
    return np.stack([first, first + 100])


def test_the_mean_image_is_the_mean_of_every_pixel():
    found = baselines.mean_image(targets(), 3)
    assert found.shape == (3, 1, 2, 3)
    assert found.dtype == np.uint8
    assert found.tolist() == [[[[60, 70, 80], [80, 70, 60]]]] * 3


def test_the_mean_colour_is_one_for_all_pixels():
    assert baselines.mean_colour(targets(), 2).tolist() == [[[[70, 70, 70], [70, 70, 70]]]] * 2


def test_no_one_image_for_all_is_nearer_by_squares_than_the_mean_image():
    images = np.random.default_rng(0).integers(0, 256, (20, 4, 4, 3), np.uint8)
    best = baselines.mean_image(images, 20).astype(float)
    error = ((best - images) ** 2).mean()
    for change in (-2.0, 2.0):
        assert ((best + change - images) ** 2).mean() > error
    assert similarity.l1(baselines.mean_colour(images, 20), images) > similarity.l1(best, images)


def test_grey_is_copied_to_every_channel():
    grey = np.arange(4, dtype=np.uint8).reshape(1, 2, 2, 1)
    found = baselines.grey_copied(grey)
    assert found.shape == (1, 2, 2, 3)
    assert (found == grey).all()


def test_the_mean_chroma_is_added_to_the_grey_and_cut_at_the_ends():
    source = np.array([0, 100, 250], np.uint8).reshape(1, 1, 3, 1)
    greys = np.array([50, 60, 70, 80], np.uint8).reshape(2, 1, 2, 1)
    colours = np.concatenate([greys + 20, greys, greys - 10], -1)
    colours[0, 0, 0] += np.array([4, 4, 4], np.uint8)  # raises the mean by one
    found = baselines.mean_chroma(source, greys, colours)
    assert found.tolist() == [[[[21, 1, 0], [121, 101, 91], [255, 251, 241]]]]


def test_of_images_of_one_hue_the_mean_chroma_leaves_no_error():
    grey = np.random.default_rng(1).integers(40, 200, (6, 3, 3, 1), np.uint8)
    colours = np.concatenate([grey + 30, grey, grey - 30], -1)
    made = baselines.mean_chroma(grey[3:], grey[:3], colours[:3])
    np.testing.assert_array_equal(made, colours[3:])
    assert similarity.l1(baselines.grey_copied(grey), colours) == 20
