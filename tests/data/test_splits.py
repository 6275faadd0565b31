"""Slices of splits are those of tensorflow-datasets, for every form that is not a shard."""

import itertools

import pytest
import tensorflow_datasets as tfds

from gan_jax.data import splits
from gan_jax.errors import DataError

SIZES = {"train": 1083, "test": 10, "trainA": 7}
BOUNDS = ("", "0", "3", "-3", "10", "-10", "11", "-11", "1_0", "50%", "33.3%", "-50%", "5.5", "100%", "101%",
          "abc", "5%%")  # fmt: skip
SLICES = [
    f"{name}[{a}:{b}]" for name in (*SIZES, "all", "other") for a, b in itertools.product(BOUNDS, repeat=2)
]
SUMS = ("test", "all", "all+test", "test + train", "test[:3]+train[5:]+trainA", "", "+", "te st", " test",
        "test[3]", "test[]", "test[:]", "test[", "test[1:2:3]", "test[ 1:2]", "test[-%:]")  # fmt: skip


def theirs(split):
    infos = {
        name: tfds.core.SplitInfo(name=name, shard_lengths=[size], num_bytes=0)
        for name, size in SIZES.items()
    }
    try:
        parts = tfds.core.ReadInstruction.from_spec(split).to_absolute(infos)
    except (ValueError, NotImplementedError):
        return "refused"
    ends = [slice(part.from_, part.to).indices(SIZES[part.splitname])[:2] for part in parts]
    return [(part.splitname, slice(*end)) for part, end in zip(parts, ends, strict=True)]


def ours(split):
    try:
        return splits.parse(split, SIZES, "a set")
    except DataError:
        return "refused"


def test_slices_are_those_of_tfds():
    expected = {split: theirs(split) for split in (*SLICES, *SUMS)}
    assert "refused" in expected.values() and len({str(rows) for rows in expected.values()}) > 50
    assert {split: ours(split) for split in expected} == expected


@pytest.mark.parametrize(
    ("split", "reason"),
    [
        ("other", "there is no split 'other'"),
        ("test[:101%]", "101% is more than the 10 rows"),
        ("test[0shard]", "'test[0shard]' is not understood: expected NAME, NAME[FROM:TO]"),
    ],
)
def test_what_cannot_be_read_is_named_with_what_there_is(split, reason):
    with pytest.raises(DataError) as error:
        splits.parse(split, SIZES, "a set")
    start = f"split {split!r} of a set cannot be read; splits there: train (1083), test (10), trainA (7); "
    assert str(error.value).startswith(start + reason)
