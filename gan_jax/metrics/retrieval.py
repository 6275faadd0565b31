"""Ranks of the right answer among many (Taigman et al. 2016, Table 4)."""

import numpy as np

_CHUNK = 2**23  # numbers in one part; they take 64 MiB
_ROUNDING = 1e-11  # a safe bound of the relative error of sums in double precision


def retrieval_metrics(
    probe: np.ndarray, gallery: np.ndarray, positive: np.ndarray, distance: str = "cosine"
) -> dict[str, float]:
    """The rank of each probe's own positive in the list of the nearest descriptors.

    Each probe is compared with the G distractors and with its own positive, G + 1 in all; rank 1 is the
    nearest. A distractor exactly as far as the positive, up to rounding, counts one half. This gives the
    expected rank if ties were broken at random. The gallery is processed in parts of 64 MiB.

    Args:
      probe: [P, d].
      gallery: distractors [G, d], the same for all probes.
      positive: [P, d], one row for each probe.
      distance: 'cosine' or 'euclidean'.

    Returns:
      `median_rank` and `mean_rank` over the probes, and `rank_1` and `rank_5`, the shares of probes with a
      rank of at most 1 and at most 5.

    Raises:
      ValueError: the shapes do not match, there is no probe, or the distance is not known.
    """
    shapes = [array.shape for array in (probe, gallery, positive)]
    alike = all(len(shape) == 2 for shape in shapes) and len({shape[-1] for shape in shapes}) == 1
    if not alike or len(probe) != len(positive) or not len(probe):
        raise ValueError(f"probe, gallery, positive have shapes {shapes}; expected [P, d], [G, d], [P, d]")
    if distance not in ("cosine", "euclidean"):
        raise ValueError(f"distance={distance!r} is not allowed; allowed: cosine, euclidean")
    probe, positive = _prepared(probe, distance), _prepared(positive, distance)
    own = _distances((probe * positive).sum(1), positive, distance)[:, None]
    nearer, ties = np.zeros(len(probe)), np.zeros(len(probe))
    step = max(1, _CHUNK // (len(probe) + probe.shape[1]))
    for first in range(0, len(gallery), step):
        part = _prepared(gallery[first : first + step], distance)
        further = _distances(probe @ part.T, part, distance) - own
        equal = np.abs(further) <= _ROUNDING * (1 + np.abs(own))
        nearer += ((further < 0) & ~equal).sum(1)
        ties += equal.sum(1)
    ranks = 1 + nearer + ties / 2
    return {
        "median_rank": float(np.median(ranks)),
        "mean_rank": float(ranks.mean()),
        "rank_1": float(np.mean(ranks <= 1)),
        "rank_5": float(np.mean(ranks <= 5)),
    }


def _prepared(vectors, distance):
    vectors = np.asarray(vectors, np.float64)
    if distance == "euclidean":
        return vectors
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def _distances(products, others, distance):
    """Half the squared distances from given inner products, up to a constant for each probe."""
    return -products if distance == "cosine" else np.square(others).sum(1) / 2 - products
