"""A stored set gives what the same set in memory gives, bit for bit."""

import itertools
import json

import levels
import numpy as np
import pytest
from picture_files import encoded, flat, numbered, png, write

from gan_jax import data
from gan_jax.data.store import pool
from gan_jax.data.store.stored import Stored

pytestmark = pytest.mark.usefixtures("decoding_threads")


def assert_equal(resident, stored):
    assert isinstance(resident.columns["image"], np.ndarray)
    assert isinstance(stored.columns["image"], Stored)
    assert resident.columns["image"].shape == stored.columns["image"].shape
    assert set(resident.columns) == set(stored.columns)
    for name, values in resident.columns.items():
        np.testing.assert_array_equal(stored.columns[name][:], values, name)
    assert resident.view == stored.view
    np.testing.assert_array_equal(resident.listing.rows, stored.listing.rows)
    np.testing.assert_array_equal(resident.listing.shown, stored.listing.shown)
    assert resident.listing.names == stored.listing.names
    assert resident.checksum == stored.checksum


@levels.parametrize(
    "fields",
    [
        {},
        {"classes": True, "exclude": (1,)},
        {"split": "train[6:]+train[:3]"},
        {"derive": "edges"},
        {"derive": "grey", "channels": 3},
        {"derive": "edges", "load_size": 12, "flip": True},
        {"side": "right", "resize": "squeeze", "size": 12},
    ],
    ids=str,
    kept=[{}, {"derive": "edges"}],
)
@pytest.mark.usefixtures("small_parts")
def test_rows_labels_and_checksums(both, noise, fields):
    resident, stored = both(noise, **fields)
    assert_equal(resident, stored)
    indices = np.array([[3, 0], [1, 1]])
    images = resident.columns["image"]
    for index in (2, -1, slice(1, None, 2), indices, np.arange(len(resident)) % 2 == 0):
        np.testing.assert_array_equal(stored.columns["image"][index], images[index])
    np.testing.assert_array_equal(np.asarray(stored.columns["image"]), images)
    np.testing.assert_array_equal(np.concatenate([*stored.columns["image"].blocks()]), images)
    assert_equal(resident.subset(np.array([1, 2])), stored.subset(np.array([1, 2])))


@pytest.mark.usefixtures("small_parts")
def test_shuffled_crops_mirrors_and_passes_in_order(both, noise):
    parts = [{"image": part} for part in both(noise, load_size=12, flip=True)]
    ways = [itertools.islice(data.stream(part, 4, seed=3, start=2), 6) for part in parts]
    for resident, stored in zip(*ways, strict=True):
        np.testing.assert_array_equal(resident["image"], stored["image"])
    for resident, stored in zip(*(data.epoch(part, 4) for part in parts), strict=True):
        np.testing.assert_array_equal(resident["image"], stored["image"])


@pytest.mark.usefixtures("small_parts")
def test_files_left_out_are_left_out_counted_and_listed(both, place, tmp_path, caplog):
    table = "file,A\na.png,1\nb/10.png,0\nb/2.png,1\n"
    files = numbered() | {"b/1.png": b"no image", "attributes.csv": table.encode(), "b/3.png": png(9, side=4)}
    with caplog.at_level("INFO", logger="gan_jax.data.sources"):
        resident, stored = both(write(place, files), attributes=("A",))
    assert_equal(resident, stored)
    assert resident.columns["label"].tolist() == [[1], [0], [1]]
    in_memory, from_store = [r.getMessage() for r in caplog.records if " skipped: " in r.getMessage()]
    assert in_memory == from_store
    _, without = both(place)
    (listing,) = [
        json.loads(path.read_text())
        for path in (tmp_path / "store").glob("*/listing.json")
        if json.loads(path.read_text())["images"] == 6
    ]
    assert listing["skipped"] == {"b/1.png": "not an image", "b/3.png": "smaller than 8 pixels"}
    assert len(without) == 4


@pytest.mark.long
@pytest.mark.usefixtures("small_parts")
def test_rectangles_have_the_first_usable_pictures_shape(both, tmp_path):
    files = {"0.png": b"no image", "1.png": encoded(flat((1, 2, 3), 30, 20)), "2.png": png(2, side=20),
             "3.png": encoded(flat((4, 5, 6), 60, 40))}  # fmt: skip
    resident, stored = both(write(tmp_path / "wide", files), resize="fit", size=24)
    assert_equal(resident, stored)
    assert stored.columns["image"].shape == (2, 16, 24, 3)


def test_a_second_start_decodes_nothing_and_other_labels_share_the_store(both, noise, monkeypatch, tmp_path):
    both(noise)
    monkeypatch.setattr(pool, "decode", None)
    _, stored = both(noise, classes=True)
    assert stored.columns["label"].tolist() == [0] * 5 + [1] * 5
    assert len([path for path in (tmp_path / "store").iterdir() if path.is_dir()]) == 1


@levels.parametrize(
    "change",
    [{"size": 12}, {"crop": (10, 10)}, {"derive": "grey"}, {"split": "train[1:]"}],
    kept=[{"derive": "grey"}],
)
def test_whatever_decides_the_pixels_has_a_store_of_its_own(both, noise, change, tmp_path):
    both(noise)
    assert_equal(*both(noise, **change))
    assert len([path for path in (tmp_path / "store").iterdir() if path.is_dir()]) == 2


def test_a_changed_file_is_decoded_anew_and_a_zip_is_known_by_its_checksums(both, place):
    files = numbered()
    both(write(place, files))
    first = sorted(files)[0]
    assert_equal(*both(write(place, files | {first: png(77)})))


@pytest.mark.long
def test_small_sets_stay_in_memory(noise, tmp_path):
    size = 10 * 8 * 8 * 3
    spec = {"files": {"train": str(noise)}}
    kept = data.load(spec, size=8, store=data.Store(tmp_path / "store", above=size))
    assert isinstance(kept.columns["image"], np.ndarray) and not (tmp_path / "store").exists()
    large = data.load(spec, size=8, store=data.Store(tmp_path / "store", above=size - 1))
    assert isinstance(large.columns["image"], Stored)
