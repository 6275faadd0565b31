"""The names of scores: only Inception's are FID's."""

import pytest

from gan_jax.metrics.score_names import naming


@pytest.mark.parametrize(
    ("features", "fid", "kid", "recall"),
    [
        ("judge", "face_fid", "face_kid", "face_recall"),
        ("inception", "fid_inception_clean", "kid_inception_clean", "recall_inception_clean"),
        ("vgg16", "vgg16_frechet", "vgg16_kernel", "vgg16_recall"),
    ],
)
def test_names_say_whose_features_give_a_score(features, fid, kid, recall):
    name = naming(features, "face")
    assert (name("fid"), name("kid"), name("recall")) == (fid, kid, recall)
