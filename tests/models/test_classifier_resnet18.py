"""The classifier as a ResNet-18: its parameters, its outputs, and the fields that it refuses."""

import jax
import numpy as np
import programs
import pytest
from classifying import attributes, initial, model, pictures, run

from gan_jax.models import Inputs

SMALL = {
    "architecture": "resnet18_small",
    "widths": (2, 2, 4, 4),
    "batch_norm": True,
    "convs_per_block": 2,
}


@pytest.mark.parametrize(
    ("architecture", "expected"), [("resnet18", 11_180_103), ("resnet18_small", 11_172_423)]
)
def test_it_has_the_parameters_of_the_network(architecture, expected):
    m = model(**SMALL | {"architecture": architecture, "widths": (64, 128, 256, 512), "num_classes": 7})
    state = jax.eval_shape(m.init, jax.random.key(0), pictures(1))
    params = state.players["classifier"].params
    assert sum(np.prod(leaf.shape) for leaf in jax.tree.leaves(params)) == expected


def test_features_are_what_the_head_reads():
    m = model(**SMALL)
    state, batch = initial(m), {"image": pictures(2)["image"]}
    head = state.players["classifier"].params["head"]
    with programs.whole():
        features, predicted = np.asarray(m.embed(state, batch)), m.predict(state, batch)
    assert features.shape == (2, 4)
    assert (features >= 0).all()
    logits = features @ head["kernel"] + head["bias"]
    np.testing.assert_allclose(predicted, logits, rtol=1e-4, atol=1e-5)


@pytest.mark.long
def test_a_step_moves_parameters_and_running_statistics():
    m = model(**SMALL, objective="attributes", num_classes=3)
    state, (metrics,) = run(m, [attributes()])
    assert np.isfinite(metrics["classifier/loss"])
    before, after = initial(m).players["classifier"], state.players["classifier"]
    stats = [jax.tree.leaves(p.batch_stats) for p in (before, after)]
    assert all((a != b[0]).any() for a, b in zip(*stats, strict=True))


def test_any_size_is_taken():
    model(**SMALL).check(Inputs(47))
    with pytest.raises(ValueError, match="47"):
        model().check(Inputs(47))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"widths": (2, 2, 4)}, "widths=(2, 2, 4) is not allowed; allowed: four integers"),
        ({"batch_norm": False}, "batch_norm=False is not allowed; allowed: True"),
        ({"convs_per_block": 1}, "convs_per_block=1 is not allowed; allowed: 2"),
    ],
)
def test_what_does_not_go_with_it_is_refused(fields, message):
    with pytest.raises(ValueError) as error:
        model(**SMALL | fields)
    assert str(error.value) == f"{message} where architecture='resnet18_small'"


def test_another_architecture_is_refused():
    with pytest.raises(ValueError, match="architecture='resnet' is not allowed; allowed: stages, resnet18, "):
        model(architecture="resnet")
