"""Tables of attributes and features: written values are read back, and errors name what does not fit."""

import re

import numpy as np
import pytest

from gan_jax.data.sources import annotations
from gan_jax.errors import DataError

CSV = "file,Male,Young\na.jpg,1,0\nb.jpg,0,1\n"
CELEBA = "2\nMale Young \na.jpg  1 -1\nb.jpg -1  1\n"


def table(text):
    return annotations.parse_attributes(text.encode(), "T")


@pytest.mark.parametrize(
    "text",
    [
        CSV,
        CSV.replace("0", "-1"),
        *(
            CSV.replace("file", name)
            for name in ("image_id", "filename", "File", "FILE_NAME", "image", "path")
        ),
        *(
            CSV.replace("0", no).replace("1", yes)
            for yes, no in (("1.0", "0.0"), ("True", "False"), ("yes", "No"))
        ),
        CSV.replace("0", "-1.0"),
        CSV.replace("b.jpg,0", "b.jpg,no").replace("a.jpg,1", "a.jpg,T"),
        "\ufeff" + CSV.replace("\n", "\r\n"),
        CSV.replace(",", " , ") + "\n\n",
        CELEBA,
        CELEBA.replace("-1", "0"),
    ],
)
def test_every_layout_gives_the_same_table(text):
    read = table(text)
    assert (read.names, list(read.files)) == (("Male", "Young"), ["a.jpg", "b.jpg"])
    np.testing.assert_array_equal(read.values, [[1, 0], [0, 1]])
    assert read.values.dtype == np.int32


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "begins with nothing; expected file,Name1"),
        ("name;Male\na.jpg;1\n", "begins with 'name;Male'; expected file,Name1"),
        ("file\na.jpg\n", "begins with 'file'; expected"),
        (CSV + "c.jpg,1\n", "row 3 has 2 fields; expected 3"),
        (CSV.replace("b.jpg,0", "b.jpg,maybe"), "row 2, Male is 'maybe'; expected 0 and 1, -1 and 1, False"),
        (CSV.replace("a.jpg,1,0", "a.jpg,1,-1"), "row 1, Young is '-1'; expected 0 and 1, -1 and 1"),
        (CSV.replace("Young", "Male"), "names an attribute twice: Male, Male"),
        (CELEBA.replace("2\n", "3\n"), "holds 2 rows; expected 3, as its first line says"),
        (CELEBA.replace(" -1\n", "\n"), "row 1 has 2 fields; expected 3"),
    ],
)
def test_a_wrong_table_is_named_with_its_line(text, words):
    with pytest.raises(DataError, match=rf"^T: .*{re.escape(words)}") as error:
        table(text)
    assert "\n" not in str(error.value)


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(DataError, match="T: cannot be read; expected a table of attributes"):
        annotations.parse_attributes(b"\xff\xfe\x00file", "T")


def test_an_unknown_attribute_is_refused_with_the_nearest():
    assert annotations.choose(["Young", "Male"], ["Male", "Bald", "Young"], "T") == [2, 0]
    with pytest.raises(
        DataError, match=r"'Mael' of T is not known; did you mean 'Male'\? known: Male, Young"
    ):
        annotations.choose(["Mael"], ["Male", "Young"], "T")


def test_rows_are_found_by_path_or_by_name():
    read = table("file,Male\nx/a.jpg,1\nb.jpg,1\nc.jpg,0\n")
    np.testing.assert_array_equal(read.rows_of(["a.jpg", "x/a.jpg", "x/y/b.jpg", "c.jpg"]), [-1, 0, 1, 2])
    assert read.rows_of(["c.jpg", "z/d.jpg"]).tolist() == [2, -1]


@pytest.mark.parametrize("images", [["x/b.jpg", "y/b.jpg"], ["b.jpg", "y/b.jpg"]])
def test_a_name_of_two_images_is_refused(images):
    read = table("file,Male\nb.jpg,1\n")
    with pytest.raises(
        DataError, match=rf"T: row 'b.jpg' fits {images[0]} and {images[1]}; name them by their"
    ):
        read.rows_of(images)


def test_two_rows_for_one_image_are_refused():
    with pytest.raises(DataError, match=r"T: has two rows for 'a.jpg'"):
        table(CSV + "a.jpg,1,0\n").rows_of(["a.jpg"])


FEATURES = np.random.default_rng(0).normal(size=(4, 3))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_features_round_trip(tmp_path, dtype):
    np.save(tmp_path / "f.npy", FEATURES.astype(dtype))
    read = annotations.read_features(tmp_path / "f.npy")
    np.testing.assert_array_equal(read.values, FEATURES.astype(dtype).astype(np.float32))
    assert read.values.dtype == np.float32 and not len(read.files)
    np.savez(tmp_path / "f.npz", features=FEATURES.astype(dtype), files=list("abcd"))
    named = annotations.read_features(tmp_path / "f.npz")
    np.testing.assert_array_equal(named.values, read.values)
    assert named.rows_of(["c", "x/a", "e"]).tolist() == [2, 0, -1]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"z": FEATURES}, "holds z; expected features"),
        ({"features": FEATURES[0]}, r"float64 \[3\]; expected"),
        ({"features": FEATURES.astype(int)}, r"int64 \[4, 3\]; expected"),
        ({"features": FEATURES[:0]}, r"float64 \[0, 3\]; expected"),
        ({"features": np.where(FEATURES[2, 1] == FEATURES, np.nan, FEATURES)}, "1 rows .* first is row 2"),
        ({"features": FEATURES * 1e300}, "4 rows of features are not finite, the first is row 0"),
        ({"features": FEATURES, "files": list("abc")}, r"files are <U1 \[3\]; expected names, \[4\]"),
        ({"features": FEATURES, "files": np.arange(4)}, r"files are int64 \[4\]; expected names"),
        ({"features": np.array([[{}]])}, "Object arrays cannot be loaded"),
    ],
)
def test_wrong_features_are_named(tmp_path, content, words):
    path = tmp_path / "f.npz"
    np.savez(path, **content)
    with pytest.raises(DataError, match=rf"{path}: .*{words}"):
        annotations.read_features(path)


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"\x93NUMPY\x01"])
@pytest.mark.parametrize("name", ["f.npy", "f.npz"])
def test_features_that_cannot_be_read_are_named(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=rf"{name}: cannot be read; expected features"):
        annotations.read_features(tmp_path / name)


def test_a_list_of_classes_may_name_paths_with_spaces():
    read = annotations.parse_labels("\ufeffa.png 5\r\n\nb/my 2.png\t12\n".encode(), "T")
    assert (read.names, list(read.files)) == ((), ["a.png", "b/my 2.png"])
    np.testing.assert_array_equal(read.values, [[5], [12]])
    assert read.values.dtype == np.int32


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "begins with nothing; expected lines such as '00000001.png 5'"),
        (b"a.png 1\nb.png\n", "line 2 is 'b.png'; expected a file name and a class of 0 to 99999"),
        (b"a.png five\n", "line 1 is 'a.png five'; expected"),
        (b"a.png -1\n", "line 1 is 'a.png -1'; expected"),
        (b"a.png 100000\n", "line 1 is 'a.png 100000'; expected"),
        (b"\xff\xfe", "cannot be read; expected a list of classes"),
    ],
)
def test_a_wrong_list_of_classes_is_named_with_its_line(content, words):
    with pytest.raises(DataError, match=re.escape(words)) as error:
        annotations.parse_labels(content, "T")
    assert str(error.value).startswith("T: ") and "\n" not in str(error.value)
