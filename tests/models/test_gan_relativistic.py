"""The relativistic game with R1 and R2 (Huang et al. 2024): its terms, and 25 Gaussians, all found."""

import adversaries as play
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from standing import told

from gan_jax.game import devices
from gan_jax.models import gan
from gan_jax.ops import losses

R3 = {"loss": "relativistic", "r1_weight": 3.0, "r2_weight": 5.0}


def test_d_minimises_the_paired_loss_and_half_of_both_weighted_slopes():
    m = play.model(**R3)
    metrics = told(m, play.initial(m), play.pictures(m))
    terms = {name: metrics[f"disc/{name}"] for name in ("adversarial", "r1", "r2")}
    wanted = terms["adversarial"] + 1.5 * terms["r1"] + 2.5 * terms["r2"]
    assert metrics["disc/loss"] == pytest.approx(wanted, rel=1e-5)
    assert min(terms["r1"], terms["r2"]) > 0
    assert terms["r1"] != pytest.approx(terms["r2"], rel=1e-3)
    assert 0 <= metrics["disc/accuracy"] <= 1


def test_r1_is_of_the_real_images_and_r2_of_the_fakes():
    m = play.model(**R3)
    real, fake = (jnp.full((4, 2, 2, 1), value) for value in (1.0, 2.0))
    score = lambda x: jnp.square(x).sum((1, 2, 3))  # noqa: E731  # its squared slope is 4 |x|^2
    total, terms = m.slope_penalties(score, real, fake, jax.random.key(0))
    assert {name: float(value) for name, value in terms.items()} == {"r1": 16, "r2": 64}
    assert float(total) == 1.5 * 16 + 2.5 * 64


def test_each_side_prefers_its_own_images():
    m = play.model(**R3)
    real, fake = jnp.array([1.0, 2.0]), jnp.array([0.0, 5.0])
    assert float(m.d_loss(real, fake)) == pytest.approx(float(losses.relativistic(real, fake)))
    assert float(m.g_loss(lambda: real, fake)) == pytest.approx(float(losses.relativistic(fake, real)))
    # No other loss asks for the scores of real images.
    play.model().g_loss(lambda: pytest.fail("the scores of real images are not needed"), fake)


def test_penalties_of_slopes_go_with_no_batch_norm():
    with pytest.raises(
        ValueError, match="d_norm='batch' is not allowed; allowed: none, layer where r1_weight > 0"
    ):
        play.model(**play.CONVOLUTIONS, loss="relativistic", r1_weight=1.0)


@pytest.mark.nightly
def test_25_gaussians_are_all_found():
    """The toy of the paper's Section 2: a grid of 5x5 Gaussians of deviation 0.05, one a cell."""
    fields = {"generator": "mlp_toy", "discriminator": "mlp_toy", "size": 1, "channels": 2, "z_dim": 2}
    rates = {"g_learning_rate": 5e-4, "d_learning_rate": 5e-4, "b1": 0.0, "b2": 0.99}
    m = gan.Model(
        **fields, **rates, loss="relativistic", r1_weight=0.1, r2_weight=0.1, g_width=128, d_width=128
    )
    rng = np.random.default_rng(0)
    centres = np.stack(np.meshgrid(*[np.linspace(-0.8, 0.8, 5)] * 2), -1).reshape(25, 2)

    def points(n):
        found = centres[rng.integers(0, 25, n)] + 0.05 * rng.normal(size=(n, 2))
        return found.reshape(n, 1, 1, 2).astype(np.float32)

    state = devices.replicate(jax.jit(m.init)(jax.random.key(0), {"image": points(1)}))
    step = devices.pmap_step(m.train_step, 0)
    for i in range(4000):
        state, found = step(state, devices.shard({"image": points(256)}), devices.clock(i, 0, True), "train")
        devices.to_host(found)  # waits, as the loop of training does
    drawn = devices.pmap_apply(m.generate)(state, {"image": points(2500)}, 1)["image"].reshape(-1, 2)
    gaps = np.linalg.norm(drawn[:, None] - centres, axis=2)
    found = np.bincount(gaps.argmin(1)[gaps.min(1) < 0.2], minlength=25)
    # Each mode has 100 of 2500 points on average.
    assert found.min() >= 25, found
