"""Similarity of images to their targets, pair by pair: mean absolute difference, PSNR and SSIM of bytes."""

import numpy as np

WINDOW = 11  # side of SSIM's window in pixels
_SIGMA = 1.5
_K1, _K2 = 0.01, 0.03
_PART = 128  # images in one part, since they become float64


def measures(made: np.ndarray, target: np.ndarray) -> dict[str, float | None]:
    """`l1`, `psnr` and `ssim` of image pairs, uint8 [N, H, W, C] each; means over the pairs.

    `ssim` is None if the images are smaller than its window.
    """
    whole = min(made.shape[1:3]) >= WINDOW
    found = {"l1": l1(made, target), "psnr": float(psnr(made, target).mean())}
    return {**found, "ssim": float(ssim(made, target).mean()) if whole else None}


def l1(a: np.ndarray, b: np.ndarray) -> float:
    """Mean absolute difference over images, pixels and channels, in grey levels of 255."""
    return float(np.abs(a.astype(np.float32) - b.astype(np.float32)).mean(dtype=np.float64))


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """Mean absolute difference of images uint8 [N, H, W, 1 or 3], as grey images if the channels differ."""
    if a.shape != b.shape:
        a, b = a.mean(-1, dtype=np.float32), b.mean(-1, dtype=np.float32)
    return l1(a, b)


def psnr(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Peak signal-to-noise ratio of each pair, 20 log10(255 / rms difference) in dB, [N].

    The difference counts as half a grey level at least, which is what rounding hides. Equal images thus have
    a finite ratio.
    """
    squares = np.square(a.astype(np.float32) - b.astype(np.float32)).mean((1, 2, 3), dtype=np.float64)
    return 10 * np.log10(255**2 / np.maximum(squares, 0.25))


def ssim(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Structural similarity of each pair (Wang et al. 2004), [N]; 1 for equal images.

    It is the mean over channels and windows of (2 m m' + C1) (2 cov + C2) / ((m^2 + m'^2 + C1) (v + v' +
    C2)). Means, variances and the covariance are weighted by a Gaussian of standard deviation 1.5 in windows
    of 11x11 that lie wholly inside the image; C1 = (0.01 255)^2, C2 = (0.03 255)^2.

    Args:
      a: uint8 [N, H, W, C], H and W at least 11.
      b: the same shape.

    Raises:
      ValueError: the images are smaller than a window.
    """
    if min(a.shape[1:3]) < WINDOW:
        raise ValueError(f"images of {a.shape[1]}x{a.shape[2]} pixels hold no window of {WINDOW}x{WINDOW}")
    parts = range(0, len(a), _PART)
    return np.concatenate([_ssim(a[first : first + _PART], b[first : first + _PART]) for first in parts])


def _ssim(a, b):
    down, across = (_weights(side) for side in a.shape[1:3])

    def smooth(x):
        return down @ x @ across.T

    x, y = (np.moveaxis(pictures.astype(np.float64), -1, 1) for pictures in (a, b))
    mean_x, mean_y = smooth(x), smooth(y)
    variances = smooth(x * x) - mean_x**2 + smooth(y * y) - mean_y**2
    covariance = smooth(x * y) - mean_x * mean_y
    c1, c2 = (_K1 * 255) ** 2, (_K2 * 255) ** 2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    return (luminance * (2 * covariance + c2) / (variances + c2)).mean((1, 2, 3))


def _weights(side):
    """The Gaussian mean of each window along one side, as a matrix [side - 10, side]."""
    offsets = np.arange(WINDOW) - WINDOW // 2
    kernel = np.exp(-0.5 * (offsets / _SIGMA) ** 2)
    matrix = np.zeros((side - WINDOW + 1, side))
    for row in range(len(matrix)):
        matrix[row, row : row + WINDOW] = kernel / kernel.sum()
    return matrix
