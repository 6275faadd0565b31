"""Facts about the order of batches: a pure function of (seed, role, position)."""

import itertools
import queue
import threading

import numpy as np
import pytest

from gan_jax import data
from gan_jax.data import prefetch
from gan_jax.errors import ConfigError, DataError


def numbered(size: int) -> data.Examples:
    """Examples whose label is their row."""
    image = np.arange(size, dtype=np.uint8).reshape(-1, 1, 1, 1)
    return data.Examples({"image": image, "label": np.arange(size, dtype=np.int32)})


def take(count: int, roles: dict[str, data.Examples], batch_size: int, **options):
    stream = data.stream(roles, batch_size, **options)
    batches = list(itertools.islice(stream, count))
    stream.close()
    return batches


def labels(batches, role="image") -> np.ndarray:
    return np.concatenate([batch[f"{role}_label"] for batch in batches])


def test_batches_carry_images_under_the_role_and_columns_beside_it():
    source = numbered(5).with_columns(feature=np.ones((5, 3), np.float32))
    target = numbered(7).without("label")
    (batch,) = take(1, {"source": source, "target": target}, 4, seed=0)
    assert {name: values.shape for name, values in batch.items()} == {
        "source": (4, 1, 1, 1),
        "source_label": (4,),
        "source_feature": (4, 3),
        "target": (4, 1, 1, 1),
    }
    assert batch["source"].dtype == np.uint8
    np.testing.assert_array_equal(batch["source"].ravel(), batch["source_label"])


@pytest.mark.parametrize("start", [0, 1, 6, 50])
def test_start_k_equals_skipping_k_batches(start):
    roles = {"image": numbered(17)}
    whole = labels(take(start + 4, roles, 5, seed=3))
    np.testing.assert_array_equal(labels(take(4, roles, 5, seed=3, start=start)), whole[5 * start :])


@pytest.mark.parametrize("batch_size", [1, 4, 12, 20, 36])
def test_each_epoch_visits_every_example_once_and_in_another_order(batch_size):
    drawn = labels(take(3 * 36 // batch_size + 1, {"image": numbered(12)}, batch_size, seed=1))
    epochs = drawn[: 3 * 12].reshape(3, 12)
    np.testing.assert_array_equal(np.sort(epochs), np.tile(np.arange(12), (3, 1)))
    assert len({tuple(epoch) for epoch in epochs}) == 3


@pytest.mark.parametrize("count", [2, 4])
def test_parts_of_all_processes_make_up_the_batch_of_one(count):
    roles = {"image": numbered(10)}
    parts = [take(6, roles, 8, seed=0, process_index=i, process_count=count) for i in range(count)]
    joined = [np.concatenate([b["image_label"] for b in row]) for row in zip(*parts, strict=True)]
    expected = [batch["image_label"] for batch in take(6, roles, 8, seed=0)]
    np.testing.assert_array_equal(joined, expected)


def test_a_batch_that_processes_cannot_share_is_refused():
    with pytest.raises(ConfigError, match=r"batch_size=8 is not divisible .* 3$"):
        data.stream({"image": numbered(10)}, 8, seed=0, process_count=3)


def test_a_role_is_unmoved_by_other_roles_and_moved_by_name_and_seed():
    alone = labels(take(3, {"source": numbered(40)}, 10, seed=0), "source")
    both = {"target": numbered(9), "source": numbered(40)}
    np.testing.assert_array_equal(labels(take(3, both, 10, seed=0), "source"), alone)
    renamed = labels(take(3, {"target": numbered(40)}, 10, seed=0), "target")
    reseeded = labels(take(3, {"source": numbered(40)}, 10, seed=1), "source")
    assert (renamed != alone).any() and (reseeded != alone).any()


def test_order_is_that_of_philox_keyed_by_seed_role_and_epoch():
    # zlib.crc32(b"image") is 3309110367: the order must survive new processes and versions.
    keys = np.random.SeedSequence([7, 3309110367, 1])
    expected = np.random.Generator(np.random.Philox(keys)).permutation(6)
    (batch,) = take(1, {"image": numbered(6)}, 6, seed=7, start=1)
    np.testing.assert_array_equal(batch["image_label"], expected)


@pytest.mark.parametrize("depth", [0, 1, 5])
def test_depth_of_prefetch_changes_nothing(depth):
    roles = {"image": numbered(11)}
    expected = labels(take(5, roles, 4, seed=0))
    np.testing.assert_array_equal(labels(take(5, roles, 4, seed=0, prefetch=depth)), expected)


def test_prefetch_makes_depth_items_ahead_in_one_other_thread_and_ends_it():
    made, threads = [], set()

    def make(position):
        made.append(position)
        threads.add(threading.current_thread())
        return position

    items = prefetch.background(make, 3, 2)
    assert not made
    assert [next(items), next(items)] == [3, 4]
    items.close()
    assert set(made) <= {3, 4, 5, 6} and len(threads) == 1
    (thread,) = threads
    assert thread is not threading.current_thread() and not thread.is_alive()


def test_an_exception_is_raised_where_its_item_would_come():
    items = prefetch.background(lambda position: 1 // (2 - position), 0, 3)
    assert [next(items), next(items)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(items)


def test_epoch_goes_through_the_first_role_once_in_order_while_others_cycle():
    batches = list(data.epoch({"source": numbered(7), "target": numbered(3)}, 4))
    assert [len(batch["source"]) for batch in batches] == [4, 3]
    np.testing.assert_array_equal(labels(batches, "source"), range(7))
    np.testing.assert_array_equal(labels(batches, "target"), [0, 1, 2, 0, 1, 2, 0])


def test_examples_are_read_only_and_of_equal_length():
    examples = numbered(4)
    with pytest.raises(ValueError, match="read-only"):
        examples.columns["label"][0] = 9
    with pytest.raises(TypeError):
        examples.columns["other"] = np.zeros(4)
    with pytest.raises(DataError, match=r"'image': 4, 'label': 4, 'z': 3"):
        examples.with_columns(z=np.zeros(3))
    replaced = examples.with_columns(label=np.zeros(4, np.int32))
    assert examples.columns["label"].sum() == 6 and replaced.columns["label"].sum() == 0


def test_prefetch_makes_depth_items_that_nobody_has_asked_for():
    made = queue.Queue()
    items = prefetch.background(lambda position: made.put(position) or position, 0, 2)
    assert next(items) == 0
    assert [made.get(timeout=20) for _ in range(3)] == [0, 1, 2]
    items.close()
