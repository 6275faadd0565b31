"""What StarGAN's updates are given: which part of the batch, which labels, by which keys."""

import jax
import jax.numpy as jnp
import numpy as np
from starring import ATTRIBUTES

from gan_jax.models import stargan


class Noting(stargan.Model):
    """Its updates move nobody, and note what they are given."""

    def _update_d(self, state, which, task, rng):
        self.noted.append(("disc", which, *task, jax.random.key_data(rng)))
        return state, {f"disc/number{which}": jnp.asarray(len(self.noted), float)}

    def _update_g(self, state, which, task):
        self.noted.append(("gen", which, *task))
        return state, {}


def given(same=False, n_critic=3):
    """What the updates of an iteration are given, in order, and the metrics of the iteration.

    Both sets have the same labels; with `same` every update of D is given the same images too.
    """
    m = Noting(labels=(ATTRIBUTES, ATTRIBUTES), exclusive=(False, False), n_critic=n_critic)
    object.__setattr__(m, "noted", [])
    rng = np.random.default_rng(0)
    size = 8 if same else 8 * n_critic
    image = rng.uniform(-1, 1, (size, 2, 2, 3)).astype(np.float32)
    label = rng.integers(0, 2, (size, 5)).astype(np.int32)
    batch = {"a": image, "a_label": label, "b": image, "b_label": label}
    if same:
        batch = {name: np.concatenate([x] * n_critic) for name, x in batch.items()}
    _, metrics = m.train_step(None, batch, jax.random.key(0), "train")
    return m.noted, metrics, batch


def test_d_sees_every_part_of_the_batch_once_and_g_the_last_as_d_saw_it():
    noted, _, batch = given()
    assert [update[:2] for update in noted] == [("disc", 0), ("disc", 1)] * 3 + [("gen", 0), ("gen", 1)]
    for which, role in enumerate("ab"):
        seen = [update for update in noted[:6] if update[1] == which]
        np.testing.assert_array_equal(np.concatenate([update[2] for update in seen]), batch[role])
        np.testing.assert_array_equal(np.concatenate([u[3] for u in seen]), batch[f"{role}_label"])
        # The labels that G is asked for are those of the fakes that D has just judged.
        for ours, theirs in zip(noted[6 + which][2:], seen[-1][2:5], strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_every_update_of_d_and_every_set_draws_for_itself():
    noted, _, _ = given(same=True)
    wanted = {np.asarray(update[4]).tobytes() for update in noted[:6]}
    keys = {np.asarray(update[5]).tobytes() for update in noted[:6]}
    assert len(wanted) == len(keys) == 6


def test_metrics_are_those_of_the_last_update_of_d():
    _, metrics, _ = given()
    assert {name: float(value) for name, value in metrics.items()} == {"disc/number0": 5, "disc/number1": 6}
