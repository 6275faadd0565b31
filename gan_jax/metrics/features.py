"""Networks whose weights come from a file that the user has. Nothing is downloaded."""

import functools
import hashlib
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gan_jax import paths
from gan_jax.errors import ConfigError
from gan_jax.files import reading
from gan_jax.game import devices
from gan_jax.networks.recognition import inception
from gan_jax.ops.pixels import to_uint8

NETWORKS = ("inception",)  # networks whose weights can be read from a file

_FILE_BYTES = 2**30  # the largest file of weights; Inception's has 2**27
_BATCH = 32  # images in one call; their activations take about 500 MiB
_KNOWN = "pt_inception-2015-12-05-6726825d.pth"


class Inception:
    """FID's Inception-v3, placed on the devices; see `game.network.Network`.

    Images are resized as clean-fid resizes them.
    """

    metrics: Mapping[str, Any] = {}

    def __init__(self, variables: Mapping[str, Any], sha256: str):
        """Places the weights on the devices.

        Args:
          variables: variables of `networks.recognition.inception.Inception`.
          sha256: hash of the file with the weights.
        """
        self.sha256 = sha256
        self.variables = {"inception": variables}
        self._state = devices.replicate(variables)
        self._apply = devices.pmap_apply(_describe)

    def apply(self, method: str, batch: Mapping[str, np.ndarray]) -> Any:
        """Features and logits of images.

        Args:
          method: 'embed' for features [B, 2048], 'predict' for logits without bias [B, 1008], or 'describe'
            for both in one pass.
          batch: `image` [B, H, W, 1 or 3], uint8, or float in [-1, 1]. Floats are rounded to bytes first.
        """
        pixels = to_uint8(batch["image"])
        parts = [
            self._apply(self._state, {"image": pixels[first : first + _BATCH]})
            for first in range(0, len(pixels), _BATCH)
        ]
        features, logits = (np.concatenate(column) for column in zip(*parts, strict=True))
        return {"embed": features, "predict": logits, "describe": (features, logits)}[method]


def _describe(variables, batch, rng):
    del rng
    return inception.Inception().apply(variables, inception.prepare(batch["image"]))


def load(network: str, path: str) -> Inception:
    """The network of a file of weights, placed on the devices.

    Args:
      network: the name of the network, one of `NETWORKS`.
      path: of the file.

    Raises:
      ConfigError: as for `check`.
    """
    check(network, path)
    return load_inception(path)


def check(network: str, path: str) -> None:
    """Reads a file of weights without any device.

    Raises:
      ConfigError: the network is unknown, or the file is unreadable or holds other weights.
    """
    if network not in NETWORKS:
        raise ConfigError(f"no network {network!r} has its weights in a file; known: {', '.join(NETWORKS)}")
    read_inception(path)


@functools.lru_cache(maxsize=1)
def load_inception(path: str) -> Inception:
    """The network of `read_inception`, placed on the devices. The last network is kept in memory.

    Raises:
      ConfigError: as for `read_inception`.
    """
    return Inception(*read_inception(path))


@functools.lru_cache(maxsize=1)
def read_inception(path: str) -> tuple[dict[str, Any], str]:
    """Reads the weights of FID's Inception-v3 without asking for a device. The last file is kept in memory.

    Args:
      path: `pt_inception-2015-12-05-6726825d.pth`, the state dict that pytorch-fid and torch-fidelity share
        (reading it needs PyTorch), or an `.npz` with the same names and shapes.

    Returns:
      Variables of `recognition.inception.Inception`, and the SHA-256 of the file.

    Raises:
      ConfigError: the file cannot be read, or a tensor is missing or wrong; the message names the file.
    """
    file = paths.given("weights", path)
    try:
        digest = hashlib.sha256(reading.read(file, _FILE_BYTES)).hexdigest()
    except OSError as error:
        wanted = f"expected {_KNOWN} of pytorch-fid, or an .npz of its tensors; it is not downloaded"
        raise ConfigError(f"weights={path!r} cannot be read: {error.strerror or error}; {wanted}") from error
    try:
        return inception.variables(_tensors(file)), digest
    except ValueError as error:
        raise ConfigError(f"weights={path!r}: {error}") from error


def _tensors(file: Path) -> dict[str, np.ndarray]:
    if file.suffix == ".npz":
        return _from_npz(file)
    if file.suffix == ".pth":
        return _from_torch(file)
    raise ValueError(f"files of type {file.suffix!r} are not known; known: .pth, .npz")


def _from_npz(file):
    try:
        with reading.Arrays(file) as archive:
            return dict(archive)
    except OSError as error:
        raise ValueError(f"it is not a readable .npz of arrays: {reading.reason(error)}") from error


def _from_torch(file):
    if importlib.util.find_spec("torch") is None:
        raise ValueError("reading a .pth needs PyTorch: pip install 'gan_jax[inception]'")
    import torch

    try:
        found = torch.load(file, map_location="cpu", weights_only=True)
    # torch.load raises many types of errors, and its own message suggests unsafe loading.
    except Exception as error:
        raise ValueError(f"it is not a readable PyTorch state dict ({type(error).__name__})") from error
    if not isinstance(found, dict) or not all(isinstance(x, torch.Tensor) for x in found.values()):
        raise ValueError("it is not a state dict of named tensors")
    return {name: tensor.numpy() for name, tensor in found.items()}
