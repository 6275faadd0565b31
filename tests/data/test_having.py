"""Roles of images that have some attributes and lack others."""

import numpy as np
import pytest

from gan_jax import data
from gan_jax.errors import ConfigError, DataError

EMOJI = {"name": "emoji", "split": "validation[:64]"}


def load(**fields):
    return data.load({**EMOJI, **fields}, size=16)


def labels(*names):
    return load(attributes=names).columns["label"]


def test_having_and_lacking_part_the_images():
    male = labels("Male")[:, 0] == 1
    whole = load(labels=False).columns["image"]
    for field, mask in (("having", male), ("lacking", ~male)):
        part = load(**{field: ("Male",)})
        np.testing.assert_array_equal(part.columns["image"], whole[mask])
        assert set(part.columns) == {"image"}
        np.testing.assert_array_equal(part.listing.rows, np.flatnonzero(mask))
    assert 0 < male.sum() < 64


def test_conditions_join_and_leave_the_label_what_it_is():
    known = labels("Smiling", "Male", "Eyeglasses")
    mask = (known[:, 1] == 1) & (known[:, 2] == 0)
    part = load(attributes=("Smiling", "Male"), having=("Male",), lacking=("Eyeglasses",))
    np.testing.assert_array_equal(part.columns["label"], known[mask][:, :2])
    assert 0 < mask.sum() < 64


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"having": "Male"}, r"^having='Male' is not allowed; allowed: names, each in one of the fields$"),
        ({"having": ("Male",), "lacking": ("Male",)}, r"^having=\('Male',\) is not allowed"),
        (
            {"name": "digits_plain", "having": ("Male",)},
            r"^having=\('Male',\) needs attributes; these images",
        ),
    ],
)
def test_conditions_that_cannot_be_met_are_refused(fields, message):
    with pytest.raises(ConfigError, match=message):
        data.check({**EMOJI, **fields})


def test_an_unknown_attribute_is_refused_before_images_are_read():
    with pytest.raises(DataError, match=r"^attribute 'Mail' of emoji "):
        data.check({**EMOJI, "lacking": ("Mail",)})


def test_no_image_left_is_refused():
    male = load(split="validation[:1]", attributes=("Male",)).columns["label"][0, 0]
    with pytest.raises(DataError, match=r"^split 'validation\[:1\]' of emoji holds no example$"):
        load(split="validation[:1]", **{"lacking" if male else "having": ("Male",)})
