"""A run's folder has one owner and one configuration."""

import errno
import json
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import gan_jax
from gan_jax.errors import WorkdirError
from gan_jax.runs.workdir import Workdir, differences, free_bytes

PACKAGE = Path(gan_jax.__file__).parent

# The lock.

HOLDER = """
import sys, threading
from gan_jax.runs.workdir import Workdir
held = Workdir(sys.argv[1]).open()
print("ready", flush=True)
threading.Event().wait()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process, which holds `tmp_path / "run"`."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "run")],
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.communicate()


def test_a_busy_folder_is_refused_with_its_holder_and_free_once_that_is_killed(holder, tmp_path):
    path = tmp_path / "run"
    with pytest.raises(WorkdirError, match=rf"^workdir {path} is in use by process {holder.pid}$"):
        Workdir(path).open()
    assert (path / "lock").read_text() == f"{holder.pid}\n"
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with Workdir(path).open():
        assert (path / "lock").read_text() == f"{os.getpid()}\n"


def test_waiting_calls_back_says_so_once_and_ends_with_the_holder(holder, tmp_path, caplog):
    calls = []

    def wait():
        calls.append(None)
        if len(calls) == 3:
            holder.kill()
            holder.wait()

    with caplog.at_level(logging.INFO), Workdir(tmp_path / "run").open(wait):
        assert len(calls) >= 3
    waiting = [r.getMessage() for r in caplog.records if "waiting" in r.getMessage()]
    assert waiting == [f"waiting for process {holder.pid}, which works in {tmp_path / 'run'}"]


def test_whoever_gives_up_waiting_is_not_in_the_way(folder):
    class Stopped(Exception):
        pass

    def wait():
        raise Stopped

    waiter = Workdir(folder.path)
    with pytest.raises(Stopped):
        waiter.open(wait)
    folder.close()
    Workdir(folder.path).open().close()


def test_one_process_cannot_hold_a_folder_twice_but_one_after_the_other(folder):
    with pytest.raises(WorkdirError, match=f"in use by process {os.getpid()}$"):
        Workdir(folder.path).open()
    folder.append({"step": 1})
    folder.close()
    folder.close()
    with Workdir(folder.path).open() as again:
        again.append({"step": 2})
        assert [r["step"] for r in again.records()] == [1, 2]


def test_a_file_in_its_place_or_above_it_is_refused_and_left_alone(tmp_path):
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(WorkdirError, match=f"^workdir {file} cannot be used: File exists$"):
        Workdir(file).open()
    with pytest.raises(WorkdirError, match=f"^workdir {file}/run cannot be used: Not a directory$"):
        Workdir(file / "run").open()
    with pytest.raises(WorkdirError, match=f"^workdir {file} is not a folder$"):
        Workdir(file).check({}, ())
    assert file.read_text() == "mine"


def test_a_place_that_cannot_be_written_is_refused(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)  # permissions do not stop root
    with pytest.raises(WorkdirError, match=f"^workdir {tmp_path}/run cannot be used: Permission denied$"):
        Workdir(tmp_path / "run").open()


@pytest.fixture
def unreadable(tmp_path):
    """A folder with a run that this process may not enter."""
    folder = tmp_path / "closed"
    with Workdir(folder / "run").open() as run:
        run.write_json("config.json", {"steps": 1})
    folder.chmod(0o000)
    user = os.geteuid()
    if user == 0:  # permissions do not stop root
        os.seteuid(65534)
    yield folder
    os.seteuid(user)
    folder.chmod(0o755)


def test_a_folder_that_may_not_be_entered_is_refused_in_one_line(unreadable):
    path = unreadable / "run"
    for use in (lambda: Workdir(path).check({}, ()), lambda: Workdir(path).open()):
        with pytest.raises(WorkdirError, match=f"^workdir {path} cannot be used: Permission denied$"):
            use()
    for name, use in (
        ("config.json", lambda: Workdir(path).config),
        ("result.json", lambda: Workdir(path).result),
        ("metrics.jsonl", lambda: Workdir(path).records()),
    ):
        with pytest.raises(WorkdirError, match=f"^{path}/{name} cannot be read: Permission denied$"):
            use()


def test_a_process_that_does_not_write_makes_nothing(tmp_path):
    with Workdir(tmp_path / "run", writes=False).open() as reader:
        reader.append({"step": 1})
        reader.write("samples/a.png", b"a")
        reader.write_json("result.json", {})
        assert reader.rewrite_records(dict) == []
    assert not (tmp_path / "run").exists()


# The configuration.

CONFIG = {"steps": 10, "seed": 0, "model": {"name": "dtn", "widths": (8, 8)}, "evals": {"test": {"every": 5}}}


@pytest.mark.parametrize(
    ("new", "free", "expected"),
    [
        (CONFIG, (), {}),
        (CONFIG | {"steps": 20}, (), {"steps": (10, 20)}),
        (CONFIG | {"steps": 20}, ("steps",), {}),
        (CONFIG | {"steps": 20}, ("step", "steps.x"), {"steps": (10, 20)}),
        (CONFIG | {"evals": {"test": {"every": 1}}}, ("evals",), {}),
        (CONFIG | {"evals": {"test": {"every": 1}}}, ("evals.test",), {}),
        (CONFIG | {"evals": {"test": {"every": 1}}}, ("evals.tes",), {"evals.test.every": (5, 1)}),
        (CONFIG | {"model": {"name": "dtn", "widths": (8, 4)}}, (), {"model.widths": ([8, 8], [8, 4])}),
        (CONFIG | {"model": {"name": "dtn"}}, (), {"model.widths": ([8, 8], None)}),
        (CONFIG | {"more": 1}, (), {"more": (None, 1)}),
        (
            CONFIG | {"seed": 1, "model": {"name": "gan", "widths": (8, 8)}},
            (),
            {"model.name": ("dtn", "gan"), "seed": (0, 1)},
        ),
    ],
)
def test_differences_are_dotted_fields_that_are_not_free(new, free, expected):
    stored = json.loads(json.dumps(CONFIG))
    assert differences(stored, new, free) == expected


def test_another_configuration_is_refused_with_each_field_and_nothing_is_written(folder):
    folder.check(CONFIG, ())
    folder.write_json("config.json", CONFIG | {"seed": 9})  # of a start that failed before its first step
    folder.check(CONFIG, ())
    folder.write_json("config.json", CONFIG)
    folder.append({"step": 1, "g/loss": 0.5})
    folder.check(CONFIG, ())
    folder.check(CONFIG | {"steps": 20}, ("steps",))
    before = (folder.path / "config.json").read_bytes()
    with pytest.raises(WorkdirError) as caught:
        folder.check(
            CONFIG | {"seed": 3, "steps": 20, "model": {"name": "gan", "widths": (8, 8)}}, ("steps",)
        )
    fields = "model.name: 'dtn' there, 'gan' now; seed: 0 there, 3 now"
    message = f"workdir {folder.path} holds another run ({fields}); choose another --workdir"
    assert str(caught.value) == message
    assert (folder.path / "config.json").read_bytes() == before


def test_the_configuration_is_checked_before_the_folder_is_made(tmp_path):
    Workdir(tmp_path / "a" / "run").check(CONFIG, ())
    assert not (tmp_path / "a").exists()


def test_free_bytes_are_those_of_the_disk_even_of_a_folder_that_is_gone(tmp_path):
    here, gone = free_bytes(tmp_path), free_bytes(tmp_path / "gone" / "below")
    assert here > 0
    assert abs(here - gone) < 0.1 * here  # other processes may write at the same time
