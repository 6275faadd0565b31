"""Rows on disk: selections of several files, and damage, which is found at the first look."""

import levels
import numpy as np
import pytest
from picture_files import load

from gan_jax.data.store import place
from gan_jax.data.store import stored as columns
from gan_jax.errors import DataError

pytestmark = pytest.mark.usefixtures("decoding_threads")


def test_a_file_that_is_cut_off_while_it_is_open_is_one_line(noise, stored, tmp_path):
    images = stored(noise).columns["image"]
    path = only(tmp_path / "store") / "images.npy"
    path.write_bytes(path.read_bytes()[: 128 + 9 * 192])
    assert images[8].any()
    with pytest.raises(DataError, match=rf"{path} cannot be read: it ends at byte {128 + 9 * 192}"):
        images[np.array([2, 9])]


def only(root):
    (folder,) = [path for path in root.iterdir() if path.is_dir()]
    return folder


def cut(folder):
    path = folder / "images.npy"
    path.write_bytes(path.read_bytes()[:-1])


def wrong_header(folder):
    path = folder / "images.npy"
    path.write_bytes(path.read_bytes().replace(b"'|u1'", b"'|i1'"))


def no_header(folder):
    path = folder / "images.npy"
    path.write_bytes(b"\0" + path.read_bytes()[1:])


def without_rows(folder):
    (folder / "rows.npz").unlink()


def damaged_rows(folder):
    path = folder / "rows.npz"
    path.write_bytes(path.read_bytes()[:-40])


@levels.parametrize(
    ("damage", "reason"),
    [
        (cut, r"has 2047 bytes; expected 2048"),
        (wrong_header, r"holds int8 \[10, 8, 8, 3\]; expected uint8 \[10, H, W, C\]"),
        (no_header, r"its header is damaged"),
        (without_rows, r"No such file"),
        (damaged_rows, r"zip"),
    ],
    kept=(damaged_rows,),
)
def test_damage_that_a_look_finds_is_one_line_that_names_the_command(noise, stored, tmp_path, damage, reason):
    stored(noise)
    folder = only(tmp_path / "store")
    damage(folder)
    command = rf"`python -m gan_jax.main --mode=store --store={folder.parent} --verify={folder.name}`"
    with pytest.raises(DataError, match=rf"store {folder} is damaged: .*{reason}.*{command}") as error:
        stored(noise)
    assert "\n" not in str(error.value)


@pytest.mark.long
def test_several_files_are_one_column_and_shapes_must_be_equal(noise, stored):
    first, second = (stored(noise, split).columns["image"] for split in ("train[:4]", "train[4:]"))
    both = columns.joined([second.subset(np.array([5, 0])), first])
    expected = load(noise).columns["image"][[9, 4, 0, 1, 2, 3]]
    np.testing.assert_array_equal(both[:], expected)
    np.testing.assert_array_equal(both[np.array([5, 0, 1])], expected[[5, 0, 1]])
    np.testing.assert_array_equal(columns.joined([both, first])[:], np.concatenate([expected, expected[2:]]))
    with pytest.raises(ValueError, match="shapes"):
        columns.joined([first, stored(noise, size=12).columns["image"]])


def test_a_store_that_may_only_be_read_is_read(noise, stored, tmp_path, monkeypatch):
    stored(noise)
    monkeypatch.setattr(place.os, "access", lambda *args: False)
    monkeypatch.setattr(place.os, "utime", None)
    assert len(stored(noise)) == 10


@pytest.mark.long
def test_nearest_images_are_those_of_images_in_memory_part_by_part(noise, stored, monkeypatch):
    from gan_jax.inference.nearest import Memory
    from gan_jax.metrics import nearest

    images, column = load(noise).columns["image"], stored(noise).columns["image"]
    monkeypatch.setattr(nearest, "_BYTES", 3 * 192 * 4)
    monkeypatch.setattr(columns.Stored, "__array__", None)  # nobody asks for all of them
    queries = np.clip(images[:4].astype(int) + 3, 0, 255).astype(np.uint8)
    resident, found = (Memory(known, 2).find(queries) for known in (images, column))
    np.testing.assert_array_equal(found.rows, resident.rows)
    np.testing.assert_array_equal(found.images, images[resident.rows])
    np.testing.assert_array_equal(found.distances, resident.distances)
