"""The options of face classifiers on two devices: attributes and features as objectives, flips, sizes."""

import math

import jax
import levels
import numpy as np
import programs
import pytest
from classifying import WIDTHS, attributes, features, initial, model, pictures, run
from standing import told

from gan_jax.models import Inputs
from gan_jax.networks.recognition.stages import Features, fold_batch_norm
from gan_jax.ops import augment, losses


@pytest.fixture(scope="module", autouse=True)
def whole():
    with programs.whole():
        yield


def test_attributes_cost_the_sigmoid_cross_entropy_of_each_and_all_count_alike():
    m = model(objective="attributes", num_classes=3)
    batch = attributes()
    logits = np.asarray(
        m.network.apply(initial(m).players["classifier"].variables, batch["image"], train=False), np.float64
    )
    signs = 2 * batch["image_label"] - 1
    metrics = told(m, initial(m), batch)
    assert metrics["classifier/loss"] == pytest.approx(np.log1p(np.exp(-signs * logits)).mean(), rel=1e-4)
    assert metrics["classifier/accuracy"] == pytest.approx(np.mean(signs * logits > 0))


def test_smoothed_attributes_cost_as_their_mixture_with_one_half():
    logits, labels = np.array([[2.0, -1.0]], np.float32), np.array([[1, 1]], np.int32)
    hard = float(losses.attributes(logits, labels))
    flipped = float(losses.attributes(logits, 1 - labels))
    assert float(losses.attributes(logits, labels, 0.2)) == pytest.approx(
        0.9 * hard + 0.1 * flipped, rel=1e-5
    )
    assert float(losses.attributes(0 * logits, labels, 0.2)) == pytest.approx(math.log(2), rel=1e-5)


def test_features_are_imitated_by_squared_error_without_a_head():
    m = model(objective="features", learning_rate=1e-2)
    batch = features()
    variables = initial(m).players["classifier"].variables
    assert set(variables["params"]) == {"features"}
    z = np.asarray(m.network.apply(variables, batch["image"], train=False), np.float64)
    wanted = batch["image_features"]
    cosine = (z * wanted).sum(1) / np.linalg.norm(z, axis=1) / np.linalg.norm(wanted, axis=1)
    _, (metrics,) = run(m, [batch])
    assert metrics["classifier/loss"] == pytest.approx(np.square(z - wanted).mean(), rel=1e-4)
    assert metrics["classifier/cosine_similarity"] == pytest.approx(cosine.mean(), rel=1e-4, abs=1e-5)
    assert "classifier/accuracy" not in metrics


def test_a_student_comes_near_the_features_it_is_given():
    m = model(objective="features", learning_rate=1e-2)
    _, metrics = run(m, [features()] * 30)
    assert metrics[-1]["classifier/loss"] < 0.8 * metrics[0]["classifier/loss"]


@levels.parametrize("objective", ["classes", "features"], kept=("features",))
def test_what_is_embedded_are_the_features_that_dtn_takes_for_f(objective):
    m = model(objective=objective, batch_norm=True, dropout=0.5)
    state = initial(m)
    x = pictures(3)["image"]
    folded = fold_batch_norm(state.players["classifier"].variables)
    expected = Features(WIDTHS).apply({"params": folded}, x)
    np.testing.assert_allclose(m.embed(state, {"image": x}), expected, rtol=1e-4, atol=1e-5)


def test_flipping_mirrors_whole_images_left_to_right_as_often_as_asked():
    x = np.random.default_rng(0).uniform(-1, 1, (400, 4, 6, 2)).astype(np.float32)
    flipped = np.asarray(augment.flip(jax.random.key(0), x, 0.3))
    mirrored = (flipped == x[:, :, ::-1]).all((1, 2, 3))
    assert ((flipped == x).all((1, 2, 3)) != mirrored).all()
    assert mirrored.mean() == pytest.approx(0.3, abs=4 * math.sqrt(0.21 / 400))
    np.testing.assert_array_equal(augment.flip(jax.random.key(0), x, 1.0), x[:, :, ::-1])


@pytest.mark.long
def test_a_flipped_batch_trains_as_its_mirror_image():
    batch = pictures()
    mirrored = {**batch, "image": np.ascontiguousarray(batch["image"][:, :, ::-1])}
    _, (flipped,) = run(model(flip=1.0), [batch])
    _, (straight,) = run(model(), [mirrored])
    assert flipped["classifier/loss"] == pytest.approx(straight["classifier/loss"], rel=1e-5)


@pytest.mark.parametrize(
    ("fields", "batch", "found"),
    [
        ({}, attributes, "image_label has shape [3] for each image; objective='classes'"),
        ({"objective": "attributes"}, attributes, "image_label has shape [3] for each image; objective="),
        ({"objective": "attributes"}, pictures, "image_label has shape [] for each image; objective="),
        (
            {"objective": "features", "widths": (4, 4, 4, 9)},
            features,
            "image_features has shape [8] for each image; objective='features' with num_classes=10 and "
            "widths=(4, 4, 4, 9) expects [9]",
        ),
        ({"objective": "features"}, pictures, "a classifier needs features; the batch has no image_features"),
    ],
)
def test_a_column_of_another_shape_than_the_objectives_is_refused(fields, batch, found):
    with pytest.raises(ValueError) as error:
        model(**fields).init(jax.random.key(0), batch(1))
    assert str(error.value).startswith(found)


def test_a_size_that_the_stages_do_not_bring_down_is_refused():
    model().check(Inputs(32))
    model(input_size=64).check(Inputs(152))
    with pytest.raises(ValueError, match=r"^images of 33 pixels do not come down to one in 4 stages"):
        model().check(Inputs(33))


def test_images_without_labels_are_refused():
    with pytest.raises(ValueError, match=r"^a classifier needs labels; the batch has no image_label$"):
        model().init(jax.random.key(0), {"image": pictures(1)["image"]})
    with pytest.raises(ValueError, match=r"^image has shape \(1, 32, 32\); expected \[B, H, W, C\]"):
        model().init(jax.random.key(0), {"image": np.zeros((1, 32, 32), np.float32)})
