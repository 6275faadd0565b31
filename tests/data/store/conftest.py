"""Stores in small parts, and folders of noise to fill them."""

import numpy as np
import pytest
from picture_files import encoded, load, write

from gan_jax import data
from gan_jax.data.store import making


@pytest.fixture
def small_parts(monkeypatch):
    """A part of a store has three rows."""
    monkeypatch.setattr(making, "_PART_ROWS", 3)


@pytest.fixture
def noise(tmp_path):
    """A folder of ten pictures of noise, of several sizes, in two folders."""
    rng = np.random.default_rng(0)
    files = {}
    for row in range(10):
        pixels = rng.integers(0, 256, (16 + row, 20, 3), dtype=np.uint8)
        files[f"{'ab'[row % 2]}/{row}.png"] = encoded(pixels)
    return write(tmp_path / "noise", files)


@pytest.fixture
def both(tmp_path):
    """`both(path, **fields)` are the examples of a folder in memory, and those of its store."""

    def load_both(path, split="train", size=8, flip=False, load_size=0, **spec):
        fields = {"files": {"train": str(path)}, "split": split, **spec}
        options = {"size": size, "flip": flip, "load_size": load_size}
        store = data.Store(tmp_path / "store", above=0)
        return data.load(fields, **options), data.load(fields, **options, store=store)

    return load_both


@pytest.fixture
def stored(tmp_path):
    """`stored(path, poll=..., **fields)` are the examples of a folder from its store."""

    def load_stored(path, split="train", poll=lambda: None, **spec):
        return load(path, split, store=data.Store(tmp_path / "store", 0, poll), **spec)

    return load_stored
