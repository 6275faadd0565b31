"""The training images nearest to generated ones, which show whether a generator copies."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from gan_jax import data
from gan_jax.errors import ConfigError
from gan_jax.metrics.nearest import neighbours
from gan_jax.runs import inputs, required, restore

PIXELS = "pixels"
_EMBEDDED = 4096  # images in one part
_GAP = 4  # pixels between an image and its neighbours


@dataclasses.dataclass(frozen=True)
class Found:
    """The k nearest training images of each of N images, the nearest first.

    Attributes:
      rows: rows of the training role, int [N, k].
      distances: [N, k], float64, in the unit of the `Memory`.
      images: uint8 [N, k, H, W, C].
    """

    rows: np.ndarray
    distances: np.ndarray
    images: np.ndarray


class Memory:
    """The training images of a run, and a distance to them."""

    def __init__(self, images: Any, k: int, network: Any = None):
        """Keeps images uint8 [R, H, W, C].

        Args:
          images: uint8 [R, H, W, C], an array or the rows of a store.
          k: number of neighbours.
          network: a network whose features describe the images; None compares pixels.

        Raises:
          ConfigError: there are fewer than k images.
        """
        if not 1 <= k <= len(images):
            raise ConfigError(
                f"nearest={k} is not allowed; allowed: 1 to {len(images)}, the number of training images"
            )
        self._images, self._k, self._network = images, k, network
        self.unit = "between features" if network else "grey levels per pixel"
        self._known = self._describe(images)

    def find(self, pictures: np.ndarray) -> Found:
        """The k nearest training images of images uint8 [N, H, W, C].

        Distances are Euclidean between features. Between pixels they are the root of the mean squared
        difference, 0 to 255.
        """
        described = self._describe(pictures)
        rows, _ = neighbours(described, self._known, self._k)
        # Distances are computed again, since float32 sums of squares are not exactly 0 for equal images.
        other = described.reshape(len(rows), -1).astype(np.float64)
        distances = np.empty(rows.shape)
        for i, found in enumerate(rows):
            known = self._known[found].reshape(self._k, -1).astype(np.float64)
            squares = np.square(known - other[i])
            distances[i] = np.sqrt(squares.sum(-1) if self._network else squares.mean(-1))
        order = np.argsort(distances, axis=1, kind="stable")
        rows, distances = (np.take_along_axis(column, order, 1) for column in (rows, distances))
        return Found(rows, distances, self._images[rows])

    def _describe(self, pictures):
        if self._network is None:
            return pictures
        parts = range(0, len(pictures), _EMBEDDED)
        return np.concatenate(
            [self._network.apply("embed", {"image": pictures[i : i + _EMBEDDED]}) for i in parts]
        )


def load(workdir: Path | str, k: int, features: str = PIXELS) -> Memory:
    """The training images of the run in a folder.

    Args:
      workdir: folder of a run with the role `image`.
      k: number of neighbours.
      features: 'pixels', or the name of a required classifier whose features describe an image.

    Raises:
      ConfigError: there is no such classifier, or there are fewer than k images.
      WorkdirError: the run's configuration names a classifier that is not finished.
      DataError: the training images are missing.
    """
    config = restore.load_config(workdir)
    if features != PIXELS and features not in config.requires:
        allowed = ", ".join([PIXELS, *config.requires])
        raise ConfigError(f"features={features!r} is not allowed; allowed with this run: {allowed}")
    if "image" not in config.data.roles:
        raise ConfigError(f"nearest={k} is not allowed; allowed: 0, since this run has no training images")
    spec, where = config.data.roles.image, config.data
    data.check(spec, data_dir=where.data_dir, manual_dir=where.manual_dir)
    network = None if features == PIXELS else required.required(config, features)
    return Memory(inputs.load_role(config, spec).columns["image"], k, network)


def strips(pictures: np.ndarray, nearest: np.ndarray) -> np.ndarray:
    """Images uint8 [N, H, W, C] with their neighbours [N, k, H, W, C] to the right: [N, H, W', C]."""
    gap = np.full((*pictures.shape[:2], _GAP, pictures.shape[-1]), 255, np.uint8)
    return np.concatenate([pictures, gap, *np.moveaxis(nearest, 1, 0)], axis=2)
