"""Label vectors: blocks and masks of several sets, and the labels that a test asks for."""

import jax
import numpy as np
import programs
import pytest

from gan_jax.errors import ConfigError
from gan_jax.ops import labels as plain
from gan_jax.ops.labels import LabelSets

mismatched = programs.each(plain).mismatched

HAIR = ("Black_Hair", "Male", "Blond_Hair", "Brown_Hair")
ONE = LabelSets((HAIR,), (False,))
TWO = LabelSets((HAIR, ("sad", "happy", "neutral")), (False, True))


def test_lengths_and_blocks():
    assert (ONE.size, ONE.labels, ONE.roles) == (4, 4, ("a",))
    assert (TWO.size, TWO.labels, TWO.roles) == (4 + 3 + 2, 7, ("a", "b"))
    assert (TWO.block(0), TWO.block(1)) == (slice(0, 4), slice(4, 7))


def test_the_papers_both_mode_has_fifteen():
    assert LabelSets((tuple("abcde"), tuple("abcdefgh")), (False, True)).size == 15


@pytest.mark.parametrize("which", [0, 1])
def test_the_other_block_is_zero_and_the_mask_sums_to_one(which):
    n = len(TWO.names[which])
    bits = np.ones((2, n), np.float32)
    vector = np.asarray(TWO.vector(which, bits))
    assert vector.dtype == np.float32
    np.testing.assert_array_equal(vector[:, TWO.block(which)], 1)
    np.testing.assert_array_equal(vector[:, TWO.block(1 - which)], 0)
    np.testing.assert_array_equal(vector[:, 7:], np.eye(2)[[which, which]])


def test_a_wrong_mask_changes_the_mask_alone():
    bits = np.array([[0, 1, 0]], np.float32)
    np.testing.assert_array_equal(TWO.vector(1, bits), [[0, 0, 0, 0, 0, 1, 0, 0, 1]])
    np.testing.assert_array_equal(TWO.vector(1, bits, mask=0), [[0, 0, 0, 0, 0, 1, 0, 1, 0]])


def test_one_set_has_no_mask():
    bits = np.array([[1, 0, 0, 1]], np.float32)
    np.testing.assert_array_equal(ONE.vector(0, bits), bits)


def test_a_colour_of_hair_is_set_and_the_others_cleared():
    start = np.array([[1, 1, 0, 0], [0, 0, 0, 0], [0, 1, 1, 1]], np.float32)
    wanted = [[0, 1, 1, 0], [0, 0, 1, 0], [0, 1, 1, 0]]
    np.testing.assert_array_equal(ONE.request(0, start, 2), wanted)
    np.testing.assert_array_equal(ONE.request(0, np.array(wanted), 2), wanted)


@pytest.mark.parametrize("colour", ["Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair"])
def test_each_of_celebas_four_colours_clears_the_others(colour):
    others = [name for name in ("Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair") if name != colour]
    sets = LabelSets(((colour, *others, "Male"),), (False,))
    np.testing.assert_array_equal(sets.request(0, np.array([[0, 1, 1, 1, 1]]), 0), [[1, 0, 0, 0, 1]])


def test_another_attribute_is_flipped_and_twice_is_never():
    start = np.array([[1, 1, 0, 0], [0, 0, 1, 0]], np.float32)
    once = ONE.request(0, start, 1)
    np.testing.assert_array_equal(once, [[1, 0, 0, 0], [0, 1, 1, 0]])
    np.testing.assert_array_equal(ONE.request(0, once, 1), start)


def test_of_classes_the_target_alone_is_left():
    start = TWO.bits(1, np.array([0, 2, 1]))
    np.testing.assert_array_equal(start, np.eye(3)[[0, 2, 1]])
    np.testing.assert_array_equal(TWO.request(1, start, 1), np.eye(3)[[1, 1, 1]])


def test_an_unknown_class_is_not_a_number():
    bits = np.asarray(TWO.bits(1, np.array([1, 3])))
    assert np.isfinite(bits[0]).all()
    assert np.isnan(bits[1]).all()


def test_labels_are_found_by_name():
    assert TWO.find("happy") == (1, 1)
    with pytest.raises(ConfigError, match="label 'Black_hair' is not known; did you mean 'Black_Hair'"):
        TWO.find("Black_hair")


@pytest.mark.parametrize(
    ("names", "exclusive", "message"),
    [
        ((), (), "labels=() are 0 sets; allowed: 1 to 26"),
        (("Male",), (False,), "labels='Male' of one set are not allowed; allowed: names, each once"),
        ((("a", "a"),), (True,), "labels=('a', 'a') of one set are not allowed; allowed: names, each once"),
        (((),), (True,), "labels=() of one set are not allowed; allowed: names, each once"),
        ((("a",),), (1,), "exclusive=(1,) is not allowed; allowed: 1 booleans"),
    ],
)
def test_what_is_no_set_is_refused(names, exclusive, message):
    with pytest.raises(ConfigError) as error:
        LabelSets(names, exclusive)
    assert str(error.value) == message


@pytest.mark.parametrize("exclusive", [False, True])
def test_mismatched_labels_are_never_the_images_own(exclusive):
    rows = np.eye(3, dtype=np.float32)[[0, 0, 1, 2, 2, 2]] if exclusive else np.ones((6, 3), np.float32)
    own = 2 * rows - 1
    others = mismatched(jax.random.key(1), own, exclusive)
    assert (others != own).any(-1).all()
    assert set(np.unique(others)) == {-1, 1}
    if exclusive:
        np.testing.assert_array_equal((others > 0).sum(-1), 1)
    else:
        np.testing.assert_array_equal((others != own).sum(-1), 1)  # a label that is equal is changed in one
    mixed = np.array([[1.0, -1, -1], [-1, 1, 1]])
    np.testing.assert_array_equal(mismatched(jax.random.key(1), mixed, exclusive), mixed[::-1])
