"""The embedded paintings and photographs: many manners, reproducible, and no row in two splits."""

import numpy as np
import pytest

from gan_jax.data.embedded.paintings import canvas, manners, read

COUNT = len(manners.MANNERS)


@pytest.fixture(scope="module")
def paintings():
    """One painting in every manner."""
    return read.read("paintings", f"validation[:{COUNT}]").columns


def test_there_are_at_least_forty_manners_of_different_names(paintings):
    assert COUNT >= 40
    assert len({manner.name for manner in manners.MANNERS}) == COUNT
    assert paintings["label"].tolist() == list(range(COUNT))
    assert paintings["image"].shape == (COUNT, 128, 128, 3)
    assert paintings["image"].dtype == np.uint8


def test_no_two_manners_are_the_same_function_of_the_same_options():
    told = {(m.technique.func.__name__, str(sorted(m.technique.keywords.items()))) for m in manners.MANNERS}
    assert len(told) == COUNT


def test_every_painting_has_contrast_and_texture(paintings):
    images = paintings["image"].astype(float)
    assert images.std((1, 2)).max(-1).min() > 10
    fine = np.abs(np.diff(images, axis=1)).mean((1, 2, 3))
    assert fine.min() > 0.5 and fine.max() < 90


def test_a_painting_depends_on_its_split_and_row_alone(paintings):
    read._painting.cache_clear()
    some = read.read("paintings", "validation[5:8]").columns
    np.testing.assert_array_equal(some["image"], paintings["image"][5:8])
    np.testing.assert_array_equal(some["label"], [5, 6, 7])
    other = read.read("paintings", "test[5:8]").columns["image"]
    assert all((a != b).mean() > 0.1 for a, b in zip(some["image"], other, strict=True))


def test_palettes_are_colours_the_darkest_first():
    for name in canvas.PALETTES:
        colours = canvas.palette(name)
        assert colours.min() >= 0 and colours.max() <= 255
        assert colours.mean(-1).argmin() == 0, name
    used = {name for manner in manners.MANNERS for name in manner.palettes}
    assert used == set(canvas.PALETTES)


def test_the_photographs_of_training_and_test_share_no_pixel(monkeypatch):
    # In place of the photographs: dark rows of training above bright rows of validation and test.
    rows = np.where(np.arange(427) < round(0.6 * 427), 0, 255).astype(np.uint8)
    whole = np.broadcast_to(rows[:, None, None], (427, 640, 3)).copy()
    monkeypatch.setattr(read, "_whole", lambda: [whole, whole])
    assert not read.read("photographs", "train[:40]").columns["image"].any()
    for split in ("validation", "test"):
        assert (read.read("photographs", f"{split}[:40]").columns["image"] == 255).all()


def test_photographs_are_crops_of_both_pictures():
    found = read.read("photographs", "validation[:4]").columns
    assert found["image"].shape == (4, 128, 128, 3)
    assert found["label"].tolist() == [0, 1, 0, 1]
    assert found["image"][0].mean() > found["image"][1].mean()
