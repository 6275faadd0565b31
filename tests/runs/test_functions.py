"""A run's model as functions of host arrays, in parts."""

import jax
import numpy as np
import pytest

from gan_jax.runs import functions, restore


class Draws:
    """A translation that answers every image with a number drawn for it."""

    def generate(self, state, batch, rng):
        return {"target": state + batch["source"] + jax.random.uniform(rng, batch["source"].shape)}


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setattr(functions, "_BATCH", 4)
    return restore.Run(None, Draws(), np.float32(0), None)


def test_every_part_of_many_images_has_noise_of_its_own(run):
    pictures = {"source": np.zeros((10, 1, 1, 1), np.float32)}
    made = functions.generate(run, pictures)["target"]
    assert made.shape == (10, 1, 1, 1)
    assert len(np.unique(made)) == 10
    np.testing.assert_array_equal(functions.generate(run, pictures)["target"], made)
    assert not np.isin(functions.generate(run, pictures, seed=1)["target"], made).any()


def test_parts_keep_their_order(run):
    pictures = {"source": np.arange(10, dtype=np.float32).reshape(10, 1, 1, 1)}
    np.testing.assert_array_equal(np.floor(functions.generate(run, pictures)["target"]), pictures["source"])


class Labelled:
    """A conditional model whose images tell their latent vector and their class."""

    num_classes = 10

    def decode(self, state, z, label):
        return state + 10 * z[:, 0] + label


def test_every_latent_of_every_part_keeps_its_own_label(run):
    z, label = np.arange(10, dtype=np.float32), np.array([3, 1, 4, 1, 5, 9, 2, 6, 5, 0])
    made = functions.decode(restore.Run(None, Labelled(), run.state, None), z[:, None], label)
    np.testing.assert_array_equal(made, 10 * z + label)
