"""Metrics of D's answers at known scores and logits."""

import math

import numpy as np
import programs
import pytest

from gan_jax.ops import answers as plain

answers = programs.each(plain)

REAL, FAKE = np.array([2.0, 0.4, -1.0, 3.0]), np.array([-2.0, 0.6, -1.0, -3.0])


@pytest.mark.parametrize(
    ("loss", "a", "b", "expected"),
    [
        ("wasserstein", 0, 1, {"w": 1.1 + 1.35}),
        ("hinge", 0, 1, {"accuracy_real": 0.75, "accuracy_fake": 0.75}),
        ("lsgan", 0, 1, {"accuracy_real": 0.5, "accuracy_fake": 0.75}),
        ("lsgan", 1, 0, {"accuracy_real": 0.5, "accuracy_fake": 0.25}),
    ],
)
def test_scores_are_a_distance_or_shares_on_the_right_side_of_the_middle(loss, a, b, expected):
    found = {name: float(x) for name, x in answers.scores(loss, REAL, FAKE, a, b).items()}
    assert found == pytest.approx(expected, rel=1e-6)


def test_class_losses_and_accuracies_of_real_and_generated_images():
    sure, less = np.array([[5.0, 0.0], [5.0, 0.0]]), np.array([[3.0, 0.0], [3.0, 0.0]])
    found = answers.classes(sure, np.array([0, 1]), less, np.array([0, 0]))
    right = math.log(1 + math.exp(-5))
    assert {name: float(x) for name, x in found.items()} == pytest.approx(
        {
            "class_real": (right + right + 5) / 2,
            "class_fake": math.log(1 + math.exp(-3)),
            "class_accuracy_real": 0.5,
            "class_accuracy_fake": 1,
        },
        rel=1e-5,
    )
