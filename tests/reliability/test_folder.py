"""A run's folder has one owner, one configuration and one result."""

import json
import logging
import os
import signal
import tempfile
import threading
from pathlib import Path

import pytest

from gan_jax import models
from gan_jax import train as train_module
from gan_jax.errors import DataError, WorkdirError
from gan_jax.runs.workdir import Workdir
from gan_jax.train import train

HOLDER = """
import sys, threading
from gan_jax.runs.workdir import Workdir
held = Workdir(sys.argv[1]).open()
print("ready", file=sys.stderr, flush=True)
threading.Event().wait()
"""


def test_a_busy_folder_is_refused_and_its_lock_dies_with_the_owner(launcher, tiny, tmp_path):
    path, config = tmp_path / "run", tiny(steps=2)
    owner = launcher.start(path, python=("-c", HOLDER))
    assert owner.until(lambda: "ready" in owner.stderr), owner.stderr
    with pytest.raises(WorkdirError, match=f"{path} is in use by process {owner.popen.pid}$"):
        train(config, path)
    assert [p.name for p in path.iterdir()] == ["lock"]
    owner.popen.send_signal(signal.SIGKILL)
    owner.wait()
    Workdir(path).open().close()


def test_another_configuration_is_refused_with_the_fields_that_differ(tiny, copied):
    path = copied(4)
    before = _bytes(path)
    other = tiny(steps=4, batch_size=16, **{"model.learning_rate": 0.5, "log_every": 2})
    with pytest.raises(WorkdirError) as caught:
        train(other, path)
    message = str(caught.value)
    assert "batch_size: 8 there, 16 now" in message
    assert "model.learning_rate: 0.001 there, 0.5 now" in message
    assert "log_every" not in message
    assert _bytes(path) == before


@pytest.mark.long
def test_a_start_that_failed_before_the_first_step_does_not_keep_its_folder(tiny, tmp_path, monkeypatch):
    path = tmp_path / "run"

    def fail(*_):
        (path / "classes.json").write_text('{"image": ["rose"]}')
        raise DataError("photos/: cannot be read")

    with monkeypatch.context() as broken, pytest.raises(DataError):
        broken.setattr(train_module.session, "open_run", fail)
        train(tiny(steps=2), path)
    assert (path / "config.json").exists()
    assert train(tiny(steps=2, batch_size=16), path)["config"]["batch_size"] == 16
    assert not (path / "classes.json").exists()
    with pytest.raises(WorkdirError, match="batch_size: 16 there, 8 now"):
        train(tiny(steps=2), path)


def test_more_steps_and_other_reports_go_on_to_the_same_end(tiny, trained, copied, caplog):
    path = copied(4)
    with caplog.at_level(logging.INFO):
        result = train(tiny(keep=5, log_seconds=1.0, checkpoint_every=3), path)
    assert "tiny: resuming at step 4" in caplog.text
    assert result["step"] == 8
    straight = json.loads((trained[8] / "result.json").read_text())
    assert result["params_sha256"] == straight["params_sha256"]
    assert json.loads(json.dumps(result["metrics"])) == straight["metrics"]
    records = [(p / "metrics.jsonl").read_text() for p in (path, trained[8])]
    assert records[0] == records[1]


@pytest.mark.long
def test_a_run_goes_on_with_a_longer_schedule_and_its_result_says_since_when(tiny, tmp_path):
    """The result also names records that were lost."""
    path = tmp_path / "run"
    assert not {"extended", "notes"} & set(train(tiny(steps=2, **{"model.schedule_steps": 2}), path))
    left = (path / "metrics.jsonl").stat().st_size
    os.truncate(path / "metrics.jsonl", 0)
    longer = tiny(steps=4, **{"model.schedule_steps": 4})
    result = train(longer, path)
    assert result["extended"] == [{"step": 2, "model.schedule_steps": [2, 4]}]
    (note,) = result["notes"]
    assert note.startswith("from step 2 on, metrics.jsonl is incomplete: it has 0 of the ")
    assert 0 < int(note.split()[-5]) <= left
    assert train(longer, path)["config"]["model"]["schedule_steps"] == 4


@pytest.mark.long
def test_fewer_steps_than_are_done_are_refused_or_gone_back_to(tiny, tmp_path):
    """A result must describe its own parameters; those of step 8 must not pass for those of step 4."""
    straight = train(tiny(steps=4), tmp_path / "straight")
    path = tmp_path / "run"
    train(tiny(), path)
    before = _bytes(path)
    try:
        result = train(tiny(steps=4), path)
    except WorkdirError as error:
        assert "steps" in str(error)
        assert _bytes(path) == before
    else:
        assert result["params_sha256"] == straight["params_sha256"]


def test_a_finished_run_says_so_and_touches_nothing(tiny, copied, caplog, monkeypatch):
    path, config = copied(4), tiny(steps=4)
    before = _bytes(path)
    monkeypatch.setattr(models, "create", None)  # any attempt to build a model fails
    with caplog.at_level(logging.INFO):
        again = train(config, path)
    assert again == json.loads(before[Path("result.json")])
    assert f"{path} is finished at step 4" in caplog.text
    assert _bytes(path) == before


def test_a_finished_run_is_scored_again_by_evaluations_that_it_did_not_have(tiny, copied):
    path, config = copied(4), tiny(steps=4)
    first = json.loads((path / "result.json").read_text())
    with config.unlocked():
        config.evals.again = config.evals.test.to_dict()
    result = train(config, path)
    assert result["params_sha256"] == first["params_sha256"]
    metrics = json.loads((path / "result.json").read_text())["metrics"]
    assert metrics == {**first["metrics"], "again": first["metrics"]}
    assert json.loads(json.dumps(result["metrics"])) == metrics
    assert json.loads(json.dumps(train(tiny(steps=4), path)["metrics"])) == first["metrics"]


def test_a_file_in_the_folders_place_is_refused_before_anything_is_built(tiny, tmp_path, monkeypatch):
    config = tiny()
    monkeypatch.setattr(models, "create", None)
    file = tmp_path / "file"
    file.write_text("mine")
    for path in (file, file / "below"):
        with pytest.raises(WorkdirError, match=str(file)):
            train(config, path)
    assert file.read_text() == "mine"


def test_a_read_only_folder_is_refused_before_anything_is_built(tiny, tmp_path, monkeypatch):
    config = tiny()
    monkeypatch.setattr(models, "create", None)
    made, absent = tmp_path / "made", tmp_path / "made" / "absent"
    made.mkdir()
    made.chmod(0o555)
    user = os.geteuid()
    if user == 0:  # permissions do not stop root
        for folder in [tmp_path, *tmp_path.parents]:
            if folder.is_relative_to(tempfile.gettempdir()) and folder != Path(tempfile.gettempdir()):
                folder.chmod(0o755)
        os.seteuid(65534)
    try:
        for path in (made, absent):
            with pytest.raises(WorkdirError, match=rf"{path} cannot be used: Permission denied"):
                train(config, path)
    finally:
        os.seteuid(user)
    assert not list(made.iterdir())


def test_waiters_take_turns(tmp_path):
    order = []
    first, second = Workdir(tmp_path).open(), Workdir(tmp_path)

    def wait():
        second.open(wait=lambda: None)
        order.append("second")

    thread = threading.Thread(target=wait)
    thread.start()
    order.append("first")
    first.close()
    thread.join(60)
    second.close()
    assert order == ["first", "second"]


def _bytes(path):
    return {p.relative_to(path): p.read_bytes() for p in path.rglob("*") if p.is_file() and p.name != "lock"}
