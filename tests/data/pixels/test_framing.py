"""Which pixels of a picture are used: sides, crops and resizing, in closed form, for every kind of source."""

import logging

import numpy as np
import pytest
from picture_files import encoded, flat, write
from PIL import Image

from gan_jax import data
from gan_jax.data.pixels.framing import Framing
from gan_jax.data.sources import decoding
from gan_jax.errors import ConfigError, DataError

# Every pixel encodes its place: red is its column, green its row.
ROWS, COLUMNS = 12, 40
COORDINATES = np.stack(
    [*np.meshgrid(np.arange(COLUMNS), np.arange(ROWS)), np.zeros((ROWS, COLUMNS))], -1
).astype(np.uint8)


@pytest.mark.parametrize(
    ("framing", "box"),
    [
        (Framing(8), (14, 0, 26, 12)),  # the square in the middle
        (Framing(8, resize="squeeze"), (0, 0, 40, 12)),
        (Framing(8, "left"), (4, 0, 16, 12)),
        (Framing(8, "right"), (24, 0, 36, 12)),
        (Framing(8, "right", resize="squeeze"), (20, 0, 40, 12)),
        (Framing(8, crop=(10, 10)), (15, 1, 25, 11)),
        (Framing(8, crop=(20, 10)), (15, 1, 25, 11)),
        (Framing(8, crop=(20, 10), resize="squeeze"), (10, 1, 30, 11)),
        (Framing(8, crop=(3, 2, 11, 10)), (3, 2, 11, 10)),
        (Framing(8, "right", crop=(3, 2, 11, 10)), (23, 2, 31, 10)),
    ],
    ids=str,
)
def test_the_box_of_a_picture_of_40_by_12(framing, box):
    assert framing.box(COLUMNS, ROWS) == box


def test_an_odd_width_gives_both_sides_as_many_columns():
    assert Framing(8, "left", resize="squeeze").box(41, 12) == (0, 0, 20, 12)
    assert Framing(8, "right", resize="squeeze").box(41, 12) == (21, 0, 41, 12)


def test_celebas_official_crop_is_that_of_its_images_at_half_size():
    assert Framing(128, crop=(178, 178)).box(178, 218) == (0, 20, 178, 198)
    assert Framing(64).box(89, 109) == (0, 10, 89, 99)


@pytest.mark.parametrize("crop", [(12, 12), (0, 0, 12, 12), (20, 4)])
def test_a_box_of_the_right_size_keeps_its_pixels(crop):
    found = Framing(12, crop=crop, resize="squeeze").apply_all(COORDINATES[None])[0]
    left, top, right, bottom = Framing(12, crop=crop, resize="squeeze").box(COLUMNS, ROWS)
    part = Image.fromarray(COORDINATES[top:bottom, left:right])
    np.testing.assert_array_equal(found, np.asarray(part.resize((12, 12), Image.Resampling.BILINEAR)))
    if right - left == bottom - top == 12:
        np.testing.assert_array_equal(found, COORDINATES[top:bottom, left:right])


def test_squeezing_keeps_the_mean_of_every_part():
    """The picture has two halves of one value each, and they stay halves."""
    halves = np.repeat(np.array([0, 200], np.uint8), 20)[None, :, None] * np.ones((12, 1, 3), np.uint8)
    found = Framing(8, resize="squeeze").apply_all(halves[None])[0].astype(int)
    assert (found[:, :3] == 0).all() and (found[:, 5:] == 200).all()


@pytest.mark.parametrize(
    ("wide", "tall", "shape"), [(40, 20, (8, 16)), (20, 40, (16, 8)), (30, 29, (15, 16))]
)
def test_fit_keeps_the_aspect_ratio_and_gives_the_longer_side_its_size(wide, tall, shape):
    ramp = np.broadcast_to(np.linspace(0, 250, wide)[None, :, None], (tall, wide, 3)).astype(np.uint8)
    (found,) = Framing(16, resize="fit").apply_all(ramp[None])
    assert found.shape == (*shape, 3)
    assert found[0, 0, 0] < 20 and found[0, -1, 0] > 230  # the whole width is there
    np.testing.assert_array_equal(decoding.decode(encoded(ramp), Framing(16, resize="fit")), found)


def test_rectangles_of_a_role_have_the_first_ones_shape_and_others_are_left_out(place, caplog):
    files = {"a.png": encoded(flat((9, 9, 9), 32, 16)), "b.png": encoded(flat((9, 9, 9), 16, 32)),
             "c.png": encoded(flat((7, 7, 7), 64, 32))}  # fmt: skip
    spec = {"files": {"train": str(write(place, files))}, "resize": "fit"}
    with caplog.at_level(logging.INFO, "gan_jax"):
        found = data.load(spec, size=16).columns["image"]
    assert found.shape == (2, 8, 16, 3) and found[:, 0, 0, 0].tolist() == [9, 7]
    assert "1 skipped: 1 8 x 16 pixels, not 16 x 8 as the first (b.png)" in caplog.text


def test_one_image_stands_for_a_folder_with_this_image_alone(place):
    where = write(place, {"a.png": encoded(flat((9, 9, 9))), "deep/b.png": encoded(flat((7, 7, 7)))})
    for name, value in (("a.png", 9), ("deep/b.png", 7)):
        found = data.load({"files": {"train": f"{where}/{name}"}}, size=16).columns["image"]
        assert found.shape == (1, 16, 16, 3) and (found == value).all()


@pytest.mark.parametrize("options", [{"flip": True}, {"load_size": 20}])
def test_rectangles_are_not_cropped_or_mirrored_at_random(options):
    with pytest.raises(
        ConfigError, match=r"^a role's resize='fit' is for images that are not cropped or mir"
    ):
        data.load({"name": "digits_plain", "resize": "fit"}, size=16, **options)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"side": "top"}, r"side='top' is not allowed; allowed: '', 'left', 'right'"),
        (
            {"resize": "fill"},
            r"resize='fill' is not allowed; allowed: 'square', 'crop', 'squeeze', 'wi",
        ),
        ({"crop": (8,)}, r"crop=\(8,\) is not allowed; allowed: \(\), \(width, height\)"),
        ({"crop": (0, 8)}, r"crop=\(0, 8\) is not allowed"),
        ({"crop": (4, 0, 4, 8)}, r"crop=\(4, 0, 4, 8\) is not allowed"),
        ({"crop": (-1, 0, 4, 8)}, r"crop=\(-1, 0, 4, 8\) is not allowed"),
        ({"crop": (1.5, 2)}, r"crop=\(1.5, 2\) is not allowed"),
        ({"crop": 178}, r"crop=178 is not allowed"),
        ({"derive": "lines"}, r"derive='lines' is not allowed; allowed: '', 'edges', 'grey'"),
        ({"channels": 4}, r"channels=4 is not allowed; allowed: 0, 1, 3"),
    ],
    ids=str,
)
def test_fields_of_a_role_that_are_not_allowed_are_refused_before_anything_is_read(fields, words):
    for function in (data.check, lambda spec: data.load(spec, size=8)):
        with pytest.raises(ConfigError, match=f"^a role's {words}"):
            function({"name": "digits_plain", **fields})


def pairs(place, count=4):
    """Two images of 16 x 16 beside each other: the left is 10 k, the right 200 - 10 k."""
    files = {}
    for k in range(count):
        both = np.full((16, 32, 3), 10 * k, np.uint8)
        both[:, 16:] = 200 - 10 * k
        files[f"{k}.png"] = encoded(both)
    return write(place, files)


def test_the_sides_of_an_image_are_its_two_roles(place):
    spec = {"files": {"train": str(pairs(place))}}
    left, right = (data.load({**spec, "side": side}, size=16).columns["image"] for side in ("left", "right"))
    assert [np.unique(image).tolist() for image in left] == [[0], [10], [20], [30]]
    assert [np.unique(image).tolist() for image in right] == [[200], [190], [180], [170]]


def test_the_sides_of_a_large_jpeg_are_decoded_finely_enough(tmp_path):
    ramp = np.linspace(0, 255, 800).astype(np.uint8)
    both = np.concatenate([np.broadcast_to(ramp[None, :, None], (800, 800, 3))] * 2, axis=1)
    path = write(tmp_path / "ab", {"a.jpg": encoded(both, "JPEG", quality=95)})
    expected = np.asarray(Image.fromarray(both[:, :800]).resize((16, 16), Image.Resampling.BILINEAR))
    for side in ("left", "right"):
        found = data.load({"files": {"train": str(path)}, "side": side}, size=16).columns["image"][0]
        np.testing.assert_allclose(found.astype(int), expected, atol=4)


def test_files_and_arrays_are_framed_alike(tmp_path):
    folder = write(tmp_path / "images", {"a.png": encoded(COORDINATES)})
    np.savez(tmp_path / "images.npz", image=COORDINATES[None])
    for fields in ({}, {"side": "right"}, {"crop": (10, 8)}, {"resize": "squeeze"}):
        found = [
            data.load({"files": {"train": str(path)}, **fields}, size=8).columns["image"]
            for path in (folder, tmp_path / "images.npz")
        ]
        np.testing.assert_array_equal(*found)


def test_files_smaller_than_the_crop_are_left_out_and_arrays_refused(tmp_path):
    folder = write(
        tmp_path / "images", {"a.png": encoded(COORDINATES), "b.png": encoded(COORDINATES[:, :20])}
    )
    assert len(data.load({"files": {"train": str(folder)}, "crop": (30, 10)}, size=8)) == 1
    with pytest.raises(DataError, match=r"none of 2 images can be used, 2 skipped: 2 smaller than its crop"):
        data.load({"files": {"train": str(folder)}, "crop": (30, 20)}, size=8)
    with pytest.raises(DataError, match=r"images of 32 x 32 pixels are smaller than its crop, \(40, 10\)"):
        data.load({"name": "digits_plain", "split": "test[:2]", "crop": (40, 10)}, size=8)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("size", "load_size"), [(24, 27), (24, 24), (8, 10)])
def test_images_are_loaded_at_load_size_by_pillows_bicubic_filter_and_else_by_its_bilinear(
    tmp_path, size, load_size, channels
):
    picture = np.random.default_rng(0).integers(256, size=(16, 16, channels)).astype(np.uint8).squeeze()
    folder = write(tmp_path / "images", {"a.png": encoded(picture)})
    spec = {"files": {"train": str(folder)}, "channels": channels}
    found = data.load(spec, size=size, load_size=load_size, flip=True).columns["image"][0]
    whole = Image.fromarray(picture).convert("RGB")
    wanted = np.asarray(whole.resize((load_size, load_size), Image.Resampling.BICUBIC))
    np.testing.assert_array_equal(found, wanted[..., : found.shape[-1]])
    plain = data.load(spec, size=load_size).columns["image"][0]
    bilinear = np.asarray(whole.resize((load_size, load_size), Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(plain, bilinear[..., :channels])
    assert (bilinear != wanted).any()


def test_a_filter_that_there_is_not_is_refused():
    with pytest.raises(
        ConfigError, match="a role's filter='lanczos' is not allowed; allowed: 'bilinear', 'bicubic'"
    ):
        Framing(8, filter="lanczos")


def test_of_an_odd_margin_the_smaller_half_is_above_and_at_the_left():
    assert Framing(8).box(9, 12) == (0, 1, 9, 10)
    assert Framing(8).box(12, 9) == (1, 0, 10, 9)
