"""What the updates of a noise-to-image game are given: images, keys, classes, ends of the penalty."""

import functools

import adversaries as play
import jax
import jax.numpy as jnp
import numpy as np
from standing import told

from gan_jax.models import gan
from gan_jax.models.shared import adversarial

STEPS = 3


class Noting(gan.Model):
    """Its updates note what they are given. The state is the text of the updates so far."""

    def _update_d(self, state, batch, rng):
        self.noted.append((batch["image"], jax.random.key_data(rng)))
        return state + "d", {"disc/number": jnp.asarray(len(self.noted), float)}

    def _update_g(self, state, batch, rng):
        self.noted.append((batch["image"], jax.random.key_data(rng)))
        return state + "g", {"gen/after": state}


@functools.cache
def given():
    """What each update of an iteration is given, in order, the iteration's end and metrics, and its batch."""
    m = Noting(**play.SMALL, d_steps=STEPS)
    object.__setattr__(m, "noted", [])
    batch = play.pictures(m)
    state, metrics = m.train_step("", batch, jax.random.key(0), "train")
    return m.noted, {**metrics, "end": state}, batch["image"]


def test_d_moves_first_and_g_against_the_d_that_moved():
    _, metrics, _ = given()
    assert metrics["gen/after"] == "d" * STEPS
    assert metrics["end"] == "d" * STEPS + "g"


def test_d_sees_every_part_of_the_batch_once_and_g_draws_as_many_images_as_one_part_has():
    noted, _, images = given()
    *of_d, (compared, _) = noted
    assert len(of_d) == STEPS
    np.testing.assert_array_equal(np.concatenate([part for part, _ in of_d]), images)
    assert len(compared) == play.B == len(images) // STEPS
    np.testing.assert_array_equal(compared, of_d[-1][0])


def test_every_update_draws_for_itself():
    noted, _, _ = given()
    assert len({np.asarray(key).tobytes() for _, key in noted}) == STEPS + 1


def test_metrics_are_those_of_the_last_update_of_d():
    _, metrics, _ = given()
    assert float(metrics["disc/number"]) == STEPS


def test_the_penalty_is_asked_for_between_the_real_images_and_the_fakes(monkeypatch):
    def ends(critic, real, fake, epsilon, sides=2, scale=1.0):
        # Units are for the fakes, tens for the real images, all above 4, hundreds for the sides, and
        # thousands for the scale.
        told = 1000.0 * scale + 100 * sides + 10 * (real > 4).mean() + (jnp.abs(fake) <= 1).mean()
        return told + 0 * critic(real).sum()

    monkeypatch.setattr(adversarial.slopes, "gradient_penalty", ends)
    m = play.model(**play.WGAN_GP, gp_sides=1, gp_scale=3.0)
    batch = {name: 5 + x for name, x in play.pictures(m).items()}
    metrics = told(m, play.initial(m), batch)
    assert metrics["critic/gp"] == 1000 * 3 + 100 * 1 + 10 + 1


def test_a_class_is_its_own_place_beside_z_and_in_ds_condition():
    m = play.model(**play.INPUT)
    z, label = np.ones((4, 3), np.float32), np.array([3, 0, 1, 2], np.int32)
    np.testing.assert_array_equal(m.with_class(z, label), np.concatenate([z, np.eye(4)[label]], 1))
    np.testing.assert_array_equal(m._condition(label), np.eye(4)[label])
