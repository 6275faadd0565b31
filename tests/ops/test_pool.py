"""The pool of generated images: which images return, how often and how old, with numbered images."""

import collections

import jax
import jax.numpy as jnp
import numpy as np
import programs
import pytest

from gan_jax.ops import pool as plain

pool = programs.each(plain)


def numbered(first, count, side=1):
    """Images [count, side, side, 1] whose pixels are their number, from `first` on."""
    numbers = np.arange(first + 1, first + count + 1, dtype=np.float32)
    return np.broadcast_to(numbers[:, None, None, None], (count, side, side, 1))


def played(size, queries, seed=0):
    """Numbers returned by `queries` images one after another, and the numbers left in the pool."""
    state, out = pool.query(pool.create(size, (1, 1, 1)), numbered(0, queries), jax.random.key(seed))
    return out[:, 0, 0, 0].astype(int), state["images"][:, 0, 0, 0].astype(int), state


def test_the_first_images_come_back_as_they_are():
    out, left, state = played(50, 50)
    np.testing.assert_array_equal(out, np.arange(50) + 1)
    np.testing.assert_array_equal(left, np.arange(50) + 1)
    assert int(state["count"]) == 50


def test_no_image_is_lost_or_made():
    # Both lists together have every image once, except the first N: those were stored and returned at once.
    out, left, _ = played(50, 3000)
    counts = collections.Counter([*out, *left])
    assert counts == {number + 1: 2 if number < 50 else 1 for number in range(3000)}


def test_once_full_half_of_what_comes_back_is_new_and_the_rest_100_queries_old():
    out, _, _ = played(50, 20_000)
    age = np.arange(20_000) + 1 - out
    later = age[50:]
    assert np.mean(later == 0) == pytest.approx(0.5, abs=0.02)
    # Each query removes a stored image with probability 1 / 100.
    assert later[later > 0].mean() == pytest.approx(100, abs=6)
    assert np.median(later[later > 0]) == pytest.approx(69, abs=6)


def test_every_slot_gives_its_image_back():
    # Of four slots each is emptied with probability 1 / 8 a query: (7 / 8)^100 is 2e-6.
    _, left, _ = played(4, 400)
    assert left.min() > 300


def test_queries_one_by_one_keep_the_same_laws():
    state, seen = pool.create(3, (1, 1, 1)), []
    for i in range(60):
        state, out = pool.query(state, numbered(2 * i, 2), jax.random.key(i))
        seen += list(out[:, 0, 0, 0].astype(int))
    counts = collections.Counter([*seen, *state["images"][:, 0, 0, 0].astype(int)])
    assert counts == {number + 1: 2 if number < 3 else 1 for number in range(120)}
    assert seen[:3] == [1, 2, 3]
    assert int(state["count"]) == 3


def test_a_pool_of_no_images_gives_back_what_it_is_given():
    given = numbered(7, 4, side=2)
    state = pool.create(0, (2, 2, 1))
    after, out = plain.query(state, given, jax.random.key(0))
    np.testing.assert_array_equal(out, given)
    assert after is state


def test_what_comes_back_carries_no_gradient():
    def total(images):
        return pool.query(pool.create(2, (1, 1, 1)), images, jax.random.key(0))[1].sum()

    np.testing.assert_array_equal(jax.jit(jax.grad(total))(numbered(0, 5)), np.zeros((5, 1, 1, 1)))


def test_shapes_and_types_of_the_state_stay():
    state = pool.create(4, (2, 3, 1))
    after, _ = jax.eval_shape(plain.query, state, jnp.ones((6, 2, 3, 1)), jax.random.key(0))
    describe = lambda tree: jax.tree.map(lambda x: (x.shape, x.dtype), tree)  # noqa: E731
    assert describe(after) == describe(state)
    assert state["images"].shape == (4, 2, 3, 1)
    assert state["count"].dtype == jnp.int32


def test_images_are_dealt_to_other_numbers_of_pools_without_one_twice():
    images = np.arange(12, dtype=np.float32).reshape(3, 4, 1, 1, 1)
    pools = {"images": images, "count": np.array([4, 1, 2], np.int32)}  # 0 1 2 3, 4, 8 9
    two = plain.dealt(pools, 2)
    assert two["count"].tolist() == [4, 3]
    assert two["images"][..., 0, 0, 0].tolist() == [[0, 8, 9, 3], [4, 1, 2, 0]]
    one = plain.dealt(pools, 1)
    assert one["count"].tolist() == [4]
    assert one["images"].ravel().tolist() == [0, 4, 8, 1]
    assert {name: (x.shape, x.dtype) for name, x in one.items()} == {
        "images": ((1, 4, 1, 1, 1), np.float32),
        "count": ((1,), np.int32),
    }
