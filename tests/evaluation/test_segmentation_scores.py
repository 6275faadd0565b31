"""The evaluator of label maps: it scores the whole set and draws the predicted maps."""

import numpy as np
import pytest
import sheet_rows

from gan_jax import evaluation
from gan_jax.drawing import palette
from gan_jax.errors import ConfigError
from gan_jax.evaluation import segmentation


def batches(truth, size):
    for first in range(0, len(truth), size):
        part = truth[first : first + size]
        yield {"image": np.repeat(part[..., None], 3, -1).astype(np.uint8), "image_label": part}


def reads(batch):
    """Logits of a network that reads the label in the pixel, and mistakes 3 for 0."""
    return np.eye(4)[batch["image"][..., 0] % 3]


def test_the_scores_are_those_of_one_matrix_of_all_batches(monkeypatch):
    sheet_rows.recorded(monkeypatch, segmentation)
    truth = np.random.default_rng(0).integers(0, 4, (7, 8, 8)).astype(np.int32)
    truth[0, 0, 0] = 255
    values = segmentation.evaluate(reads, batches(truth, 3), {})
    drawn = values.pop("maps")
    assert values == {
        k: v for k, v in segmentation.evaluate(reads, batches(truth, 7), {}).items() if k != "maps"
    }
    per_class = np.bincount(truth[truth < 4], minlength=4)
    expected = np.diag([*per_class[:3], 0])
    expected[3, 0] = per_class[3]
    assert values["confusion"] == expected.tolist()
    assert values["pixel_accuracy"] == pytest.approx(per_class[:3].sum() / (7 * 64 - 1))
    assert (values["class_accuracy"], values["examples"]) == (0.75, 7)
    assert values["class_iou"] == pytest.approx((2 + per_class[0] / (per_class[0] + per_class[3])) / 4)
    (rows,) = drawn
    assert [(title, len(images)) for title, images in rows] == [
        ("image", 3),
        ("true map", 3),
        ("predicted map", 3),
    ]
    np.testing.assert_array_equal(rows[1][1][1], palette.colours()[truth[1]])
    np.testing.assert_array_equal(rows[2][1][1], palette.colours()[truth[1] % 3])


def test_classes_that_the_set_lacks_are_left_out_or_zero():
    truth = np.zeros((1, 8, 8), np.int32)
    for absent, mean in (("skip", 1), ("zero", 0.25)):
        values = segmentation.evaluate(reads, batches(truth, 1), {}, absent=absent)
        assert (values["pixel_accuracy"], values["class_accuracy"]) == (1, mean)


@pytest.mark.parametrize(
    ("more", "roles", "words"),
    [
        ({"absent": "nan"}, ["image"], "absent='nan' is not allowed; allowed: skip, zero"),
        ({}, ["source"], r"roles\.image is missing"),
        ({"classes": 3}, ["image"], "classes is no field of 'segmentation'"),
    ],
)
def test_what_could_not_run_is_refused_before_any_work(more, roles, words):
    spec = {"kind": "segmentation", "every": 0, "roles": dict.fromkeys(roles), **more}
    with pytest.raises(ConfigError, match=words):
        evaluation.check(spec, ())


def test_no_two_labels_have_one_colour_and_those_of_voc_are_as_published():
    table = palette.colours()
    assert len({tuple(colour) for colour in table.tolist()}) == 256
    published = {0: (0, 0, 0), 1: (128, 0, 0), 2: (0, 128, 0), 15: (192, 128, 128), 20: (0, 64, 128)}
    assert {k: tuple(table[k].tolist()) for k in published} == published
    assert table[255].tolist() == [224, 224, 192]
