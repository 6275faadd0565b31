"""From the bytes of a file to square pixels: closed forms, and damage that gives only a reason."""

import io
import threading

import numpy as np
import pytest
from picture_files import encoded, flat, noise
from PIL import ExifTags, Image, ImageOps

from gan_jax.data.pixels.framing import Framing
from gan_jax.data.sources import decoding

FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_is_read(kind):
    picture = decoding.decode(encoded(flat((200, 100, 50)), kind), Framing(16))
    assert picture.shape == (16, 16, 3) and picture.dtype == np.uint8
    np.testing.assert_allclose(picture, flat((200, 100, 50), 16, 16), atol=12 if kind == "GIF" else 4)


def test_a_square_of_the_right_size_keeps_its_pixels():
    pixels = noise(16, 16, 3)
    np.testing.assert_array_equal(decoding.decode(encoded(pixels), Framing(16)), pixels)


@pytest.mark.parametrize("transposed", [False, True])
def test_the_middle_of_an_oblong_is_kept(transposed):
    """Columns hold their own number; of 40 columns, the largest square has those from 12 to 27."""
    pixels = np.broadcast_to(np.arange(40, dtype=np.uint8)[None, :, None], (16, 40, 3))
    picture = decoding.decode(encoded(pixels.swapaxes(0, 1) if transposed else pixels), Framing(16))
    picture = picture.swapaxes(0, 1) if transposed else picture
    np.testing.assert_array_equal(picture, pixels[:, 12:28])


def test_halving_is_antialiased():
    stripes = np.broadcast_to((np.arange(64) % 2 * 255).astype(np.uint8)[None, :, None], (64, 64, 3))
    picture = decoding.decode(encoded(stripes), Framing(16)).astype(int)
    np.testing.assert_allclose(picture[:, 2:-2], 127.5, atol=6)


def test_grey_becomes_three_equal_channels_and_sixteen_bits_eight():
    grey = noise(16, 16)
    np.testing.assert_array_equal(
        decoding.decode(encoded(grey), Framing(16)), np.repeat(grey[..., None], 3, -1)
    )
    file = io.BytesIO()
    Image.fromarray(grey.astype(np.uint16) * 256 + 255).save(file, "PNG")
    np.testing.assert_array_equal(
        decoding.decode(file.getvalue(), Framing(16)), np.repeat(grey[..., None], 3, -1)
    )


@pytest.mark.parametrize(("alpha", "expected"), [(0, 255), (255, 60), (102, 177)])
def test_transparency_is_over_white(alpha, expected):
    # 255 (1 - a) + 60 a, with a = 102 / 255 = 0.4 for the last.
    picture = decoding.decode(encoded(flat((60, 60, 60, alpha))), Framing(16))
    np.testing.assert_allclose(picture.astype(int), expected, atol=1)


def test_transparency_of_a_palette_is_over_white():
    picture = Image.new("P", (16, 16), 0)
    picture.putpalette([10, 20, 30, 200, 100, 50])
    picture.paste(1, (0, 0, 8, 16))
    file = io.BytesIO()
    picture.save(file, "PNG", transparency=0)
    decoded = decoding.decode(file.getvalue(), Framing(16))
    assert (decoded[:, 8:] == 255).all() and (decoded[:, :8] == (200, 100, 50)).all()


def test_a_picture_is_turned_as_its_exif_says():
    pixels = noise(16, 16, 3)
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate by 90 degrees clockwise to view
    turned = decoding.decode(encoded(pixels, exif=exif), Framing(16))
    np.testing.assert_array_equal(turned, np.rot90(pixels, -1))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_format_is_turned_once_and_its_header_tells_the_size_of_the_upright_picture(orientation):
    pixels = noise(10, 20, 3)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(encoded(pixels, "PNG", exif=exif))))
    for kind in ("PNG", "JPEG", "TIFF", "WEBP"):
        options = {"lossless": True} if kind == "WEBP" else {}
        content = encoded(pixels, kind, exif=exif, **options)
        found = decoding.upright(content)
        assert decoding.upright_size(content) == found.size == ((20, 10) if orientation < 5 else (10, 20)), (
            kind
        )
        if kind != "JPEG":
            np.testing.assert_array_equal(np.asarray(found), np.asarray(upright), kind)
    grey = encoded(pixels[..., 0], "PNG", exif=exif)
    np.testing.assert_array_equal(decoding.indices(grey), np.asarray(decoding.upright(grey))[..., 0])


def test_a_large_jpeg_is_about_the_same_as_when_decoded_whole():
    ramp = np.linspace(0, 255, 800).astype(np.uint8)
    pixels = np.broadcast_to(ramp[None, :, None], (800, 800, 3))
    expected = np.asarray(Image.fromarray(pixels).resize((16, 16), Image.Resampling.BILINEAR))
    decoded = decoding.decode(encoded(pixels, "JPEG", quality=95), Framing(16))
    np.testing.assert_allclose(decoded.astype(int), expected, atol=3)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not an image"),
        (b"hello, world" * 50, "not an image"),
        (encoded(noise(7, 20, 3)), "smaller than 8 pixels"),
        (encoded(noise(40, 40, 3))[:900], "unreadable"),
        (encoded(noise(40, 40, 3), "JPEG")[:900], "unreadable"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 20 20\n", "not an image"),
    ],
    ids=["empty", "text", "small", "cut png", "cut jpeg", "postscript"],
)
def test_what_is_left_out_has_its_reason(content, reason):
    with pytest.raises(decoding.Skipped) as skipped:
        decoding.decode(content, Framing(16))
    assert str(skipped.value) == reason


@pytest.mark.parametrize("limit", [399, 150])
def test_too_many_pixels_are_refused_before_they_are_decoded(limit):
    framing = Framing(16, max_pixels=limit)
    images, skipped = decoding.decode_all(lambda name: encoded(noise(20, 20, 3)), ["a.png"], framing)
    assert skipped == {0: f"more than {limit} pixels"} and not images.any()
    assert decoding.decode(encoded(noise(20, 20, 3)), Framing(16, max_pixels=400)).any()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", FORMATS)
def test_no_damage_ends_in_anything_but_a_picture_or_a_reason(kind):
    rng = np.random.default_rng(len(kind))
    content = encoded(noise(24, 24, 3), kind)
    outcomes = {"picture": 0, "reason": 0}
    for _ in range(250):
        damaged = bytearray(content[: rng.integers(1, len(content) + 1)])
        # Most formats have their header at the beginning.
        for place in (rng.random(6) ** 3 * len(damaged)).astype(int):
            damaged[place] = rng.integers(256)
        try:
            assert decoding.decode(bytes(damaged), Framing(16)).shape == (16, 16, 3)
            outcomes["picture"] += 1
        except decoding.Skipped:
            outcomes["reason"] += 1
    assert outcomes["reason"] > 50


def test_all_are_decoded_in_order_by_several_threads_and_one_that_fails_costs_only_itself():
    pictures = {f"{row}.png": flat((row, 0, 0), 16, 16) for row in range(40)}
    threads = set()

    def read(name):
        threads.add(threading.current_thread())
        if name == "7.png":
            raise OSError("gone")
        return encoded(pictures[name])

    images, skipped = decoding.decode_all(read, list(pictures), Framing(16))
    assert skipped == {7: "unreadable"} and threading.current_thread() not in threads
    expected = np.where(np.arange(40) == 7, 0, np.arange(40))
    np.testing.assert_array_equal(images[..., 0], np.broadcast_to(expected[:, None, None], (40, 16, 16)))


def test_an_error_that_is_no_damage_is_raised():
    with pytest.raises(ZeroDivisionError):
        decoding.decode_all(lambda name: 1 // 0, ["a.png"], Framing(16))


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_turned_jpeg_is_decoded_at_no_less_than_the_upright_draft(orientation):
    """Of 2048 x 512 upright pixels, a draft of 1024 x 64 leaves half, however the pixels lie in the file."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    buffer, asked = io.BytesIO(), []
    lying = (512, 2048) if orientation == 6 else (2048, 512)
    Image.new("RGB", lying).save(buffer, "JPEG", exif=exif)

    def draft(*size):
        asked.append(size)
        return 1024, 64

    assert decoding.upright(buffer.getvalue(), draft).size == (1024, 256)
    assert asked == [(2048, 512)]
