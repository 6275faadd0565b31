"""Sets that tensorflow-datasets has prepared, read from a store."""

import levels
import numpy as np
import pytest
from prepared_sets import faces

from gan_jax import data
from gan_jax.data.sources import tfds_rows
from gan_jax.data.store import making
from gan_jax.data.store.stored import Stored


@levels.parametrize("file_format", ["array_record", "tfrecord"], kept=("array_record",))
def test_a_set_fills_a_store_which_gives_the_same_rows_and_labels(tmp_path, file_format, monkeypatch):
    """The store is made in parts of two rows, of which a cut leaves one, and serves all attributes."""
    folder, store = faces(tmp_path, file_format), data.Store(tmp_path / "store", 0)
    monkeypatch.setattr(making, "_PART_ROWS", 2)

    class Cut(Exception):
        pass

    def cut():
        raise Cut

    spec = {"name": "faces", "split": "train[1:]+train[:1]"}
    with pytest.raises(Cut):
        data.load(spec, size=8, data_dir=str(folder), store=data.Store(tmp_path / "store", 0, cut))
    for options in ({}, {"attributes": ("Young", "Male")}, {"having": ("Male",)}):
        resident, stored = (
            data.load({**spec, **options}, size=8, data_dir=str(folder), store=place)
            for place in (None, store)
        )
        assert isinstance(stored.columns["image"], Stored) and set(resident.columns) == set(stored.columns)
        for name, values in resident.columns.items():
            np.testing.assert_array_equal(stored.columns[name][:], values)
        np.testing.assert_array_equal(resident.listing.shown, stored.listing.shown)
        monkeypatch.setattr(tfds_rows.Prepared, "fill", None)  # what follows is read from the store
    assert len([*(tmp_path / "store").glob("*/images.npy")]) == 1
