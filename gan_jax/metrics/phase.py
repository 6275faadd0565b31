"""Phase artefacts: details that stay in their place while the image moves (Karras et al. 2020, Sec. 4)."""

import numpy as np


def share_that_stays(frames: np.ndarray) -> float:
    """How much of the details of frames [K, H, W, C] of one path stays where it is, K >= 2: at most 1.

    With the detail x_k of frame k (see `detail`), of all positions and channels,

        sum_{j != k} <x_j, x_k> / ((K - 1) sum_k |x_k|^2).

    It is 1 if no detail changes. It is 0 if no two frames have a detail in common, and -1 / (K - 1) at least.
    Frames without any detail have the value 1. The paper shows the artefact without a number; this measure is
    our own. An image that does not move has the value 1 too, so that only values of paths between independent
    latents of equal data are comparable.

    Raises:
      ValueError: there are fewer than two frames.
    """
    if len(frames) < 2:
        raise ValueError(f"{len(frames)} frames; needed: 2 or more")
    x = detail(np.asarray(frames, np.float64)).reshape(len(frames), -1)
    own = np.square(x).sum()
    if not own:
        return 1.0
    return float((np.square(x.sum(0)).sum() - own) / ((len(x) - 1) * own))


def detail(maps: np.ndarray) -> np.ndarray:
    """Maps [..., H, W, C] of even sides minus the mean of each 2x2 block: what half the resolution loses."""
    *lead, height, width, channels = maps.shape
    blocks = maps.reshape(*lead, height // 2, 2, width // 2, 2, channels)
    return (blocks - blocks.mean((-4, -2), keepdims=True)).reshape(maps.shape)
