"""Small states to save, restore and compare."""

import jax
import numpy as np

from gan_jax.runs.checkpoint import Checkpoints


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
    """Checks that the checkpoint found is that of `step`, equal to the last bit."""
    restored, meta = found
    assert meta == {"note": f"of {step}", "step": step}
    for have, want in zip(jax.tree.leaves(restored), jax.tree.leaves(tree(step)), strict=True):
        assert have.dtype == want.dtype
        assert have.tobytes() == want.tobytes()


def contents(folder):
    return {p.relative_to(folder): p.read_bytes() if p.is_file() else None for p in folder.rglob("*")}


def places(folder):
    return {p.name for p in folder.iterdir()}


def ours(records):
    """Messages of this package only: orbax leaves tasks behind, and asyncio reports them at any time."""
    return [record.getMessage() for record in records if record.name.startswith("gan_jax")]
