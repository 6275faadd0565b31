"""A full disk: the error comes at once, with the path and the free bytes; earlier checkpoints stay."""

import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

from gan_jax.errors import CheckpointError, WorkdirError
from gan_jax.runs import checkpoint
from gan_jax.runs.workdir import Workdir


@pytest.mark.long
def test_a_checkpoint_that_does_not_fit_ends_the_run_with_the_earlier_ones_intact(launcher, facts, tmp_path):
    path = tmp_path / "run"
    straight = tmp_path / "straight"
    fields = {"best": ""}  # saves only at every second step
    launcher.run(*launcher.tiny(straight, "wide", **fields))
    launcher.run(*launcher.tiny(path, "wide", steps=4, **fields))
    command = launcher.tiny(path, "wide", **fields)
    # The limit holds for every file. Programs are compiled already, and no byte code is written, since Python
    # does not notice that it is cut. Standard error is a pipe, since a file would be cut too.
    done = subprocess.run(
        [sys.executable, *launcher.no_large_files, *map(str, command)],
        env=launcher.environment(extra={"PYTHONDONTWRITEBYTECODE": "1"}),
        capture_output=True,
        text=True,
    )
    message = done.stderr
    assert done.returncode == 1, message
    assert "Traceback" not in message
    flat, meta = checkpoint.load(path / "checkpoints")
    size = sum(leaf.nbytes for leaf in flat.values())
    (ours,) = re.findall("gan_jax: .*", message)
    assert re.match(
        rf"gan_jax: checkpoint of step 6 \({size} bytes\) could not be written to {path}/checkpoints, where "
        r"\d+ bytes are free: .*; earlier checkpoints are intact",
        ours,
    )
    assert meta["step"] == 4
    assert "resuming at step 4" in launcher.run(*command)
    assert facts(path)["params_sha256"] == facts(straight)["params_sha256"]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no right to mount a tmpfs")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_file_system_is_named_and_the_last_checkpoint_restorable(small_disk):
    tree = {"noise": np.random.default_rng(0).normal(size=50_000).astype(np.float32)}
    checkpoints = checkpoint.Checkpoints(small_disk / "checkpoints", keep=10)

    def fill():
        for step in range(1, 10):
            checkpoints.save(tree, step, {"step": step})
        checkpoints.close()

    with pytest.raises(CheckpointError, match=rf"{small_disk}/checkpoints, where \d+ bytes are"):
        fill()
    checkpoints.abandon()
    flat, meta = checkpoint.load(small_disk / "checkpoints")
    assert 1 <= meta["step"] < 9
    np.testing.assert_array_equal(flat["noise"], tree["noise"])


def test_a_record_or_file_that_does_not_fit_is_an_error_of_one_line(small_disk):
    folder = Workdir(small_disk / "run").open()
    folder.append({"step": 1})
    with open(small_disk / "filler", "wb", buffering=0) as filler:
        while filler.write(bytes(4096)) == 4096:
            if shutil.disk_usage(small_disk).free == 0:
                break
    with pytest.raises(WorkdirError, match=rf"{small_disk}/run/.*\b0 bytes are free"):
        folder.write("samples/sheet.png", bytes(10_000))
    with pytest.raises(WorkdirError, match=rf"{small_disk}/run/.*\b0 bytes are free"):
        for step in range(10_000):  # the file's last page may have room left
            folder.append({"step": step, "loss": 0.25})
    (small_disk / "filler").unlink()
    assert Workdir(small_disk / "run").records()[0] == {"step": 1}
    assert not (small_disk / "run" / "samples" / "sheet.png").exists()
