"""The VAE on two devices: its step, its bound against the exact evidence, its draws and refusals."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import optax
import playing
import programs
import pytest
from scipy import special, stats
from standing import told

from gan_jax import data
from gan_jax.game import devices
from gan_jax.models import Inputs, vae
from gan_jax.ops.pixels import to_float


def model(**fields):
    return vae.Model(**{"size": 4, "z_dim": 2, "width": 8, **fields})


def pictures(size=8, side=4, seed=0):
    noise = np.random.default_rng(seed).uniform(-1, 1, (size, side, side, 1))
    return {"image": noise.astype(np.float32)}


@functools.cache
def initial(m):
    """A state with `m.init`'s shapes, on the host, drawn by numpy, since compiling initialisers is slow."""
    batch = {"image": np.zeros((1, m.size, m.size, m.channels))}
    state, rng = playing.drawn(jax.eval_shape(m.init, jax.random.key(0), batch)), np.random.default_rng(0)
    player = state.players["vae"]
    params = jax.tree.map(lambda x: rng.normal(0, 0.3, x.shape).astype(np.float32), player.params)
    return state.replace(players={"vae": player.replace(params=params)})


@pytest.fixture(scope="module", autouse=True)
def whole():
    with programs.whole():
        yield


@functools.cache
def compiled(m):
    return devices.pmap_step(m.train_step, 0)


def run(m, batches, state=None, first=0):
    state = devices.replicate(state or initial(m))
    found = []
    for i, batch in enumerate(batches, first):
        state, metrics = compiled(m)(state, devices.shard(batch), devices.clock(i, 0, True), "train")
        found.append(devices.to_host(metrics))
    return state, found


def with_params(m, change):
    """The state before training, with `change` applied to each parameter."""
    state = initial(m)
    player = state.players["vae"]
    return state.replace(players={"vae": player.replace(params=jax.tree.map(change, player.params))})


def infer(m, state, batch, draws=1):
    """The terms of `m.infer`, with one row for each draw of the noise."""
    one = jax.jit(jax.vmap(lambda key: m.infer(state, batch, key)))
    return jax.device_get(one(jax.random.split(jax.random.key(3), draws)))


def test_the_draws_of_an_image_depend_on_no_other_image():
    m = model(binarize="dynamic")
    state, batch, keys = initial(m), pictures(3), jax.random.split(jax.random.key(1), 3)
    infer = jax.jit(lambda rows, keys: m.infer(state, {"image": rows}, keys))
    whole = infer(batch["image"], keys)
    rows = np.array([2, 0, 0])
    part = infer(batch["image"][rows], keys[rows])
    for name, values in part.items():
        np.testing.assert_allclose(values, whole[name][rows], rtol=1e-5)
    alike = infer(batch["image"][rows], keys)
    assert alike["recon"][1] != alike["recon"][2]


def test_a_network_of_zeros_costs_784_log_2_and_no_divergence():
    m = model(size=28)
    state = with_params(m, np.zeros_like)
    metrics = told(m, state, pictures(side=28))
    assert metrics["vae/recon"] == pytest.approx(784 * math.log(2), rel=2e-5)
    assert metrics["vae/kl"] == 0
    assert metrics["vae/loss"] == metrics["vae/recon"]


@pytest.mark.long
def test_beta_weighs_the_divergence_alone():
    (one,), (four,) = (run(model(beta=beta), [pictures()])[1] for beta in (1.0, 4.0))
    assert one["vae/kl"] > 0.01
    assert one["vae/loss"] == pytest.approx(one["vae/recon"] + one["vae/kl"], rel=1e-5)
    assert four["vae/loss"] == pytest.approx(one["vae/recon"] + 4 * one["vae/kl"], rel=1e-5)


def test_devices_agree_and_noise_follows_the_seed_and_the_iteration():
    m = model()
    state, first = run(m, [pictures()] * 3)
    for leaf in jax.tree.leaves(state):
        np.testing.assert_array_equal(leaf[0], leaf[1])
    assert run(m, [pictures()] * 3)[1] == first
    assert run(m, [pictures()], first=1)[1] != first[:1]  # another iteration has other noise


def gaussian_model():
    return model(z_dim=1, likelihood="gaussian", sigma=0.3)


def evidence(m, state, x, mean, deviation):
    """log p(x) [n], and KL(N(mean, deviation^2) || p(z|x)) [n], by sums over a fine grid of z."""
    z = np.linspace(-9, 9, 6001)
    decoded = np.asarray(m.decode(state, jnp.array(z[:, None], jnp.float32)), np.float64).reshape(len(z), -1)
    pixels = (np.asarray(x, np.float64).reshape(len(x), 1, -1) + 1) / 2
    joint = stats.norm.logpdf(pixels, (decoded + 1) / 2, m.sigma).sum(-1) + stats.norm.logpdf(z)  # [n, z]
    step = math.log(z[1] - z[0])
    log_p = special.logsumexp(joint, axis=1) + step
    q = stats.norm.logpdf(z, mean, deviation)
    gap = (np.exp(q + step) * (q - (joint - log_p[:, None]))).sum(1)
    return log_p, gap


def test_the_bound_is_the_evidence_less_the_divergence_from_the_posterior():
    m = gaussian_model()
    state = with_params(m, lambda leaf: 2 * leaf)  # decoded images differ more
    batch = pictures(4)
    found = infer(m, state, batch, draws=20_000)
    bound = -(found["recon"] + found["kl"])
    enc = {"params": state.players["vae"].params["enc"]}
    mean, log_variance = m.networks[0].apply(enc, (batch["image"] + 1) / 2)
    log_p, gap = evidence(m, state, batch["image"], np.asarray(mean), np.exp(0.5 * np.asarray(log_variance)))
    assert gap.min() > 0.05
    error = bound.std(0) / math.sqrt(len(bound))
    np.testing.assert_array_less(np.abs(bound.mean(0) - (log_p - gap)), 4 * error + 1e-4)
    np.testing.assert_array_less(bound.mean(0) + 4 * error, log_p)


def test_the_bound_is_tight_where_the_decoder_ignores_z_and_the_encoder_says_the_prior():
    m = gaussian_model()
    found = infer(m, with_params(m, np.zeros_like), pictures(4), draws=20_000)
    pixels = (np.asarray(pictures(4)["image"], np.float64) + 1) / 2
    log_p = stats.norm.logpdf(pixels, 0.5, m.sigma).sum((1, 2, 3))
    np.testing.assert_allclose(-(found["recon"] + found["kl"])[0], log_p, rtol=1e-5)


@pytest.mark.long
def test_terms_of_an_image_do_not_depend_on_the_others_and_their_mean_is_the_training_loss():
    m = model(beta=2.0)
    batch = pictures()
    found = {name: values[0] for name, values in infer(m, initial(m), batch).items()}
    assert found["loss"].shape == found["recon"].shape == found["kl"].shape == (8,)
    np.testing.assert_allclose(found["loss"], found["recon"] + 2 * found["kl"], rtol=1e-6)
    alone = infer(m, initial(m), {"image": batch["image"][2:3]})
    np.testing.assert_allclose(alone["kl"][0, 0], found["kl"][2], rtol=1e-5)
    np.testing.assert_allclose(alone["reconstruction"][0, 0], found["reconstruction"][2], atol=1e-6)
    _, (metrics,) = run(m, [batch])
    assert metrics["vae/kl"] == pytest.approx(found["kl"].mean(), rel=1e-5)  # no noise in this term


def test_equal_images_have_their_own_noise():
    m = model()
    equal = {"image": np.repeat(pictures(1)["image"], 8, 0)}
    found = infer(m, initial(m), equal)
    assert len(np.unique(found["recon"][0])) == 8
    np.testing.assert_allclose(found["kl"][0], found["kl"][0, 0], rtol=1e-5)  # which does not depend on it


class Noise(vae.Model):
    """Its step tells how much the noise differs from image to image, and knows no network."""

    def _pass(self, params, x, noise):
        return x, x, jnp.broadcast_to(noise, (len(x), self.z_dim))

    def _terms(self, x, mean, log_variance, logits):
        return {"loss": logits.std(0).min()}


def test_the_images_of_a_step_have_their_own_noise():
    m = Noise(size=4, z_dim=2, width=8)
    assert 0.3 < told(m, initial(m), pictures())["vae/loss"] < 3


def test_generated_images_are_decoded_latent_vectors():
    m = model()
    state = initial(m)
    z = m.latents(jax.random.key(1), 1000)
    assert z.shape == (1000, 2)
    assert float(z.mean()) == pytest.approx(0, abs=0.1)
    assert float(z.std()) == pytest.approx(1, abs=0.1)
    made = m.generate(state, {"z": z[:5]}, jax.random.key(9))["image"]
    np.testing.assert_array_equal(made, m.decode(state, z[:5]))
    assert made.shape == (5, 4, 4, 1)
    assert -1 <= made.min() < made.max() <= 1
    drawn = [m.generate(state, pictures(5, seed=i), jax.random.key(4))["image"] for i in (0, 1)]
    np.testing.assert_array_equal(*drawn)  # only the number of images matters


@pytest.mark.parametrize("rule", ["none", "threshold", "dynamic"])
def test_binarised_pixels_are_bits_of_the_right_chance(rule):
    m = model(binarize=rule)
    grey = jnp.full((100, 4, 4, 1), 2 * 0.7 - 1)
    x = np.asarray(m._pixels(grey, jax.random.key(0)))
    if rule == "none":
        np.testing.assert_allclose(x, 0.7, rtol=1e-6)
    else:
        assert set(np.unique(x)) <= {0.0, 1.0}
        assert x.mean() == pytest.approx({"threshold": 1.0, "dynamic": 0.7}[rule], abs=0.05)
    assert np.any(x != np.asarray(m._pixels(grey, jax.random.key(1)))) == (rule == "dynamic")


@pytest.mark.long
def test_training_lowers_the_loss_and_keeps_the_posterior_apart_from_the_prior():
    m = vae.Model(size=32, z_dim=8, width=64, learning_rate=3e-3)
    examples = {"image": data.load({"name": "digits_plain", "split": "validation"}, size=32)}
    stream = data.stream(examples, 64, seed=0)
    batches = [{"image": to_float(next(stream)["image"])} for _ in range(80)]
    stream.close()
    _, metrics = run(m, batches)
    assert metrics[-1]["vae/loss"] < 0.6 * metrics[0]["vae/loss"]
    assert metrics[-1]["vae/kl"] > 1  # with a mean over pixels the KL term would fall to 0


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"network": "mlp2"}, "network='mlp2' is not allowed; allowed: mlp, aevb, conv"),
        ({"likelihood": "laplace"},
         "likelihood='laplace' is not allowed; allowed: bernoulli, gaussian, seed"),
        ({"size": 30, "network": "conv"},
         "size=30 is not allowed; allowed: multiples of 4 where network='conv'"),
        ({"likelihood": "seed", "binarize": "dynamic"},
         "binarize='dynamic' is not allowed; allowed: none but with likelihood='bernoulli'"),
        ({"beta": -1.0}, "beta=-1.0 is not allowed; allowed: 0 to 1e+06"),
        ({"z_dim": 0}, "z_dim=0 is not allowed; allowed: 1 to 100000"),
        ({"channels": 2}, "channels=2 is not allowed; allowed: 1, 3"),
        ({"learning_rate": 0.0}, "learning_rate=0.0 is not allowed; allowed: 0 to 10"),
    ],
)  # fmt: skip
def test_a_refusal_names_field_value_and_what_is_allowed(fields, message):
    with pytest.raises(ValueError) as error:
        vae.Model(**fields)
    assert str(error.value) == message


def test_images_of_another_size_are_refused():
    with pytest.raises(ValueError, match=r"^size=28 is not allowed; allowed: the 32 pixels of the images$"):
        vae.Model().check(Inputs(32))
    with pytest.raises(ValueError, match=r"^the batch has no 'image'; it has source$"):
        vae.Model().init(jax.random.key(0), {"source": np.zeros((1, 28, 28, 1))})


def test_adagrad_has_the_state_of_stored_runs():
    m = model(optimizer="adagrad")
    params = initial(m).players["vae"].params
    former = optax.adagrad(m.learning_rate, initial_accumulator_value=0.0).init(params)
    assert jax.tree.structure(m.tx("vae").init(params)) == jax.tree.structure(former)
