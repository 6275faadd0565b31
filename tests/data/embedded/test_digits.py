"""Facts about the embedded digits: fixed by a seed, split without leakage, balanced, in range."""

import itertools

import levels
import numpy as np
import pytest
from PIL import ImageChops
from scipy import ndimage

from gan_jax import data
from gan_jax.data.embedded.digits import painted, plain, street
from gan_jax.data.embedded.digits import read as digits
from gan_jax.errors import DataError


def small(monkeypatch, **sizes):
    monkeypatch.setattr(digits, "SIZES", dict.fromkeys(digits.NAMES, sizes))
    digits._make.cache_clear()


@pytest.fixture(autouse=True)
def fresh_cache():
    yield
    digits._make.cache_clear()


def test_sizes_as_published():
    assert digits.SIZES == {
        "digits_plain": {"train": 8000, "validation": 1000, "test": 2000},
        "digits_street": {"train": 10_000, "validation": 1000, "test": 2000},
    }


@levels.parametrize(("name", "channels"), [("digits_plain", 1), ("digits_street", 3)])
def test_shapes_ranges_and_class_balance(monkeypatch, name, channels):
    # The street digits are drawn 500 at a time: here in two, one and two parts.
    sizes = {"train": 1000, "validation": 300, "test": 600}
    small(monkeypatch, **sizes)
    for split, size in sizes.items():
        columns = data.load({"name": name, "split": split}, size=32).columns
        assert columns["image"].shape == (size, 32, 32, channels)
        assert columns["image"].dtype == np.uint8 and columns["label"].dtype == np.int32
        shares = np.bincount(columns["label"], minlength=10) / size
        np.testing.assert_allclose(shares, 0.1, atol=0.01)


@pytest.mark.parametrize("name", digits.NAMES)
def test_same_seed_same_bytes_and_another_seed_other_ones(monkeypatch, name):
    small(monkeypatch, train=40)
    first = digits.read(name, "train").columns
    digits._make.cache_clear()
    again = digits.read(name, "train").columns
    other = digits.read(name, "train", seed=1).columns
    for column in ("image", "label"):
        np.testing.assert_array_equal(first[column], again[column])
    assert (first["image"] != other["image"]).any(axis=(1, 2, 3)).all()


def test_no_handwritten_original_is_in_two_splits():
    parts = {split: plain.originals(split, digits.SEED) for split in plain._ENDS}
    assert {split: len(labels) for split, (_, labels) in parts.items()} == {
        "train": 1297,
        "validation": 200,
        "test": 300,
    }
    pixels = {split: {image.tobytes() for image in images} for split, (images, _) in parts.items()}
    for one, other in itertools.combinations(pixels, 2):
        assert not pixels[one] & pixels[other]
    assert len(set.union(*pixels.values())) == 1797


@pytest.mark.long
def test_no_image_is_in_two_splits(monkeypatch):
    small(monkeypatch, train=300, validation=300, test=300)
    for name in digits.NAMES:
        images = digits.read(name, "train+validation+test").columns["image"]
        assert len({image.tobytes() for image in images}) == 900


def test_slices_are_rows_of_the_split(monkeypatch):
    small(monkeypatch, train=40, test=20)
    whole = digits.read("digits_street", "train").columns["image"]
    part = digits.read("digits_street", "train[30:]+train[:25%]").columns["image"]
    np.testing.assert_array_equal(part, np.concatenate([whole[30:], whole[:10]]))
    with pytest.raises(DataError, match=r"'extra' of digits_street .* train \(40\), test \(20\)"):
        digits.read("digits_street", "extra")


def test_plain_digits_are_white_strokes_on_black_about_as_high_as_mnists(monkeypatch):
    small(monkeypatch, train=500)
    images = digits.read("digits_plain", "train").columns["image"][..., 0]
    assert (images[:, [0, -1]] == 0).mean() > 0.99 and (images[:, :, [0, -1]] == 0).mean() > 0.99
    heights = (images.max(axis=2) > 50).sum(axis=1)
    # MNIST at 32x32: digits 23.4 pixels high, mean brightness 33.8.
    assert 20 < heights.mean() < 26 and 28 < images.mean() < 42
    assert (images.max(axis=(1, 2)) > 200).mean() > 0.99


def test_street_digits_have_either_polarity_and_svhns_brightness_and_contrast(monkeypatch):
    small(monkeypatch, train=500)
    images = digits.read("digits_street", "train").columns["image"] / 255
    grey = images.mean(axis=-1)
    # SVHN test: median brightness 0.45, median standard deviation 0.11.
    assert 0.40 < np.median(grey.mean(axis=(1, 2))) < 0.52
    assert 0.08 < np.median(grey.std(axis=(1, 2))) < 0.14
    middle = grey[:, 8:24, 12:20].mean(axis=(1, 2)) - grey[:, [0, -1]].mean(axis=(1, 2))
    assert 0.3 < (middle > 0).mean() < 0.7


def test_every_face_renders_ten_different_digits():
    assert len(street.faces()) >= 10
    for face in street.faces():
        glyphs = [street.glyph(face, digit, 0) for digit in range(10)]
        assert all(glyph.width > 5 and glyph.height > 30 for glyph in glyphs), face
        for one, other in itertools.combinations(glyphs, 2):
            assert one.size != other.size or ImageChops.difference(one, other).getbbox(), face


def test_stroke_makes_a_glyph_bolder():
    face = street.faces()[0]
    widths = [street.glyph(face, 7, stroke).width for stroke in range(3)]
    assert widths == [widths[0], widths[0] + 2, widths[0] + 4]


def test_paint_is_determined_by_its_generator_and_varies():
    def some(seed):
        rng = np.random.default_rng(seed)
        return [painted.paint(rng, 4, (20, 40), 0.1, 4).tobytes() for _ in range(8)]

    assert some(0) == some(0)
    assert len(set(some(0) + some(1))) == 16


@pytest.mark.parametrize("digit", range(10))
def test_every_form_of_a_painted_digit_fills_its_box_in_one_piece(monkeypatch, digit):
    monkeypatch.setattr(painted, "_JITTER", 0.0)
    rng, seen = np.random.default_rng(digit), {}
    while len(seen) < len(painted.forms(digit)):
        mask = np.asarray(painted.paint(rng, digit, (30, 50), 0.0, 4))
        seen[mask.tobytes()] = mask
    for mask in seen.values():
        # The smooth line may pass a little beyond its points, and a plain 1 is only as wide as the pen.
        assert 50 <= len(mask) <= 60 and (4 if digit == 1 else 24) <= mask.shape[1] <= 40
        assert ndimage.label(mask, np.ones((3, 3)))[1] == 1
    others = {form for other in range(10) if other != digit for form in painted.forms(other)}
    assert not others & set(painted.forms(digit))


def test_a_painted_digit_has_the_holes_of_its_shape(monkeypatch):
    """The number of holes distinguishes digits; gaps of a few pixels where strokes touch do not count."""
    monkeypatch.setattr(painted, "_JITTER", 0.0)
    rng = np.random.default_rng(0)
    holes = {digit: set() for digit in range(10)}
    for digit, found in holes.items():
        for _ in range(12):
            mask = np.pad(np.asarray(painted.paint(rng, digit, (60, 100), 0.0, 3)), 1)
            sizes = np.bincount(ndimage.label(mask == 0)[0].ravel())[2:]  # without the ink and the outside
            found.add(int((sizes > 100).sum()))
    assert holes == {0: {1}, 1: {0}, 2: {0, 1}, 3: {0}, 4: {0, 1}, 5: {0}, 6: {1}, 7: {0}, 8: {2}, 9: {1}}


def test_a_slant_leans_the_top_to_the_right(monkeypatch):
    monkeypatch.setattr(painted, "_JITTER", 0.0)
    monkeypatch.setattr(painted, "forms", lambda digit: ((((0.5, 0.0), (0.5, 1.0)),),))
    upright, leaning = (
        np.asarray(painted.paint(np.random.default_rng(0), 1, (30, 50), slant, 4)) for slant in (0.0, 0.4)
    )
    assert leaning.shape == pytest.approx((54, 24), abs=2)
    assert upright.shape == pytest.approx((54, 4), abs=2)
    top, bottom = (np.flatnonzero(leaning[row]).mean() for row in (2, -3))
    assert top - bottom == pytest.approx(20, abs=2)


def test_a_share_of_house_numbers_is_painted(monkeypatch):
    seen = []
    original = painted.paint

    def watched(rng, digit, *args):
        seen.append(digit)
        return original(rng, digit, *args)

    monkeypatch.setattr(painted, "paint", watched)
    monkeypatch.setattr(street, "_PAINTED", 1.0)
    _, labels = street.make(np.random.default_rng(0), 50)
    assert len(seen) > 50 and set(labels) <= set(seen)
    seen.clear()
    monkeypatch.setattr(street, "_PAINTED", 0.0)
    street.make(np.random.default_rng(0), 50)
    assert not seen
