"""The plain domain: scikit-learn's handwritten digits, made to look like MNIST at 32x32 pixels."""

import numpy as np
from PIL import Image

SIZE = 32  # pixels
# First and last row of each split, over all digits.
_ENDS = {"train": (0, 1297), "validation": (1297, 1497), "test": (1497, 1797)}
_ZOOM = 4


def originals(split: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The real images of one split and their labels; no image is in two splits.

    Returns:
      Images [N, 8, 8] in [0, 1] and labels [N]; the classes alternate.
    """
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    place = np.empty(len(labels))
    for digit in range(10):
        rows = shuffled[labels[shuffled] == digit]
        place[rows] = (np.arange(len(rows)) + digit / 10) / len(rows)
    chosen = np.argsort(place)[slice(*_ENDS[split])]
    return images[chosen].reshape(-1, 8, 8) / 16, labels[chosen]


def make(
    rng: np.random.Generator, size: int, images: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """`size` variants of the originals in turn, each with its own affine map.

    Returns:
      Images uint8 [size, 32, 32, 1], white strokes on black, and their labels int32 [size].
    """
    strokes = _sharpen(images)
    picks = np.arange(size) % len(images)
    moved = np.stack([_move(strokes[pick], _affine(rng, strokes.shape[1])) for pick in picks])
    threshold = rng.uniform(0.27, 0.40, (size, 1, 1))  # a higher threshold gives a thinner pen
    pixels = np.rint(255 * np.clip((moved - threshold) * 4 + 0.5, 0, 1)).astype(np.uint8)
    order = rng.permutation(size)
    return pixels[order, ..., None], labels[picks][order].astype(np.int32)


def _sharpen(images: np.ndarray) -> np.ndarray:
    """Originals enlarged smoothly [N, 48, 48], minus a local mean.

    At eight pixels, a blurred stroke is a quarter of the digit's height. The part above the local mean is
    about as thin as MNIST's strokes, and small loops stay open.
    """
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2)))
    # Both filters are separable, so that one matrix each serves for rows and columns.
    from scipy import ndimage  # takes a second, which commands without these images need not wait

    enlarge = ndimage.zoom(np.eye(padded.shape[1]), (_ZOOM, 1), order=3, mode="grid-constant", grid_mode=True)
    average = ndimage.gaussian_filter1d(enlarge, _ZOOM, axis=0)
    sharp = enlarge @ padded @ enlarge.T - 0.6 * (average @ padded @ average.T)
    return sharp.astype(np.float32)


def _affine(rng: np.random.Generator, side: int) -> tuple[float, ...]:
    """Pillow's six coefficients from output pixel to input pixel: rotation, shear, scale and shift."""
    angle, shear = rng.uniform(-0.2, 0.2), rng.uniform(-0.25, 0.25)
    cos, sin = np.cos(angle), np.sin(angle)
    # MNIST's digits are 20 of 28 pixels high, that is 23 of 32.
    scale = 8 * _ZOOM / rng.uniform(22, 27, 2)
    matrix = np.diag(scale) @ [[cos, -sin], [sin, cos]] @ [[1, shear], [0, 1]]
    offset = side / 2 - matrix @ (SIZE / 2 + rng.uniform(-1.5, 1.5, 2))
    return (*matrix[0], offset[0], *matrix[1], offset[1])


def _move(image: np.ndarray, coefficients: tuple[float, ...]) -> np.ndarray:
    return np.asarray(
        Image.fromarray(image).transform(
            (SIZE, SIZE), Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR
        )
    )
