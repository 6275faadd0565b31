"""The attribute that a model of one attribute gives, with generators and a judge whose answers are known."""

import numpy as np
import pytest
from test_label_errors import LABELS, NAMES, NETWORKS, batches, deaf, obedient

from gan_jax import evaluation
from gan_jax.errors import ConfigError, DataError
from gan_jax.evaluation import attribute_change
from gan_jax.ops.pixels import to_float


def measured(apply, rows=slice(None), **options):
    fields = {"attributes": NAMES, "wanted": ("Male",), **options}
    return attribute_change.evaluate(apply, batches(LABELS[rows]), NETWORKS, **fields)


def painting(**pixels):
    """A generator that sets the first pixels, and knows no labels."""

    def generate(batch):
        (role,) = batch
        made = np.array(to_float(batch[role]))
        for name, value in pixels.items():
            made[:, 0, NAMES.index(name)] = value
        return {{"source": "target", "target": "source"}[role]: made}

    return generate


def test_a_generator_that_gives_the_attribute_makes_no_error():
    found = measured(painting(Male=1))
    assert (found["error"], found["accuracy"], found["untouched_error"]) == (0, 1, 0)
    assert (found["examples"], found["per_target"]["Male"]["examples"]) == (4, 2)  # two are Male already
    assert found["untranslated_error"] == 1
    assert found["real_error"] == pytest.approx(0.1)
    assert found["change"] == pytest.approx(2 / 4 * 255 / 9)
    assert found["cycle"] is None


def test_a_generator_that_changes_nothing_has_every_error_and_keeps_all():
    found = measured(painting())
    assert (found["error"], found["untouched_error"], found["change"]) == (1, 0, 0)


def test_other_attributes_are_to_stay():
    # Rows 0 and 3 are asked. Black hair is added to row 3 and stays in row 0; blond hair is right in both.
    assert measured(painting(Male=1, Black_Hair=1))["untouched_error"] == pytest.approx(1 / 4)


def test_a_colour_of_hair_replaces_the_others():
    found = measured(painting(Blond_Hair=1, Black_Hair=-1), wanted=("Blond_Hair",))
    assert (found["error"], found["per_target"]["Blond_Hair"]["examples"]) == (0, 3)
    # Rows 0 and 1 had black hair, which must go. That is no error of an attribute to keep.
    assert found["untouched_error"] == 0
    kept = measured(painting(Blond_Hair=1), wanted=("Blond_Hair",))
    # Black hair stays in rows 0 and 1. It was to change, so it is not among what is to stay.
    assert kept["untouched_error"] == 0


def test_taking_a_colour_of_hair_away_leaves_open_which_one_comes():
    found = measured(painting(Blond_Hair=-1, Black_Hair=1), wanted=("Blond_Hair",), present=False)
    assert (found["error"], found["untouched_error"]) == (0, 0)
    assert found["per_target"]["Blond_Hair"]["examples"] == 1


def test_two_generators_close_the_cycle_and_either_may_begin():
    found = measured(painting(Male=1), way="directions")
    # All images come back as Male: two of four differ in one pixel of nine.
    assert found["cycle"] == pytest.approx(2 / 4 * 255 / 9)
    roles = [{"target": b["source"], "target_label": b["source_label"]} for b in batches()]
    fields = {"attributes": NAMES, "wanted": ("Male",), "given": "target", "way": "directions"}
    back = attribute_change.evaluate(painting(Male=-1), roles, NETWORKS, present=False, **fields)
    assert (back["error"], back["per_target"]["Male"]["examples"]) == (0, 2)


def test_a_model_of_labels_is_asked_for_the_images_own_labels_with_the_change():
    found = measured(obedient, way="labels", wanted=("Blond_Hair",))
    assert (found["error"], found["untouched_error"], found["cycle"]) == (0, 0, 0)
    deaf_one = measured(lambda batch: deaf({"source": batch["source"]}), way="labels")
    assert (deaf_one["error"], deaf_one["change"]) == (1, 0)


def test_where_nothing_is_to_change_there_is_no_error():
    with pytest.raises(DataError, match=r"no image would be changed by wanted=\('Male',\), present=True"):
        measured(painting(), slice(1, 3))


@pytest.mark.parametrize(
    ("options", "roles", "message"),
    [
        ({"way": "up"}, ["source"], "way='up' is not allowed; allowed: 'direction', 'directions', 'labels'"),
        ({"given": "target"}, ["target"], "given='target' is not allowed; allowed: 'source'"),
        ({"wanted": ()}, ["source"], "wanted=() is not allowed; allowed: one of attributes or more"),
        ({"wanted": ("Mal",)}, ["source"], "wanted='Mal' is not known; did you mean 'Male'?"),
        ({"judge": "no"}, ["source"], "judge='no' is not required; required: judge"),
        ({}, ["image"], "roles.source is missing; its images are translated"),
    ],
)  # fmt: skip
def test_what_cannot_be_measured_is_refused_before_any_work(options, roles, message):
    spec = {"kind": "attribute_change", "every": 0, "attributes": NAMES, "wanted": ("Male",), **options}
    with pytest.raises(ConfigError) as error:
        evaluation.check({**spec, "roles": dict.fromkeys(roles)}, ["judge"])
    assert str(error.value).startswith(message)
