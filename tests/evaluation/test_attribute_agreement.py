"""Agreement of attributes, with a judge whose answers are known."""

import judges
import numpy as np
import pytest

from gan_jax.errors import ConfigError
from gan_jax.evaluation import attribute_agreement

OWN = {"accuracy": 0.95, "balanced_accuracy": 0.9, "auc": 0.97, "average_precision": 0.8,
       "prevalence": 0.3, "answered": 0.3}  # fmt: skip


class Judge(judges.Judge):
    """Reads one attribute from each channel: present if the channel is brighter than the middle."""

    def __init__(self):
        names = ("Smiling", "Bald", "Male")
        self.metrics = {"attributes": list(names), "per_attribute": dict.fromkeys(names, OWN)}

    def predict(self, images):
        floats = images / 127.5 - 1 if images.dtype == np.uint8 else images
        return floats[:, 0, 0].astype(np.float32)


class Features:
    """The part of f that the evaluator uses."""

    def __init__(self):
        self.metrics = {"per_attribute": {"Male": OWN | {"auc": 0.7}}}


NETWORKS = {"judge": Judge(), "f": Features()}
# Columns of the source: Male, Eyeglasses, Smiling.
NAMES = ("Male", "Eyeglasses", "Smiling")
LABELS = np.array([[1, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 1]], np.int32)


def batches():
    pixels = np.zeros((5, 2, 2, 3), np.uint8)
    for part in (slice(0, 2), slice(2, None)):
        yield {"source": pixels[part], "source_label": LABELS[part]}


def becomes(rows):
    """A generator of images in which the judge sees `rows` of Smiling, Bald, Male."""
    left = list(rows)

    def apply(batch):
        made = np.array([left.pop(0) for _ in batch["source"]], np.float32)
        return {"target": np.broadcast_to(made[:, None, None], (len(made), 2, 2, 3))}

    return apply


MADE = [[1, -1, 1], [-1, -1, 1], [-1, -1, 1], [-1, 1, -1], [1, 1, -1]]


def test_labels_of_the_source_are_compared_with_what_the_judge_sees_by_name():
    values = attribute_agreement.evaluate(
        becomes(MADE), batches(), NETWORKS, attributes=NAMES, compare=("Male", "Smiling")
    )
    assert values["examples"] == 5
    male, smiling = values["per_attribute"]["Male"], values["per_attribute"]["Smiling"]
    assert set(values["per_attribute"]) == {"Male", "Smiling"}
    assert male["accuracy"] == pytest.approx(4 / 5)
    assert male["balanced_accuracy"] == pytest.approx((2 / 2 + 2 / 3) / 2)
    assert (male["prevalence"], male["answered"]) == (pytest.approx(0.4), pytest.approx(0.6))
    assert smiling["accuracy"] == smiling["auc"] == 1
    assert values["accuracy"] == pytest.approx(0.9)
    assert values["balanced_accuracy"] == pytest.approx((5 / 6 + 1) / 2)
    assert values["chance"] == pytest.approx(0.6)


def test_beside_them_stand_the_judge_on_real_images_and_on_the_sources_themselves():
    values = attribute_agreement.evaluate(
        becomes(MADE), batches(), NETWORKS, attributes=NAMES, compare=("Male", "Smiling")
    )
    assert values["judge_balanced_accuracy"] == pytest.approx(0.9)
    assert values["per_attribute"]["Male"]["judge"] == OWN
    assert values["per_attribute"]["Male"]["f"]["auc"] == 0.7
    assert values["per_attribute"]["Smiling"]["f"] is None
    # On black images the judge sees no attribute.
    assert values["untransferred_balanced_accuracy"] == 0.5
    assert values["per_attribute"]["Smiling"]["untransferred"]["answered"] == 0


def test_a_model_without_f_is_measured_too():
    networks = {"judge": NETWORKS["judge"]}
    values = attribute_agreement.evaluate(
        becomes(MADE), batches(), networks, attributes=NAMES, compare=("Male",)
    )
    assert values["per_attribute"]["Male"]["accuracy"] == pytest.approx(4 / 5)
    assert values["per_attribute"]["Male"]["f"] is None


def test_an_output_that_does_not_depend_on_the_input_is_at_chance():
    values = attribute_agreement.evaluate(
        becomes([[1, 1, 1]] * 5), batches(), NETWORKS, attributes=NAMES, compare=("Male", "Smiling")
    )
    assert values["balanced_accuracy"] == values["auc"] == 0.5


def test_an_attribute_that_one_side_does_not_have_is_refused():
    with pytest.raises(ConfigError, match=r"^compare='Bald' is not among attributes: Male, Eyeglasses, Smil"):
        attribute_agreement.evaluate(
            becomes(MADE), batches(), NETWORKS, attributes=NAMES, compare=("Male", "Bald")
        )
    message = r"^compare='Eyeglasses' is not among the judge's attributes: Smiling, Bald, Male$"
    with pytest.raises(ConfigError, match=message):
        attribute_agreement.evaluate(becomes(MADE), batches(), NETWORKS, attributes=NAMES)
    with pytest.raises(ConfigError, match=r"are 2 names, but source_label has \[3\] for each image$"):
        attribute_agreement.evaluate(becomes(MADE), batches(), NETWORKS, attributes=("Male", "Smiling"))
