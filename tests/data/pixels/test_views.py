"""What happens to images at each draw: crops, mirrors, edges and grey, all a function of (seed, position)."""

import itertools
import os
from pathlib import Path

import numpy as np
import pytest
from picture_files import encoded, noise, write

from gan_jax import data
from gan_jax.data.pixels import views
from gan_jax.data.pixels.views import View


def reference_edges(image):
    """Edges of one colour image, computed pixel by pixel from the definition."""
    height, width, _ = image.shape
    grey = [[(77 * int(r) + 150 * int(g) + 29 * int(b) + 128) >> 8 for r, g, b in row] for row in image]

    def at(values, y, x):
        return values[min(max(y, 0), height - 1)][min(max(x, 0), width - 1)]

    def window(values, y, x, weights):
        return sum(
            w * at(values, y + i - 1, x + j - 1) for i, row in enumerate(weights) for j, w in enumerate(row)
        )

    binomial = [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
    sobel = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    turned = [list(row) for row in zip(*sobel, strict=True)]
    smooth = [[(window(grey, y, x, binomial) + 8) >> 4 for x in range(width)] for y in range(height)]
    found = np.empty((height, width, 1), np.uint8)
    for y, x in itertools.product(range(height), range(width)):
        strength = abs(window(smooth, y, x, sobel)) + abs(window(smooth, y, x, turned))
        found[y, x] = 0 if strength >= 160 else 255
    return found


def test_edges_are_those_of_the_definition_read_pixel_by_pixel():
    coarse = np.repeat(np.repeat(noise(3, 5, 4, 3), 3, 1), 3, 2)  # noise has an edge at every pixel
    found = views.edges(coarse)
    assert found.shape == (3, 15, 12, 1) and found.dtype == np.uint8
    for image, lines in zip(coarse, found, strict=True):
        np.testing.assert_array_equal(lines, reference_edges(image))
    assert 0.1 < (found == 0).mean() < 0.9


def test_a_constant_image_has_no_edge_and_a_step_four_columns_of_them():
    assert (views.edges(np.full((1, 8, 8, 3), 77, np.uint8)) == 255).all()
    step = np.zeros((1, 8, 16, 3), np.uint8)
    step[:, :, 8:] = 255
    dark = np.isin(np.arange(16), [6, 7, 8, 9])
    np.testing.assert_array_equal(views.edges(step)[0, :, :, 0] == 0, np.tile(dark, (8, 1)))


def test_the_edges_of_a_mirrored_image_are_the_mirrored_edges():
    images = np.repeat(np.repeat(noise(8, 9, 7, 3), 6, 1), 6, 2)
    np.testing.assert_array_equal(views.edges(images[:, :, ::-1]), views.edges(images)[:, :, ::-1])
    assert 0.02 < (views.edges(images) == 0).mean() < 0.9


def test_many_images_have_the_edges_that_each_has_alone():
    images = np.repeat(np.repeat(noise(150, 3, 3, 1), 3, 1), 3, 2)
    alone = np.concatenate([views.edges(image[None]) for image in images])
    np.testing.assert_array_equal(views.edges(images), alone)


def test_luma_keeps_greys_and_has_the_ends_of_the_range():
    greys = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, 1)
    np.testing.assert_array_equal(views.luma(greys)[:, 0], np.arange(256))
    colours = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]], np.uint8)
    np.testing.assert_array_equal(views.luma(colours)[:, 0], [77, 149, 29, 255])


@pytest.mark.parametrize(
    ("derive", "channels", "shape", "values"),
    [
        ("", 0, 3, "as they are"),
        ("", 1, 1, "luma"),
        ("", 3, 3, "as they are"),
        ("grey", 0, 1, "luma"),
        ("grey", 3, 3, "luma"),
        ("edges", 0, 1, "edges"),
        ("edges", 3, 3, "edges"),
    ],
)
def test_channels_of_what_is_made_of_colours(derive, channels, shape, values):
    images = np.repeat(np.repeat(noise(2, 4, 4, 3), 3, 1), 3, 2)
    made = {"as they are": images, "luma": views.luma(images), "edges": views.edges(images)}[values]
    found = views.derived(images, derive, channels)
    assert found.shape == (2, 12, 12, shape)
    np.testing.assert_array_equal(found, np.broadcast_to(made, found.shape))


def test_grey_images_stay_or_are_replicated():
    images = noise(2, 4, 4, 1)
    np.testing.assert_array_equal(views.derived(images, "grey", 1), images)
    np.testing.assert_array_equal(views.derived(images, "", 3), np.repeat(images, 3, -1))


def test_the_bits_of_a_position_depend_on_nothing_else():
    whole = views.draw(3, "source", 0, 50)
    np.testing.assert_array_equal(views.draw(3, "source", 17, 9), whole[17:26])
    others = [views.draw(4, "source", 0, 50), views.draw(3, "target", 0, 50)]
    assert all((other != whole).all() for other in others)
    assert whole.shape == (50, 4) and len(np.unique(whole)) == 200


def test_crops_are_uniform_and_mirrors_even():
    """Images encode where their pixels are; 3 x 3 places of a crop and two mirrors give 18 outcomes."""
    image = np.arange(36, dtype=np.uint8).reshape(1, 6, 6, 1)
    view, count = View(4, flip=True), 9000
    drawn = view.apply(np.repeat(image, count, 0), views.draw(0, "", 0, count))[..., 0].astype(int)
    mirrored = drawn[:, 0, 1] < drawn[:, 0, 0]
    upright = np.where(mirrored[:, None, None], drawn[:, :, ::-1], drawn)
    corner = upright[:, 0, 0]
    expected = corner[:, None, None] + np.arange(4)[:, None] * 6 + np.arange(4)
    np.testing.assert_array_equal(upright, expected)
    outcomes, counts = np.unique(np.stack([corner // 6, corner % 6, mirrored], 1), axis=0, return_counts=True)
    np.testing.assert_array_equal(outcomes, list(itertools.product(range(3), range(3), range(2))))
    np.testing.assert_allclose(counts, count / 18, atol=5 * np.sqrt(count / 18))


def test_without_draws_an_image_is_its_middle_unmirrored():
    image = np.arange(36, dtype=np.uint8).reshape(1, 6, 6, 1)
    np.testing.assert_array_equal(View(4, flip=True).apply(image)[0, :, :, 0], image[0, 1:5, 1:5, 0])


def role(tmp_path, **fields):
    pictures = np.repeat(np.repeat(noise(6, 5, 5, 3), 4, 1), 4, 2)
    folder = write(tmp_path / "images", {f"{k}.png": encoded(image) for k, image in enumerate(pictures)})
    return {"files": {"train": str(folder)}, **fields}, pictures


def test_edges_are_those_of_what_is_cropped_and_mirrored(tmp_path):
    spec, pictures = role(tmp_path, derive="edges")
    examples = data.load(spec, size=16, load_size=20, flip=True)
    draws = views.draw(0, "", 0, 6)
    cropped = View(16, flip=True).apply(pictures, draws)
    found = examples.gather(np.arange(6), draws)["image"]
    np.testing.assert_array_equal(found, views.edges(cropped))
    middle = next(data.epoch({"image": examples}, 6))["image"]
    np.testing.assert_array_equal(middle, views.edges(pictures[:, 2:18, 2:18]))
    # If edges were derived before cropping, the removed border would be visible.
    late = View(16, flip=True).apply(views.edges(pictures), draws)
    assert (late != found).any()


def test_where_only_mirrors_are_drawn_edges_are_made_once(tmp_path):
    spec, pictures = role(tmp_path, derive="edges", channels=3)
    examples = data.load(spec, size=20, flip=True)
    assert examples.columns["image"].shape == (6, 20, 20, 3)
    draws = views.draw(0, "", 0, 6)
    expected = views.edges(View(20, flip=True).apply(pictures, draws))
    np.testing.assert_array_equal(examples.gather(np.arange(6), draws)["image"], np.repeat(expected, 3, -1))


def test_without_crops_and_mirrors_images_are_those_in_memory(tmp_path):
    spec, pictures = role(tmp_path)
    examples = data.load(spec, size=20)
    assert examples.view is None and not examples.varies
    np.testing.assert_array_equal(examples.gather(np.arange(6), views.draw(0, "", 0, 6))["image"], pictures)
    assert data.load(spec, size=20, flip=True).varies and data.load(spec, size=16, load_size=20).varies


CELEBA = "celeba/img_align_celeba_half_first8000.zip"


@pytest.mark.real_data
@pytest.mark.skipif(
    not Path(os.environ.get("GAN_JAX_DATA", ""), CELEBA).is_file(), reason=f"{CELEBA} is not in GAN_JAX_DATA"
)
def test_faces_have_about_a_quarter_of_ink():
    """Another program measured 300 faces: mean 23.7 %, 5th to 95th percentile 14 to 33 %."""
    spec = {"files": {"train": CELEBA}, "split": "train[:300]", "derive": "edges"}
    ink = (data.load(spec, size=64).columns["image"] == 0).mean((1, 2, 3))
    assert ink.mean() == pytest.approx(0.237, abs=0.01)
    np.testing.assert_allclose(np.percentile(ink, (5, 95)), (0.14, 0.33), atol=0.02)
