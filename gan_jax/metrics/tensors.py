"""Named arrays from files of weights: .npz, .safetensors, .pth and .h5. Nothing in a file is executed."""

import importlib.util
import json
import zipfile
from pathlib import Path

import numpy as np

# Types of numbers in .safetensors. bfloat16 is the upper half of a float32.
_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4", "U8": "u1"}
_HEADER = 100_000_000  # most bytes of a header, the limit of the format


def read(file: Path) -> dict[str, np.ndarray]:
    """All arrays of a file by name.

    Args:
      file: an `.npz`; a `.safetensors`; a `.pth` with a state dict of PyTorch, which needs PyTorch; or an
        `.h5`, whose names are paths such as `block1/vars/0`.

    Raises:
      ValueError: the type is not known, or the file is damaged or holds something else.
      OSError: the file cannot be opened.
    """
    readers = {".npz": _npz, ".safetensors": _safetensors, ".pth": _torch, ".h5": _hdf5}
    if file.suffix not in readers:
        raise ValueError(f"files of type {file.suffix!r} are not known; known: {', '.join(readers)}")
    return readers[file.suffix](file)


def _npz(file):
    try:
        archive = np.load(file, allow_pickle=False)
        return {name: archive[name] for name in archive.files}
    except (OSError, EOFError, ValueError, AttributeError, zipfile.BadZipFile) as error:
        raise ValueError("it is not a readable .npz of arrays") from error


def _safetensors(file):
    """Eight bytes with the header's length, the header in JSON, and the numbers of all tensors."""
    content = file.read_bytes()
    try:
        length = int.from_bytes(content[:8], "little")
        if not 0 < length <= min(_HEADER, len(content) - 8):
            raise ValueError(length)
        header, body = json.loads(content[8 : 8 + length]), memoryview(content)[8 + length :]
        header.pop("__metadata__", None)
        return {name: _tensor(body, **described) for name, described in header.items()}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError("it is not a readable .safetensors") from error


def _tensor(body, dtype, shape, data_offsets):
    first, last = data_offsets
    if not 0 <= first <= last <= len(body):
        raise ValueError(data_offsets)
    numbers = np.frombuffer(body[first:last], _TYPES[dtype])
    if dtype == "BF16":
        numbers = (numbers.astype(np.uint32) << 16).view(np.float32)
    return numbers.reshape(shape)


def _hdf5(file):
    import h5py

    found = {}

    def keep(name, node):
        if isinstance(node, h5py.Dataset):
            found[name] = node[()]

    try:
        with h5py.File(file, "r") as archive:
            archive.visititems(keep)
    except (OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
        raise ValueError("it is not a readable .h5") from error
    return found


def _torch(file):
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
    return {
        name: tensor.float().numpy() if tensor.is_floating_point() else tensor.numpy()
        for name, tensor in found.items()
    }
