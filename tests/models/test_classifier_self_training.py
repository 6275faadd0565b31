"""Self-training on unlabelled images, and starting from another run's variables."""

import jax
import levels
import numpy as np
import programs
import pytest
from classifying import initial, model, pictures, run, unlabelled
from judges import Judge
from standing import stood


@pytest.fixture(scope="module", autouse=True)
def whole():
    with programs.whole():
        yield


def softmax(logits):
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


@levels.parametrize("threshold", [0.0, 0.3, 1.0], kept=(0.3,))
def test_self_training_learns_the_networks_own_answers_where_it_is_sure(threshold):
    m = model(pseudo_weight=2.0, pseudo_threshold=threshold)
    batch = unlabelled()
    variables = initial(m).players["classifier"].variables
    given, own = (
        np.asarray(m.network.apply(variables, batch[role], train=False), np.float64)
        for role in ("unlabelled", "image")
    )
    state, metrics = stood(m, starting(m), batch, parts=2)
    usual = 0.95 * 0.1 + 0.05 * softmax(given).mean(0)
    np.testing.assert_allclose(state.memory["answers"], usual, rtol=1e-4)
    # Each device has half of the batch. Both align by the mean over the whole batch.
    aligned = softmax(given) / usual
    aligned /= aligned.sum(-1, keepdims=True)
    sure = aligned.max(-1) > threshold
    terms = -np.log(softmax(given))[np.arange(8), aligned.argmax(-1)]
    labelled = -np.log(softmax(own))[np.arange(8), batch["image_label"]].mean()
    assert metrics["classifier/sure"] == pytest.approx(sure.mean())
    assert metrics["classifier/pseudo"] == pytest.approx((sure * terms).mean(), rel=1e-3, abs=1e-6)
    expected = labelled + 2 * (sure * terms).mean()
    assert metrics["classifier/loss"] == pytest.approx(expected, rel=1e-3)


def starting(m):
    """The initial state, with the uniform answers of `init`."""
    return initial(m).replace(memory={"answers": np.full(10, 0.1, np.float32)})


@pytest.mark.long
def test_answers_start_uniform_and_a_role_without_images_is_refused():
    m = model(pseudo_weight=1.0)
    state = jax.jit(m.init)(jax.random.key(0), unlabelled(1))
    np.testing.assert_allclose(state.memory["answers"], 0.1, rtol=1e-6)
    with pytest.raises(ValueError, match=r"^the batch has no 'unlabelled'; it has image, image_label$"):
        m.init(jax.random.key(0), pictures(1))


@pytest.mark.long
def test_self_training_makes_answers_surer():
    m = model(pseudo_weight=1.0, pseudo_threshold=0.0, learning_rate=3e-3)
    _, metrics = run(m, [unlabelled()] * 20, starting(m))
    assert metrics[-1]["classifier/pseudo"] < metrics[0]["classifier/pseudo"] - 0.1


def finished(variables):
    """The finished run of a classifier with these variables."""
    network = Judge()
    network.variables = {"classifier": variables}
    return network


def test_a_run_begins_with_the_variables_of_start_and_refuses_others():
    m = model(batch_norm=True)
    state = initial(m)
    moved = jax.tree.map(lambda x: x + 1, state.players["classifier"].variables)
    adopted = m.adopt(state, {"start": finished(moved)}, {}).players["classifier"]
    jax.tree.map(np.testing.assert_array_equal, adopted.variables, moved)
    assert m.adopt(state, {}, {}) is state
    other = initial(model(batch_norm=True, widths=(4, 4, 4, 4))).players["classifier"].variables
    with pytest.raises(ValueError, match=r"^start has parameters .* this network's fields ask for "):
        m.adopt(state, {"start": finished(other)}, {})
