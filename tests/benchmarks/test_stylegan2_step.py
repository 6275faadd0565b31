"""The benchmark of StyleGAN2's iteration as a program, at a tiny size."""

import json
import os
from pathlib import Path

import forking
import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "benchmarks" / "stylegan2_step.py"
TINY = ("--size=8", "--width_base=32", "--width_max=4", "--batch_size=4", "--pairs=1")


def program(*given):
    return forking.run(str(PROGRAM), *given, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})


@pytest.mark.long
def test_a_turn_has_whole_cycles_of_the_penalties():
    done = program("--counted=3")
    assert (done.returncode, done.stderr.strip()) == (1, "counted=3 is not allowed; allowed: multiples of 16")


@pytest.mark.nightly
def test_both_sides_have_equal_parameters_and_updates_and_their_memory_is_told(tmp_path):
    pytest.importorskip("torch")
    done = program(*TINY, f"--json={tmp_path / 'step.json'}")
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "step.json").read_text())
    assert figures["updates"] == {"gen": 2, "disc": 2}
    assert set(figures["sides"]) == {"ours", "torch"}
    for side in figures["sides"].values():
        assert side["seconds"] > 0 and side["peak_mib"] > 0
