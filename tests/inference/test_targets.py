"""Output file names, and folders where nothing may be overwritten."""

import os
from pathlib import PurePosixPath

import pytest

from gan_jax.errors import ConfigError
from gan_jax.inference import targets


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["a.jpg", "b/a.png", "b/c.d.gif"], ["a.png", "b/a.png", "b/c.d.png"]),
        (["a.jpg", "a.png", "b.png"], ["a.jpg.png", "a.png.png", "b.png"]),
        (["a.jpg", "A.png"], ["a.jpg.png", "A.png.png"]),
        (["a.jpg", "b/a.jpg"], ["a.png", "b/a.png"]),
        # One file already has the name that another would get.
        (["a.jpg", "a.gif", "a.jpg.png"], ["a.jpg.png", "a.gif.png", "a.jpg.png.png"]),
        (["/etc/x.jpg"], ["etc/x.png"]),
        (["noending"], ["noending.png"]),
    ],
    ids=str,
)
def test_names_keep_those_of_the_files(files, expected):
    found = targets.names(files)
    assert len({name.casefold() for name in found}) == len(files)
    assert found == expected
    for file, name in zip(files, found, strict=True):
        assert name.endswith(".png") and not name.startswith("/")
        assert PurePosixPath(name).name.startswith(PurePosixPath(file).stem)


def test_a_new_folder_and_one_with_other_files_are_taken(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "letter.txt").write_text("keep me")
    for name in ("there", "new", "new/deeper"):
        folder = targets.check(str(tmp_path / name), ["a.png"], [], overwrite=False)
        assert folder.path == tmp_path / name
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["letter.txt", "there"]


def test_files_that_are_there_are_refused_unless_told_otherwise(tmp_path):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"")
    files = ["b.png", "a.png", "c.png"]
    with pytest.raises(
        ConfigError, match=r"has b\.png and 1 more already; choose another folder, or --overwrite$"
    ):
        targets.check(str(tmp_path), files, [], overwrite=False)
    assert targets.check(str(tmp_path), files, [], overwrite=True).path == tmp_path


def test_an_image_to_translate_is_never_replaced(tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    os.symlink(tmp_path, tmp_path / "link")
    with pytest.raises(ConfigError, match=r"a\.png is one of the images to translate$"):
        targets.check(str(tmp_path / "link"), ["a.png"], [tmp_path / "a.png"], overwrite=True)


@pytest.mark.parametrize("name", ["sub", "index_files"])
def test_a_file_in_the_place_of_a_folder_to_write_in_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(ConfigError, match=f"{name} is not a folder"):
        targets.check(str(tmp_path), ["sub/deep/a.png", "index_files/sub/a.webp"], [], overwrite=True)


@pytest.mark.parametrize("name", ["a" * 251, "鉄" * 84, "é" * 126, "b/" + "\udcff" * 252])
def test_names_too_long_are_shortened_and_stay_different(name):
    first, second = (targets.fitted(name + end, ".png") for end in "xy")
    assert first != second and first.endswith(".png") and first[:2] == name[:2]
    assert all(len(os.fsencode(found.rpartition("/")[2])) <= 255 for found in (first, second))
    assert targets.fitted("é" * 125, ".png") == "é" * 125 + ".png"


def test_a_place_that_is_no_folder_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    for name in ("file", "file/below"):
        with pytest.raises(ConfigError, match=r"^output='.*': .*/file is not a folder$"):
            targets.check(str(tmp_path / name), ["a.png"], [], overwrite=False)
