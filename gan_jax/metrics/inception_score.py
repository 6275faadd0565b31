"""The Inception score (Salimans et al. 2016), of the logits of any classifier."""

import numpy as np


def inception_score(logits: np.ndarray, *, splits: int = 10, seed: int = 0) -> tuple[float, float]:
    """The exponential of the mean KL divergence, in nats, of an image's class probabilities from their mean.

    From 1, where the classifier gives the same answer for all images, to K, where it is sure of each and
    all classes are equally frequent.

    Args:
      logits: [n, K]; the score takes their softmax. Those of FID's Inception come without bias.
      splits: equal parts of the shuffled list, each scored by itself; n of them at most.
      seed: of the shuffle.

    Returns:
      Mean and standard deviation of the score over the splits.

    Raises:
      ValueError: logits that are not finite or not [n, K], or no split.
    """
    if logits.ndim != 2 or not len(logits) or not np.isfinite(logits).all():
        raise ValueError(
            f"logits have shape {logits.shape}; expected finite ones, [n, K] with n of 1 or more"
        )
    if splits < 1:
        raise ValueError(f"splits={splits} is not allowed; allowed: 1 or more")
    order = np.random.default_rng(seed).permutation(len(logits))
    shifted = np.asarray(logits, np.float64)[order]
    shifted = shifted - shifted.max(1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    scores = [_score(part) for part in np.array_split(logs, min(splits, len(logs)))]
    return float(np.mean(scores)), float(np.std(scores))


def _score(logs):
    probabilities = np.exp(logs)
    mean = probabilities.mean(0)
    # A class that no image of the split has at all adds 0, not 0 * log 0.
    marginal = np.log(mean, out=np.zeros_like(mean), where=mean > 0)
    return np.exp(np.mean((probabilities * (logs - marginal)).sum(1)))
