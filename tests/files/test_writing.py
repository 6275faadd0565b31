"""Files that others may have made: no link leads a write out of its folder."""

import os

import pytest

from gan_jax.errors import CheckpointError, ConfigError, WorkdirError
from gan_jax.files import writing
from gan_jax.inference import output, targets
from gan_jax.report.collect import collect
from gan_jax.runs.checkpoint import Checkpoints
from gan_jax.runs.logs import Logs
from gan_jax.runs.workdir import Workdir

# Writes.


@pytest.fixture
def outside(tmp_path):
    """A folder with a file that nothing may change, checked at the end."""
    place = tmp_path / "outside"
    place.mkdir()
    (place / "mine").write_text("mine")
    yield place
    assert [path.name for path in place.iterdir()] == ["mine"]
    assert (place / "mine").read_text() == "mine"


@pytest.mark.parametrize("hard", [False, True])
@pytest.mark.parametrize("name", ["lock", "metrics.jsonl"])
def test_a_link_in_place_of_a_file_that_grows_is_refused(tmp_path, outside, name, hard):
    run = tmp_path / "run"
    run.mkdir()
    (os.link if hard else os.symlink)(outside / "mine", run / name)
    message = rf"{name} (is a link|has a second name)"
    with pytest.raises(WorkdirError, match=message), Workdir(run).open() as folder:
        folder.append({"step": 1})


def test_a_fifo_in_place_of_the_lock_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "lock")
    with pytest.raises(WorkdirError, match="lock is not a regular file"):
        Workdir(tmp_path).open()


def test_a_link_in_place_of_a_written_file_is_replaced_and_no_guessed_name_is_followed(folder, outside):
    for name in ("config.json", "config.json.tmp", ".config.json.tmp"):
        (folder.path / name).symlink_to(outside / "mine")
    folder.write_json("config.json", {"steps": 1})
    assert not (folder.path / "config.json").is_symlink() and folder.config == {"steps": 1}


def test_a_linked_folder_is_refused_if_it_leads_out_and_taken_if_not(folder, outside):
    (folder.path / "samples").symlink_to(outside)
    for name in ("samples/a.png", "samples/deeper/a.png", "../outside/a.png"):
        with pytest.raises(WorkdirError, match="a link in its path leads out of"):
            folder.write(name, b"a")
    (folder.path / "here").mkdir()
    (folder.path / "inside").symlink_to(folder.path / "here")
    folder.write("inside/a.png", b"a")
    assert (folder.path / "here" / "a.png").read_bytes() == b"a"


@pytest.mark.parametrize("name", ["", "newest", "best", "frozen"])
def test_checkpoints_behind_a_link_are_refused(tmp_path, outside, name):
    place = tmp_path / "run" / "checkpoints" / name
    place.parent.mkdir(parents=True)
    place.symlink_to(outside)
    with pytest.raises(CheckpointError, match="a link in its path leads out of"):
        Checkpoints(tmp_path / "run" / "checkpoints", keep=1)


def test_what_an_interrupted_save_left_is_removed_but_nothing_behind_it(tmp_path, outside):
    newest = tmp_path / "checkpoints" / "newest"
    newest.mkdir(parents=True)
    (newest / "8.orbax-checkpoint-tmp").symlink_to(outside)
    Checkpoints(tmp_path / "checkpoints", keep=1).close()
    assert not list(newest.iterdir())


def test_tensorboard_events_behind_a_link_stay(folder, outside, caplog):
    (folder.path / "tensorboard").symlink_to(outside)
    Logs(folder, 0, tensorboard=True).scalars(1, {"loss": 1.0})
    assert "leads out of" in caplog.text and "the run goes on without its events" in caplog.text


@pytest.mark.parametrize("name", ["sub", "index_files", "index_files/sub"])
def test_a_translation_into_a_linked_folder_is_refused_before_any_work(tmp_path, outside, name):
    place = tmp_path / "out"
    (place / name).parent.mkdir(parents=True)
    (place / name).symlink_to(outside)
    with pytest.raises(ConfigError, match=f"^output='{place}': .* a link in its path leads out of {place}"):
        targets.check(str(place), ["sub/a.png", "index_files/sub/a.before.webp"], [], overwrite=True)


def test_a_new_folder_behind_a_link_is_written_where_the_link_leads(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert output.check(f"{tmp_path}/link/").path == tmp_path / "real"


@pytest.mark.parametrize("name", ["samples/a.png", "a.png", "table.json"])
def test_a_report_reads_nothing_behind_a_link_that_leads_out(tmp_path, outside, name):
    with Workdir(tmp_path / "found") as folder:
        folder.write_json("config.json" if name == "samples/a.png" else "other.json", {})
        folder.write("samples/b.txt", b"")
    (tmp_path / "found" / name).symlink_to(outside / "mine")
    with pytest.raises(WorkdirError, match=r"cannot be read: a link in its path leads out of"):
        collect(tmp_path / "found")


def test_what_a_killed_process_was_writing_is_removed_when_the_folder_is_opened_again(tmp_path):
    for place in (".", "samples", "checkpoints/frozen"):
        (tmp_path / place).mkdir(parents=True, exist_ok=True)
        (tmp_path / place / ".gan_jax-0123456789abcdef.tmp").touch()
        (tmp_path / place / "mine.tmp").touch()
    with Workdir(tmp_path).open():
        assert sorted(path.name for path in tmp_path.rglob("*tmp")) == ["mine.tmp"] * 3


def test_a_file_has_the_permissions_of_any_new_file(tmp_path):
    writing.write(tmp_path, "a", b"")
    (tmp_path / "b").touch()
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode
