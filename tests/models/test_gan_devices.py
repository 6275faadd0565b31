"""With the same noise, a step on two devices equals a step on one device with the whole batch."""

import adversaries as play
import jax
import jax.numpy as jnp
import levels
import numpy as np

from gan_jax.game import devices


def by_device(original, draw):
    """Replaces a draw of jax.random; each device gets its rows of one table for the global batch."""
    tables = {}

    def drawn(key, shape, *rest):
        if jnp.float32 in rest:  # the call of an initialiser, whose shape flax wants
            return original(key, shape, *rest)
        table = tables.setdefault(shape[1:], draw(*rest, size=(64, *shape[1:])))
        first = jax.lax.axis_index("devices") * shape[0]
        return jax.lax.dynamic_slice_in_dim(jnp.asarray(table), first, shape[0])

    return drawn


ALIKE = {
    "gan": {},
    "wgan_gp": play.WGAN_GP,
    "sngan": {"loss": "hinge", "spectral": True},
    "cgan": play.INPUT,
    "acgan": play.AUXILIARY,
}


@levels.parametrize("name", ALIKE, kept=("wgan_gp",))
def test_two_devices_on_halves_agree_with_one_on_the_whole_batch(name, monkeypatch):
    rates = {"optimizer": "sgd", "g_learning_rate": 0.05, "d_learning_rate": 0.05}
    m = play.model(**{**ALIKE[name], **rates})
    play.initial(m)  # initialises before the draws are replaced
    rng = np.random.default_rng(0)
    for name, draw in (
        ("normal", lambda size: rng.normal(size=size).astype(np.float32)),
        ("uniform", lambda size: rng.uniform(size=size).astype(np.float32)),
        ("randint", lambda low, high, size: rng.integers(low, high, size).astype(np.int32)),
    ):
        monkeypatch.setattr(jax.random, name, by_device(getattr(jax.random, name), draw))
    batch = play.pictures(m)
    # In each update of D, the single device takes the rows of both devices.
    rows = np.arange(len(batch["image"])).reshape(2, m.batches, -1).swapaxes(0, 1).ravel()
    one = play.alone(m, {k: x[rows] for k, x in batch.items()})
    step = devices.pmap_step(m.train_step, 0)
    state = devices.replicate(play.initial(m))
    state, _ = step(state, devices.shard(batch), devices.clock(0, 0, True), "train")
    two = devices.unreplicate(state)
    for player in one.players:
        a, b, start = (s.players[player].params for s in (one, two, play.initial(m)))
        jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, rtol=1e-4, atol=1e-6), a, b)
        assert play.moved(start, a)
