"""Small sets as tensorflow-datasets prepares them."""

from pathlib import Path

import numpy as np
import tensorflow_datasets as tfds


def faces(folder, file_format="array_record") -> Path:
    """A prepared set in the layout of celeb_a: oblong images whose grey is their row, with attributes."""
    rows = [
        (
            row,
            {"image": np.full((12, 10, 3), row, np.uint8), "attributes": {"Male": row % 2, "Young": row > 3}},
        )
        for row in range(6)
    ]
    attributes = {"Male": np.bool_, "Young": np.bool_}
    features = {"image": tfds.features.Image(shape=(12, 10, 3)), "attributes": attributes}
    return prepared(folder, "faces", features, rows, file_format)


def prepared(folder, name, features, rows, file_format="array_record") -> Path:
    """The folder, after a set with these rows of `train` was prepared in it."""
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version="1.0.0",
        features=tfds.features.FeaturesDict(features),
        split_datasets={"train": rows},
        data_dir=folder,
        file_format=file_format,
        disable_shuffling=True,
    )
    return folder
