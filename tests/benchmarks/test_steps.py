"""The benchmarks of training steps as programs, at tiny sizes: both sides train the same networks."""

import json
import os
from pathlib import Path

import forking
import pytest

ROOT = Path(__file__).parents[2]
# The program's flags that make its networks tiny.
STEPS = {
    "dtn_step": ("--scale=lite", "--loop_steps=20"),
    "dcgan_step": ("--size=16", "--width=4"),
    "wgan_gp_step": ("--width=4", "--n_critic=1"),
    "pggan_step": ("--size=8", "--width_base=32", "--width_max=4"),
    "cyclegan_step": ("--size=32", "--width=4", "--blocks=1"),
    "stargan_step": ("--size=32", "--width=4", "--blocks=1", "--n_critic=1"),
    "gatys_step": ("--size=32", "--batch_size=1"),
    "adain_step": ("--size=32", "--depth=16", "--through=relu2_1"),
    "adain_translation": ("--size=32", "--depth=16", "--through=relu2_1"),
}


@pytest.mark.nightly
@pytest.mark.parametrize("name", STEPS)
def test_both_sides_have_equal_parameters_and_updates(name, tmp_path):
    pytest.importorskip("torch")
    turns = ("--batch_size=4", "--pairs=1", "--counted=1", f"--json={tmp_path / 'step.json'}")
    program = str(ROOT / "benchmarks" / f"{name}.py")
    env = {**os.environ, "PYTHONPATH": str(ROOT), "XLA_FLAGS": ""}  # one device, as the benchmarks have
    done = forking.run(program, *turns, *STEPS[name], cwd=ROOT, env=env)
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "step.json").read_text())
    assert set(figures["sides"]) == {"ours", "torch"} and figures["ratio"]["median"] > 0
    assert all(count > 0 for count in figures["parameters"].values())
