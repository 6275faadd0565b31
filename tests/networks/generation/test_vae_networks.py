"""Encoders and decoders of the VAE: published counts, shapes, and the draw of the posterior."""

import counting
import jax
import levels
import numpy as np
import pytest

from gan_jax.networks.generation import vae


def count(tree):
    return sum(leaf.size for leaf in jax.tree.leaves(tree))


def shapes(name, z_dim, size=28, channels=1, width=0):
    """Shapes of the variables of encoder and decoder; nothing is computed."""
    enc, dec = vae.pair(name, size=size, channels=channels, z_dim=z_dim, width=width)
    image, z = np.zeros((1, size, size, channels)), np.zeros((1, z_dim))
    return tuple(jax.eval_shape(net.init, jax.random.key(0), x) for net, x in ((enc, image), (dec, z)))


@pytest.mark.parametrize(
    ("name", "z_dim", "kernels", "biases"),
    [
        ("mlp", 20, 651_200, 1_624),
        ("mlp", 2, 629_600, 1_588),
        ("aevb", 2, 787_000, 1_788),
        ("conv", 20, 262_464, 3_369),
        ("conv", 2, 93_120, 3_333),
    ],
)
def test_parameter_counts(name, z_dim, kernels, biases):
    leaves = jax.tree.leaves(shapes(name, z_dim))
    assert sum(leaf.size for leaf in leaves if leaf.ndim > 1) == kernels
    assert sum(leaf.size for leaf in leaves if leaf.ndim == 1) == biases


@pytest.mark.parametrize(
    ("name", "z_dim", "enc", "dec"), [("mlp", 20, 330_040, 322_784), ("aevb", 2, 394_504, 394_284)]
)
def test_encoder_and_decoder_have_their_shares(name, z_dim, enc, dec):
    assert tuple(map(count, shapes(name, z_dim))) == (enc, dec)


@levels.parametrize("name", list(vae.WIDTHS), kept=("aevb",))
def test_a_network_takes_other_sizes_channels_and_widths(name):
    enc, dec = vae.pair(name, size=8, channels=3, z_dim=5, width=4)
    image = np.zeros((3, 8, 8, 3), np.float32)
    mean, log_variance = jax.eval_shape(enc.init_with_output, jax.random.key(0), image)[0]
    logits = jax.eval_shape(dec.init_with_output, jax.random.key(0), mean)[0]
    assert mean.shape == log_variance.shape == (3, 5)
    assert logits.shape == image.shape


@levels.parametrize("name", list(vae.WIDTHS), kept=("aevb",))
def test_heads_and_logits_are_not_squashed(name):
    enc, dec = vae.pair(name, size=8, channels=1, z_dim=8, width=8)
    x, z = np.abs(counting.normal(4, 8, 8, 1)), counting.normal(4, 8)
    big = lambda net, at: jax.tree.map(lambda leaf: 10 * leaf, counting.drawn(net, at))  # noqa: E731
    mean, log_variance = enc.apply(big(enc, x), x)
    assert min(np.abs(mean).max(), np.abs(log_variance).max()) > 1
    assert mean.min() < 0 < mean.max()
    assert np.abs(dec.apply(big(dec, z), z)).max() > 1


def test_aevb_begins_with_kernels_of_deviation_a_hundredth():
    enc, _ = vae.pair("aevb", size=8, channels=1, z_dim=2)
    kernel = enc.init(jax.random.key(0), np.zeros((1, 8, 8, 1), np.float32))["params"]["hidden"]["kernel"]
    assert np.std(kernel) == pytest.approx(0.01, rel=0.02)


def test_a_draw_moves_by_half_sigma_noise_with_the_log_variance_and_by_one_with_the_mean():
    mean, log_variance, noise = np.array([[0.3, -1.0], [1.2, -0.4], [0.7, -2.0]])
    by_mean, by_log_variance = jax.jit(jax.jacobian(vae.reparametrise, (0, 1)))(mean, log_variance, noise)
    np.testing.assert_allclose(by_mean, np.eye(2), rtol=1e-6)
    sigma = np.exp(0.5 * np.array([1.2, -0.4]))
    np.testing.assert_allclose(by_log_variance, np.diag(0.5 * sigma * np.array([0.7, -2.0])), rtol=1e-6)


def test_draws_have_the_mean_and_deviation_asked_for():
    noise = counting.normal(100_000)
    z = np.asarray(jax.jit(vae.reparametrise)(1.5, 2 * np.log(0.2), noise))
    assert float(z.mean()) == pytest.approx(1.5, abs=3 * 0.2 / np.sqrt(1e5))
    assert float(z.std()) == pytest.approx(0.2, rel=0.01)
