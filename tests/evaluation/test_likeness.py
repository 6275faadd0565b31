"""How much translations look like their domain, with a judge whose features are the bytes of an image."""

import judges
import numpy as np
import pytest

from gan_jax.errors import ConfigError, DataError
from gan_jax.evaluation import likeness
from gan_jax.metrics import frechet
from gan_jax.metrics.kernel import kernel_distance
from gan_jax.metrics.neighbours import Manifold

OPTIONS = {"given": "source", "features": "judge", "weights": "", "k": 3, "density_k": 5}


class Judge(judges.Judge):
    """Its features are all bytes of an image."""

    def embed(self, images):
        assert images.dtype == np.uint8  # translations are rounded to bytes like real images
        return images.reshape(len(images), -1).astype(np.float32)


NETWORKS = {"judge": Judge()}


def pictures(count, seed, low=0):
    return np.random.default_rng(seed).integers(low, 256, (count, 2, 3, 1)).astype(np.uint8)


SOURCE, TARGET, OTHERS = pictures(40, 1), pictures(40, 2, low=100), pictures(25, 3, low=100)


def batches(size=16, **roles):
    """One pass over the first role; a shorter role starts again, as in `data.epoch`."""
    total = len(next(iter(roles.values())))
    for first in range(0, total, size):
        rows = np.arange(first, min(first + size, total))
        yield {role: images[rows % len(images)] for role, images in roles.items()}


def brighter(batch, given="source", made="target"):
    """Translates by half the distance to white, as floats slightly off the bytes."""
    return {made: (batch[given] // 2 + 128 + 0.3) / 127.5 - 1}


def flat(images):
    return images.reshape(len(images), -1).astype(np.float32)


def measured(images, real=TARGET):
    real, images = flat(real), flat(images)
    measures = {"frechet": frechet.from_features(real, images), "kernel": kernel_distance(real, images)}
    measures |= Manifold(real, k=3, density_k=5).compare(images)
    return {f"judge_{name}": pytest.approx(value) for name, value in measures.items()}


def test_translations_are_compared_with_real_images_beside_others_and_the_images_before():
    given = batches(source=SOURCE, target=TARGET, reference=OTHERS)
    values = likeness.evaluate(brighter, given, NETWORKS)
    assert values.pop("untranslated") == measured(SOURCE)
    assert values.pop("floor") == measured(OTHERS)
    counts = {"n_real": 40, "n_fake": 40, "n_reference": 25, "features_sha256": "abc"}
    assert values == {**measured(SOURCE // 2 + 128), **counts}


def test_an_image_that_comes_again_counts_once():
    repeated = np.concatenate([SOURCE[:20], SOURCE[:10], SOURCE[20:]])
    values = likeness.evaluate(brighter, batches(source=repeated, target=TARGET[:30]), NETWORKS)
    assert (values["n_fake"], values["n_real"]) == (40, 30)
    assert values["judge_frechet"] == measured(SOURCE // 2 + 128, TARGET[:30])["judge_frechet"]


def test_the_other_direction_compares_with_source_images():
    def darker(batch):
        return brighter(batch, "target", "source")

    given = batches(source=SOURCE, target=TARGET)
    values = likeness.evaluate(darker, given, NETWORKS, given="target")
    assert values["judge_frechet"] == measured(TARGET // 2 + 128, SOURCE)["judge_frechet"]
    assert values["untranslated"] == measured(TARGET, SOURCE)


def test_too_few_images_are_refused():
    with pytest.raises(DataError, match="5 real images are too few for k=3 and density_k=5"):
        likeness.evaluate(brighter, batches(source=SOURCE, target=TARGET[:5]), NETWORKS)


@pytest.mark.parametrize(
    ("changes", "roles", "requires", "message"),
    [
        ({"given": "image"}, ("source", "target"), ("judge",), "given='image' is not allowed"),
        ({}, ("target",), ("judge",), "roles.source is missing"),
        ({}, ("source",), ("judge",), "roles.target is missing"),
        ({"features": "resnet"}, ("source", "target"), ("judge",), "features='resnet' is not allowed"),
        ({}, ("source", "target"), (), "features='judge' needs a classifier named judge"),
        ({"features": "vgg16"}, ("source", "target"), (), "weights='' is not allowed"),
        ({"k": 0}, ("source", "target"), ("judge",), "k=0 is not allowed; allowed: 1 or more"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(changes, roles, requires, message):
    with pytest.raises(ConfigError, match=message):
        likeness.check({**OPTIONS, **changes}, roles, requires)
