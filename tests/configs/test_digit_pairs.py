"""The pairs of digits for domain adaptation: whose images and labels each network sees."""

from pathlib import Path

import numpy as np
import pytest

from gan_jax import config, data
from gan_jax.config.recipes import digit_pairs

FOLDER = Path(__file__).parents[2] / "configs"
# Pair -> folder of the files of each side, channels of each side of DTN, channels of CycleGAN.
EXPECTED = {
    "mnist_usps": (("mnist", "usps"), (1, 1), 1),
    "usps_mnist": (("usps", "mnist"), (1, 1), 1),
    "svhn_mnist": (("svhn", "mnist"), (3, 1), 3),
    "mnist_mnist_m": (("mnist", "mnist_m"), (1, 3), 3),
}
NATURAL = {"mnist": 1, "usps": 1, "svhn": 3, "mnist_m": 3}


def resolved(file, *variants):
    return config.resolved(config.load(f"{FOLDER / file}_digit_pairs.py:{','.join(variants)}"))


def set_of(role):
    """The set of a role, by the folder of its files."""
    return next(iter(role.files.values())).partition("/")[0]


@pytest.mark.parametrize("pair", digit_pairs.PAIRS)
@pytest.mark.parametrize("file", ["cyclegan", "dtn"])
def test_a_pair_has_its_sets_and_channels_and_no_label_of_the_target_but_the_judges(file, pair):
    built = resolved(file, pair, "part")
    (source, target), natural, equal = EXPECTED[pair]
    roles = built.data.roles
    assert (set_of(roles.source), set_of(roles.target)) == (source, target)
    assert (roles.source.labels, roles.target.labels) == (False, False)
    sides = roles.source, roles.target
    channels = [role.get("channels", 0) or NATURAL[set_of(role)] for role in sides]
    assert tuple(channels) == (natural if file == "dtn" else (equal, equal))
    assert built.model.target_channels == channels[1]
    judge = built.requires.judge
    assert set_of(judge.data.roles.image) == set_of(judge.evals.test.roles.image) == target
    assert set_of(built.evals.test.roles.source) == source
    # Only the judge learns the target's labels, and no checkpoint is chosen by a judge.
    assert (built.checkpoint_rule, built.best) == ("last", "")
    if file == "dtn":
        assert set_of(built.requires.f.data.roles.image) == source
        assert "validation" not in built.evals
    else:
        assert set(built.requires) == {"judge"}
        assert built.model.source_channels == equal
        assert {name: set_of(role) for name, role in built.evals.cycle.roles.items()} == {
            "source": source,
            "target": target,
        }


def test_part_may_stand_before_the_pair_and_splits_the_part_of_svhn():
    for file in ("cyclegan", "dtn"):
        built = resolved(file, "svhn_mnist", "part")
        assert built == resolved(file, "part", "svhn_mnist")
        assert built.data.roles.source.split == "test[:8000]+train"
        assert built.evals.test.roles.source.split == "test[8000:]"
    assert built.requires.f.data.roles.image.split == "test[:8000]+train"
    assert built.requires.f.evals.test.roles.image.split == "test[8000:]"


def test_f_is_the_one_that_dtn_from_house_numbers_has():
    """`runs/cache` then trains it once."""
    ours = resolved("dtn", "svhn_mnist", "part").requires.f
    theirs = config.resolved(config.load(f"{FOLDER / 'dtn_svhn_mnist.py'}:part")).requires.f
    assert ours == theirs


@pytest.mark.long
@pytest.mark.real_data
def test_the_real_sets_have_the_official_numbers_of_images_and_labels():
    found = {}
    for name in ("mnist_usps", "mnist_mnist_m"):
        judge = resolved("cyclegan", name, "part").requires.judge
        roles = [place.roles.image.to_dict() for place in (judge.data, judge.evals.test)]
        found[name] = [data.load(role, size=32).columns for role in roles]
    assert [x["image"].shape for x in found["mnist_usps"]] == [(7291, 32, 32, 1), (2007, 32, 32, 1)]
    assert [x["image"].shape for x in found["mnist_mnist_m"]] == [(1000, 32, 32, 3), (300, 32, 32, 3)]
    # The numbers of the zeros to nines in the official files of USPS.
    counts = [1194, 1005, 731, 658, 652, 556, 664, 645, 542, 644]
    assert np.bincount(found["mnist_usps"][0]["label"]).tolist() == counts
    # MNIST-M's images are blends of MNIST's in the same order.
    mnist = resolved("cyclegan", "mnist_usps", "part").data.roles.source.to_dict() | {"labels": True}
    labels = data.load(mnist, size=32).columns["label"]
    np.testing.assert_array_equal(found["mnist_mnist_m"][0]["label"][:100], labels[:100])
