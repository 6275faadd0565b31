"""Path lengths, separability, droplets and phases of models whose images are linear in their styles."""

import dataclasses
import math

import judges
import numpy as np
import pytest

from gan_jax import evaluation
from gan_jax.errors import ConfigError
from gan_jax.evaluation import droplets, path_length, phase, separability
from gan_jax.models import dtn, gan, pggan, stylegan, stylegan2
from gan_jax.runs.functions import of_columns

D, SIDE, LAYERS = 6, 8, 3


class Linear:
    """w = z M, the same for every layer, and images `sum_l w_l A_l`; `maps` come from a function."""

    def __init__(self, maps=None, classes=0):
        rng = np.random.default_rng(0)
        self.to_style = rng.normal(size=(D, D))
        self.to_image = rng.normal(size=(LAYERS, D, SIDE * SIDE)) / 10
        self._maps, self._classes, self.labels = maps, classes, []

    def latents(self, n):
        return np.random.default_rng(1).normal(size=(n, D)).astype(np.float32)

    def conditions(self, n):
        return {"label": np.arange(n, dtype=np.int32) % self._classes} if self._classes else {}

    def method(self, name, columns):
        if "label" in columns:
            self.labels.append(columns["label"])
        return getattr(self, name)(**{k: c for k, c in columns.items() if k != "label"})

    def styles(self, z):
        return np.repeat((z @ self.to_style)[:, None], LAYERS, 1)

    def synthesise(self, ws):
        return np.einsum("nld,ldp->np", ws, self.to_image).reshape(-1, SIDE, SIDE, 1)

    def decode(self, z):
        return self.synthesise(self.styles(z))

    def maps(self, ws):
        return self._maps(ws)


def lengths(slopes):
    """The mean over pairs, without the extremes, of the mean square over pixels."""
    values = np.sort(np.square(slopes).mean(1))
    cut = (len(values) - 1) // 100
    return values[cut : len(values) - cut].mean()


def test_the_path_length_between_styles_of_a_linear_generator_is_that_of_their_difference():
    apply = Linear()
    values = path_length.evaluate(apply, [], {}, features="pixels", examples=300, epsilon=1e-3)
    first, last = np.split(apply.latents(600), 2)
    expected = lengths((last - first) @ apply.to_style @ apply.to_image.sum(0))
    assert values["ppl_w_full_pixels"] == pytest.approx(expected, rel=1e-3)
    assert values["ppl_w_end_pixels"] == pytest.approx(expected, rel=1e-3)
    # Over pairs of N(0, I), E |(b - a) A|^2 = 2 |A|^2, less what the trimming takes off a skew distribution.
    norm = 2 * np.square(apply.to_style @ apply.to_image.sum(0)).sum() / SIDE**2
    assert 0.8 * norm < values["ppl_w_full_pixels"] < 1.1 * norm


def test_at_the_end_of_an_arc_the_slope_of_a_linear_generator_has_a_closed_form():
    apply = Linear()
    values = path_length.evaluate(apply, [], {}, space="z", features="pixels", examples=300, epsilon=1e-3)
    a, b = np.split(apply.latents(600).astype(float), 2)
    cosine = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    angle = np.arccos(cosine)[:, None]
    slopes = angle / np.sin(angle) * (b - cosine[:, None] * a)
    expected = lengths(slopes @ apply.to_style @ apply.to_image.sum(0))
    assert values["ppl_z_end_pixels"] == pytest.approx(expected, rel=5e-3)
    assert values["ppl_z_full_pixels"] != pytest.approx(values["ppl_z_end_pixels"], rel=5e-3)


def test_a_straight_path_between_latents_of_a_linear_generator_is_one_between_styles():
    common = {"features": "pixels", "examples": 70, "epsilon": 1e-3}
    z = path_length.evaluate(Linear(), [], {}, space="z", path="linear", **common)
    w = path_length.evaluate(Linear(), [], {}, space="w", **common)
    assert z["ppl_z_full_pixels"] == pytest.approx(w["ppl_w_full_pixels"], rel=1e-3)


def test_both_images_of_a_pair_have_one_class():
    apply = Linear(classes=3)
    path_length.evaluate(apply, [], {}, space="z", features="pixels", examples=70)
    for near, far in zip(apply.labels[::2], apply.labels[1::2], strict=True):
        np.testing.assert_array_equal(near, far)
    assert sum(map(len, apply.labels)) == 4 * 70


def test_the_crop_is_that_of_the_paper():
    apply = Linear()
    apply.to_image = apply.to_image.reshape(LAYERS, D, SIDE, SIDE)
    apply.to_image[:, :, 3:7, 2:6] = 0
    apply.to_image = apply.to_image.reshape(LAYERS, D, -1)
    values = path_length.evaluate(apply, [], {}, features="pixels", examples=10, crop=True)
    assert values["ppl_w_full_pixels"] == values["ppl_w_end_pixels"] == 0


class Attributes(judges.Judge):
    """Two attributes: the sign of the mean, and a checkerboard of two pixels' signs."""

    def __init__(self):
        self.metrics = {"accuracy": 0.9, "attributes": ["bright", "mixed"]}

    def predict(self, images):
        assert images.dtype == np.uint8
        x = images.astype(float) - 127.5
        return np.stack([x.mean((1, 2, 3)), x[:, 0, 0, 0] * x[:, 4, 4, 0]], 1)


@pytest.mark.parametrize("space", ["z", "w"])
def test_an_attribute_linear_in_the_latent_is_separable_and_a_product_is_not(space):
    values = separability.evaluate(Linear(), [], {"judge": Attributes()}, space=space, examples=1000)
    assert values["entropies"]["bright"] < 0.05
    assert 0.6 < values["entropies"]["mixed"] < math.log(2)
    assert values[f"separability_{space}"] == pytest.approx(math.exp(sum(values["entropies"].values())))
    assert (values["constant"], values["judge_accuracy"], values["examples"]) == (0, 0.9, 1000)


def test_each_class_of_a_judge_is_an_attribute_against_the_rest():
    class Classes(judges.Judge):
        def __init__(self):
            self.metrics = {"accuracy": 0.9, "confusion": [[0] * 3] * 3}

        def predict(self, images):
            return images.reshape(len(images), -1)[:, :3].astype(float)

    values = separability.evaluate(Linear(), [], {"judge": Classes()}, examples=500)
    assert list(values["entropies"]) == ["0", "1", "2"]
    # Two classes cannot both be likelier than not, so that no more than one of three log odds is positive.
    odds = separability._one_against_rest(np.log([[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]]))
    np.testing.assert_allclose(odds, np.log([[0.25, 3 / 7, 1], [1 / 9, 1 / 9, 4]]))


def test_the_droplet_is_the_mean_peak_of_the_side_where_it_is_largest():
    def maps(ws):
        made = {4: np.ones((len(ws), 4, 4, 2)), 8: np.ones((len(ws), 8, 8, 2))}
        made[8][:, 5, 5] = 9
        return made

    values = droplets.evaluate(Linear(maps), [], {}, examples=20)
    assert values == {"droplet": 9, "droplet_by_side": {"4": 1, "8": 9}, "examples": 20}


def test_the_phase_tells_maps_that_stay_from_maps_that_move():
    spots = np.random.default_rng(0).normal(size=(4, 4, 2))

    def maps(ws):
        rows = np.arange(len(ws))
        moving = np.zeros((len(ws), 2, 2 * len(ws), 1))
        moving[rows, 0, 2 * rows] = 1
        return {4: np.broadcast_to(spots, (len(ws), *spots.shape)), 16: moving}

    values = phase.evaluate(Linear(maps), [], {}, examples=3, frames=8)
    assert values["phase"] == pytest.approx(0, abs=1e-9)
    assert values["phase_by_side"] == {"4": pytest.approx(1), "16": values["phase"]}


STYLES = stylegan2.Model(size=32)
NONE = stylegan.Model(size=32, adain=False, constant=False, noise=False, style_mixing=0.0)


@pytest.mark.parametrize(
    ("model", "spec", "words"),
    [
        (
            dtn.Model(),
            {"kind": "path_length"},
            "kind='path_length' is for a model that draws from noise; this one does not",
        ),
        (pggan.Model(size=32), {"kind": "path_length"}, "space='w' is for models whose layers take styles"),
        (
            pggan.Model(size=32),
            {"kind": "droplets"},
            "kind='droplets' is for models whose layers take styles",
        ),
        (NONE, {"kind": "phase"}, "kind='phase' is for models whose layers take styles; those of this one"),
        (NONE, {"kind": "separability"}, "space='w' is for models whose layers take styles"),
        (
            STYLES,
            {"kind": "path_length", "features": "vgg16", "crop": True, "space": "z"},
            None,
        ),
        (
            stylegan2.Model(size=16),
            {"kind": "path_length", "features": "vgg16", "crop": True},
            "features='vgg16' needs 16 pixels or more; crop=True shows 8 pixels of 16",
        ),
        (
            gan.Model(size=28, z_prior="uniform"),
            {"kind": "path_length", "space": "z"},
            r"path='spherical' is for latents of N\(0, I\); allowed for this model: 'linear'",
        ),
        (pggan.Model(size=32), {"kind": "path_length", "space": "z"}, None),
        (STYLES, {"kind": "droplets"}, None),
    ],
)
def test_models_that_do_not_suit_are_refused_in_one_line(model, spec, words):
    if words is None:
        evaluation.check_model(spec, model)
    else:
        with pytest.raises(ConfigError, match=rf"^{words}"):
            evaluation.check_model(spec, model)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"kind": "path_length", "space": "x"}, "space='x' is not allowed; allowed: 'z', 'w'"),
        ({"kind": "path_length", "features": "fid"}, "features='fid' is not allowed; allowed: 'pixels', "),
        ({"kind": "path_length", "features": "judge"}, "features='judge' needs a classifier named judge"),
        ({"kind": "path_length", "features": "vgg16"}, "weights='' is not allowed with features='vgg16'"),
        ({"kind": "path_length", "weights": "a.npz"}, "weights='a.npz' is for features='vgg16', 'vgg19'"),
        ({"kind": "path_length", "epsilon": 0.0}, "epsilon=0 is not allowed; allowed: 1e-6 to 0.1"),
        ({"kind": "path_length", "examples": 0}, "examples=0 is not allowed; allowed: 1 to 1000000"),
        ({"kind": "path_length", "path": "short"}, "path='short' is not allowed; allowed: 'spherical', "),
        ({"kind": "separability"}, "judge='judge' is not required; required: nothing"),
        ({"kind": "phase", "frames": 1}, "frames=1 is not allowed; allowed: 2 to 1000000"),
        ({"kind": "droplets", "examples": 0}, "examples=0 is not allowed"),
    ],
)
def test_options_outside_their_ranges_are_refused(spec, words):
    with pytest.raises(ConfigError, match=rf"^{words}"):
        evaluation.check({**spec, "roles": {"image": {}}}, ())


def test_the_metrics_have_the_names_of_the_options():
    spec = {"kind": "path_length", "space": "z", "features": "vgg16"}
    evaluation.check_metric(spec, "ppl_z_end_vgg16")
    evaluation.check_metric({"kind": "separability"}, "separability_w")
    with pytest.raises(ConfigError, match="ppl_w_end_vgg16"):
        evaluation.check_metric(spec, "ppl_w_end_vgg16")


def test_a_method_of_columns_gets_them_by_name():
    @dataclasses.dataclass
    class Model:
        def scaled(self, state, z, label=1):
            return state * z * label

    assert of_columns(Model(), "scaled")(2, {"z": 3, "label": 5}, None) == 30


def test_every_part_of_the_pairs_has_its_own_classes(monkeypatch):
    monkeypatch.setattr(path_length, "_PART", 4)
    apply = Linear(classes=3)
    path_length.evaluate(apply, [], {}, space="z", features="pixels", examples=6)
    np.testing.assert_array_equal(np.concatenate([apply.labels[0], apply.labels[2]]), np.arange(6) % 3)
