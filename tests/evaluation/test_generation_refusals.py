"""Configurations of scores of generated images that are refused before any work."""

import pytest

from gan_jax import config, evaluation
from gan_jax.errors import ConfigError


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"features": "vgg"},
            r"^features='vgg' is not allowed; allowed: 'judge', 'inception', 'vgg16', 'vgg19'$",
        ),
        ({"features": "inception"}, r"^weights='' is not allowed with features='inception'"),
        ({"weights": "w.pth"}, r"^weights='w.pth' is for features='inception', 'vgg16', 'vgg19'$"),
        (
            {"features": "inception", "weights": "/none.pth"},
            r"^weights='/none.pth' cannot be read: No such file",
        ),
        ({"prefix": "a b"}, r"^prefix='a b' is not allowed"),
        ({"k": 0}, r"^k=0 is not allowed; allowed: 1 to 9999, fewer than examples$"),
        ({"density_k": 8, "examples": 8}, r"^density_k=8 is not allowed; allowed: 1 to 7"),
        ({"fakes": 8}, r"^fakes is no field of 'generation'"),
        ({"roles": {"source": {}}}, r"^roles=\('source',\) is not allowed; allowed: image"),
    ],
)
def test_what_could_not_be_evaluated_is_refused_before_any_work(fields, message):
    spec = {"kind": "generation", "every": 0, "roles": {"image": {}}, **fields}
    with pytest.raises(ConfigError, match=message):
        evaluation.check(spec, ["judge"])


def test_the_judge_must_be_required_where_its_features_are_used():
    spec = {"kind": "generation", "every": 0, "roles": {"image": {}}}
    evaluation.check(spec, ["judge"])
    with pytest.raises(ConfigError, match=r"^features='judge' needs a classifier named judge"):
        evaluation.check(spec, [])


def test_a_configuration_is_refused_before_training():
    built = config.default()
    built.model = config.model("dtn", beta=0.0)
    role = {"image": config.inline("digits_plain", "test")}
    built.evals.test = {
        "kind": "generation",
        "every": 0,
        "roles": role,
        "features": "inception",
        "weights": "x",
    }
    with pytest.raises(ConfigError, match=r"^evals.test.weights='x' cannot be read: No such file"):
        config.validate(built)
