"""The accelerator check: its differences, its record, its workers, and the whole program."""

import dataclasses
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import forking
import levels
import numpy as np
import pytest

from gan_jax import models

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "benchmarks"))

from accelerator_parts import equal, machine, pack, page, pipeline, times, workers  # noqa: E402
from accelerator_parts.record import Record  # noqa: E402

PROGRAM = ROOT / "benchmarks" / "accelerator.py"


# --- equal steps ---------------------------------------------------------------------------------


def test_a_difference_is_relative_to_the_largest_value_of_its_kind_and_player():
    cpu = {
        ".players['gen'].params['a']": np.array([2.0, -4.0]),
        ".players['gen'].params['b']": np.array([0.0]),
        ".players['disc'].params['a']": np.array([10.0]),
        ".players['gen'].opt_state[0].mu['a']": np.array([1e-3]),
        ".players['gen'].opt_state[0].count": np.array(1),
        ".losses['gen/loss']": 2.0,
    }
    other = dict(cpu)
    other[".players['gen'].params['b']"] = np.array([-1.0])
    other[".players['disc'].params['a']"] = np.array([10.5])
    other[".players['gen'].opt_state[0].mu['a']"] = np.array([1.5e-3])
    other[".losses['gen/loss']"] = 2.25
    found = equal.relative_difference(cpu, other)
    assert found == pytest.approx({"params": 0.25, "mu": 0.5, "count": 0.0, "losses": 0.125})


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"a": np.array([np.nan])}, "a is not finite"),
        ({"a": np.zeros((1, 1))}, r"a has the shapes \(1,\) and \(1, 1\)"),
        ({"b": np.zeros(1)}, r"only one side has \['a', 'b'\]"),
    ],
)
def test_what_cannot_be_compared_is_refused(other, reason):
    with pytest.raises(ValueError, match=reason):
        equal.relative_difference({"a": np.zeros(1)}, other)


@pytest.mark.long
def test_the_other_side_starts_from_the_stored_state_and_finds_a_planted_difference(tmp_path):
    equal._reference(tmp_path, "vae")
    found = equal._beside(tmp_path, "vae")
    assert {"losses", "mu", "nu", "params"} <= found["relative_difference"].keys()
    assert max(found["relative_difference"].values()) == 0
    with np.load(tmp_path / "vae.npz") as stored:
        arrays = dict(stored)
    name = next(name for name in arrays if name.startswith("before") and name.endswith("['kernel']"))
    arrays[name] = arrays[name] * 1.01
    np.savez(tmp_path / "vae.npz", **arrays)
    planted = equal._beside(tmp_path, "vae")["relative_difference"]
    assert planted["params"] > 1e-4 and planted["losses"] > 1e-6


def test_every_model_has_a_row():
    assert {equal._model(name)[0].model.name for name in equal.ROWS} == set(models.known())


# --- the record and the workers ------------------------------------------------------------------


def test_a_row_survives_a_cut_and_a_failed_row_is_tried_again(tmp_path):
    record = Record(tmp_path / "record.json")
    record.put("equal", "a", {"x": 1})
    record.put("equal", "b", {"error": "too slow"})
    again = Record(tmp_path / "record.json")
    assert [again.done("equal", name) for name in ("a", "b", "c")] == [True, False, False]
    assert again.failed() == ["equal/b"]


@pytest.fixture
def check(tmp_path):
    return workers.Run(tmp_path, tmp_path, None, True, Record(tmp_path / "record.json"))


def test_a_worker_answers_in_json_and_its_other_lines_are_logged(check):
    program = "import sys; print('noise'); print('{\"a\": 1}', flush=True); print(sys.stdin.readline())"
    worker = workers.Worker(check, "talker", ["-c", program], os.environ)
    assert worker.read(time.monotonic() + 60) == {"a": 1}
    assert worker.ask('{"b": 2}', time.monotonic() + 60) == {"b": 2}
    worker.close()
    assert check.log("talker").read_text() == "noise\n"


@pytest.mark.parametrize(
    ("program", "seconds", "reason"),
    [
        ("raise ValueError('no memory')", 60, "w: ended with exit code 1: ValueError: no memory"),
        ("import sys; sys.stdin.read()", 0.1, "w: no answer in time"),
    ],
)
def test_a_worker_that_fails_or_hangs_is_told_in_one_line(check, program, seconds, reason):
    worker = workers.Worker(check, "w", ["-c", program], os.environ)
    with pytest.raises(workers.WorkerError, match=f"^{re.escape(reason)}$"):
        worker.read(time.monotonic() + seconds)
    worker.close()


# --- rows ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", times.ROWS)
def test_the_program_of_a_step_knows_the_flags_of_its_row(name):
    row = times.ROWS[name]
    known = "".join((ROOT / "benchmarks" / file).read_text() for file in (row.program, "peers.py"))
    for flag in {**row.flags, **row.quick}:
        assert re.search(rf'DEFINE_\w+\(\s*"{flag}"', known), flag


def test_twins_need_cuda_and_those_with_second_derivatives_are_not_compiled(check):
    long = dataclasses.replace(check, quick=False)

    def sides(torch, compiles=True, large=True):
        check.record.content["machine"] = {"torch": torch}
        return times.sides(long, times.Row("dcgan_step.py", {}, compiles=compiles, large=large))

    assert sides(None) == sides({"cuda": None}) == times.OURS
    assert sides(None, large=False).keys() == times.OURS.keys() - {"ours, bfloat16, remat"}
    cuda = sides({"cuda": "a card"})
    assert cuda.keys() == {*times.OURS, *times.TWINS}
    assert all("--device=cuda" in cuda[twin].flags for twin in times.TWINS)
    assert sides({"cuda": "a card"}, False).keys() == cuda.keys() - {"torch.compile, bfloat16"}


def test_figures_have_the_roofline_of_products_or_of_memory():
    facts = {"images": 8, "start_seconds": 3.0, "flop": 2e9, "bytes": 1e6}
    machine = {"products": {"default": 1e12}, "bandwidth": 1e9}
    side = times.OURS["ours, default precision"]
    found = times._figures(facts, side, [0.008, 0.004, 0.1], machine)
    assert (found["seconds"], found["images_per_second"], found["bound"]) == (0.008, 1000, "products")
    assert found["roofline_share"] == pytest.approx(0.25)
    found = times._figures({**facts, "bytes": 4e6}, side, [0.008], machine)
    assert (found["bound"], found["roofline_share"]) == ("memory", pytest.approx(0.5))


def test_a_call_of_several_steps_has_the_cost_of_the_side_that_counted_it():
    assert {side.like for side in times.OURS.values()} - {""} <= times.OURS.keys()
    for side in times.OURS.values():
        assert (side.like == "") == ("--cost" in side.flags)
        assert side.precision in machine.PRECISIONS
        assert not side.like or times.OURS[side.like].precision == side.precision


def test_turns_have_whole_cycles():
    class Steady:
        def __init__(self, seconds):
            self.seconds, self.asked = seconds, []

        def ask(self, line, until):
            self.asked.append(int(line))
            return {"seconds": self.seconds}

    fast, slow = Steady(0.001), Steady(1.0)
    found = times._turns({"fast": fast, "slow": slow}, 0.0, 2, cycle=16)
    assert (fast.asked, slow.asked) == ([16, 304, 304], [16, 16, 16])
    assert found == {"fast": [0.001] * 2, "slow": [1.0] * 2}


def test_a_pipeline_is_compared_with_the_fastest_of_our_steps():
    sides = {"ours, a": 10.0, "ours, b": 30.0, "torch": 50.0}
    row = {"sides": {name: {"images_per_second": rate} for name, rate in sides.items()}}
    assert pipeline.needed(row) == {"needed_per_second": 30.0}
    assert pipeline.needed(None) == pipeline.needed({"error": "too slow"}) == {}
    assert {step for _, _, step in pipeline.ROWS.values()} <= times.ROWS.keys()


# --- the program ---------------------------------------------------------------------------------


@levels.parametrize(
    ("args", "reason"),
    [
        (["--parts=equal,heat"], "part 'heat' is not known; known: equal, times, pipeline, trainings"),
        (["--data=nowhere"], "data='nowhere': no such folder; `prepare` makes it"),
        (["cook"], "command 'cook' is not known; known: run, prepare"),
        (["prepare"], "prepare needs --data, a new folder, and GAN_JAX_DATA, the folder of real images"),
    ],
)
def test_bad_input_is_one_line_before_any_work(tmp_path, args, reason):
    env = {name: value for name, value in os.environ.items() if name != "GAN_JAX_DATA"}
    done = forking.run(PROGRAM, *args, cwd=tmp_path, env=env)
    assert (done.returncode, done.stderr) == (1, f"accelerator: {reason}\n")
    assert not list(tmp_path.iterdir())


@pytest.mark.nightly
def test_the_quick_check_runs_to_its_end_without_tensorflow_and_goes_on_after_a_cut(tmp_path):
    hidden = ("tensorflow", "tensorflow_datasets", "clu", "tensorboard")
    (tmp_path / "sitecustomize.py").write_text(f"import sys; sys.modules.update(dict.fromkeys({hidden}))\n")
    carried = tmp_path / "carried"
    carried.mkdir()
    rng = np.random.default_rng(0)
    for names, channels in ((pack.SVHN, 3), (pack.MNIST, 1)):
        for name in names.values():
            image = rng.integers(0, 256, (64, 4, 4, channels), dtype=np.uint8)
            pack.write_arrays(carried / name, image, np.arange(64) % 10)
    out, env = tmp_path / "out", {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, str(PROGRAM), "--quick", f"--out={out}", f"--data={carried}", "--budget=900"]
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    record = json.loads((out / "accelerator.json").read_text())
    differences = record["equal"]["vae"]["relative_difference"]
    assert max(differences.values()) == 0 and record["equal"]["vae"]["precision"] == "highest"
    for figures in record["times"]["dcgan_64"]["sides"].values():
        assert figures["least"] <= figures["seconds"] <= figures["most"]
    assert record["times"]["dcgan_64"]["sides"].keys() > {"ours, bfloat16", "ours, bfloat16, 16 a call"}
    assert all(row["images_per_second"] > 0 for row in record["pipeline"].values())
    assert record["trainings"]["dtn_tiny"]["step"] == 2 and not record["trainings"]["dtn_tiny"]["cut"]
    files = {path.name for path in out.iterdir()}
    assert files == {"accelerator.json", "accelerator.md", "log.txt", "dtn_tiny.png"}
    assert (out / "accelerator.md").read_text() == page.page(record)
    del record["equal"]["vae"], record["trainings"]
    (out / "accelerator.json").write_text(json.dumps(record))
    again = subprocess.run(command, env=env, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    told = [line.split(" ", 1)[1].split(":")[0] for line in again.stderr.splitlines() if line[0].isdigit()]
    assert told == ["machine", "equal vae", "trainings dtn_tiny", "finished"]
