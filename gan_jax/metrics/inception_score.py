"""The Inception score (Salimans et al. 2016), from the logits of any classifier."""

import numpy as np


def inception_score(logits: np.ndarray, *, splits: int = 10, seed: int = 0) -> tuple[float, float]:
    """The exponential of the mean KL divergence of each image's class probabilities from their mean.

    The divergence is in nats. The score is 1 if the classifier gives the same answer for all images, and K if
    it is sure of each image and all K classes are equally frequent.

    Args:
      logits: [n, K]; the score takes their softmax. FID's Inception gives logits without bias.
      splits: number of equal parts of the shuffled list, at most n; each part is scored separately.
      seed: seed of the shuffle.

    Returns:
      Mean and standard deviation of the score over the splits.

    Raises:
      ValueError: logits that are not finite or not [n, K], or `splits` below 1.
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
    # A class of probability 0 in every image of the split adds 0, not 0 * log 0 = NaN.
    marginal = np.log(mean, out=np.zeros_like(mean), where=mean > 0)
    return np.exp(np.mean((probabilities * (logs - marginal)).sum(1)))
