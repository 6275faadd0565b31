"""The values that a noise-to-image game refuses, and its optimisers' first steps."""

import adversaries as play
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gan_jax import models
from gan_jax.errors import ConfigError
from gan_jax.models import Inputs, gan
from gan_jax.models.shared import optimizers

BATCH_NORM = {**play.CONVOLUTIONS, "d_norm": "batch"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"generator": "dcagn"}, r"^generator='dcagn' is not allowed; allowed: .*dcgan"),
        ({"discriminator": ""}, r"^discriminator='' is not allowed; allowed: .*dcgan"),
        ({"loss": "bce"}, r"^loss='bce' is not allowed; allowed: nonsaturating, minimax, lsgan, wasserstein"),
        (
            {"loss": "wasserstein"},
            r"^loss='wasserstein' is not allowed; allowed: with a critic that gp_weight",
        ),
        (
            {**BATCH_NORM, "gp_weight": 10.0},
            r"^d_norm='batch' is not allowed; allowed: none, layer where gp_",
        ),
        ({**play.CONVOLUTIONS, "gp_weight": 1.0}, r"^d_norm='batch' is not allowed"),
        ({"gp_weight": -1.0}, r"^gp_weight=-1.0 is not allowed; allowed: 0 to"),
        ({"gp_sides": 3}, r"^gp_sides=3 is not allowed; allowed: 1, 2"),
        ({"clip": 0.01, "gp_weight": 1.0}, r"^clip=0.01 is not allowed; allowed: 0 beside gp_weight, clip"),
        ({"clip": 0.01, "spectral": True}, r"^clip=0.01 is not allowed; allowed: 0 beside clip, spectral"),
        ({"loss": "lsgan", "lsgan_b": 0.0}, r"^lsgan_b=0.0 is not allowed; allowed: any but lsgan_a=0.0"),
        ({"loss": "lsgan", "lsgan_c": 0.0}, r"^lsgan_c=0.0 is not allowed; allowed: any but lsgan_a=0.0"),
        ({"labels": "input"}, r"^num_classes=0 is not allowed; allowed: 2 to 100000 where labels='input'"),
        ({"num_classes": 10}, r"^num_classes=10 is not allowed; allowed: 0 to 0 where labels='none'"),
        ({"labels": "aux"}, r"^labels='aux' is not allowed; allowed: none, input, auxiliary"),
        ({"label_input": "add"}, r"^label_input='add' is not allowed; allowed: concat, multiply"),
        (
            {"label_input": "multiply"},
            r"^label_input='multiply' is not allowed; allowed: concat where labels='none'",
        ),
        ({"d_steps": 0}, r"^d_steps=0 is not allowed; allowed: 1 to 1000"),
        ({"ema": 1.0}, r"^ema=1.0 is not allowed"),
        (
            {"optimizer": "adamw"},
            r"^optimizer='adamw' is not allowed; allowed: adam, rmsprop, rmsprop_tf, sgd",
        ),
        ({"decay_start": 5, "decay_end": 5}, r"^decay_end=5 is not allowed; allowed: 0, or more than decay_"),
        ({"z_prior": "cauchy"}, r"^z_prior='cauchy' is not allowed; allowed: normal, uniform"),
        ({"z_dim": 0}, r"^z_dim=0 is not allowed"),
        ({"channels": 4}, r"^channels=4 is not allowed"),
        ({**play.CONVOLUTIONS, "size": 30}, r"^generator='dcgan': size=30 is not allowed; allowed for this"),
        (
            {"d_norm": "batch"},
            r"^discriminator='mlp_lecture': norm='batch' is not allowed; allowed for this network",
        ),
    ],
)
def test_fields_that_make_no_sense_are_refused_by_name_and_value(fields, message):
    with pytest.raises(ValueError, match=message):
        play.model(**fields)


def test_a_configuration_hears_of_it_as_a_field_of_the_model():
    with pytest.raises(ConfigError, match=r"^model.loss='wasserstein' is not allowed"):
        models.create({"name": "gan", "loss": "wasserstein"})


@pytest.mark.parametrize("loss", ["nonsaturating", "minimax", "lsgan", "hinge", "relativistic"])
@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
def test_every_loss_goes_with_every_norm(loss, norm):
    assert play.model(**play.CONVOLUTIONS, loss=loss, d_norm=norm).d.norm == norm


def test_images_of_another_size_or_other_channels_are_refused():
    m = play.model()
    m.check(Inputs(play.SIZE))
    with pytest.raises(ValueError, match=r"^size=8 is not allowed; allowed: the 32 pixels of the images$"):
        m.check(Inputs(32))
    with pytest.raises(ValueError, match=r"^image has shape \(2, 8, 8, 3\)"):
        jax.eval_shape(m.init, jax.random.key(0), {"image": np.zeros((2, 8, 8, 3), np.float32)})


def steps(name, gradients, **fields):
    tx = optimizers.optimizer(name, 0.1, **{"b1": 0.5, "b2": 0.999, **fields})
    state, found = tx.init(jnp.zeros(())), []
    for gradient in gradients:
        step, state = tx.update(jnp.array(gradient), state, jnp.zeros(()))
        found.append(float(step))
    return found


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sgd", [-0.3, -0.45]),
        ("adam", [-0.1, -0.1]),
        # Torch's average starts at 0: v = 0.01 g^2, then 0.0199 g^2. TensorFlow's starts at 1.
        ("rmsprop", [-1.0, -0.1 / np.sqrt(0.0199)]),
        ("rmsprop_tf", [-0.3 / np.sqrt(0.9 + 0.1 * 9), -0.3 / np.sqrt(0.81 + 0.19 * 9)]),
    ],
)
def test_the_first_two_steps_of_each_optimiser_at_a_gradient_of_3(name, expected):
    assert steps(name, [3.0, 3.0]) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", optimizers.OPTIMIZERS)
def test_the_schedule_multiplies_the_steps_of_each_optimiser(name):
    def steps_of(**fields):
        tx, found = gan.Model(optimizer=name, **fields).tx("gen"), []
        state = tx.init(jnp.zeros(()))
        for _ in range(6):
            step, state = tx.update(jnp.ones(()), state)
            found.append(float(step))
        return np.array(found)

    shares = steps_of(decay_start=2, decay_end=4) / steps_of()
    np.testing.assert_allclose(shares, [1, 1, 1, 0.5, 0, 0], atol=1e-6)


@pytest.mark.parametrize("gradients", [[3.0, 4.0, -12.0], [1e-5, -2e-5, 3e-6], [0.0, 1e-7, 0.0]])
def test_adagrad_is_torchs(gradients):
    tx, weight = optimizers.adagrad(0.1), jnp.zeros(())
    state, found = tx.init(weight), []
    for gradient in gradients:
        step, state = tx.update(jnp.float32(gradient), state, weight)
        found.append(float(step))
    total = np.cumsum(np.square(gradients))
    expected = -0.1 * np.array(gradients) / (np.sqrt(total) + 1e-10)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
