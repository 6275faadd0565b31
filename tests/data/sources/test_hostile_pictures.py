"""Pictures whose pixels are fine, whatever stands beside them; limits of pixels; files that are none."""

import io
import os
import struct
import warnings
import zlib

import numpy as np
import pytest
from picture_files import encoded, flat, load, noise, numbered, places, write
from PIL import Image

from gan_jax.data.pixels.framing import Framing
from gan_jax.data.sources import decoding
from gan_jax.data.sources.decoding import Skipped
from gan_jax.errors import ConfigError, DataError


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def with_chunk(png, kind, content):
    """A PNG with one more chunk behind its header."""
    return png[:33] + chunk(kind, content) + png[33:]


PIXELS = noise(16, 24, 3)
TURN = b"II*\0" + struct.pack("<IH", 8, 2) + struct.pack("<HHII", 0x112, 3, 1, 6)
# Resolution as text, which Pillow cannot write back.
TEXT = TURN + struct.pack("<HHI4s", 0x11A, 2, 4, b"72\0\0") + bytes(4)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_exif_that_cannot_be_rewritten_still_turns(kind):
    content = encoded(PIXELS, kind, exif=b"Exif\0\0" + TEXT, **({"lossless": True} if kind == "WEBP" else {}))
    found = decoding.upright(content)
    assert found.size == decoding.upright_size(content) == (16, 24)
    if kind != "JPEG":
        np.testing.assert_array_equal(np.asarray(found), np.rot90(PIXELS, -1))


@pytest.mark.parametrize("exif", [b"", b"II", b"II*\0\xff\xff\xff\xff", TURN[:20], b"\0" * 40])
def test_exif_that_cannot_be_read_turns_nothing(exif):
    content = with_chunk(encoded(PIXELS), b"eXIf", exif)
    np.testing.assert_array_equal(np.asarray(decoding.upright(content)), PIXELS)
    assert decoding.upright_size(content) == (24, 16)


@pytest.mark.parametrize(
    ("kind", "start"),
    [(b"zTXt", b"key\0\0"), (b"iTXt", b"key\0\1\0\0\0"), (b"iCCP", b"profile\0\0"), (b"tEXt", b"key\0")],
)
def test_large_texts_and_profiles_do_not_matter(kind, start):
    text = bytes(2 * 2**20)
    for content in (start + (text if kind == b"tEXt" else zlib.compress(text)), start + b"damaged" * 200):
        png = with_chunk(encoded(PIXELS), kind, content)
        np.testing.assert_array_equal(np.asarray(decoding.upright(png)), PIXELS)
        assert decoding.upright_size(png) == (24, 16)
    grey = with_chunk(encoded(PIXELS[..., 0]), kind, start + zlib.compress(text))
    np.testing.assert_array_equal(decoding.indices(grey), PIXELS[..., 0])


@pytest.mark.parametrize("most", [65535, 1023])
def test_a_pgm_of_sixteen_bits_is_read(most):
    levels = np.arange(16 * 16).reshape(16, 16) * most // 255
    content = f"P5 16 16 {most}\n".encode() + levels.astype(">u2").tobytes()
    found = np.asarray(decoding.upright(content)).astype(int)
    np.testing.assert_allclose(found[..., 0], np.arange(256).reshape(16, 16), atol=1)


def test_values_without_a_known_range_are_named():
    file = io.BytesIO()
    Image.fromarray(np.ones((16, 16), np.float32)).save(file, "TIFF")
    with pytest.raises(Skipped, match=r"^values of mode F, whose range is not known$"):
        decoding.upright(file.getvalue())


def test_a_large_jpeg_is_decoded_at_reduced_size_and_a_large_png_is_left_out_without_a_warning(monkeypatch):
    large = flat((9, 99, 200), 800, 600)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    framing = Framing(16, max_pixels=100_000)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = decoding.decode(encoded(large, "JPEG"), framing)
        np.testing.assert_allclose(found.astype(int), flat((9, 99, 200), 16, 16), atol=3)
        with pytest.raises(Skipped, match=r"^more than 100000 pixels$"):
            decoding.decode(encoded(large), framing)
        assert decoding.decode(encoded(large), Framing(16, max_pixels=480_000)).shape == (16, 16, 3)
    assert Image.MAX_IMAGE_PIXELS == 1000


def test_the_limit_is_a_field_of_a_role(tmp_path):
    write(tmp_path / "faces", numbered())
    with pytest.raises(DataError, match="more than 63 pixels"):
        load(tmp_path / "faces", max_pixels=63)
    assert len(load(tmp_path / "faces", max_pixels=64)) == 4
    with pytest.raises(ConfigError, match="max_pixels=0 is not allowed; allowed: 1 to 4294967296"):
        load(tmp_path / "faces", max_pixels=0)


def test_a_fifo_and_an_endless_device_are_left_out_by_name(tmp_path, caplog):
    path = write(tmp_path / "faces", numbered())
    os.mkfifo(path / "m.png")
    (path / "n.png").symlink_to("/dev/zero")
    with caplog.at_level("INFO"):
        assert places(load(path)) == [0, 1, 2, 3]
    assert "2 skipped: 2 not a regular file (m.png, n.png)" in caplog.text


@pytest.mark.parametrize("name", ["a.npz", "attributes.csv"])
def test_a_fifo_in_place_of_a_table_or_of_arrays_is_refused_at_once(tmp_path, name):
    path = write(tmp_path / "faces", numbered())
    os.mkfifo(path / name)
    with pytest.raises(DataError, match=f"{name}: cannot be read: not a regular file"):
        load(path / name) if name == "a.npz" else load(path, attributes=("Male",))
