"""D's three classes: the losses of both players at known logits."""

import math

import numpy as np
import programs
import pytest

from gan_jax.ops import ternary as plain

ternary = programs.each(plain)


def test_undecided_answers_cost_3_log_3_and_2_log_3():
    flat = np.zeros((4, 3))
    d, g = ternary.d_terms([flat] * 3), ternary.g_terms([flat] * 2)
    assert float(d["loss"]) == pytest.approx(3 * math.log(3), rel=1e-6)
    assert set(d) == {"loss", *ternary.GROUPS, *(f"accuracy_{name}" for name in ternary.GROUPS)}
    assert {name: float(x) for name, x in g.items()} == pytest.approx(
        {"gan_source": math.log(3), "gan_target": math.log(3)}, rel=1e-6
    )


def test_each_group_has_its_own_class_for_d_and_the_class_of_real_images_for_g():
    # D says "made from S" of everything, with odds of e^5 to each other class.
    logits = np.tile(np.array([5.0, 0.0, 0.0]), (4, 1))
    right, wrong = math.log(1 + 2 * math.exp(-5)), 5 + math.log(1 + 2 * math.exp(-5))
    d = {name: float(x) for name, x in ternary.d_terms([logits] * 3).items()}
    assert (d["source"], d["fake_target"], d["real_target"]) == pytest.approx((right, wrong, wrong), rel=1e-5)
    accuracies = [d[f"accuracy_{name}"] for name in ("source", "fake_target", "real_target")]
    assert accuracies == [1, 0, 0]
    logits = np.tile(np.array([0.0, 0.0, 5.0]), (4, 1))
    assert float(ternary.g_terms([logits] * 2)["gan_source"]) == pytest.approx(right, rel=1e-5)


def test_the_log_odds_of_a_real_image_are_those_of_its_probability():
    logits = np.random.default_rng(0).normal(0, 2, (5, 3))
    p = np.exp(logits[:, 2]) / np.exp(logits).sum(1)
    assert ternary.real_log_odds(logits) == pytest.approx(np.log(p / (1 - p)), rel=1e-5)
