"""Where images are written: the place is checked before the work, and output is complete or missing."""

import os

import numpy as np
import pytest

from gan_jax.errors import ConfigError, WorkdirError
from gan_jax.inference import output

PICTURES = np.zeros((3, 4, 4, 1), np.uint8)


def write(place, **options):
    fields = {"columns": 2, "names": output.numbered(3), "arrays": {"image": PICTURES}}
    place.write(options.pop("pictures", PICTURES), **{**fields, **options})


@pytest.mark.parametrize(
    ("out", "part"),
    [
        ("sheet.jpg", "ending in .png"),
        ("sheet", "ending in .png"),
        ("", "out='' is not allowed; allowed: a path"),
        ("nowhere/sheet.png", "nowhere cannot be written: No such file"),
        ("nowhere/made/", "nowhere cannot be written: No such file"),
        ("file/sheet.png", "cannot be written: Not a directory"),
        ("taken/", "exists already"),
        ("file/", "exists already"),
        ("taken.png", "is a folder"),
    ],
)
def test_what_cannot_be_written_is_refused_at_once(tmp_path, monkeypatch, out, part):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "mine").touch()
    (tmp_path / "taken.png").mkdir()
    (tmp_path / "file").touch()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ConfigError, match=part):
        output.check(out)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ConfigError, match="Permission denied"):
        output.check(str(tmp_path / "sheet.png"))


@pytest.mark.parametrize("out", ["sheet.png", "arrays.npz", "made/"])
def test_checking_and_writing_leave_nothing_else(tmp_path, out):
    place = output.check(f"{tmp_path}/{out}")
    assert not list(tmp_path.iterdir())
    write(place)
    assert [p.name for p in tmp_path.iterdir()] == [out.rstrip("/")]


def test_a_file_is_replaced(tmp_path):
    (tmp_path / "sheet.png").write_bytes(b"old")
    write(output.check(str(tmp_path / "sheet.png")))
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("out", ["sheet.png", "made/"])
def test_a_failure_half_way_leaves_nothing(tmp_path, monkeypatch, out):
    place = output.check(f"{tmp_path}/{out}")
    done = []

    def png(pixels):
        if len(done) == 2 or out == "sheet.png":
            raise OSError(28, "No space left on device")
        done.append(pixels)
        return b"png"

    monkeypatch.setattr(output, "png", png)
    with pytest.raises((WorkdirError, OSError), match="No space left"):
        write(place)
    assert not list(tmp_path.iterdir())


def test_a_place_that_was_taken_meanwhile_is_not_overwritten(tmp_path):
    place = output.check(f"{tmp_path}/made/")
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "mine").write_text("mine")
    with pytest.raises(WorkdirError, match=r"made could not be written: Directory not empty"):
        write(place)
    assert [p.name for p in tmp_path.rglob("*")] == ["made", "mine"]


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (4, 2), (5, 3), (9, 3), (10, 4), (64, 8)])
def test_a_sheet_is_about_square(count, columns):
    assert output.square(count) == columns


def test_numbers_have_equal_length():
    assert output.numbered(2) == ["0000", "0001"]
    assert output.numbered(10_001)[::10_000] == ["00000", "10000"]
