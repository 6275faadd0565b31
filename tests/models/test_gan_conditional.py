"""Games with classes: both players get the class, or D predicts it."""

import math

import adversaries as play
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from standing import told

from gan_jax import config as configuration
from gan_jax.data import Examples
from gan_jax.errors import DataError
from gan_jax.models import Inputs, gan
from gan_jax.ops import losses
from gan_jax.runs import inputs

LN2, LN4 = math.log(2), math.log(4)
Z = np.ones((4, 3), np.float32)
CLASSES = np.arange(4, dtype=np.int32)


@pytest.mark.parametrize(
    "fields", [play.INPUT, play.AUXILIARY, play.MULTIPLIED], ids=["input", "auxiliary", "multiplied"]
)
def test_the_same_noise_with_another_class_is_another_image(fields):
    m = play.model(**fields)
    out = play.generate(m, play.initial(m), {"z": Z, "label": CLASSES})
    assert set(out) == {"image", "image_label"}
    np.testing.assert_array_equal(out["image_label"], CLASSES)
    assert len(np.unique(out["image"].sum((1, 2, 3)))) == 4


def test_classes_not_asked_for_are_drawn_alike_often():
    m = play.model(**play.INPUT)
    out = play.generate(m, play.initial(m), {"image": np.zeros((400, 1))})
    assert out["image_label"].dtype == np.int32
    np.testing.assert_allclose(np.bincount(out["image_label"], minlength=4) / 400, 0.25, atol=0.08)


def test_a_drawn_image_depends_on_its_position_and_on_no_other_image():
    m = play.model(**play.INPUT)
    state = play.initial(m)
    batch = {"image": np.zeros((400, 1))}
    whole = play.generate(m, state, batch, position=np.arange(400))
    assert len(np.unique(whole["image"].sum((1, 2, 3)))) > 390
    others = np.r_[3, 0, 1, 1000:1397]
    part = play.generate(m, state, batch, position=others)
    np.testing.assert_array_equal(part["image_label"][:3], whole["image_label"][[3, 0, 1]])
    np.testing.assert_allclose(part["image"][:3], whole["image"][[3, 0, 1]], atol=1e-6)


def test_a_label_is_needed_for_every_z():
    m = play.model(**play.INPUT)
    with pytest.raises(ValueError, match=r"^num_classes=4 needs a label for every z$"):
        m.decode(play.initial(m), Z)


def test_d_judges_an_image_with_its_class_where_that_is_an_input():
    m = play.model(**play.INPUT)
    disc = play.initial(m).players["disc"]
    image = np.zeros((4, m.size, m.size, 1), np.float32)
    scores = m.d.apply(disc.variables, image, False, np.eye(4, dtype=np.float32))
    assert scores.shape == (4, 1)
    assert len(np.unique(scores)) == 4


def test_d_is_shown_fakes_of_the_classes_of_its_real_images():
    # D is zero except for one weight that detects class 0, so its scores count the class in both groups.
    m = play.model(**play.INPUT, loss="hinge")
    state = play.initial(m)
    disc = state.players["disc"]
    params = jax.tree.map(np.zeros_like, disc.params)
    params["hidden_0"]["kernel"][-4, 0] = params["logits"]["kernel"][0, 0] = 1
    state = state.replace(players={**state.players, "disc": disc.replace(params=params)})
    batch = play.pictures(m)
    zero = np.mean(batch["image_label"] == 0)
    assert 0 < zero < 1
    metrics = told(m, state, batch)
    # max(0, 1 - r) + max(0, 1 + f), with r = f = 1 for class 0 and r = f = 0 for others.
    assert metrics["disc/loss"] == pytest.approx(zero * 2 + (1 - zero) * 2, abs=1e-6)
    assert metrics["disc/accuracy_real"] == pytest.approx(zero, abs=1e-6)
    assert metrics["disc/accuracy_fake"] == pytest.approx(1 - zero, abs=1e-6)


def test_a_d_of_zeros_costs_log_k_for_every_class_it_is_asked():
    m = play.model(**play.AUXILIARY, aux_weight_d=3.0, aux_weight_g=0.1)
    state = play.initial(m)
    disc = state.players["disc"]
    params = jax.tree.map(np.zeros_like, disc.params)
    state = state.replace(players={**state.players, "disc": disc.replace(params=params)})
    metrics = told(m, state, play.pictures(m))
    assert metrics["disc/loss"] == pytest.approx(2 * LN2 + 6 * LN4, abs=1e-5)
    assert metrics["gen/loss"] == pytest.approx(LN2 + 0.1 * LN4, abs=1e-5)
    assert metrics["disc/class_real"] == pytest.approx(LN4, abs=1e-5)
    assert metrics["gen/class"] == pytest.approx(LN4, abs=1e-5)


class Undecided(gan.Model):
    """D's logits are zeros for every image. No network is called, and G does not move."""

    def _draw(self, state, params, z, rng):
        return jnp.zeros((len(z), 1)), {}

    def _score(self, params, batch_stats, images, y, rng):
        return jnp.zeros(len(images)), jnp.zeros((len(images), self.num_classes)), {}

    def _update_g(self, state, batch, rng):
        return state, {}


def test_d_need_not_learn_the_classes_of_fakes():
    m = Undecided(**play.SMALL, **play.AUXILIARY, aux_on_fake=False)
    metrics = told(m, play.initial(play.model(**play.AUXILIARY)), play.pictures(m))
    assert metrics["disc/loss"] == pytest.approx(2 * LN2 + LN4, abs=1e-5)
    assert metrics["disc/class_fake"] == pytest.approx(LN4, abs=1e-5)


def test_uniform_class_logits_of_ten_cost_log_10_and_d_in_all_5_99():
    @jax.jit
    def both():
        ten = losses.classification(jnp.zeros((3, 10)), jnp.array([0, 5, 9]))
        return ten, losses.nonsaturating_d(jnp.zeros(3), jnp.zeros(3)) + 2 * ten

    ten, d = both()
    assert float(ten) == pytest.approx(2.302585, abs=1e-6)
    assert float(d) == pytest.approx(5.991465, abs=1e-5)


@pytest.mark.long
def test_both_players_learn_to_agree_on_the_class():
    # The players are not opponents here: D learns real images' classes, and G draws what D takes for them.
    m = play.model(**play.AUXILIARY, aux_weight_d=10.0, aux_weight_g=10.0, d_learning_rate=0.01,
                   g_learning_rate=0.01)  # fmt: skip
    _, first = play.finished(m)
    _, last = play.run(m, 60)
    assert last["disc/class_real"] < 0.5 * first["disc/class_real"]
    assert last["gen/class"] < 0.5 * first["gen/class"]
    assert last["disc/class_accuracy_real"] > 0.8 > 0.6 > first["disc/class_accuracy_real"]
    assert last["disc/class_accuracy_fake"] > 0.8


@pytest.mark.parametrize(("labels", "found"), [([0, 4], r"\(0, 4\)"), ([-1, 3], r"\(-1, 3\)")])
def test_labels_that_are_no_classes_are_refused_before_training(labels, found):
    roles = {"image": Examples({"image": np.zeros((2, 8, 8, 1), np.uint8), "label": np.array(labels)})}
    config = configuration.default()
    config.data.size = play.SIZE
    with pytest.raises(
        DataError, match=rf"^data.roles: image_label={found} is not allowed; allowed: 0 to 3$"
    ):
        inputs.check_columns(config, play.model(**play.INPUT), inputs.columns_of(roles))
    inputs.check_columns(config, play.model(), inputs.columns_of(roles))


def test_classes_that_are_not_read_yet_are_not_refused():
    m = play.model(**play.INPUT)
    m.check(Inputs(m.size, columns={"image_label": np.zeros((0, 8, 8), np.int32)}))


@pytest.mark.parametrize(("label", "found"), [(None, "none"), (np.zeros((2, 40), np.int32), r"\[2, 40\]")])
def test_images_without_classes_are_refused(label, found):
    m = play.model(**play.INPUT)
    batch = {"image": np.zeros((2, m.size, m.size, 1), np.float32)}
    batch |= {} if label is None else {"image_label": label}
    with pytest.raises(ValueError, match=rf"^num_classes=4 needs image_label \[B\]; the batch has {found}"):
        jax.eval_shape(m.init, jax.random.key(0), batch)


@pytest.mark.long
def test_no_gradient_through_maxout_is_nan():
    # With jnp.max G's was after a few of these steps: XLA, which does not optimise here, rounded differently
    # where it computed the linear functions a second time, and none of them equalled the largest.
    networks = {"generator": "mirza", "discriminator": "mirza", "g_width": 4, "d_width": 24}
    rates = {"optimizer": "sgd", "g_learning_rate": 0.02, "d_learning_rate": 0.02, "z_prior": "uniform"}
    _, metrics = play.run(play.model(**play.INPUT, **networks, **rates), 12)
    assert all(np.isfinite(value) for value in metrics.values())
    assert metrics["gen/grad_norm"] > 0
