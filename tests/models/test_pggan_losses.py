"""The loss of Progressive GAN's D, with a D and a G whose answers are known."""

from types import SimpleNamespace

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gan_jax.models import pggan
from gan_jax.models.shared import growing

SMALL = {"size": 16, "channels": 1, "z_dim": 4, "width_base": 32, "width_max": 4, "group": 2}


class Mean(nn.Module):
    """A D whose score is the mean of an image."""

    def __call__(self, images, level, stage):
        return images.mean((1, 2, 3))


class Grey(pggan.Model):
    """Its G draws grey, and its D has no parameters."""

    d = property(lambda self: Mean())

    def _fakes(self, state, params, n, rng, level, stage):
        return jnp.zeros((n, 4, 4, 1)), {}


def test_the_slope_is_measured_in_its_target_and_the_drift_is_that_of_real_images(monkeypatch):
    monkeypatch.setattr(growing.slopes, "gradient_penalty", lambda *_, scale: jnp.float32(scale))
    monkeypatch.setattr(growing.game, "update", lambda state, name, tx, loss: (state, loss({})[0]))
    m = Grey(**SMALL, gp_target=4.0, gp_weight=10.0, drift=0.5)
    state = SimpleNamespace(players={"gen": SimpleNamespace(params={})}, step=0)
    loss = jax.jit(lambda real: m._update_d(state, real, jax.random.key(0), None, 0)[1])
    # D's loss is -3, which is the score of real images.
    assert float(loss(np.full((2, 4, 4, 1), 3, np.float32))) == pytest.approx(-3 + 10 / 4 + 0.5 * 3**2)
