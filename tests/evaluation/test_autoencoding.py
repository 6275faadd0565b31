"""The bound, reconstructions and the latent plane, with models whose answers are known."""

import numpy as np
import pytest
import sheet_rows

from gan_jax import evaluation
from gan_jax.drawing import plots
from gan_jax.errors import ConfigError
from gan_jax.evaluation import elbo, latent_map, latent_scatter, reconstructions
from gan_jax.models.shared import base


def test_the_bound_is_a_mean_over_images_whatever_their_batches():
    recon, kl = np.array([80.0, 90.0, 100.0], np.float32), np.array([20.0, 30.0, 40.0], np.float32)
    terms = {"recon": recon, "kl": kl, "loss": recon + 4 * kl}
    batches = [{"image": np.arange(2)}, {"image": np.arange(2, 3)}]
    values = elbo.evaluate(lambda b: {name: x[b["image"]] for name, x in terms.items()}, batches, {})
    assert values == {"elbo": -120.0, "recon": 90.0, "kl": 30.0, "loss": 210.0, "examples": 3}


def test_images_stand_above_their_reconstructions(monkeypatch):
    sheet_rows.recorded(monkeypatch, reconstructions)
    given = np.array([0, 100, 200], np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 1), np.uint8)
    made = np.array([-1.0, 0.0, 1.0], np.float32)[:, None, None, None] * np.ones((1, 4, 4, 1), np.float32)
    values = reconstructions.evaluate(lambda batch: {"reconstruction": made}, iter([{"image": given}]), {})
    assert set(values) == {"reconstructions"}
    assert sheet_rows.titles(values["reconstructions"]) == [["image", "reconstruction"]]
    assert sheet_rows.levels(values["reconstructions"]) == [[[0, 100, 200], [0, 128, 255]]]


def test_in_the_map_the_first_dimension_grows_to_the_right_and_the_second_upwards(monkeypatch):
    sheet_rows.recorded(monkeypatch, latent_map)
    shade = lambda value: np.tanh(value)[:, None, None, None] * np.ones((1, 2, 2, 1))  # noqa: E731
    right = latent_map.evaluate(lambda b: {"image": shade(b["z"][:, 0])}, [], {}, side=5)["map"]
    upwards = latent_map.evaluate(lambda b: {"image": shade(b["z"][:, 1])}, [], {}, side=5)["map"]
    right, upwards = (np.array(sheet_rows.levels(found)[0]) for found in (right, upwards))
    assert right.shape == (5, 5)
    assert (np.diff(right[0]) > 10).all()
    np.testing.assert_array_equal(right, np.broadcast_to(right[0], (5, 5)))
    np.testing.assert_array_equal(upwards, np.broadcast_to(right[0][::-1, None], (5, 5)))


class Plane(base.Defaults):
    """A model of two latent dimensions."""

    draws_from_noise = encodes = True
    z_dim = 2


class Cube(Plane):
    z_dim = 3


@pytest.mark.parametrize("kind", ["latent_map", "latent_scatter"])
def test_only_planes_are_drawn(kind):
    assert evaluation.method(kind, Plane()) == {"latent_map": "generate", "latent_scatter": "infer"}[kind]
    evaluation.check_model({"kind": kind}, Plane())
    with pytest.raises(ConfigError, match=r"z_dim=3 is not allowed; allowed: 2$"):
        evaluation.check_model({"kind": kind}, Cube())


def test_a_model_without_the_method_is_refused_and_others_keep_theirs():
    class Classifier(base.Defaults):
        tells_classes = True

    message = r"^kind='elbo' is for models with a method 'infer'; this one has none$"
    with pytest.raises(ConfigError, match=message):
        evaluation.method("elbo", Classifier())
    assert evaluation.method("accuracy", Classifier()) == "predict"
    assert evaluation.method("sheet", Plane()) == "generate"


def test_points_of_the_plane_are_those_of_the_batches_under_their_labels(monkeypatch):
    drawn = []
    monkeypatch.setattr(plots, "scatter", lambda points, labels: drawn.append((points, labels)))
    mean = np.arange(6, dtype=np.float32).reshape(3, 2)
    batches = [
        {"image": mean[:2], "image_label": np.array([4, 5])},
        {"image": mean[2:], "image_label": np.array([6])},
    ]
    latent_scatter.evaluate(lambda batch: {"mean": 2 * batch["image"]}, batches, {})
    ((points, labels),) = drawn
    np.testing.assert_array_equal(points, 2 * mean)
    np.testing.assert_array_equal(labels, [4, 5, 6])


def test_images_without_classes_cannot_be_coloured():
    apply = lambda batch: {"mean": np.zeros((2, 2))}  # noqa: E731
    for label in ({}, {"image_label": np.zeros((2, 3), np.int32)}):
        with pytest.raises(ConfigError, match="colours by class; its images have none"):
            latent_scatter.evaluate(apply, [{"image": np.zeros(2), **label}], {})


def test_a_scatter_has_a_colour_for_each_class_where_its_points_are():
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.normal((-5, 0), 0.1, (300, 2)), rng.normal((5, 0), 0.1, (300, 2))])
    pixels = plots.scatter(points, np.repeat([3, 7], 300))
    assert pixels.shape == (700, 800, 3)
    assert pixels.dtype == np.uint8
    inside = pixels[:, 60:690].astype(int)  # without axis and legend
    blue, other = (
        (np.abs(inside - colour).max(-1) < 40).nonzero()[1] for colour in ((31, 119, 180), (140, 86, 75))
    )
    assert blue.size > 100 and other.size > 100
    assert np.median(blue) < 200 < 500 < np.median(other)
    np.testing.assert_array_equal(pixels, plots.scatter(points, np.repeat([3, 7], 300)))
