"""Records, sample sheets and TensorBoard events of an uninterrupted run and of a resumed run."""

import io
import json
import logging
import sys

import numpy as np
import pytest
from PIL import Image

from gan_jax.errors import ConfigError
from gan_jax.runs import logs, result
from gan_jax.runs.workdir import Workdir


@pytest.fixture
def folder(tmp_path):
    with Workdir(tmp_path / "run").open() as workdir:
        yield workdir


def lines(folder):
    return [json.loads(line) for line in (folder.path / "metrics.jsonl").read_text().splitlines()]


def write(log, steps):
    """Writes losses at every step, and an evaluation and a sheet at every second step."""
    for step in steps:
        log.scalars(step, {"g/loss": step / 2})
        if step % 2 == 0:
            log.scalars(step, {"accuracy": step / 10}, "test")
            log.image(step, "samples", np.full((4, 8, 3), step, np.uint8))


def test_records_carry_step_evaluation_and_values(folder):
    log = logs.Logs(folder, 0, tensorboard=False)
    write(log, [1, 2])
    log.close()
    assert lines(folder) == [
        {"step": 1, "g/loss": 0.5},
        {"step": 2, "g/loss": 1.0},
        {"step": 2, "eval": "test", "accuracy": 0.2},
    ]


def test_sheets_are_png_named_by_step(folder):
    log = logs.Logs(folder, 0, tensorboard=False)
    pixels = np.random.default_rng(0).integers(0, 256, (6, 5, 3)).astype(np.uint8)
    log.image(12, "samples", pixels)
    png = (folder.path / "samples" / "samples_00000012.png").read_bytes()
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(png))), pixels)


@pytest.mark.parametrize("package", ["tensorflow", "clu"])
def test_events_are_refused_where_a_package_that_writes_them_is_missing(monkeypatch, package):
    logs.check(True)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigError, match=f"^tensorboard=True needs {package}, which is not installed; "):
        logs.check(True)
    logs.check(False)


def files(path):
    return {p.relative_to(path): p.read_bytes() for p in path.rglob("*") if p.is_file() and p.name != "lock"}


def test_a_resumed_run_ends_with_the_bytes_of_a_straight_one(tmp_path):
    with Workdir(tmp_path / "straight").open() as straight:
        write(logs.Logs(straight, 0, tensorboard=False), range(1, 7))
    with Workdir(tmp_path / "cut").open() as cut:
        write(logs.Logs(cut, 0, tensorboard=False), range(1, 6))
    with Workdir(tmp_path / "cut").open() as cut:
        log = logs.Logs(cut, 4, tensorboard=False)
        # The evaluation at the resumed step runs again, so only its record is dropped; the losses stay.
        log.scalars(4, {"accuracy": 0.4}, "test")
        log.image(4, "samples", np.full((4, 8, 3), 4, np.uint8))
        write(log, [5, 6])
    assert files(tmp_path / "cut") == files(tmp_path / "straight")


def events(folder):
    """The values and shapes in TensorBoard's files, by tag and step."""
    from tensorboard.backend.event_processing import event_accumulator
    from tensorboard.util import tensor_util

    reader = event_accumulator.EventAccumulator(str(folder.path / "tensorboard"), {"tensors": 0})
    reader.Reload()
    found = {}
    for tag in reader.Tags()["tensors"]:
        for event in reader.Tensors(tag):
            value = tensor_util.make_ndarray(event.tensor_proto)
            found[tag, event.step] = float(value) if value.ndim == 0 else len(value)
    return found


def test_tensorboard_shows_every_value_once_though_the_run_was_resumed(folder):
    log = logs.Logs(folder, 0, tensorboard=True)
    write(log, range(1, 5))
    log.close()
    log = logs.Logs(folder, 2, tensorboard=True)
    log.scalars(2, {"accuracy": 0.2}, "test")
    write(log, [3])
    log.close()
    found = events(folder)
    assert {key: found[key] for key in found if key[0] == "g/loss"} == {
        ("g/loss", 1): 0.5,
        ("g/loss", 2): 1.0,
        ("g/loss", 3): 1.5,
    }
    assert found["test/accuracy", 2] == pytest.approx(0.2)
    assert len(list((folder.path / "tensorboard").glob("events.*"))) == 1


class Writer:
    """TensorBoard's writer, of which every method whose name is in `broken` fails."""

    def __init__(self, broken=()):
        self.calls, self._broken = [], broken

    def __getattr__(self, name):
        def call(*args):
            self.calls.append((name, *args[:1]))
            if name in self._broken:
                raise RuntimeError(f"{name}\nfails")

        return call


@pytest.mark.parametrize("damage", [lambda b: b"", lambda b: b[:40], lambda b: b[:45] + b"\xff" + b[46:]])
def test_a_damaged_sheet_is_named_and_the_run_goes_on(folder, monkeypatch, caplog, damage):
    write(logs.Logs(folder, 0, tensorboard=False), range(1, 7))
    sheet = folder.path / "samples" / "samples_00000002.png"
    sheet.write_bytes(damage(sheet.read_bytes()))
    (folder.path / "samples" / "samples_00000003.png").mkdir()
    writer = Writer()
    monkeypatch.setattr(logs, "_tensorboard", lambda workdir: writer)
    logs.Logs(folder, 6, tensorboard=True)
    assert [call for call in writer.calls if call[0] == "write_images"] == [("write_images", 4)]
    assert f"sheet {sheet} is left out: " in caplog.text and "\n\n" not in caplog.text


@pytest.mark.parametrize("broken", ["write_scalars", "write_images", "close"])
def test_events_that_cannot_be_written_are_one_warning(folder, monkeypatch, caplog, broken):
    monkeypatch.setattr(logs, "_tensorboard", lambda workdir: Writer([broken]))
    log = logs.Logs(folder, 0, tensorboard=True)
    write(log, range(1, 7))
    log.close()
    assert [r.getMessage() for r in caplog.records] == [
        f"tensorboard: {broken} fails; the run goes on without its events"
    ]
    assert len(lines(folder)) == 9


def test_a_file_in_place_of_tensorboards_folder_and_of_the_sheets_is_a_warning(folder, caplog):
    (folder.path / "tensorboard").touch()
    (folder.path / "samples").touch()
    log = logs.Logs(folder, 0, tensorboard=True)
    write(log, [1, 2])
    log.close()
    assert "tensorboard: " in caplog.text and "the run goes on without this sheet" in caplog.text
    assert len(lines(folder)) == 3


def test_a_plot_that_cannot_be_written_costs_no_result(folder, caplog):
    (folder.path / "curves.png").mkdir()
    result.draw(folder, "run", {"test": {"confusion": [[1, 0], [0, 1]]}})
    assert "curves.png could not be written" in caplog.text
    assert (folder.path / "confusion_test.png").exists()


def test_own_lines_are_shown_and_others_only_warn(monkeypatch):
    package = logging.getLogger("gan_jax")
    monkeypatch.setattr(package, "handlers", [])
    monkeypatch.setattr(package, "propagate", True)
    level = package.level
    asyncio = logging.getLogger("asyncio")
    before = asyncio.level
    logs.start()
    assert len(package.handlers) == 1
    assert package.isEnabledFor(logging.INFO)
    assert not package.propagate
    assert not asyncio.isEnabledFor(logging.ERROR)
    package.setLevel(level)
    asyncio.setLevel(before)


def test_lines_of_the_log_go_to_what_standard_error_is_at_the_moment(monkeypatch):
    """A bar on the terminal replaces `sys.stderr`, to keep lines above itself."""
    handler, now = logs._StandardError(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", now)
    handler.emit(logging.makeLogRecord({"msg": "above the bar"}))
    assert now.getvalue() == "above the bar\n"
