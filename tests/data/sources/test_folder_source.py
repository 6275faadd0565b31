"""Folders and zips of images: order, slices, accompanying labels, and counts of what is left out."""

import logging
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from picture_files import NAMES, load, numbered, places, png, refused, write
from PIL import Image

from gan_jax import data
from gan_jax.data.sources import decoding
from gan_jax.errors import DataError


def test_files_are_read_in_lexicographic_order_nested_ones_too(place):
    files = numbered()
    examples = load(write(place, {name: files[name] for name in reversed(NAMES)}))
    assert places(examples) == [0, 1, 2, 3]
    assert set(examples.columns) == {"image"}
    assert examples.columns["image"].shape == (4, 8, 8, 3) and examples.columns["image"].dtype == np.uint8


def test_hidden_files_and_macosx_are_left_out(place):
    hidden = {
        name: png(250)
        for name in (".x.png", "b/.y.png", ".cache/z.png", "__MACOSX/a.png", "b/__MACOSX/_.png")
    }
    assert places(load(write(place, numbered() | hidden))) == [0, 1, 2, 3]


def test_linked_folders_are_folders_and_links_back_are_named(tmp_path, caplog):
    write(tmp_path / "elsewhere", {"1.png": png(10), "in/2.png": png(20)})
    path = write(tmp_path / "faces", {"b/3.png": png(30)})
    for link, target in (("a", "elsewhere"), ("c", "elsewhere"), ("b/up", "faces"), ("b/here", "faces/b")):
        (path / link).symlink_to(tmp_path / target)
    (tmp_path / "elsewhere" / "back").symlink_to(path)
    (tmp_path / "linked").symlink_to(path)
    with caplog.at_level(logging.INFO, logger="gan_jax.data"):
        examples = load(tmp_path / "linked", classes=True)
    assert places(examples) == [1, 2, 3, 1, 2]
    assert examples.columns["label"].tolist() == [0, 0, 1, 2, 2]
    assert "4 skipped: 4 not an image (a/back, b/here, b/up, ...); 3 classes (a, b, c)" in caplog.text


def test_a_folder_inside_a_zip_is_a_path(tmp_path):
    path = write(tmp_path / "faces.zip", numbered() | {"b2/x.png": png(200)})
    assert places(load(path / "b")) == [1, 2] == places(load(f"{path}/b/"))
    refused(path / "bb", r"has no folder 'bb'; folders there: b, b2")
    refused(path / "..", r"has no folder '\.\.'; folders there: b, b2")


def test_names_in_a_zip_are_never_paths(tmp_path):
    outside = write(tmp_path / "outside", {"secret.png": png(200)})
    names = {"../outside/secret.png": png(10), "/etc/x.png": png(20), "C:/y.png": png(30)}
    path = write(tmp_path / "faces.zip", {"a.png": png(0), **names})
    before = sorted(tmp_path.rglob("*"))
    assert sorted(places(load(path))) == [0, 2, 3]  # a name that begins with '.' is hidden
    assert sorted(tmp_path.rglob("*")) == before and outside.exists()


@pytest.mark.parametrize(
    ("split", "expected"),
    [("train[:2]", [0, 1]), ("train[-1:]", [3]), ("train[50%:]", [2, 3]), ("train[3:]+train[:1]", [3, 0])],
)
def test_slices_take_rows_of_the_sorted_list_and_open_no_other(place, monkeypatch, split, expected):
    opened = []
    decode = decoding.decode_with_shares
    monkeypatch.setattr(decoding, "decode_with_shares", lambda *args: opened.append(1) or decode(*args))
    write(place, numbered())
    data.check({"files": {"train": str(place)}, "split": split})
    assert not opened
    assert places(load(place, split)) == expected
    assert len(opened) == len(expected)


def test_slices_count_files_as_listed_before_any_is_left_out(place):
    write(place, numbered() | {"b/10.png": b"no image"})
    assert places(load(place, "train[:3]")) == [0, 2]
    assert places(load(place, "train[2:]")) == [2, 3]


def test_what_is_left_out_is_counted_by_reason_in_one_line(place, caplog):
    good = png(0, 40)
    files = {"a.txt": b"x", "b.png": b"no image", "c.png": good[:60], "d.png": png(0, 4), "e.png": good}
    many = {f"n{place}.md": b"" for place in range(4)}
    write(place, files | many)
    with caplog.at_level(logging.INFO, logger="gan_jax.data"):
        assert len(load(place)) == 1
    assert [record.getMessage() for record in caplog.records] == [
        f"1 images of {place}, 8 skipped: 6 not an image (a.txt, n0.md, n1.md, ...), "
        "1 unreadable (c.png), 1 smaller than 8 pixels (d.png)"
    ]


def test_the_line_without_anything_left_out(place, caplog):
    with caplog.at_level(logging.INFO, logger="gan_jax.data"):
        load(write(place, numbered()))
    assert [record.getMessage() for record in caplog.records] == [f"4 images of {place}"]


def test_a_folder_without_one_readable_image_is_refused(place, tmp_path):
    write(place, {"a.png": b"", "b.jpg": png(0)[:45]})
    with pytest.raises(
        DataError, match=r"none of 2 images can be used, 2 skipped: 1 not an image \(a.png\), 1 unr"
    ):
        load(place)
    refused(
        write(tmp_path / "texts", {"a.txt": b"x"}),
        "texts: holds no image file, but 1 other files; known: .bmp,",
    )


def test_an_empty_folder_and_an_empty_zip_are_refused(tmp_path):
    (tmp_path / "faces").mkdir()
    refused(tmp_path / "faces", "faces: holds no image file, but nothing")
    refused(write(tmp_path / "faces.zip", {}), "faces.zip: holds no image file, but nothing")


def test_a_zip_that_is_none_is_refused(tmp_path):
    (tmp_path / "faces.zip").write_bytes(b"no zip")
    refused(
        tmp_path / "faces.zip", "faces.zip: cannot be read; expected a folder or a zip: File is not a zip"
    )


def test_damage_inside_a_zip_costs_the_file_alone(tmp_path):
    path = write(tmp_path / "faces.zip", numbered())
    content = bytearray(path.read_bytes())
    start = content.index(png(10)) + 40
    content[start : start + 8] = bytes(8)
    path.write_bytes(content)
    assert places(load(path)) == [0, 2, 3]


@pytest.mark.parametrize("path", ["none", "none.zip", "none.zip/train"])
def test_a_path_that_is_not_there_is_named(tmp_path, path):
    refused(tmp_path / path, f"there is no file .*{path}: set config.data.manual_dir")


def test_an_unreadable_file_is_left_out(tmp_path, monkeypatch):
    path = write(tmp_path / "faces", numbered())
    (path / "a.png").unlink()
    os.symlink(path / "nowhere.png", path / "a.png")
    assert places(load(path)) == [1, 2, 3]


def test_a_set_that_does_not_fit_in_memory_is_refused(place, monkeypatch):
    from gan_jax.data.sources import folder

    write(place, numbered())
    monkeypatch.setattr(folder, "MAX_BYTES", 4 * 8 * 8 * 3 - 1)
    with pytest.raises(
        DataError, match=r"4 images of 8 x 8 take more than .*; take a part by the role's split"
    ):
        load(place)
    assert len(load(place, "train[:3]")) == 3


# --- real images ---------------------------------------------------------------------------------

CELEBA = "celeba/img_align_celeba_half_first8000.zip"
FER = "fer2013/fer2013_subset.zip"
CINIC = "cinic10/cinic10_unpaired.zip"


def real(path):
    """Marks a test of one file below GAN_JAX_DATA."""
    there = Path(os.environ.get("GAN_JAX_DATA", ""), path).is_file()
    skip = pytest.mark.skipif(not there, reason=f"{path} is not in GAN_JAX_DATA")
    return lambda test: pytest.mark.real_data(skip(test))


@pytest.mark.long
@real(CELEBA)
def test_celeba_has_its_8000_images_and_the_attributes_of_its_list():
    folder = Path(os.environ["GAN_JAX_DATA"])
    spec = {
        "files": {"train": CELEBA},
        "attributes": ("Eyeglasses", "Male"),
        "attributes_file": "celeba/list_attr_celeba_first8000.txt",
    }
    data.check(spec)
    columns = data.load(spec, size=32).columns
    assert columns["image"].shape == (8000, 32, 32, 3) and columns["label"].shape == (8000, 2)
    lines = (folder / spec["attributes_file"]).read_text().splitlines()
    names = lines[1].split()
    for column, name in enumerate(spec["attributes"]):
        expected = [line.split()[1 + names.index(name)] == "1" for line in lines[2:]]
        np.testing.assert_array_equal(columns["label"][:, column], expected)
    with zipfile.ZipFile(folder / CELEBA) as archive:
        for row in (0, 4321):
            with archive.open(f"img_align_celeba/{row + 1:06}.jpg") as file:
                picture = np.asarray(Image.open(file).convert("RGB"))
            # The picture has 109 x 89 pixels, so its middle square has 89.
            square = Image.fromarray(picture[10:99]).resize((32, 32), Image.Resampling.BILINEAR)
            np.testing.assert_array_equal(columns["image"][row], square)


@real(FER)
def test_fer_2013_has_seven_classes_from_folders_in_its_zip():
    spec = {"files": {"train": f"{FER}/train", "test": f"{FER}/test"}, "classes": True, "split": "test"}
    label = data.load(spec, size=48).columns["label"]
    assert np.bincount(label).tolist() == [100, 55, 100, 100, 100, 100, 100]


@pytest.mark.long
@real(CINIC)
def test_cinic_10_grey_images_are_in_colour():
    spec = {
        "files": {side: f"{CINIC}/cat2dog/{side}" for side in ("trainA", "trainB")},
        "split": "trainA+trainB",
    }
    assert data.load(spec, size=32).columns["image"].shape == (1800, 32, 32, 3)
