"""Ranks of the right answer among many (Taigman et al. 2016, Table 4)."""

import numpy as np

_CHUNK = 2**23  # numbers at a time: 64 MiB
_ROUNDING = 1e-11  # of sums in double precision, with room to spare


def retrieval_metrics(
    probe: np.ndarray, gallery: np.ndarray, positive: np.ndarray, distance: str = "cosine"
) -> dict[str, float]:
    """How far down the list of nearest descriptors each probe's own positive stands.

    Each probe is compared with the G distractors and with its own positive, G + 1 in all: rank 1 is the
    nearest. Distractors as far as the positive (but for rounding) count half each, which gives the
    expected rank where ties are broken by lot. The gallery is taken in parts of 64 MiB.

    Args:
      probe: [P, d].
      gallery: distractors [G, d], the same for all probes.
      positive: [P, d], a row for each probe.
      distance: 'cosine' or 'euclidean'.

    Returns:
      `median_rank` and `mean_rank` over the probes, and the shares `rank_1` and `rank_5` whose rank is at
      most 1 and at most 5.

    Raises:
      ValueError: shapes that do not go together, nothing to compare, or an unknown distance.
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
    """Half the squared distances whose inner products are given, up to a constant for each probe."""
    return -products if distance == "cosine" else np.square(others).sum(1) / 2 - products
