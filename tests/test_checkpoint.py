"""Checkpoints: what is saved comes back to the last bit, or is refused by name."""

import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from gan_jax import checkpoint
from gan_jax.checkpoint import Checkpoints
from gan_jax.errors import CheckpointError, NonFiniteError

PACKAGE = Path(checkpoint.__file__).parent


def tree(step):
    noise = np.random.default_rng(step).normal(size=(32, 24)).astype(np.float32)
    return {"params": {"kernel": noise, "bias": np.full(24, step, np.float32)}, "step": np.int32(step)}


def save(directory, *steps, keep=3, **kwargs):
    checkpoints = Checkpoints(directory, keep)
    for step in steps:
        checkpoints.save(tree(step), step, {"note": f"of {step}"}, **kwargs)
    checkpoints.close()
    return directory


def restore(directory, target=None, **kwargs):
    return Checkpoints(directory, 3, **kwargs).restore(tree(0) if target is None else target)


def assert_is(found, step):
    """What was found is the checkpoint of `step` as it was saved, to the last bit."""
    restored, meta = found
    assert meta == {"note": f"of {step}", "step": step}
    for have, want in zip(jax.tree.leaves(restored), jax.tree.leaves(tree(step)), strict=True):
        assert have.dtype == want.dtype
        assert have.tobytes() == want.tobytes()


def contents(folder):
    return {p.relative_to(folder): p.read_bytes() if p.is_file() else None for p in folder.rglob("*")}


def places(folder):
    return {p.name for p in folder.iterdir()}


def spoil(step_folder):
    (step_folder / "meta" / "metadata").write_bytes(b"{")


@flax.struct.dataclass
class Player:
    params: dict
    opt_state: tuple
    ema: dict | None


# Names and nesting.


def test_names_are_attributes_keys_fields_and_indices():
    params = {"Conv_0": {"kernel": np.ones((2, 2), np.float32)}}
    player = Player(params, optax.chain(optax.clip(1.0), optax.adam(0.1)).init(params), None)
    flat = checkpoint.flatten({"players": {"g": player}, "memory": {}, "steps": [np.int32(1), np.int32(2)]})
    moments = "players.g.opt_state.1.0"
    assert set(flat) == {
        "players.g.params.Conv_0.kernel",
        *(f"{moments}.count", f"{moments}.mu.Conv_0.kernel", f"{moments}.nu.Conv_0.kernel"),
        *("steps.0", "steps.1"),
    }
    assert flat["steps.1"] == 2


def test_subtree_is_the_nested_dict_below_a_prefix():
    nested = {"a": {"b": {"c": np.float32(1), "d": np.float32(2)}, "bb": np.float32(3)}}
    flat = checkpoint.flatten(nested)
    assert checkpoint.subtree(flat, "a") == nested["a"]
    assert checkpoint.subtree(flat, "a.b") == nested["a"]["b"]
    assert checkpoint.subtree(flat, "absent") == {}


# Round trips, rotation, the best one.


def test_every_dtype_and_shape_comes_back_to_the_bit(tmp_path):
    leaves = {
        "float32": np.array([-0.0, 1e-45, 3.4e38], np.float32),
        "bfloat16": np.arange(6).astype(jnp.bfloat16).reshape(2, 3),
        "float16": np.ones((1, 1), np.float16),
        "complex64": np.array([1 + 2j], np.complex64),
        "integers": (np.int32(-1), np.array([2**32 - 1], np.uint32), np.zeros((2, 2), np.uint8)),
        "bool": np.array(True),
        "empty": np.zeros((0, 3), np.float32),
        "fortran": np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
    }
    state = Player(leaves, (optax.EmptyState(),), None)
    checkpoints = Checkpoints(tmp_path, 1)
    checkpoints.save(state, 1, {})
    checkpoints.close()
    target = jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype), state)
    found, meta = restore(tmp_path, target)
    assert meta == {"step": 1}
    assert jax.tree.structure(found) == jax.tree.structure(state)
    for have, want in zip(jax.tree.leaves(found), jax.tree.leaves(state), strict=True):
        assert (have.dtype, have.shape) == (want.dtype, want.shape)
        assert have.tobytes() == want.tobytes()


def test_meta_is_what_it_was_when_it_was_saved(tmp_path):
    meta = {"latest": {"loss": 0.1}, "best": None}
    checkpoints = Checkpoints(tmp_path, 1)
    checkpoints.save(tree(1), 1, meta)
    meta["latest"]["loss"] = 0.2
    checkpoints.close()
    assert checkpoint.load(tmp_path)[1] == {"latest": {"loss": 0.1}, "best": None, "step": 1}


def test_an_empty_folder_holds_none(tmp_path):
    assert restore(tmp_path) is None
    assert Checkpoints(tmp_path, 1).restore_best(tree(0)) is None
    assert checkpoint.newest_step(tmp_path) == 0
    with pytest.raises(CheckpointError, match=f"^no checkpoint in {tmp_path}/newest$"):
        checkpoint.load(tmp_path)


def test_the_newest_k_stay_and_the_best_outlives_them(tmp_path):
    save(tmp_path, 1, best=True)
    save(tmp_path, 1, 2, 3, 4, 5, keep=2)
    assert places(tmp_path / "newest") == {"4", "5"}
    assert places(tmp_path / "best") == {"1"}
    assert checkpoint.newest_step(tmp_path) == 5
    assert_is(restore(tmp_path), 5)
    assert_is(Checkpoints(tmp_path, 2).restore_best(tree(0)), 1)
    assert_is(checkpoint.load(tmp_path, best=True), 1)
    save(tmp_path, 3, best=True)
    assert places(tmp_path / "best") == {"3"}


def test_a_process_that_does_not_write_restores_and_changes_nothing(tmp_path):
    save(tmp_path, 1, 2)
    spoil(tmp_path / "newest" / "2")
    before = contents(tmp_path)
    reader = Checkpoints(tmp_path, 3, writes=False)
    assert_is(reader.restore(tree(0)), 1)
    reader.save(tree(3), 3, {})
    reader.check()
    reader.close()
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("value", "dtype"),
    [(np.nan, "float32"), (-np.inf, "float32"), (np.nan, "bfloat16"), (complex(0, np.nan), "complex64")],
)
def test_a_leaf_that_is_not_finite_is_not_saved(tmp_path, value, dtype):
    save(tmp_path, 1)
    before = contents(tmp_path)
    checkpoints = Checkpoints(tmp_path, 1)
    bad = tree(2)
    bad["params"]["bias"] = np.array([0, value], jnp.dtype(dtype))
    with pytest.raises(NonFiniteError, match=r"^step 2: params\.bias is not finite"):
        checkpoints.save(bad, 2, {})
    checkpoints.close()
    assert contents(tmp_path) == before


# Damage.


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """A folder with steps 1, 2 and 3; copied before it is broken."""
    return save(tmp_path_factory.mktemp("three"), 1, 2, 3)


@pytest.fixture
def broken(three, tmp_path):
    """A copy of `three` to break."""
    return Path(shutil.copytree(three, tmp_path / "broken"))


def truncated(content):
    return content[: len(content) // 2]


def emptied(_):
    return b""


def flipped(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 4]) + content[middle + 1 :]


def deleted(_):
    return None


@pytest.mark.parametrize("damage", [truncated, emptied, flipped, deleted], ids=lambda f: f.__name__)
def test_each_file_damaged_in_turn_is_passed_over_with_one_warning(broken, caplog, damage):
    newest = broken / "newest" / "3"
    fell_back = []
    for path in sorted(p for p in newest.rglob("*") if p.is_file() and p.stat().st_size):
        content = path.read_bytes()
        path.unlink()
        if (changed := damage(content)) is not None:
            path.write_bytes(changed)
        caplog.clear()
        found = restore(broken, writes=False)
        path.write_bytes(content)
        assert_is(found, found[1]["step"])  # some files orbax writes and does not read
        if found[1]["step"] == 3:
            assert not caplog.records
            continue
        assert found[1]["step"] == 2
        (warning,) = caplog.records
        message = warning.getMessage()
        assert message.startswith(f"checkpoint {newest} is damaged: ")
        assert message.endswith("; using step 2 instead")
        assert "\n" not in message
        fell_back.append(path)
    assert newest / "meta" / "metadata" in fell_back
    # The largest holds the leaves.
    assert max(newest.rglob("*"), key=lambda p: p.stat().st_size * p.is_file()) in fell_back


@pytest.mark.parametrize("part", ["", "state", "meta"])
def test_a_folder_that_is_gone_is_damage(broken, part):
    shutil.rmtree(broken / "newest" / "3" / part)
    (broken / "newest" / "3").mkdir(exist_ok=True)
    assert_is(restore(broken), 2)


def test_all_damaged_is_an_error_that_names_them_and_deletes_nothing(broken):
    for step in (1, 2, 3):
        spoil(broken / "newest" / str(step))
    before = contents(broken / "newest")
    message = f"^every checkpoint in {broken}/newest is damaged: steps 3, 2, 1; none was deleted$"
    with pytest.raises(CheckpointError, match=message):
        restore(broken)
    with pytest.raises(CheckpointError, match=message):
        checkpoint.load(broken)
    assert contents(broken / "newest") == before


def test_a_damaged_step_is_kept_aside_and_written_again_however_often(broken):
    for names in ({"3.damaged"}, {"3.damaged", "3.damaged.2"}):
        spoil(broken / "newest" / "3")
        checkpoints = Checkpoints(broken, 3)
        assert_is(checkpoints.restore(tree(0)), 2)
        checkpoints.save(tree(3), 3, {"note": "of 3"})
        checkpoints.close()
        assert places(broken / "newest") == {"1", "2", "3", *names}
        assert_is(restore(broken), 3)


def test_leftovers_of_orbax_are_ignored_and_removed_and_nothing_else_is(broken):
    leftover = broken / "newest" / "4.orbax-checkpoint-tmp"
    shutil.copytree(broken / "newest" / "3", leftover)
    (broken / "newest" / "notes.txt").write_text("mine")
    assert_is(checkpoint.load(broken), 3)
    assert leftover.exists()
    assert_is(restore(broken), 3)
    assert places(broken / "newest") == {"1", "2", "3", "notes.txt"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"kernel": np.zeros((2, 2), np.float32)},
            r"kernel is float32 \[32, 24\] in .*, float32 \[2, 2\] in",
        ),
        (
            {"kernel": np.zeros((32, 24), np.int32)},
            r"kernel is float32 \[32, 24\] in .*, int32 \[32, 24\] in",
        ),
        ({"more": np.zeros(1)}, r"the checkpoint has no params\.more, which this model has"),
        ({"bias": None}, r"the checkpoint has params\.bias, which this model has not"),
    ],
    ids=["shape", "dtype", "missing", "extra"],
)
def test_another_model_is_named_by_the_leaf_and_not_taken_for_damage(broken, caplog, change, message):
    before = contents(broken)
    target = tree(0)
    target["params"] |= change
    with pytest.raises(CheckpointError, match=message):
        restore(broken, target)
    assert not caplog.records
    assert contents(broken) == before


def test_another_format_is_refused_and_not_taken_for_damage(broken):
    path = broken / "newest" / "3" / "meta" / "metadata"
    content = json.loads(path.read_text())
    assert content["format"] == checkpoint.FORMAT
    path.write_text(json.dumps({**content, "format": checkpoint.FORMAT + 1}))
    before = contents(broken)
    with pytest.raises(CheckpointError, match=f"newest/3 is not of format {checkpoint.FORMAT}, which"):
        restore(broken)
    assert contents(broken) == before


# Saves that fail or are cut off.


@pytest.fixture
def full_disk():
    """`full_disk(bytes)`: no file may grow beyond so much; stands in for a disk without room."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def check_until(checkpoints, seconds):
    """Checks as a training loop does, once in a while."""
    for _ in range(100 * seconds):
        checkpoints.check()
        time.sleep(0.01)


# Of the first not even the names of its parts are written, of the second all but a leaf.
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
    checkpoints = Checkpoints(tmp_path, 1)  # as after a kill
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
from gan_jax.checkpoint import Checkpoints
checkpoints = Checkpoints(Path(sys.argv[1]), 2)
for step in range(1, 10_000):
    leaf = {"noise": np.random.default_rng(step).normal(size=5_000)}
    for _ in range(2):  # twice, as when a run is stopped where a checkpoint is due
        checkpoints.save(leaf, step, {})
        checkpoints.save(leaf, step, {}, best=True)
    print(step, flush=True)
"""


def child(code, *args, **environment):
    environment = {"PYTHONPATH": str(PACKAGE.parent), "JAX_PLATFORMS": "cpu", **environment}
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, args)],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_kill_at_any_moment_leaves_a_newest_and_a_best_that_are_whole(tmp_path, caplog):
    delays = (0.0, 0.011, 0.037)
    children = [child(SAVES, tmp_path / str(i)) for i in range(len(delays))]
    for i, (process, delay) in enumerate(zip(children, delays, strict=True)):
        reached = int(process.stdout.readline())
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
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
from gan_jax.checkpoint import Checkpoints
from jax.experimental import multihost_utils
address, rank, directory = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
jax.config.update("jax_cpu_collectives_implementation", "gloo")
jax.distributed.initialize(address, 2, rank)
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
"""


def test_of_two_processes_one_saves_and_both_restore_past_damage(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    children = [child(TWO, address, rank, tmp_path, XLA_FLAGS="") for rank in (0, 1)]
    try:
        said = [process.communicate(timeout=60)[0] for process in children]
    finally:
        for process in children:
            process.kill()
    assert all("restored 1 1 1 1" in text for text in said)
    assert places(tmp_path / "newest") == {"1", "2.damaged"}
