"""Files that others may have made: damage is an OSError, and no small file unpacks to gigabytes."""

import gzip
import io
import os
import struct
import zipfile

import numpy as np
import pytest
import scipy.io

from gan_jax.data.sources import annotations, arrays, listing, matlab
from gan_jax.errors import ConfigError, DataError
from gan_jax.files import reading
from gan_jax.metrics import features

# Limits.


def test_a_small_file_may_unpack_to_a_gibibyte_and_a_large_one_to_200_times_its_size():
    found = [reading.unpacked_limit(size) for size in (0, 3_000_000, 10_000_000, 2**30, 2**40)]
    assert found == [2**30, 2**30, 2_000_000_000, 2**33, 2**33]


def arrays_of(name):
    return lambda path: np.savez_compressed(path, **{name: np.zeros((2**8, 2**8), np.uint8)})


def mat(path, side=128):
    content = {"X": np.zeros((side, side, 1, 4), np.uint8), "y": np.ones((4, 1), np.uint8)}
    scipy.io.savemat(path, content, do_compression=True)


def idx(path):
    path.write_bytes(gzip.compress(struct.pack(">4I", 0x803, 4, 128, 128) + bytes(2**16)))
    path.with_name("labels-idx1.gz").write_bytes(gzip.compress(struct.pack(">2I", 0x801, 4) + bytes(4)))


def zipped(path, kind=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", kind) as archive:
        archive.writestr("attributes.csv", bytes(2**16))
        archive.writestr("a.png", bytes(2**16))


def read_train(path):
    return arrays.read({"train": str(path)}, "train")


@pytest.mark.parametrize(
    ("name", "make", "use"),
    [
        ("a.npz", arrays_of("image"), read_train),
        ("a.npz", arrays_of("features"), annotations.read_features),
        ("a.npz", arrays_of("weight"), lambda path: features.check("inception", str(path))),
        ("a.mat", mat, read_train),
        ("images-idx3.gz", idx, read_train),
        ("a.zip", zipped, lambda path: listing.Folder(path).attributes()),
        ("a.csv", lambda path: path.write_bytes(bytes(2**16)), listing.content),
    ],
    ids=["arrays", "features", "weights", "mat", "idx", "table in a zip", "table"],
)
def test_a_small_file_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch, name, make, use):
    make(tmp_path / name)
    monkeypatch.setattr(reading, "_ALWAYS", 2**12)  # small limits, so that nothing unpacks gigabytes
    monkeypatch.setattr(reading, "_TIMES", 2)
    monkeypatch.setattr(listing, "_TABLE_BYTES", 2**12)
    with pytest.raises((DataError, ConfigError), match=rf"{name}.*: .*has \d+ bytes; allowed: \d+$"):
        use(tmp_path / name)


def test_an_image_in_a_zip_that_unpacks_to_too_much_is_left_out(tmp_path, monkeypatch):
    zipped(tmp_path / "a.zip")
    monkeypatch.setattr(listing, "_IMAGE_BYTES", 2**12)
    with listing.Folder(tmp_path / "a.zip") as folder, pytest.raises(OSError, match="allowed: 4096"):
        folder.read("a.png")


@pytest.mark.parametrize("kind", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_directory_that_tells_too_small_a_size_does_not_unpack_the_rest(tmp_path, kind):
    zipped(tmp_path / "a.zip", kind)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        member = archive.getinfo("a.png")
        member.file_size = 2**10
        with pytest.raises(OSError, match="Bad CRC"):
            reading.read_member(archive, member, 2**10)


def test_a_header_that_tells_a_size_too_large_reserves_nothing(tmp_path):
    header = "{'descr': '|u1', 'fortran_order': False, 'shape': (%d,), }"
    for count, message in ((2**62, "allowed: "), (2**20, "holds 4 bytes; expected 1048576"), (-1, "holds 4")):
        text = (header % count).ljust(117).encode() + b"\n"
        content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + b"abcd"
        (tmp_path / "a.npy").write_bytes(content)
        with pytest.raises(OSError, match=message):
            reading.read_array(tmp_path / "a.npy")
        zipfile.ZipFile(tmp_path / "a.npz", "w").writestr("image.npy", content)


def test_a_fifo_a_device_and_a_folder_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "a.npz")
    (tmp_path / "b.npz").symlink_to("/dev/zero")
    for name, message in (("a.npz", "not a regular"), ("b.npz", "not a regular"), ("", "Is a directory")):
        with pytest.raises(OSError, match=message):
            reading.read(tmp_path / name, 2**20)


# Damage.


def flipped(content, first, last):
    """The content with one bit changed, for each of some bytes; which bit depends on the place."""
    for place in range(first, last):
        yield content[:place] + bytes([content[place] ^ 1 << place % 8]) + content[place + 1 :]


def test_no_bit_of_the_header_of_an_array_gives_another_error(tmp_path):
    file = io.BytesIO()
    np.save(file, np.arange(6, dtype=np.uint8).reshape(2, 3))
    for content in flipped(file.getvalue(), 0, 80):
        (tmp_path / "a.npy").write_bytes(content)
        try:
            reading.read_array(tmp_path / "a.npy")
        except OSError as error:
            assert "\n" not in reading.reason(error)


@pytest.mark.parametrize("kind", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_no_bit_of_a_zip_gives_another_error(tmp_path, kind):
    """An `.npz` is a zip, whose directory and whose members have headers."""
    array = io.BytesIO()
    np.save(array, np.arange(6, dtype=np.uint8))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", kind) as archive:
        archive.writestr("image.npy", array.getvalue())
        archive.writestr("a.png", b"a")
    content = packed.getvalue()
    wrong = 0
    for damaged in flipped(content, 0, len(content)):
        (tmp_path / "a.npz").write_bytes(damaged)
        try:
            with reading.Arrays(tmp_path / "a.npz") as found:
                dict(found)
        except OSError:
            wrong += 1
        (tmp_path / "a.npz").rename(tmp_path / "a.zip")
        try:
            with listing.Folder(tmp_path / "a.zip") as folder:
                folder.read(folder.images[0])
        except (DataError, OSError):
            wrong += 1
    assert wrong > len(content) / 2


@pytest.mark.long
def test_what_crashes_scipy_is_one_line(tmp_path):
    """The bits are those of data-type tags at which scipy 1.15 to 1.17 end with a segmentation fault."""
    path = tmp_path / "a.mat"
    image = np.random.default_rng(0).integers(0, 256, (8, 8, 3, 20), dtype=np.uint8)
    scipy.io.savemat(path, {"X": image, "y": np.ones((20, 1), np.uint8)})
    content = path.read_bytes()
    path.write_bytes(content[:185] + bytes([content[185] ^ 1]) + content[186:])
    with pytest.raises(DataError, match=r"a\.mat: cannot be read; .*scipy could not read it, exit code -11$"):
        read_train(path)
    path.write_bytes(content)
    assert matlab.read(path)[0].shape == (20, 8, 8, 3)
