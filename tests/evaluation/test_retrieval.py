"""Whether a transfer leads back to its original: which image is looked for, and with which descriptor."""

import math

import judges
import numpy as np
import pytest

from gan_jax.errors import ConfigError, DataError
from gan_jax.evaluation import retrieval

# --- the evaluator -------------------------------------------------------------------------------


class Mean(judges.Judge):
    """Describes an image by its mean colour."""

    def embed(self, images):
        floats = images / 127.5 - 1 if images.dtype == np.uint8 else images
        return floats.mean((1, 2))


def batches(count, size):
    pictures = np.random.default_rng(0).integers(0, 256, (count, 32, 32, 3), np.uint8)
    for first in range(0, count, size):
        yield {"source": pictures[first : first + size]}


def keep(batch):
    """A G that changes nothing."""
    return {"target": batch["source"].astype(np.float32) / 127.5 - 1}


def forget(batch):
    return {"target": np.zeros(batch["source"].shape, np.float32)}


@pytest.mark.parametrize("network", ["", "eye"])
@pytest.mark.parametrize("size", [7, 50])
def test_what_is_kept_is_found_among_all_that_follow_the_probes(network, size):
    found = retrieval.evaluate(keep, batches(50, size), {"eye": Mean()}, probes=10, network=network)
    assert found["mean_rank"] == found["rank_1"] == 1
    assert (found["probes"], found["distractors"], found["chance_mean_rank"]) == (10, 40, 21)


def test_what_is_forgotten_is_not_and_no_more_than_the_probes_are_transferred():
    seen = []

    def apply(batch):
        seen.append(len(batch["source"]))
        return forget(batch)

    found = retrieval.evaluate(apply, batches(60, 8), {}, probes=10)
    assert seen == [8, 8]
    # All probes look alike, so the ranks of ten random images among fifty others are uniform on 1 to 51.
    assert abs(found["mean_rank"] - 26) < 4 * math.sqrt((51**2 - 1) / 12 / 10)


def test_an_unknown_network_and_too_few_images_are_refused():
    with pytest.raises(ConfigError, match=r"^network='ear' is not known; known: eye$"):
        retrieval.evaluate(keep, batches(5, 5), {"eye": Mean()}, network="ear")
    with pytest.raises(DataError, match=r"^5 images leave no distractor beside probes=118$"):
        retrieval.evaluate(keep, batches(5, 5), {})
