"""Folders and zips of images: order, slices, labels beside them, and what is left out and counted."""

import io
import itertools
import logging
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_jax import data
from gan_jax.data import decoding
from gan_jax.errors import ConfigError, DataError

NAMES = ("a.png", "b/2.png", "b/10.png", "c.JPG")  # not in the order of the listing
LISTED = ("a.png", "b/10.png", "b/2.png", "c.JPG")


def png(value: int, side: int = 8, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (side, side), (value, value, value)).save(file, kind)
    return file.getvalue()


def write(place: Path, files: dict[str, bytes]) -> Path:
    """The same files as a folder, or as a zip where the name says so."""
    if place.suffix == ".zip":
        with zipfile.ZipFile(place, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
    else:
        for name, content in files.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(content)
    return place


def numbered(names=LISTED) -> dict[str, bytes]:
    """Images whose grey is 10 times their place."""
    return {
        name: png(10 * place, kind="JPEG" if "JPG" in name else "PNG") for place, name in enumerate(names)
    }


def load(path, split="train", size=8, **spec) -> data.Examples:
    return data.load({"files": {"train": str(path)}, "split": split, **spec}, size=size)


def places(examples) -> list[int]:
    return np.rint(examples.columns["image"][:, 4, 4, 0] / 10).astype(int).tolist()


def refused(path, words, error=DataError, **spec):
    """`check` and `load` both refuse, in one line."""
    spec = {"files": {"train": str(path)}, **spec}
    for function in (data.check, lambda spec: data.load(spec, size=8)):
        with pytest.raises(error, match=words) as caught:
            function(spec)
        assert "\n" not in str(caught.value)


@pytest.fixture(params=["faces", "faces.zip"])
def place(request, tmp_path) -> Path:
    return tmp_path / request.param


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
    assert sorted(places(load(path))) == [0, 2, 3]  # what begins with '.' is hidden
    assert sorted(tmp_path.rglob("*")) == before and outside.exists()


@pytest.mark.parametrize(
    ("split", "expected"),
    [("train[:2]", [0, 1]), ("train[-1:]", [3]), ("train[50%:]", [2, 3]), ("train[3:]+train[:1]", [3, 0])],
)
def test_slices_take_rows_of_the_sorted_list_and_open_no_other(place, monkeypatch, split, expected):
    opened = []
    decode = decoding.decode
    monkeypatch.setattr(decoding, "decode", lambda *args: opened.append(1) or decode(*args))
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


# --- classes -------------------------------------------------------------------------------------


def classes(*names):
    return {name: png(10 * place) for place, name in enumerate(names)}


def test_classes_are_numbered_by_name_only_when_asked_for(place, caplog):
    write(place, classes("b/1.png", "b/x/2.png", "c/1.png", "d.png"))
    assert set(load(place).columns) == {"image"}
    with caplog.at_level(logging.INFO, logger="gan_jax.data"):
        examples = load(place, classes=True)
    assert examples.columns["label"].tolist() == [0, 0, 1] and examples.columns["label"].dtype == np.int32
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.endswith(
        "3 images of " + str(place) + ", 1 skipped: 1 in no class folder (d.png); 2 classes (b, c)"
    )
    assert set(load(place, classes=True, labels=False).columns) == {"image"}
    assert load(place, classes=True, exclude=(0,)).columns["label"].tolist() == [1]


def test_a_class_has_its_number_in_every_split_whether_it_is_read_or_not(tmp_path):
    path = write(
        tmp_path / "faces.zip", classes("train/a/1.png", "train/c/1.png", "test/b/1.png", "test/c/1.png")
    )
    files = {"train": f"{path}/train", "test": f"{path}/test"}
    for split, expected in (("train", [0, 2]), ("test", [1, 2]), ("test+train[:1]", [1, 2, 0])):
        examples = data.load({"files": files, "split": split, "classes": True}, size=8)
        assert examples.columns["label"].tolist() == expected


def test_classes_without_folders_are_refused(place):
    write(place, classes("a.png", "b.png"))
    refused(place, "classes=True, but .*faces.* has no folders of images", classes=True)


# --- attributes ----------------------------------------------------------------------------------

TABLE = "file,Male,Young,Bald\na.png,1,1,0\nb/10.png,0,1,0\n2.png,1,0,1\nc.JPG,0,0,1\n"
WHOLE = np.array([[1, 1, 0], [0, 1, 0], [1, 0, 1], [0, 0, 1]])


@pytest.mark.parametrize("where", ["inside", "beside", "named"])
def test_attributes_are_columns_in_the_order_asked_for(place, tmp_path, where):
    files = numbered()
    if where == "inside":
        files["attributes.csv"] = TABLE.encode()
    write(place, files)
    if where != "inside":
        (tmp_path / ("attributes.csv" if where == "beside" else "table.txt")).write_text(TABLE)
    spec = {
        "attributes": ("Bald", "Male"),
        "attributes_file": str(tmp_path / "table.txt") if where == "named" else "",
    }
    label = load(place, **spec).columns["label"]
    np.testing.assert_array_equal(label, WHOLE[:, [2, 0]])
    assert label.dtype == np.int32
    np.testing.assert_array_equal(load(place, "train[2:]", **spec).columns["label"], WHOLE[2:, [2, 0]])
    assert set(load(place, labels=False, **spec).columns) == {"image"}


def test_attributes_of_a_folder_in_a_zip_are_found_beside_it_there(tmp_path):
    files = {f"train/{name}": content for name, content in numbered().items()}
    path = write(tmp_path / "faces.zip", files | {"attributes.csv": TABLE.encode()})
    np.testing.assert_array_equal(load(path / "train", attributes=("Young",)).columns["label"], WHOLE[:, [1]])


def test_images_without_a_row_and_rows_without_an_image_are_counted(place, tmp_path, caplog):
    write(place, numbered())
    (tmp_path / "attributes.csv").write_text("file,Male\na.png,1\nc.JPG,0\nd.png,1\ne.png,1\nf.png,1\n")
    with caplog.at_level(logging.INFO, logger="gan_jax.data"):
        examples = load(place, attributes=("Male",))
    assert places(examples) == [0, 3] and examples.columns["label"].tolist() == [[1], [0]]
    assert [record.getMessage() for record in caplog.records] == [
        f"2 images of {place}, 2 skipped: 2 without a row in attributes.csv (b/10.png, b/2.png); "
        "3 rows of attributes.csv without an image"
    ]


def test_labels_stay_with_their_images_where_others_are_left_out(place, tmp_path):
    write(place, numbered() | {"b/10.png": b"no image"})
    (tmp_path / "attributes.csv").write_text(TABLE)
    examples = load(place, attributes=("Male", "Young"))
    assert places(examples) == [0, 2, 3]
    np.testing.assert_array_equal(examples.columns["label"], WHOLE[[0, 2, 3], :2])


def test_attributes_that_are_not_there_are_refused_early(place, tmp_path):
    write(place, numbered())
    refused(place, "there is no attributes.csv inside or beside .*; give the role's", attributes=("Male",))
    refused(
        place, "there is no file .*none.csv", attributes=("Male",), attributes_file=str(tmp_path / "none.csv")
    )
    (tmp_path / "attributes.csv").write_text(TABLE)
    refused(place, r"'Mael' of .*attributes.csv is not known; did you mean 'Male'\?", attributes=("Mael",))
    (tmp_path / "attributes.csv").write_text("file,Male\nx.png,1\n")
    refused(
        place, "has no row for any image of .*, such as 'a.png'; it has rows for x.png", attributes=("Male",)
    )


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (
            {"attributes": ("Male", "Male")},
            r"attributes=\('Male', 'Male'\) is not allowed; allowed: names, each once",
        ),
        ({"attributes": "Male"}, "attributes='Male' is not allowed"),
        ({"attributes": ("Male",), "classes": True}, "a label is either"),
        (
            {"attributes": ("Male",), "exclude": (1,)},
            r"exclude=\(1,\) is for classes; these labels are attributes",
        ),
        ({"attributes_file": "x.csv"}, "attributes_file='x.csv' needs attributes"),
    ],
)
def test_fields_that_do_not_go_together_are_refused(tmp_path, spec, words):
    refused(write(tmp_path / "faces", numbered()), words, ConfigError, **spec)


@pytest.mark.parametrize(
    ("name", "spec", "words"),
    [
        ("emoji", {"classes": True}, "classes=True is for images by files; name='emoji'"),
        ("emoji", {"exclude": (1,)}, "is for classes; these labels are attributes"),
        ("digits_plain", {"attributes": ("Male",)}, r"attributes=\('Male',\) is for images by files"),
        ("mnist", {"features": "f.npy"}, "features='f.npy' is for images by files; name='mnist'"),
    ],
)
def test_sets_by_name_refuse_what_is_for_files(name, spec, words):
    for function in (data.check, lambda spec: data.load(spec, size=8)):
        with pytest.raises(ConfigError, match=words):
            function({"name": name, **spec})


def test_arrays_refuse_what_is_for_images_and_do_not_mix_with_them(tmp_path):
    np.savez(tmp_path / "set.npz", image=np.zeros((4, 8, 8, 3), np.uint8), label=np.arange(4))
    no_images = r"='.*set.npz' is no folder or zip of images, but "
    words = rf"files.train{no_images}classes=True is given"
    refused(tmp_path / "set.npz", words, ConfigError, classes=True)
    files = {"train": str(write(tmp_path / "faces", numbered())), "test": str(tmp_path / "set.npz")}
    for function in (data.check, lambda spec: data.load(spec, size=8)):
        with pytest.raises(ConfigError, match=rf"files.test{no_images}others are"):
            function({"files": files})
    with pytest.raises(DataError, match=r"there is no file .*none"):
        data.check({"files": {**files, "test": str(tmp_path / "none")}})


# --- features ------------------------------------------------------------------------------------

FEATURES = np.arange(12, dtype=np.float32).reshape(4, 3)


def test_features_are_rows_of_files_as_listed(place, tmp_path):
    write(place, numbered() | {"b/10.png": b"no image"})
    np.save(tmp_path / "f.npy", FEATURES)
    examples = load(place, features=str(tmp_path / "f.npy"))
    assert places(examples) == [0, 2, 3]
    np.testing.assert_array_equal(examples.columns["features"], FEATURES[[0, 2, 3]])
    part = load(place, "train[1:3]", features=str(tmp_path / "f.npy"))
    np.testing.assert_array_equal(part.columns["features"], FEATURES[[2]])


def test_features_find_their_files_by_name(place, tmp_path):
    write(place, numbered())
    order = ["c.JPG", "2.png", "elsewhere.png", "a.png", "b/10.png"]
    values = np.arange(10, dtype=np.float32).reshape(5, 2)
    np.savez(tmp_path / "f.npz", features=values, files=order)
    features = load(place, features=str(tmp_path / "f.npz")).columns["features"]
    np.testing.assert_array_equal(features, values[[3, 4, 1, 0]])


def test_features_that_do_not_fit_are_refused(place, tmp_path):
    write(place, numbered())
    np.save(tmp_path / "f.npy", FEATURES[:3])
    refused(place, "f.npy: holds 3 rows of features; expected 4, one for each image of train in",
            features=str(tmp_path / "f.npy"))  # fmt: skip
    np.savez(tmp_path / "f.npz", features=FEATURES[:3], files=["a.png", "c.JPG", "2.png"])
    refused(place, r"f.npz: has no features of 1 of 4 images of .*, such as 'b/10.png'",
            features=str(tmp_path / "f.npz"))  # fmt: skip
    np.save(tmp_path / "f.npy", np.where(FEATURES == 7, np.inf, FEATURES))
    refused(
        place,
        "f.npy: 1 rows of features are not finite, the first is row 2",
        features=str(tmp_path / "f.npy"),
    )
    refused(place, "there is no file .*none.npy", features=str(tmp_path / "none.npy"))


def test_features_of_two_splits_need_names(place, tmp_path):
    write(place, numbered())
    np.save(tmp_path / "f.npy", FEATURES)
    spec = {"files": {"train": str(place), "test": str(place)}, "features": str(tmp_path / "f.npy")}
    assert len(data.load({**spec, "split": "test"}, size=8)) == 4
    with pytest.raises(DataError, match="has no names of files, which splits train, test together need"):
        data.check({**spec, "split": "train+test"})


# --- onwards -------------------------------------------------------------------------------------


def test_streams_and_epochs_carry_attributes_and_features_with_their_images(place, tmp_path):
    write(place, numbered() | {"attributes.csv": TABLE.encode()})
    np.save(tmp_path / "f.npy", FEATURES)
    examples = load(place, attributes=("Male", "Young", "Bald"), features=str(tmp_path / "f.npy"))
    stream = data.stream({"source": examples}, 3, seed=0)
    batches = [*itertools.islice(stream, 5), *data.epoch({"source": examples}, 3)]
    stream.close()
    for batch in batches:
        rows = np.rint(batch["source"][:, 0, 0, 0] / 10).astype(int)
        np.testing.assert_array_equal(batch["source_label"], WHOLE[rows])
        np.testing.assert_array_equal(batch["source_features"], FEATURES[rows])
    assert [len(batch["source_label"]) for batch in batches] == [3] * 6 + [1]


def test_a_set_that_does_not_fit_in_memory_is_refused(place, monkeypatch):
    from gan_jax.data import folder_source

    write(place, numbered())
    monkeypatch.setattr(folder_source, "MAX_BYTES", 4 * 8 * 8 * 3 - 1)
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
            # 109 x 89: its middle is a square of 89.
            square = Image.fromarray(picture[10:99]).resize((32, 32), Image.Resampling.BILINEAR)
            np.testing.assert_array_equal(columns["image"][row], square)


@real(FER)
def test_fer_2013_has_seven_classes_from_folders_in_its_zip():
    spec = {"files": {"train": f"{FER}/train", "test": f"{FER}/test"}, "classes": True, "split": "test"}
    label = data.load(spec, size=48).columns["label"]
    assert np.bincount(label).tolist() == [100, 55, 100, 100, 100, 100, 100]


@real(CINIC)
def test_cinic_10_grey_images_are_in_colour():
    spec = {
        "files": {side: f"{CINIC}/cat2dog/{side}" for side in ("trainA", "trainB")},
        "split": "trainA+trainB",
    }
    assert data.load(spec, size=32).columns["image"].shape == (1800, 32, 32, 3)
