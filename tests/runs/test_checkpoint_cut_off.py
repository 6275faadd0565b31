"""Saves that fail or are cut off: the error names the step, and earlier checkpoints stay."""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import forking
import numpy as np
import pytest
from saving import assert_is, places, restore, save, tree

import gan_jax
from gan_jax.errors import CheckpointError
from gan_jax.runs import checkpoint
from gan_jax.runs.checkpoint import Checkpoints

PACKAGE = Path(gan_jax.__file__).parent


@pytest.fixture
def full_disk():
    """`full_disk(bytes)` limits the size of every file, as a stand-in for a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def check_until(checkpoints, seconds):
    """Calls `check` again and again, as a training loop does."""
    for _ in range(100 * seconds):
        checkpoints.check()
        time.sleep(0.01)


# With 50 bytes not even the names of the parts fit. With 2000 bytes everything fits except one leaf.
@pytest.mark.parametrize("room", [50, 2000])
def test_a_full_disk_is_told_by_the_next_check_and_the_earlier_ones_stay(tmp_path, full_disk, room):
    save(tmp_path, 1)
    checkpoints = Checkpoints(tmp_path, 3)
    full_disk(room)
    checkpoints.save(tree(2), 2, {"note": "of 2"})
    size = 4 * (32 * 24 + 24 + 1)
    with pytest.raises(
        CheckpointError,
        match=rf"^checkpoint of step 2 \({size} bytes\) could not be written to {tmp_path}, where \d+ bytes "
        r"are free: .*File too large.*; earlier checkpoints are intact$",
    ):
        check_until(checkpoints, 10)
    checkpoints.abandon()
    full_disk(resource.RLIM_INFINITY)
    assert_is(restore(tmp_path), 1)
    save(tmp_path, 2)
    assert_is(restore(tmp_path), 2)


def test_close_tells_of_a_failure_and_abandon_does_not(tmp_path, full_disk):
    first, second = Checkpoints(tmp_path / "a", 3), Checkpoints(tmp_path / "b", 3)
    full_disk(2000)
    for checkpoints in (first, second):
        checkpoints.save(tree(7), 7, {})
    with pytest.raises(CheckpointError, match=r"^checkpoint of step 7 "):
        first.close()
    first.abandon()
    second.abandon()


@pytest.mark.parametrize("best", [False, True], ids=["newest", "best"])
def test_a_step_is_written_again_without_a_moment_when_neither_is_there(tmp_path, full_disk, best):
    save(tmp_path, 2, keep=1, best=best)
    checkpoints = Checkpoints(tmp_path, 1)
    full_disk(2000)
    other = {**tree(9), "step": np.int32(2)}
    checkpoints.save(other, 2, {}, best=best)
    with pytest.raises(CheckpointError, match=r"^checkpoint of step 2 "):
        checkpoints.close()
    full_disk(resource.RLIM_INFINITY)
    checkpoints = Checkpoints(tmp_path, 1)  # opens the folder again, as after a kill
    assert_is(checkpoint.load(tmp_path, best), 2)
    checkpoints.save(other, 2, {}, best=best)
    checkpoints.close()
    flat, _ = checkpoint.load(tmp_path, best)
    np.testing.assert_array_equal(flat["params.kernel"], tree(9)["params"]["kernel"])
    assert places(tmp_path / ("best" if best else "newest")) == {"2"}


SAVES = """
import sys
import numpy as np
from pathlib import Path
from gan_jax.runs.checkpoint import Checkpoints
checkpoints = Checkpoints(Path(sys.argv[1]), 2)
for step in range(1, 10_000):
    leaf = {"noise": np.random.default_rng(step).normal(size=5_000)}
    for _ in range(2):  # twice, as when a run is stopped where a checkpoint is due
        checkpoints.save(leaf, step, {})
        checkpoints.save(leaf, step, {}, best=True)
    print(step, flush=True)
"""


def test_a_kill_at_any_moment_leaves_a_newest_and_a_best_that_are_whole(tmp_path, caplog):
    delays = (0.0, 0.011, 0.037)
    children = [
        forking.Popen([None, "-c", SAVES, tmp_path / str(i)], stdout=subprocess.PIPE)
        for i in range(len(delays))
    ]
    for i, (process, delay) in enumerate(zip(children, delays, strict=True)):
        reached = int(process.stdout.readline())
        time.sleep(delay)
        process.kill()
        process.communicate()
        Checkpoints(tmp_path / str(i), 2).abandon()
        for best in (False, True):
            flat, meta = checkpoint.load(tmp_path / str(i), best)
            assert meta["step"] >= reached
            expected = np.random.default_rng(meta["step"]).normal(size=5_000)
            np.testing.assert_array_equal(flat["noise"], expected)
    assert "damaged" not in caplog.text


TWO = """
import sys
import jax
import numpy as np
from pathlib import Path
from gan_jax.game import devices
from gan_jax.runs.checkpoint import Checkpoints
from jax.experimental import multihost_utils
address, rank, directory = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
jax.config.update("jax_cpu_collectives_implementation", "gloo")
jax.distributed.initialize(address, 2, rank)
multihost_utils.sync_global_devices("joined")  # the first may wait for 30 s alone
checkpoints = Checkpoints(directory, 2, writes=rank == 0)
for step in (1, 2):
    checkpoints.save({"leaf": np.full(3, step)}, step, {})
checkpoints.close()
multihost_utils.sync_global_devices("saved")
data = max((directory / "newest" / "2" / "state").rglob("*"), key=lambda p: p.stat().st_size * p.is_file())
if rank == 0:
    data.write_bytes(b"")
multihost_utils.sync_global_devices("damaged")
state, meta = Checkpoints(directory, 2, writes=rank == 0).restore({"leaf": np.zeros(3, int)})
print("restored", meta["step"], *state["leaf"])
for parts in (1, 2):
    stack = {"x": np.arange(6 * parts).reshape(2 * parts, 3)}
    own = devices.deal(stack, parts)
    print("own", np.asarray(own["x"]).ravel().tolist())
    np.testing.assert_array_equal(devices.gathered(own, parts)["x"], stack["x"])
    print("gathered", parts)
"""


def child(code, *args, **environment):
    environment = {"PYTHONPATH": str(PACKAGE.parent), "JAX_PLATFORMS": "cpu", **environment}
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, args)],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.long
def test_of_two_processes_one_saves_both_restore_past_damage_and_each_has_its_own(tmp_path, free_port):
    address = f"127.0.0.1:{free_port}"
    children = [child(TWO, address, rank, tmp_path, XLA_FLAGS="") for rank in (0, 1)]
    try:
        said = [process.communicate(timeout=300)[0] for process in children]
    finally:
        for process in children:
            process.kill()
    assert all("restored 1 1 1 1" in text for text in said)
    assert all("gathered 1\n" in text and "gathered 2\n" in text for text in said)
    firsts = [text.partition("own ")[2].partition("\n")[0] for text in said]
    assert firsts == ["[0, 1, 2]", "[3, 4, 5]"]
    assert places(tmp_path / "newest") == {"1", "2.damaged"}
