"""Damaged checkpoints are named and skipped. They are never restored and never deleted."""

import json
import logging
import shutil

import numpy as np
import pytest

from gan_jax.errors import CheckpointError
from gan_jax.runs import checkpoint, leaves
from gan_jax.train import train


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Checkpoints of steps 1, 2 and 3, with leaves of 1.0, 2.0 and 3.0 plus noise."""
    directory = tmp_path_factory.mktemp("run") / "checkpoints"
    checkpoints = checkpoint.Checkpoints(directory, keep=3)
    for step in (1, 2, 3):
        checkpoints.save(_tree(step), step, {"best": None, "seconds": 1.5, "step": step})
    checkpoints.close()
    return directory


def _tree(step):
    noise = np.random.default_rng(step).normal(size=(64, 48)).astype(np.float32)
    return {"params": {"kernel": noise, "bias": np.full(48, step, np.float32)}, "step": np.int32(step)}


def _truncate(path, rng):
    path.write_bytes(path.read_bytes()[: int(rng.integers(path.stat().st_size))])


def _empty(path, rng):
    path.write_bytes(b"")


def _delete(path, rng):
    path.unlink()


def _flip(path, rng):
    content = bytearray(path.read_bytes())
    bit = int(rng.integers(8 * len(content)))
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)


@pytest.fixture
def broken(folder, tmp_path):
    """Damages one file of the newest checkpoint in a copy of `folder`; returns copy and restored state."""

    def attempt(number, name, damage, rng):
        copy = tmp_path / str(number)
        shutil.copytree(folder, copy)
        damage(copy / "newest" / "3" / name, rng)
        return copy, checkpoint.load(copy)

    return attempt


@pytest.mark.parametrize("damage", [_truncate, _empty, _delete, _flip], ids=lambda f: f.__name__)
def test_each_file_of_the_newest_damaged_is_noticed_or_without_effect(folder, broken, damage, caplog):
    rng = np.random.default_rng(0)
    newest = folder / "newest" / "3"
    files = [p for p in sorted(newest.rglob("*")) if p.is_file() and p.stat().st_size]
    fell_back = set()
    for number, path in enumerate(files):
        caplog.clear()
        copy, (flat, meta) = broken(number, path.relative_to(newest), damage, rng)
        _assert_exactly(meta["step"], flat, meta)
        if meta["step"] == 3:
            continue
        assert meta["step"] == 2
        assert f"{copy / 'newest' / '3'} is damaged" in caplog.text
        assert "using step 2 instead" in caplog.text
        fell_back.add(path.name)
    assert "metadata" in fell_back
    if damage is not _flip:
        assert len(fell_back) >= 3


def test_no_bit_flipped_in_leaves_or_meta_is_believed(folder, broken):
    rng = np.random.default_rng(1)
    newest = folder / "newest" / "3"
    largest = max((p for p in newest.rglob("*") if p.is_file()), key=lambda p: p.stat().st_size)
    assert largest.stat().st_size > 64 * 48 * 3  # the file that holds the kernel
    for number in range(40):
        name = largest.relative_to(newest) if number % 2 else "meta/metadata"
        _, (flat, meta) = broken(number, name, _flip, rng)
        _assert_exactly(meta["step"], flat, meta)


def _assert_exactly(step, flat, meta):
    """Checks that the restored checkpoint equals the one written, to the last bit."""
    assert meta == {"best": None, "seconds": 1.5, "step": step}
    expected = leaves.flatten(_tree(step))
    assert set(flat) == set(expected)
    for name, leaf in expected.items():
        np.testing.assert_array_equal(flat[name], leaf)
        assert flat[name].dtype == leaf.dtype


@pytest.mark.long
def test_a_run_goes_on_from_the_one_before_and_keeps_the_damaged_one(tiny, tmp_path, caplog):
    straight = train(tiny(), tmp_path / "straight")
    path = tmp_path / "run"
    train(tiny(steps=6), path)
    (path / "checkpoints" / "newest" / "6" / "meta" / "metadata").write_bytes(b"{")
    caplog.clear()
    with caplog.at_level(logging.INFO):
        result = train(tiny(), path)
    assert "newest/6 is damaged" in caplog.text
    assert "tiny: resuming at step 4" in caplog.text
    assert result["params_sha256"] == straight["params_sha256"]
    assert _records(path) == _records(tmp_path / "straight")
    kept = {p.name for p in (path / "checkpoints" / "newest").iterdir()}
    assert "6.damaged" in kept
    assert {"6", "8"} <= kept


def test_all_damaged_is_an_error_that_deletes_nothing(tiny, copied):
    path = copied(4)
    for file in (path / "checkpoints").rglob("meta/metadata"):
        file.write_bytes(b"")
    before = _tree_of(path / "checkpoints")
    with pytest.raises(CheckpointError, match=r"^every checkpoint in .* steps 4, 2; none was deleted"):
        train(tiny(), path)
    assert _tree_of(path / "checkpoints") == before


def test_another_format_and_another_model_are_refused(folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    metadata = copy / "newest" / "3" / "meta" / "metadata"
    flat, _ = checkpoint.load(copy)
    with pytest.raises(CheckpointError, match=r"params\.kernel is float32 \[64, 48\].*\[2, 2\]"):
        leaves.fit(flat, {**_tree(3), "params": {"kernel": np.zeros((2, 2), np.float32)}})
    with pytest.raises(CheckpointError, match=r"has params\.bias, which this model does not have"):
        leaves.fit(flat, {"params": {"kernel": _tree(3)["params"]["kernel"]}, "step": np.int32(0)})
    content = json.loads(metadata.read_text())
    metadata.write_text(json.dumps({**content, "format": checkpoint.FORMAT + 1}))
    with pytest.raises(CheckpointError, match=f"format {checkpoint.FORMAT}"):
        checkpoint.load(copy)


def _records(path):
    return (path / "metrics.jsonl").read_text()


def _tree_of(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
