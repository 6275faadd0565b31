"""The files of a run's folder: complete files or none, and correct records."""

import errno
import os
import resource
import threading
from pathlib import Path

import pytest

from gan_jax.errors import WorkdirError
from gan_jax.runs.workdir import Workdir


def names(path):
    return sorted(str(p.relative_to(path)) for p in path.rglob("*") if p.is_file())


# Whole files.


def test_configuration_and_result_are_read_back_and_none_where_absent(folder):
    assert folder.config is None
    assert folder.result is None
    folder.write_json("config.json", {"model": {"widths": (8, 8)}})
    folder.write_json("result.json", {"metrics": {"accuracy": 0.5}})
    assert folder.config == {"model": {"widths": [8, 8]}}
    assert folder.result == {"metrics": {"accuracy": 0.5}}


@pytest.mark.parametrize("content", [b"", b'{"a": 1', b"\xff\xfe", b"[1]", b"3"])
def test_json_that_is_damaged_is_named(folder, content):
    (folder.path / "result.json").write_bytes(content)
    with pytest.raises(WorkdirError, match=f"^{folder.path}/result.json cannot be read: "):
        assert folder.result


def test_a_file_is_replaced_whole_and_its_folders_are_made(folder):
    folder.write("samples/deep/a.png", b"one")
    folder.write("samples/deep/a.png", b"two")
    assert (folder.path / "samples/deep/a.png").read_bytes() == b"two"
    assert names(folder.path) == ["lock", "samples/deep/a.png"]


@pytest.mark.parametrize("broken", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_no_other(folder, monkeypatch, broken):
    def fail(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    folder.write("result.json", b"old")
    monkeypatch.setattr(*{"fsync": (os, "fsync", fail), "replace": (Path, "replace", fail)}[broken])
    message = rf"^{folder.path}/result.json could not be written, \d+ bytes are free there: No space left"
    with pytest.raises(WorkdirError, match=message):
        folder.write("result.json", b"new")
    assert (folder.path / "result.json").read_bytes() == b"old"
    assert names(folder.path) == ["lock", "result.json"]


def test_json_with_a_nan_is_refused_before_anything_is_written(folder):
    with pytest.raises(ValueError, match="Out of range float"):
        folder.write_json("result.json", {"accuracy": float("nan")})
    with pytest.raises(ValueError, match="Out of range float"):
        folder.append({"step": 1, "loss": float("inf")})
    assert names(folder.path) == ["lock"]


# Records.


def test_each_record_is_on_disk_as_one_line_when_append_returns(folder):
    path = folder.path / "metrics.jsonl"
    assert folder.records() == []
    folder.append({"step": 1, "loss": 0.1})
    assert path.read_text() == '{"step": 1, "loss": 0.1}\n'
    folder.append({"step": 2, "note": "a\nb ü"})
    assert path.read_bytes().count(b"\n") == 2
    assert folder.records() == [{"step": 1, "loss": 0.1}, {"step": 2, "note": "a\nb ü"}]


@pytest.mark.parametrize("torn", ["", "{", '{"step": 4', '{"step": 4}'])
def test_resuming_keeps_what_is_wanted_and_drops_a_torn_last_line(folder, torn):
    path = folder.path / "metrics.jsonl"
    path.write_text('{"step": 1}\n{"step": 2}\n{"step": 3}\n' + torn)
    assert [r["step"] for r in folder.records()] == [1, 2, 3]
    assert folder.rewrite_records(lambda record: record if record["step"] < 3 else None) == [
        {"step": 1},
        {"step": 2},
    ]
    assert path.read_text() == '{"step": 1}\n{"step": 2}\n'
    folder.append({"step": 3})
    assert path.read_text() == '{"step": 1}\n{"step": 2}\n{"step": 3}\n'


def test_what_is_appended_after_a_rewrite_is_not_lost(folder):
    folder.append({"step": 1})
    folder.append({"step": 2})
    folder.rewrite_records(lambda record: record if record["step"] < 2 else None)
    folder.append({"step": 2, "again": True})
    assert folder.records() == [{"step": 1}, {"step": 2, "again": True}]


def test_a_line_that_is_no_record_is_named_and_not_dropped(folder):
    path = folder.path / "metrics.jsonl"
    path.write_text('{"step": 1}\n{"step": \n{"step": 3}\n')
    before = path.read_bytes()
    with pytest.raises(WorkdirError, match=f"^line 2 of {path} cannot be read: "):
        folder.rewrite_records(dict)
    assert path.read_bytes() == before


def test_a_record_of_which_only_a_part_fits_is_an_error_and_dropped_on_resuming(folder):
    line = len('{"step": 1}\n')
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * line + 5, before[1]))  # stands in for a full disk
    try:
        folder.append({"step": 1})
        folder.append({"step": 2})
        with pytest.raises(WorkdirError, match=r"metrics\.jsonl could not be written, \d+ bytes are free"):
            folder.append({"step": 3})
        folder.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (folder.path / "metrics.jsonl").stat().st_size == 2 * line + 5
    with Workdir(folder.path).open() as again:
        assert again.rewrite_records(dict) == [{"step": 1}, {"step": 2}]
        again.append({"step": 3})
        assert [r["step"] for r in again.records()] == [1, 2, 3]


def test_a_reader_meanwhile_sees_whole_lines_alone(folder):
    done = threading.Event()
    seen = []

    def read():
        while not done.is_set():
            seen.append([r["step"] for r in Workdir(folder.path, writes=False).records()])

    thread = threading.Thread(target=read)
    thread.start()
    for step in range(300):
        folder.append({"step": step, "text": "x" * 200})
    done.set()
    thread.join()
    assert all(steps == list(range(len(steps))) for steps in seen)
