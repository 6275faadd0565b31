"""Named arrays: .npz, .safetensors, PyTorch's state dicts and .h5. Nothing in a file is executed."""

import importlib.util
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gan_jax.files import reading

Tensors = dict[str, np.ndarray]

ARRAYS = (".npz", ".safetensors")  # suffixes that `encode` writes
TORCH = (".pth", ".pt", ".ckpt")  # suffixes of state dicts that torch.save wrote

_MOST = 2**33  # bytes of the largest file
# What a user runs beside the code that wrote a pickle.
_RECIPE = (
    "a pickle runs code as it is opened. Beside its own code, save arrays: "
    "net = pickle.load(open(FILE, 'rb'))['G_ema']; "
    "numpy.savez('weights.npz', **{k: v.cpu().numpy() for k, v in net.state_dict().items()})"
)
# The names of types in .safetensors. bfloat16 is the upper half of a float32.
_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4", "I16": "<i2",
          "I8": "i1", "U8": "u1", "BOOL": "?"}  # fmt: skip


def read(file: Path) -> Tensors:
    """The arrays of a file by name. Dots join the parts of names in nested state dicts.

    Args:
      file: an `.npz`; a `.safetensors`; a state dict of PyTorch, `.pth`, `.pt` or `.ckpt`, which needs
        PyTorch and is read with `weights_only=True`; or an `.h5`, whose names are paths such as
        `block1/vars/0`.

    Raises:
      ValueError: the type is not known, or the file is damaged or holds no arrays.
      OSError: the file cannot be opened.
    """
    if file.suffix in (".pkl", ".pickle"):
        raise ValueError(_RECIPE)
    readers = {".npz": _npz, ".safetensors": _safetensors, **dict.fromkeys(TORCH, _torch), ".h5": _hdf5}
    if file.suffix not in readers:
        raise ValueError(f"files of type {file.suffix!r} are not known; known: {', '.join(readers)}")
    reading.open_regular(file).close()  # a file that cannot be opened is no damaged one
    found = readers[file.suffix](file)
    if not found:
        raise ValueError("it holds no tensors")
    return found


def encode(tensors: Mapping[str, np.ndarray], suffix: str) -> bytes:
    """The content of a file of tensors with the suffix `.npz` or `.safetensors`."""
    if suffix == ".safetensors":
        from safetensors.numpy import save

        return save(dict(tensors))
    content = io.BytesIO()
    np.savez(content, **tensors)  # type: ignore[arg-type]  # numpy's stub takes the names for flags
    return content.getvalue()


def _npz(file):
    try:
        with reading.Arrays(file) as archive:
            return dict(archive)
    except OSError as error:
        raise ValueError(f"it is not a readable .npz of arrays: {reading.reason(error)}") from error


def _safetensors(file):
    from safetensors import SafetensorError, deserialize

    content = reading.read(file, _MOST)
    try:
        return {name: _array(**described) for name, described in deserialize(content)}
    except (SafetensorError, KeyError) as error:
        raise ValueError("it is not a readable .safetensors of arrays") from error


def _array(data, dtype, shape):
    """An array of .safetensors. numpy has no bfloat16, so `safetensors.numpy` refuses it."""
    numbers = np.frombuffer(data, _TYPES[dtype])
    if dtype == "BF16":
        numbers = (numbers.astype(np.uint32) << 16).view(np.float32)
    return numbers.reshape(shape)


def _hdf5(file):
    import h5py

    nodes: dict[str, Any] = {}

    def keep(name, node):
        # Texts and entries without a value are no tensors.
        if isinstance(node, h5py.Dataset) and node.shape is not None and node.dtype.kind in "biuf":
            nodes[name] = node

    try:
        with h5py.File(file, "r") as archive:
            archive.visititems(keep)
            # A small file may declare arrays that no memory can hold.
            size, limit = sum(node.nbytes for node in nodes.values()), _limit(file)
            found = {name: node[()] for name, node in nodes.items()} if size <= limit else {}
    except (OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
        raise ValueError("it is not a readable .h5") from error
    if size > limit:
        raise ValueError(f"its arrays have {size} bytes; allowed: {limit}")
    return found


def _limit(file):
    return reading.unpacked_limit(file.stat().st_size)


def _torch(file):
    if importlib.util.find_spec("torch") is None:
        raise ValueError("reading a state dict needs PyTorch: pip install 'gan_jax[torch]'")
    import torch

    try:
        found = torch.load(file, map_location="cpu", weights_only=True)
    # torch.load raises many types of errors, and its own message suggests unsafe loading.
    except Exception as error:
        raise ValueError(f"it is not a readable PyTorch state dict ({type(error).__name__})") from error
    # numpy has no bfloat16.
    wide = {torch.bfloat16: torch.float32}
    arrays = {}
    for name, x in _nested(found, torch.Tensor, ""):
        try:
            arrays[name] = x.detach().to(wide.get(x.dtype, x.dtype)).numpy()
        except (TypeError, RuntimeError) as error:  # such as sparse tensors
            raise ValueError(f"{name} is no array for numpy: {reading.reason(error)}") from error
    return arrays


def _nested(found: Any, kind: type, prefix: str) -> Iterator[tuple[str, Any]]:
    """The tensors in nested dicts, with joined names. Step counts and the like are left out."""
    if isinstance(found, kind):
        yield prefix, found
    elif isinstance(found, dict):
        for name, value in found.items():
            yield from _nested(value, kind, f"{prefix}.{name}" if prefix else str(name))
