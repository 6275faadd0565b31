"""Data beside images on disk: classes from folders, attributes from tables, features of a network."""

import itertools
import logging

import numpy as np
import pytest
from picture_files import load, numbered, places, png, refused, write

from gan_jax import data
from gan_jax.errors import ConfigError, DataError

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


LIST = "1.png 7\nb/2.png 0\n10.png 3\nunseen.png 1\n"


def listed(tmp_path, where):
    """A folder of images and the path of their list, which lies in a zip beside them or on the disk."""
    files = classes("train/1.png", "train/b/2.png", "train/b/10.png", "train/x.png")
    if where == "disk":
        place = write(tmp_path / "digits", files)
        (tmp_path / "list.txt").write_text(LIST)
        return place / "train", tmp_path / "list.txt"
    place = write(tmp_path / "digits.zip", files | {"lists/train.txt": LIST.encode()})
    return place / "train", place / "lists/train.txt"


@pytest.mark.parametrize("where", ["disk", "zip"])
def test_a_list_names_the_class_of_each_image(tmp_path, caplog, where):
    place, labels = listed(tmp_path, where)
    lists = {"label_lists": {"train": str(labels)}}
    with caplog.at_level(logging.INFO, logger="gan_jax.data"):
        examples = load(place, **lists)
    assert examples.columns["label"].tolist() == [7, 3, 0] and examples.columns["label"].dtype == np.int32
    assert places(examples) == [0, 2, 1]
    (line,) = [record.getMessage() for record in caplog.records]
    name = labels.name
    assert f"1 without a row in {name} (x.png); 1 rows of {name} without an image" in line
    assert load(place, exclude=(3,), labels=False, **lists).columns.keys() == {"image"}
    assert places(load(place, exclude=(3,), **lists)) == [0, 1]
    assert len(load(place, labels=False, **lists)) == 4
    assert data.preview({"files": {"train": str(place)}, **lists}, size=8).columns["label"].tolist() == [
        7,
        3,
        0,
    ]


@pytest.mark.parametrize(
    ("fields", "words", "error"),
    [
        ({"classes": True}, "label_lists are given and classes=True: give only one of both", ConfigError),
        ({"label_maps": {"train": "x"}}, "label_lists are given and label_maps=", ConfigError),
        ({"label_lists": {"test": "x"}}, "label_lists has splits test; expected those of files", ConfigError),
        ({"label_lists": {"train": "/no/list.txt"}}, "there is no file /no/list.txt", DataError),
        ({"label_lists": {"train": "{zip}/no.txt"}}, "has no file 'no.txt'; files there: lists/", DataError),
        ({"label_lists": {"train": "{zip}/train"}}, "has no file 'train'; files there", DataError),
        ({"files": {"train": "{npz}"}}, "is not a folder or zip of images, but label_lists=", ConfigError),
    ],
)  # fmt: skip
def test_lists_that_do_not_fit_are_refused_in_one_line(tmp_path, fields, words, error):
    place, labels = listed(tmp_path, "zip")
    np.savez(tmp_path / "a.npz", image=np.zeros((1, 8, 8), np.uint8))

    def filled(value):
        if isinstance(value, dict):
            return {key: text.format(zip=place.parent, npz=tmp_path / "a.npz") for key, text in value.items()}
        return value

    spec = {"label_lists": {"train": str(labels)}, **{name: filled(value) for name, value in fields.items()}}
    refused(place, words, error, **spec)


def test_a_list_without_any_of_the_images_is_refused(tmp_path):
    place, labels = listed(tmp_path, "disk")
    labels.write_text("other.png 1\n")
    refused(place, "list.txt: has no row for any image of .*; it has rows for other.png",
            label_lists={"train": str(labels)})  # fmt: skip


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
        ({"attributes": ("Male",), "classes": True}, "a label is a class or attributes"),
        (
            {"attributes": ("Male",), "exclude": (1,)},
            r"exclude=\(1,\) is for classes; these labels are attributes",
        ),
        ({"attributes_file": "x.csv"}, "attributes_file='x.csv' needs the field attributes"),
    ],
)
def test_fields_that_do_not_go_together_are_refused(tmp_path, spec, words):
    refused(write(tmp_path / "faces", numbered()), words, ConfigError, **spec)


@pytest.mark.parametrize(
    ("name", "spec", "words"),
    [
        ("emoji", {"classes": True}, "classes=True is for images from files, but name='emoji'"),
        ("emoji", {"exclude": (1,)}, "is for classes; these labels are attributes"),
        ("digits_plain", {"attributes": ("Male",)}, r"attributes=\('Male',\): name='digits_plain' has none"),
        ("mnist", {"features": "f.npy"}, "features='f.npy' is for images from files, but name='mnist'"),
    ],
)
def test_sets_by_name_refuse_what_is_for_files(name, spec, words):
    for function in (data.check, lambda spec: data.load(spec, size=8)):
        with pytest.raises(ConfigError, match=words):
            function({"name": name, **spec})


def test_arrays_refuse_what_is_for_images_and_do_not_mix_with_them(tmp_path):
    np.savez(tmp_path / "set.npz", image=np.zeros((4, 8, 8, 3), np.uint8), label=np.arange(4))
    no_images = r"='.*set.npz' is not a folder or zip of images, but "
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


# --- batches -------------------------------------------------------------------------------------


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
