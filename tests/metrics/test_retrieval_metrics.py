"""Ranks among distractors: hand-made cases, chance, ties and parts."""

import math

import numpy as np
import pytest

from gan_jax.metrics import retrieval
from gan_jax.metrics.retrieval import retrieval_metrics


def normal(count, dimensions, seed):
    return np.random.default_rng(seed).normal(size=(count, dimensions)).astype(np.float32)


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_a_positive_equal_to_its_probe_is_first(distance):
    probe = normal(20, 8, 0)
    found = retrieval_metrics(probe, normal(500, 8, 1), probe, distance)
    assert found == {"median_rank": 1, "mean_rank": 1, "rank_1": 1, "rank_5": 1}


def test_ranks_by_chance_are_about_the_middle_of_100_001():
    # The rank of one among N = G + 1 in random order is uniform: mean (N + 1) / 2, variance (N^2 - 1) / 12.
    probes, gallery = 118, 100_000
    found = retrieval_metrics(normal(probes, 16, 0), normal(gallery, 16, 1), normal(probes, 16, 2))
    error = math.sqrt(((gallery + 1) ** 2 - 1) / 12 / probes)
    assert abs(found["mean_rank"] - 50_001) < 4 * error
    assert abs(found["median_rank"] - 50_001) < 4 * error * math.sqrt(3)
    assert found["rank_5"] <= 0.02


ANGLES = {"probe": [0, 90, 180], "gallery": [10, 95, 100, 200], "positive": [20, 90, 230]}


def circle(degrees, lengths=1.0):
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], 1) * np.reshape(lengths, (-1, 1))


def test_three_probes_on_a_circle():
    # Probe 0: only 10 is nearer than 20 degrees. Probe 90: itself. Probe 180: only 200 is within 50 degrees.
    found = retrieval_metrics(*(circle(ANGLES[k]) for k in ("probe", "gallery", "positive")))
    assert found == pytest.approx({"median_rank": 2, "mean_rank": 5 / 3, "rank_1": 1 / 3, "rank_5": 1})


@pytest.mark.parametrize(("nearer", "rank_1", "rank_5"), [(0, 1, 1), (1, 0, 1), (4, 0, 1), (5, 0, 0)])
def test_a_rank_of_1_and_of_5_is_among_the_first_1_and_5(nearer, rank_1, rank_5):
    gallery = circle([10] * nearer + [120] * 7)
    found = retrieval_metrics(circle([0]), gallery, circle([50]))
    assert found["mean_rank"] == nearer + 1
    assert (found["rank_1"], found["rank_5"]) == (rank_1, rank_5)


def test_lengths_matter_to_euclidean_distance_alone():
    given = [circle(ANGLES["probe"], 2), circle(ANGLES["gallery"], [5, 1, 1, 1]), circle(ANGLES["positive"])]
    assert retrieval_metrics(*given)["mean_rank"] == pytest.approx(5 / 3)
    # By Euclidean distance, 10 degrees of length 5 is 3 away from the first probe; its positive is 1.12 away.
    distances = np.linalg.norm(given[0][:, None] - given[1][None], axis=2)
    own = np.linalg.norm(given[0] - given[2], axis=1)
    ranks = 1 + (distances < own[:, None]).sum(1)
    assert ranks[0] == 1
    found = retrieval_metrics(*given, distance="euclidean")
    assert found["mean_rank"] == pytest.approx(ranks.mean())
    assert found["median_rank"] == np.median(ranks)


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_ties_count_half(distance):
    # All descriptors are equal, so the expected rank of one among 101 is 51.
    probe = normal(1, 7, 0)
    found = retrieval_metrics(
        np.repeat(probe, 3, 0), np.repeat(probe, 100, 0), np.repeat(probe, 3, 0), distance
    )
    assert found == {"median_rank": 51, "mean_rank": 51, "rank_1": 0, "rank_5": 0}


def test_the_size_of_parts_does_not_matter(monkeypatch):
    given = normal(9, 4, 0), normal(300, 4, 1), normal(9, 4, 2)
    whole = retrieval_metrics(*given, distance="euclidean")
    monkeypatch.setattr(retrieval, "_CHUNK", 100)
    assert retrieval_metrics(*given, distance="euclidean") == whole
    distances = np.linalg.norm(given[0][:, None].astype(float) - given[1][None], axis=2)
    own = np.linalg.norm(given[0].astype(float) - given[2], axis=1)
    assert whole["mean_rank"] == pytest.approx((1 + (distances < own[:, None]).sum(1)).mean())


def test_shapes_and_distances_are_checked():
    with pytest.raises(ValueError, match=r"^probe, gallery, positive have shapes .*; expected \[P, d\]"):
        retrieval_metrics(np.ones((2, 3)), np.ones((5, 4)), np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"^probe, gallery, positive have shapes"):
        retrieval_metrics(np.ones((2, 3)), np.ones((5, 3)), np.ones((3, 3)))
    with pytest.raises(ValueError, match=r"^distance='l1' is not allowed; allowed: cosine, euclidean$"):
        retrieval_metrics(np.ones((2, 3)), np.ones((5, 3)), np.ones((2, 3)), "l1")
