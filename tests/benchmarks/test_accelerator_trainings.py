"""The accelerator check's short trainings, and the files that are carried for them."""

import dataclasses
import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gan_jax import config
from gan_jax.runs import inputs

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "benchmarks"))

from accelerator_parts import pack, trainings, workers  # noqa: E402
from accelerator_parts.record import Record  # noqa: E402


@pytest.fixture
def check(tmp_path):
    return workers.Run(tmp_path, tmp_path, None, True, Record(tmp_path / "record.json"))


# --- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 3])
def test_differences_are_restored(channels):
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 6, channels), dtype=np.uint8)
    assert pack.differences(image).shape == (channels, 5, 7, 6)
    np.testing.assert_array_equal(pack.restored(pack.differences(image)), image)


def test_carried_arrays_are_unpacked_as_the_library_reads_them(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (9, 8, 8, 3), dtype=np.uint8)
    (tmp_path / "carried" / "inner").mkdir(parents=True)
    pack.write_arrays(tmp_path / "carried" / "some.npz", image, np.arange(9))
    (tmp_path / "carried" / "inner" / "list.txt").write_text("text")
    for _ in range(2):
        pack.unpack(tmp_path / "carried", tmp_path / "files")
    with np.load(tmp_path / "files" / "some.npz") as plain:
        np.testing.assert_array_equal(plain["image"], image)
        np.testing.assert_array_equal(plain["label"], np.arange(9))
    assert (tmp_path / "files" / "inner" / "list.txt").read_text() == "text"


def test_files_that_cannot_be_made_are_refused_in_one_line(tmp_path, monkeypatch):
    with pytest.raises(pack.PackError, match="files 'dogs' are not known; known: digits, faces"):
        pack.prepare(tmp_path, tmp_path / "out", ["dogs"])
    with pytest.raises(pack.PackError, match=r"files 'facades' cannot be made: .*facades\.zip"):
        pack.prepare(tmp_path, tmp_path / "out", ["facades"])
    monkeypatch.setattr(pack, "LIMIT", 0.001)
    monkeypatch.setitem(pack.MAKERS, "big", (lambda _, out: (out / "a").write_bytes(b"0" * 2000), ("a",)))
    with pytest.raises(pack.PackError, match=r"have 0\.0 MiB; allowed: 0\.001 MiB"):
        pack.prepare(tmp_path, tmp_path / "out", ["big"])


@pytest.mark.long
@pytest.mark.real_data
def test_real_facades_are_carried_and_read_with_their_pairs(tmp_path):
    pack.prepare(Path(os.environ["GAN_JAX_DATA"]), tmp_path / "carried", ["facades"])
    assert pack.holds(tmp_path / "carried", ["facades"]) and not pack.holds(tmp_path / "carried", ["digits"])
    built = _configured(trainings.ROWS["pix2pix_facades_128"])
    built.data.manual_dir = str(tmp_path / "carried")
    roles = inputs.load_evaluation(built, built.evals.samples.roles)
    assert {role: len(part) for role, part in roles.items()} == {"source": 100, "target": 100}
    assert roles["source"].columns["image"].shape == (100, 128, 128, 3)


# --- trainings ---


def _configured(row):
    built = config.load(str(ROOT / "configs" / row.config))
    flat = {}
    for field, value in row.fields.items():
        flat |= {f"{field}.{k}": v for k, v in value.items()} if isinstance(value, dict) else {field: value}
    with built.unlocked():
        built.update_from_flattened_dict(flat)
    return built


def test_a_training_whose_time_ends_is_scored_at_the_step_that_it_reached(check, monkeypatch):
    row, lines, answers = trainings.ROWS["stargan_64"], [], iter([False, True])
    folder = check.scratch / "trainings" / "a"
    (folder / "samples").mkdir(parents=True)
    (folder / "samples" / "final_sheet_00000700.png").write_bytes(b"picture")
    result = {"step": 700, "judged_step": 700, "seconds": 60.0, "metrics": {"error": 0.5, "more": {}}}
    (folder / "result.json").write_text(json.dumps(result))

    def finished(check, name, line, until):
        lines.append(line)
        return next(answers)

    monkeypatch.setattr(trainings, "_finished", finished)
    monkeypatch.setattr(trainings, "reached", lambda folder: 700)
    values = trainings._row(check, "a", row, check.out, time.monotonic() + 60)
    assert lines[1] == [*lines[0], "--config.steps=700", "--config.evals.validation.every=700"]
    assert (values["step"], values["cut"], values["metrics"]) == (700, True, {"error": 0.5})
    assert values["sheets"] == ["a.png"] and (check.out / "a.png").read_bytes() == b"picture"
    answers = iter([False])
    monkeypatch.setattr(trainings, "reached", lambda folder: 0)
    with pytest.raises(workers.WorkerError, match=r"^a: its time ended before a state was saved; the next"):
        trainings._row(check, "a", row, check.out, time.monotonic() + 60)


def test_missing_trainings_come_before_those_that_were_cut(check, monkeypatch):
    monkeypatch.setattr(trainings, "rows", lambda check: dict.fromkeys("abcde"))
    monkeypatch.setattr(trainings, "reached", lambda folder: int(folder.name in "ab"))
    for name, values in {"a": {"cut": True}, "b": {"cut": False}, "c": {"cut": True}}.items():
        check.record.put("trainings", name, values)
    check.record.put("trainings", "d", {"error": "its time ended"})
    assert list(trainings.remaining(check)) == ["d", "e", "a"]


@pytest.mark.nightly
def test_a_run_stops_in_time_and_is_scored(check):
    images = np.random.default_rng(0).integers(0, 256, (80, 32, 32, 1), dtype=np.uint8)
    np.savez(check.out / "digits.npz", image=images, label=np.arange(80) % 10)
    fields = {"steps": 10**6, "model": {"schedule_steps": 10**6}, "checkpoint_rule": "best"}
    row = trainings.Row("../tests/reliability/tiny.py", 1, (), fields)
    values = trainings._row(check, "tiny", row, check.out, time.monotonic() + 60)
    assert values["cut"] and 0 < values["judged_step"] <= values["step"] < 10**6
    assert 0 <= values["metrics"]["accuracy"] <= 1


@pytest.mark.parametrize("row", [*trainings.ROWS.values(), *trainings.QUICK.values()], ids=lambda r: r.config)
def test_a_training_is_a_valid_configuration_that_reads_carried_files(row):
    ends = [flag.removeprefix("--config.").split("=") for flag in trainings.ending(row, 7)]
    built = _configured(dataclasses.replace(row, fields={**row.fields, **{k: int(v) for k, v in ends}}))
    config.validate(built)
    assert built.steps == 7
    carried = {file for name in row.files for file in pack.MAKERS[name][1]}
    for described in config.resolved(built).data.roles.values():
        assert all(any(path.startswith(file) for file in carried) for path in described.files.values())
        assert not described.name
