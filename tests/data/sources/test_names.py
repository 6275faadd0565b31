"""A large folder or zip is listed once; a change, and a link in a circle, are seen."""

import os
import zipfile

import pytest
from picture_files import numbered, write

from gan_jax.data.sources import listing, names


@pytest.fixture
def listings(monkeypatch):
    """The folders and zips that are listed, in order."""
    found = []
    scandir, open_zip = os.scandir, zipfile.ZipFile
    monkeypatch.setattr(os, "scandir", lambda path: found.append(path) or scandir(path))
    monkeypatch.setattr(zipfile, "ZipFile", lambda path, *mode: found.append(path) or open_zip(path, *mode))
    return found


def aged(path):
    """Gives a file or folder, and the folders in it, a time of change an hour ago."""
    for place in (path, *path.rglob("*")):
        before = place.stat().st_mtime - 3600
        os.utime(place, (before, before))
    return path


@pytest.mark.parametrize("name", ["faces", "faces.zip"])
def test_what_did_not_change_is_listed_once_for_all_roles(tmp_path, listings, name):
    path = aged(write(tmp_path / name, numbered()))
    listings.clear()
    for _ in range(3):
        assert listing.Folder(path).images == tuple(numbered())
    assert len(listings) == (1 if name == "faces.zip" else 2)  # the folder and the one in it


@pytest.mark.parametrize("name", ["faces", "faces.zip"])
@pytest.mark.parametrize("age", [True, False])
def test_a_change_is_seen_also_right_after_the_listing(tmp_path, name, age):
    path = write(tmp_path / name, numbered())
    if age:
        aged(path)
    before = listing.Folder(path).images
    write(path, {**numbered(), "b/new.png": b""})
    assert {*listing.Folder(path).images} - {*before} == {"b/new.png"}


def test_links_to_folders_are_followed_but_not_in_a_circle(tmp_path):
    path = write(tmp_path / "faces", numbered())
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "x.png").touch()
    (path / "cat").symlink_to(tmp_path / "cat")
    (path / "b" / "back").symlink_to(path)
    folder = listing.Folder(path)
    assert {*folder.images} - {*numbered()} == {"cat/x.png"}
    assert folder.others == ("b/back",)


def test_only_the_last_few_are_kept(tmp_path):
    for number in range(2 * names._KEPT):
        listing.Folder(write(tmp_path / f"{number}.zip", numbered()))
        listing.Folder(write(tmp_path / str(number), numbered()))
    assert len(names._zips) == len(names._folders) == names._KEPT
