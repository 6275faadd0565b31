"""Files of tensors: `.npz`, `.safetensors` and PyTorch's. Nothing is ever unpickled."""

import importlib.util
import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

TORCH = (".pth", ".pt", ".ckpt")  # suffixes of state dicts that torch.save wrote
ARRAYS = (".npz", ".safetensors")

# What a user runs beside the code that wrote a pickle.
_RECIPE = (
    "a pickle runs code as it is opened. Beside its own code, save arrays: "
    "net = pickle.load(open(FILE, 'rb'))['G_ema']; "
    "numpy.savez('weights.npz', **{k: v.cpu().numpy() for k, v in net.state_dict().items()})"
)


def read(path: Path | str) -> dict[str, np.ndarray]:
    """The tensors of a file by name. Dots join the parts of names in nested state dicts.

    Args:
      path: `.npz`; `.safetensors`; or a state dict of PyTorch, `.pth`, `.pt` or `.ckpt`, which needs PyTorch
        and is read with `weights_only=True`.

    Raises:
      ValueError: the file cannot be read, or it holds no tensors.
    """
    file = Path(path)
    if file.suffix in (".pkl", ".pickle"):
        raise ValueError(_RECIPE)
    if file.suffix not in (*ARRAYS, *TORCH):
        known = ", ".join((*ARRAYS, *TORCH))
        raise ValueError(f"files of type {file.suffix!r} are not known; known: {known}")
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror or error}") from error
    if file.suffix in TORCH:
        found = _from_torch(content)
    else:
        found = _from_npz(content) if file.suffix == ".npz" else _from_safetensors(content)
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


def _from_npz(content):
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, EOFError, ValueError, AttributeError, zipfile.BadZipFile) as error:
        raise ValueError("it is not a readable .npz of arrays") from error


def _from_safetensors(content):
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return load(content)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ValueError("it is not a readable .safetensors of arrays") from error


def _from_torch(content):
    if importlib.util.find_spec("torch") is None:
        raise ValueError("reading a state dict needs PyTorch: pip install 'gan_jax[torch]'")
    import torch

    try:
        found = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    # torch.load raises many types of errors, and its own message suggests unsafe loading.
    except Exception as error:
        raise ValueError(f"it is not a readable PyTorch state dict ({type(error).__name__})") from error
    # Numpy has no bfloat16.
    wide = {torch.bfloat16: torch.float32}
    return {name: x.to(wide.get(x.dtype, x.dtype)).numpy() for name, x in _tensors(found, torch.Tensor, "")}


def _tensors(found: Any, kind: type, prefix: str) -> Iterator[tuple[str, Any]]:
    """The tensors in nested dicts, with joined names. Step counts and the like are left out."""
    if isinstance(found, kind):
        yield prefix, found
    elif isinstance(found, dict):
        for name, value in found.items():
            yield from _tensors(value, kind, f"{prefix}.{name}" if prefix else str(name))
