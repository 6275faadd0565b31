"""Checkpoints are restored to the last bit, and the newest few and the best one are kept."""

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from saving import assert_is, contents, places, restore, save, tree

from gan_jax.errors import CheckpointError, NonFiniteError
from gan_jax.runs import checkpoint, leaves
from gan_jax.runs.checkpoint import Checkpoints


@flax.struct.dataclass
class Player:
    params: dict
    opt_state: tuple
    ema: dict | None


def test_names_are_attributes_keys_fields_and_indices():
    params = {"Conv_0": {"kernel": np.ones((2, 2), np.float32)}}
    player = Player(params, optax.chain(optax.clip(1.0), optax.adam(0.1)).init(params), None)
    flat = leaves.flatten({"players": {"g": player}, "memory": {}, "steps": [np.int32(1), np.int32(2)]})
    moments = "players.g.opt_state.1.0"
    assert set(flat) == {
        "players.g.params.Conv_0.kernel",
        *(f"{moments}.count", f"{moments}.mu.Conv_0.kernel", f"{moments}.nu.Conv_0.kernel"),
        *("steps.0", "steps.1"),
    }
    assert flat["steps.1"] == 2


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


def frozen_tree(step, scale=1.0):
    """A state with frozen variables of several dtypes, an empty one and a number."""
    f = {"kernel": scale * np.arange(6, dtype=np.float32).reshape(2, 3), "empty": np.zeros((0, 4), np.int8)}
    f |= {"half": np.full(3, scale, jnp.bfloat16), "number": np.float32(scale)}
    return {"frozen": {"f": f}, "params": np.full(4, step, np.float32)}


def test_frozen_variables_are_stored_once_and_come_back_to_the_last_bit(tmp_path):
    checkpoints = Checkpoints(tmp_path, 3)
    for step in (1, 2, 3):
        checkpoints.save(frozen_tree(step), step, {}, best=step == 2)
    checkpoints.close()
    (file,) = (tmp_path / "frozen").iterdir()
    assert file.suffix == ".npz"
    for best, step in ((False, 3), (True, 2)):
        flat, _ = checkpoint.load(tmp_path, best)
        expected = leaves.flatten(frozen_tree(step))
        assert set(flat) == set(expected)
        for name, leaf in expected.items():
            assert (flat[name].dtype, flat[name].shape) == (leaf.dtype, leaf.shape)
            assert flat[name].tobytes() == leaf.tobytes()


def test_other_frozen_variables_have_a_file_of_their_own(tmp_path):
    checkpoints = Checkpoints(tmp_path, 3)
    for step in (1, 2):
        checkpoints.save(frozen_tree(step, scale=step), step, {})
    checkpoints.close()
    assert len(list((tmp_path / "frozen").iterdir())) == 2
    flat, _ = checkpoint.load(tmp_path)
    assert flat["frozen.f.number"] == 2


@pytest.mark.parametrize("damage", ["flipped", "cut", "gone"])
def test_damaged_frozen_variables_are_never_taken_for_whole(tmp_path, damage):
    checkpoints = Checkpoints(tmp_path, 3)
    checkpoints.save(frozen_tree(1), 1, {})
    checkpoints.close()
    (file,) = (tmp_path / "frozen").iterdir()
    content = bytearray(file.read_bytes())
    place = content.index(np.float32(5.0).tobytes())  # the kernel's last value
    content[place] ^= 1
    {
        "flipped": lambda: file.write_bytes(content),
        "cut": lambda: file.write_bytes(content[:place]),
        "gone": file.unlink,
    }[damage]()
    with pytest.raises(CheckpointError, match=r"every checkpoint in .* is damaged: steps 1"):
        checkpoint.load(tmp_path)


def test_leaves_of_an_earlier_version_are_found_under_their_new_names(tmp_path):
    checkpoints = Checkpoints(tmp_path, 3)
    checkpoints.save({"players": {"g": {"w": np.ones(2)}, "gone": {"w": np.zeros(1)}}}, 1, {})
    checkpoints.close()
    target = {"players": {"gen": {"w": np.zeros(2)}, "gone": {"w": np.ones(1)}}}
    with pytest.raises(CheckpointError, match=r"has no players\.gen\.w"):
        Checkpoints(tmp_path, 3).restore(target)
    restored, _ = Checkpoints(tmp_path, 3, prefixes={"players.g.": "players.gen."}).restore(target)
    assert restored["players"]["gen"]["w"].tolist() == [1, 1]
    assert restored["players"]["gone"]["w"].tolist() == [0]
