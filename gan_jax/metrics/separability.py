"""Linear separability of latents by the attributes of their images (Karras et al. 2019, Sec. 4.2)."""

import math
from typing import Any

import numpy as np

_ITERATIONS = 10_000  # of the support vector machine's solver


def separability(latents: np.ndarray, logits: np.ndarray, seed: int = 0) -> dict[str, Any]:
    """`exp(sum_i H(Y_i | X_i))` over binary attributes i: 1 if a plane separates each of them.

    For each attribute, the half of the latents with the surest answers is kept. Y_i is the answer, and X_i is
    the side of a plane that a linear support vector machine fits to the kept latents. H is the conditional
    entropy in nats (Sec. 4.2 of the paper; its code takes 2 to the entropy in bits, which is the same).

    Args:
      latents: [n, d].
      logits: [n, K] of K binary attributes, positive for yes; their sizes say how sure the answers are.
      seed: seed of the machine's solver.

    Returns:
      `score`; `entropies` [K], in nats; and `constant`, the number of attributes with one answer only, whose
      entropy is 0 whatever the latents are.

    Raises:
      ValueError: there are fewer than 4 latents, or values are not finite.
    """
    if len(latents) < 4 or len(latents) != len(logits):
        raise ValueError(f"{len(latents)} latents and {len(logits)} answers; needed: equally many, 4 or more")
    if not (np.isfinite(latents).all() and np.isfinite(logits).all()):
        raise ValueError("latents or logits are not finite")
    entropies, constant = [], 0
    for column in np.asarray(logits).T:
        sure = np.argsort(-np.abs(column), kind="stable")[: len(column) // 2]
        answers = column[sure] > 0
        if answers.all() or not answers.any():
            entropies.append(0.0)
            constant += 1
        else:
            entropies.append(conditional_entropy(_sides(latents[sure], answers, seed), answers))
    return {"score": math.exp(sum(entropies)), "entropies": entropies, "constant": constant}


def conditional_entropy(x: np.ndarray, y: np.ndarray) -> float:
    """H(Y | X) in nats of two bool arrays [n]: `-sum_xy p(x, y) log(p(x, y) / p(x))`."""
    total = 0.0
    for side in (False, True):
        within = x == side
        for answer in (False, True):
            both = np.mean(within & (y == answer))
            if both:
                total -= both * math.log(both / np.mean(within))
    return float(max(total, 0.0))


def _sides(latents, answers, seed):
    """The side of the fitted plane on which each latent lies."""
    from sklearn.svm import LinearSVC

    # Latents outnumber their dimensions, for which scikit-learn advises the primal problem.
    machine = LinearSVC(dual=False, max_iter=_ITERATIONS, random_state=seed)
    return machine.fit(np.asarray(latents, np.float64), answers).predict(latents)
