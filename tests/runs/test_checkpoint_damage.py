"""Damaged checkpoints are skipped, another model's are refused; messages name them, none is deleted."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from saving import assert_is, contents, ours, places, restore, save, tree

from gan_jax.errors import CheckpointError
from gan_jax.runs import checkpoint
from gan_jax.runs.checkpoint import Checkpoints


def spoil(step_folder):
    (step_folder / "meta" / "metadata").write_bytes(b"{")


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """A folder with steps 1, 2 and 3. Tests copy it before they damage it."""
    return save(tmp_path_factory.mktemp("three"), 1, 2, 3)


@pytest.fixture
def broken(three, tmp_path):
    """A copy of `three` to damage."""
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
        assert_is(found, found[1]["step"])  # step 3 if orbax does not read this file
        if found[1]["step"] == 3:
            assert ours(caplog.records) == []
            continue
        assert found[1]["step"] == 2
        (message,) = ours(caplog.records)
        assert message.startswith(f"checkpoint {newest} is damaged: ")
        assert message.endswith("; using step 2 instead")
        assert "\n" not in message
        fell_back.append(path)
    assert newest / "meta" / "metadata" in fell_back
    # The largest file holds the leaves.
    assert max(newest.rglob("*"), key=lambda p: p.stat().st_size * p.is_file()) in fell_back


@pytest.mark.parametrize("part", ["", "state", "meta"])
def test_a_folder_that_is_gone_is_damage(broken, part):
    shutil.rmtree(broken / "newest" / "3" / part)
    (broken / "newest" / "3").mkdir(exist_ok=True)
    assert_is(restore(broken), 2)


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
        ({"bias": None}, r"the checkpoint has params\.bias, which this model does not have"),
    ],
    ids=["shape", "dtype", "missing", "extra"],
)
def test_another_model_is_named_by_the_leaf_and_not_taken_for_damage(broken, caplog, change, message):
    before = contents(broken)
    target = tree(0)
    target["params"] |= change
    with pytest.raises(CheckpointError, match=message):
        restore(broken, target)
    assert ours(caplog.records) == []
    assert contents(broken) == before


@pytest.mark.long
def test_another_format_is_refused_and_not_taken_for_damage(broken):
    path = broken / "newest" / "3" / "meta" / "metadata"
    content = json.loads(path.read_text())
    assert content["format"] == checkpoint.FORMAT
    path.write_text(json.dumps({**content, "format": checkpoint.FORMAT + 1}))
    before = contents(broken)
    with pytest.raises(
        CheckpointError, match=f"newest/3 is not of format {checkpoint.FORMAT} or earlier, which"
    ):
        restore(broken)
    assert contents(broken) == before
