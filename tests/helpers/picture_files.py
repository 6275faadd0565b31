"""Small image files for tests, in a folder or a zip, and the pixels that reading them gives."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_jax import data
from gan_jax.errors import DataError

NAMES = ("a.png", "b/2.png", "b/10.png", "c.JPG")  # not in the order of the listing
LISTED = ("a.png", "b/10.png", "b/2.png", "c.JPG")


def encoded(pixels, kind="PNG", mode=None, **options) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.asarray(pixels, np.uint8), mode).save(file, kind, **options)
    return file.getvalue()


def flat(colour, width=20, height=20) -> np.ndarray:
    return np.broadcast_to(np.array(colour, np.uint8), (height, width, len(colour)))


def noise(*shape) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def png(value: int, side: int = 8, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (side, side), (value, value, value)).save(file, kind)
    return file.getvalue()


def write(place: Path, files: dict[str, bytes]) -> Path:
    """Writes the files to a folder, or to a zip if the name says so."""
    if place.suffix == ".zip":
        with zipfile.ZipFile(place, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
    else:
        for name, content in files.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(content)
    return place


def numbered(names=LISTED) -> dict[str, bytes]:
    """Images whose grey is 10 times their place."""
    return {
        name: png(10 * place, kind="JPEG" if "JPG" in name else "PNG") for place, name in enumerate(names)
    }


def load(path, split="train", size=8, store=None, **spec) -> data.Examples:
    return data.load({"files": {"train": str(path)}, "split": split, **spec}, size=size, store=store)


def places(examples) -> list[int]:
    return np.rint(examples.columns["image"][:, 4, 4, 0] / 10).astype(int).tolist()


def refused(path, words, error=DataError, **spec):
    """Checks that `check` and `load` both refuse with one line."""
    spec = {"files": {"train": str(path)}, **spec}
    for function in (data.check, lambda spec: data.load(spec, size=8)):
        with pytest.raises(error, match=words) as caught:
            function(spec)
        assert "\n" not in str(caught.value)
