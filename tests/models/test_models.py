"""Finding models by name, and the members that a model inherits."""

import dataclasses
from pathlib import Path

import pytest

from gan_jax import models
from gan_jax.errors import ConfigError
from gan_jax.models import classifier, dtn
from gan_jax.models.shared import base


def test_models_are_found_by_the_name_of_their_file():
    files = {path.stem for path in Path(models.__file__).parent.glob("*.py")}
    assert models.known() == sorted(files - {"__init__", "base"})
    assert models.model_class("dtn") is dtn.Model
    assert models.model_class("classifier") is classifier.Model
    known = ", ".join(models.known())
    with pytest.raises(ConfigError, match=rf"^model\.name='base' is not known; known: {known}$"):
        models.model_class("base")


def test_lists_of_a_stored_configuration_become_tuples_again():
    made = models.create({"name": "classifier", "widths": [4, 4, 4, 8]})
    assert made == classifier.Model(widths=(4, 4, 4, 8))
    assert hash(made) == hash(classifier.Model(widths=(4, 4, 4, 8)))


def test_bad_fields_are_refused_by_name():
    with pytest.raises(ConfigError, match=r"^model\.depth is no field of this model; fields: .*widths, "):
        models.create({"name": "classifier", "depth": 3})
    with pytest.raises(ConfigError, match=r"^model\.dropout=2 is not allowed; allowed: 0 to 0\.99$"):
        models.create({"name": "classifier", "dropout": 2})


@pytest.mark.parametrize("name", models.known())
def test_a_model_is_a_frozen_dataclass_with_the_members_of_its_contract(name):
    cls = models.model_class(name)
    made = cls()
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.b1 = 0.0
    assert made.batches >= 1
    for phases in (made.phases(0), made.phases(999)):
        assert phases
        assert hash(phases) == hash(tuple(phases))
    needed = {
        "draws_from_noise": ("latents", "decode", "generate"),
        "translates": ("generate",),
        "tells_classes": ("predict", "embed"),
        "segments": ("predict",),
        "encodes": ("infer",),
        "takes_requests": ("condition",),
        "holds_image": ("generate",),
        "takes_styles": ("encode", "decode", "stylise"),
        "has_styles": ("styles", "synthesise", "affine_kernels"),
    }
    able = [capability for capability in needed if getattr(cls, capability)]
    whole = {"draws_from_noise", "translates", "tells_classes", "segments", "holds_image", "takes_styles"}
    assert whole & set(able)
    members = ["init", "train_step", "adopt", "check", "tx", *(m for c in able for m in needed[c])]
    assert all(callable(getattr(cls, member)) for member in members)
    fields = {field.name for field in dataclasses.fields(cls)}
    assert {*cls.TINY, *cls.SCHEDULES} <= fields
    assert not fields & {"TINY", "SCHEDULES", *needed}


def test_the_defaults_change_nothing():
    made, state = base.Defaults(), object()
    assert made.adopt(state, {"f": 1}, {}) is state
    assert made.check(base.Inputs(8)) is None
    assert (made.features, made.seen_size(7), made.trained_role("a")) == ({}, 7, "a")
