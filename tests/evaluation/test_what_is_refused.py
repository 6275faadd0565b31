"""Evaluations that could not run: they are refused before any work, by their options and their models."""

import pytest

from gan_jax import config, evaluation
from gan_jax.errors import ConfigError
from gan_jax.metrics import features
from gan_jax.models import classifier, cyclegan, gan, icgan, segmenter, stargan

LABELS = {"labels": (("a", "b"), ("x", "y", "z")), "exclusive": (False, True)}
ATTRIBUTES = {"kind": "attribute_agreement", "attributes": ("a", "b")}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"kind": "latent_map", "side": 0}, r"^side=0 is not allowed; allowed: 1 to 1000$"),
        ({"kind": "retrieval", "probes": 0}, r"^probes=0 is not allowed; allowed: 1 to 1000000$"),
        ({"kind": "retrieval", "pixels": 0}, r"^pixels=0 is not allowed; allowed: 1 to 4096$"),
        ({"kind": "retrieval", "network": "ear"}, r"^network='ear' is not known; known: judge$"),
        ({"kind": "retrieval", "roles": {}}, r"^roles.source is missing"),
        ({**ATTRIBUTES, "compare": ("c",)}, r"^compare='c' is not among attributes: a, b$"),
        ({**ATTRIBUTES, "requires": ()}, r"^a judge is not required; required: nothing$"),
        ({**ATTRIBUTES, "roles": {}}, r"^roles.source is missing"),
        *(({"kind": kind, **LABELS, "asked": "c"}, r"^asked='c' is not a set") for kind in
          ("label_errors", "label_sheet")),
        *(({"kind": kind, **LABELS, "given": "c"}, r"^given='c' is not a set") for kind in
          ("label_errors", "label_sheet")),
        *(({"kind": kind, **LABELS, "roles": {}}, r"^roles.source is missing") for kind in
          ("label_errors", "label_sheet")),
        ({"kind": "label_errors", **LABELS, "given": "b"}, r"^given='b': its images have unknown attributes"),
        ({"kind": "label_errors", **LABELS, "judge": "me"}, r"^judge='me' is not required; required: judge$"),
        (
            {"kind": "label_sheet", "labels": (("a",),), "exclusive": (False,), "wrong_mask": True},
            r"^wrong_mask=True is not allowed",
        ),
    ],
)  # fmt: skip
def test_options_are_refused_before_any_work(spec, message):
    requires = spec.get("requires", ("judge",))
    whole = {"roles": {"source": {}}, **{k: v for k, v in spec.items() if k != "requires"}}
    with pytest.raises(ConfigError, match=message) as refusal:
        evaluation.check(whole, requires)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "spec",
    [
        {"kind": "latent_map"},
        {"kind": "retrieval", "network": "judge"},
        {**ATTRIBUTES, "compare": ("b",)},
        {"kind": "label_errors", **LABELS, "asked": "b", "given": "a"},
        {"kind": "label_sheet", **LABELS, "asked": "a", "given": "b", "wrong_mask": True},
    ],
)
def test_options_that_are_allowed_are_taken(spec):
    evaluation.check({"roles": {"source": {}}, **spec}, ("judge",))


@pytest.mark.parametrize(
    ("model", "allowed", "refused"),
    [
        (gan.Model(), {"generation": ""}, {"accuracy": "predict", "cycle": "translates"}),
        (
            cyclegan.Model(),
            {"cycle": "", "transfer": "", "paired": "", "retrieval": "", "attribute_change": ""},
            {"generation": "draws from noise", "label_errors": "takes requests", "attributes": "predict"},
        ),
        (
            classifier.Model(),
            {"accuracy": "", "attributes": "", "regression": ""},
            {"segmentation": "segments", "transfer": "translates"},
        ),
        (segmenter.Model(), {"segmentation": ""}, {"accuracy": "tells classes", "sheet": "generate"}),
        (icgan.Model(), {"reconstructions": "", "sheet": ""}, {"elbo": "draws from noise"}),
    ],
    ids=lambda value: type(value).__module__.rpartition(".")[2] if not isinstance(value, dict) else "",
)
def test_a_model_that_lacks_what_an_evaluator_needs_is_refused(model, allowed, refused):
    extra = {
        "attribute_change": {"attributes": ("a",), "wanted": ("a",)},
        "attributes": {"attributes": ("a",)},
    }
    extra["label_errors"] = LABELS
    for kind in allowed:
        evaluation.check_model({"kind": kind, **extra.get(kind, {})}, model)
    for kind, words in refused.items():
        with pytest.raises(ConfigError, match=rf"^kind='{kind}' is for .*{words}"):
            evaluation.check_model({"kind": kind, **extra.get(kind, {})}, model)


@pytest.mark.parametrize("kind", ["label_errors", "label_sheet"])
def test_labels_that_a_model_does_not_take_are_refused(kind):
    model = stargan.Model(labels=LABELS["labels"], exclusive=LABELS["exclusive"])
    evaluation.check_model({"kind": kind, **LABELS}, model)
    with pytest.raises(ConfigError, match=r"^labels=\(\('a', 'b'\),\) is not allowed; allowed: those of the"):
        evaluation.check_model({"kind": kind, "labels": (("a", "b"),), "exclusive": (False,)}, model)


def test_a_sheet_has_no_more_rows_than_the_model_has_classes():
    for model, most in (
        (gan.Model(num_classes=10, labels="input"), 10),
        (gan.Model(), 0),
        (cyclegan.Model(), 0),
    ):
        evaluation.check_model({"kind": "sheet", "classes": most}, model)
        with pytest.raises(
            ConfigError, match=rf"^classes={most + 1} is not allowed; allowed: 0 to {most}, the"
        ):
            evaluation.check_model({"kind": "sheet", "classes": most + 1}, model)


def test_the_way_of_asking_is_one_that_the_model_has():
    asking = {"kind": "attribute_change", "attributes": ("a", "b"), "wanted": ("a",)}
    labelled = stargan.Model(labels=(("a", "b"),), exclusive=(False,))
    evaluation.check_model({**asking, "way": "labels"}, labelled)
    evaluation.check_model({**asking, "way": "directions"}, cyclegan.Model())
    with pytest.raises(
        ConfigError, match=r"^way='direction' is not allowed for this model; allowed: 'labels'$"
    ):
        evaluation.check_model({**asking, "way": "direction"}, labelled)
    with pytest.raises(
        ConfigError, match=r"^way='labels' is not allowed for this model; allowed: 'direction'"
    ):
        evaluation.check_model({**asking, "way": "labels"}, cyclegan.Model())
    with pytest.raises(ConfigError, match=r"^labels=\(\('a', 'b', 'c'\),\) is not allowed"):
        evaluation.check_model({**asking, "attributes": ("a", "b", "c"), "way": "labels"}, labelled)


@pytest.mark.parametrize(
    ("evals", "message"),
    [
        ({}, r"^requires.judge.evals.test is missing; evals.test needs its accuracy$"),
        (
            {"test": {"kind": "regression", "every": 0, "roles": {}}},
            r"^requires.judge.evals.test does not give what evals.test needs: metric 'accuracy' of "
            r"kind='regression' is not known; known: cosine_similarity",
        ),
    ],
)
def test_a_judge_whose_result_would_lack_its_accuracy_is_refused(evals, message):
    built = config.load("configs/dtn_digits.py:quick")
    config.validate(built)
    built.requires.judge.evals = evals
    with pytest.raises(ConfigError, match=message) as refusal:
        config.validate(built)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("kind", ["attribute_agreement", "attribute_change"])
def test_a_judge_that_does_not_know_an_attribute_is_refused_before_it_is_trained(kind):
    asking = {"kind": kind, "attributes": ("Male", "Bald"), "wanted": ("Bald",)}
    spec = {name: value for name, value in asking.items() if kind.endswith("change") or name != "wanted"}
    known = {"kind": "attributes", "attributes": ("Bald", "Smiling", "Male")}
    evaluation.check_judge(spec, known)
    with pytest.raises(ConfigError, match=r"^evals.test.attributes: 'Male' is not among .*: Bald, Smiling$"):
        evaluation.check_judge(spec, {**known, "attributes": ("Bald", "Smiling")})
    with pytest.raises(ConfigError, match=r"^evals.test.kind='accuracy' is not allowed; allowed: 'attribut"):
        evaluation.check_judge(spec, {"kind": "accuracy"})


def test_only_attributes_that_are_compared_must_be_known():
    spec = {"kind": "attribute_agreement", "attributes": ("Male", "Bald"), "compare": ("Bald",)}
    evaluation.check_judge(spec, {"kind": "attributes", "attributes": ("Bald",)})


def test_the_judge_of_separability_measures_classes_or_attributes():
    spec = {"kind": "separability"}
    for kind in ("accuracy", "attributes"):
        evaluation.check_judge(spec, {"kind": kind})
    with pytest.raises(ConfigError, match=r"^evals.test.kind='regression' is not allowed; allowed: 'accura"):
        evaluation.check_judge(spec, {"kind": "regression"})


def test_a_configuration_whose_judge_lacks_an_attribute_is_refused_with_both_names():
    built = config.load("configs/dtn_face_emoji.py:quick")
    config.validate(built)
    built.requires.judge.evals.test.attributes = ("Smiling",)
    with pytest.raises(ConfigError, match=r"^requires.judge.evals.test.attributes: .* evals.test asks this"):
        config.validate(built)
    with built.unlocked():
        del built.requires.judge.evals.test
    with pytest.raises(ConfigError, match=r"^requires.judge.evals.test is missing; allowed: .*'attributes'"):
        config.validate(built)


def test_a_file_of_weights_is_no_judge_whose_own_result_is_read(monkeypatch):
    monkeypatch.setattr(features, "check", lambda name, path: None)
    built = config.load("configs/dtn_digits.py:quick")
    with built.unlocked():
        built.weights.vgg16, built.evals.test.judge = "weights.npz", "vgg16"
    with pytest.raises(
        ConfigError, match=r"^weights.vgg16 is not allowed, because evals.test reads the judge"
    ):
        config.validate(built)
