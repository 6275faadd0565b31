"""Records, sample sheets and TensorBoard events of an uninterrupted run and of a resumed run."""

import io
import json
import logging
import sys

import numpy as np
import pytest
from PIL import Image

from gan_jax.errors import ConfigError
from gan_jax.runs import logs
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


def test_progress_is_a_line_now_and_then_where_nobody_watches(monkeypatch, caplog):
    now = [100.0]
    monkeypatch.setattr(logs.time, "monotonic", lambda: now[0])
    line = logs.ProgressLine("run", start=10, total=30, seconds=5)
    with caplog.at_level(logging.INFO, logger="gan_jax.runs.logs"):
        for step in range(11, 21):
            now[0] += 1
            line.update(step, {"g/loss": 1.23456, "g/const": 3.0, "disc/loss": 2.0})
    line.close()
    shown = "run: step 20/30, 1.00 steps/s, 10 s to go, g/loss=1.23 disc/loss=2"
    lines = [record.getMessage() for record in caplog.records if record.name == "gan_jax.runs.logs"]
    assert lines[-1] == shown
    assert len(lines) == 2


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
