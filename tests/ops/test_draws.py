"""Draws for the rows of a batch, each by a key of its own."""

import jax
import numpy as np
import programs

from gan_jax.ops import draws as plain

draws = programs.each(plain)


def normal(key, n):
    return jax.random.normal(key, (n, 3))


def test_a_row_s_draw_is_that_of_its_key():
    (keys,) = draws.of_rows(jax.random.split(jax.random.key(0), 4), 4)
    found = draws.by_row(normal, keys)
    np.testing.assert_array_equal(found, [normal(key, 1)[0] for key in keys])
    assert len(np.unique(found)) == 12
    np.testing.assert_array_equal(draws.by_row(normal, keys[2:]), found[2:])


def test_one_key_gives_each_row_the_key_of_its_place():
    rng = jax.random.key(1)
    (keys,) = draws.of_rows(rng, 3)
    for i, key in enumerate(keys):
        assert key == jax.random.fold_in(rng, i)


def test_several_draws_of_a_row_have_keys_of_their_own():
    first, second = draws.of_rows(jax.random.key(2), 3, parts=2)
    assert first.shape == second.shape == (3,)
    drawn = np.concatenate([jax.random.key_data(first), jax.random.key_data(second)])
    assert len(np.unique(drawn, axis=0)) == 6
    (keys,) = draws.of_rows(jax.random.key(2), 3)
    assert first[1] == jax.random.split(keys[1], 2)[0]
