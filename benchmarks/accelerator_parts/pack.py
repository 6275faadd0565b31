"""The files that are carried to an accelerator: made from the folder of real images, and unpacked there.

Digits are `.npz` arrays without loss. Photographs are JPEG at the pixels that a training reads, since their
arrays would be too large. Faces have the names of the original files, which their configuration reads.
"""

import io
import shutil
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

LIMIT = 38  # MiB of all files together
SVHN = {"train": "svhn_train.npz", "test": "svhn_test.npz"}
MNIST = {"train": "mnist_train.npz", "test": "mnist_test.npz"}
FACADES = {split: f"facades.zip/facades/{split}" for split in ("train", "val", "test")}
ANIMALS = {s: f"horse2zebra.zip/horse2zebra/{s}" for s in ("trainA", "trainB", "testA", "testB")}
_MNIST_ROWS = {"train": 20_000, "test": 2_000}  # the first rows of each file


class PackError(Exception):
    """Files that cannot be made or read. The message is one line."""


def prepare(images: Path, folder: Path, wanted: Sequence[str]) -> dict[str, int]:
    """Makes the files of the groups `wanted` in `folder`, and returns their sizes in bytes.

    Raises:
      PackError: a group is unknown, an original file is missing, or the files are too large together.
    """
    for name in wanted:
        if name not in MAKERS:
            raise PackError(f"files {name!r} are not known; known: {', '.join(MAKERS)}")
    folder.mkdir(parents=True, exist_ok=True)
    for name in wanted:
        try:
            MAKERS[name][0](images, folder)
        except OSError as error:
            raise PackError(f"files {name!r} cannot be made: {error}") from error
    sizes = {p.relative_to(folder).as_posix(): p.stat().st_size for p in folder.rglob("*") if p.is_file()}
    total = sum(sizes.values()) / 2**20
    if total > LIMIT:
        raise PackError(f"the files in {folder} have {total:.1f} MiB; allowed: {LIMIT} MiB")
    return sizes


def holds(folder: Path, wanted: Sequence[str]) -> bool:
    """Whether all files of the groups `wanted` are in `folder`."""
    return all((folder / file).is_file() for name in wanted for file in MAKERS[name][1])


def unpack(folder: Path | None, target: Path) -> None:
    """Copies all files into `target`, arrays as plain `.npz` with `image` and `label`."""
    for path in sorted(folder.rglob("*")) if folder else ():
        new = target / path.relative_to(folder or path)
        if path.is_dir() or new.exists():
            continue
        new.parent.mkdir(parents=True, exist_ok=True)
        part = new.with_name(f"part_{new.name}")
        if path.suffix == ".npz":
            with np.load(path) as packed:
                np.savez(part, image=restored(packed["differences"]), label=packed["label"])
        else:
            shutil.copyfile(path, part)
        part.replace(new)


def differences(image: np.ndarray) -> np.ndarray:
    """Images uint8 [N, H, W, C] as differences of neighbours modulo 256, uint8 [C, N, H, W].

    A photograph's differences take half the bytes of its pixels. Red and blue are differences from green.
    """
    planes = image.transpose(3, 0, 1, 2).copy()
    if len(planes) == 3:
        planes[[0, 2]] -= planes[1]
    planes[:, :, 1:] -= planes[:, :, :-1].copy()
    planes[..., 1:] -= planes[..., :-1].copy()
    return planes


def restored(planes: np.ndarray) -> np.ndarray:
    """The images of `differences`."""
    planes = np.cumsum(np.cumsum(planes, -1, dtype=np.uint8), -2, dtype=np.uint8)
    if len(planes) == 3:
        planes[[0, 2]] += planes[1]
    return np.ascontiguousarray(planes.transpose(1, 2, 3, 0))


def write_arrays(path: Path, image: np.ndarray, label: np.ndarray) -> None:
    """Writes images and labels as a small `.npz`."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        for name, array in (("differences", differences(image)), ("label", label.astype(np.uint8))):
            content = io.BytesIO()
            np.lib.format.write_array(content, array, allow_pickle=False)
            archive.writestr(f"{name}.npy", content.getvalue())


def _digits(images: Path, folder: Path) -> None:
    from gan_jax import data
    from gan_jax.config.recipes import digits

    sets: Any = ((digits.SVHN_FILES, SVHN, {}), (digits.MNIST_FILES, MNIST, _MNIST_ROWS))
    for described, names, rows in sets:
        fields = {key: value for key, value in described.items() if key != "embedded"}
        size = 28 if names is MNIST else 32
        for split, name in names.items():
            part = f"{split}[:{rows[split]}]" if rows else split
            found = data.load({**fields, "split": part}, size=size, manual_dir=str(images)).columns
            write_arrays(folder / name, found["image"], found["label"])


def _faces(images: Path, folder: Path) -> None:
    from gan_jax.config.recipes.faces import HAIR, KEPT, PART

    name, table = PART["files"]["train"], PART["attributes_file"]
    _photographs(images / name, folder / name, lambda size: _middle(size), (64, 64), quality=90)
    count, names, *rows = (images / table).read_text().splitlines()
    attributes = sorted({*HAIR, *KEPT})
    columns = [names.split().index(attribute) for attribute in attributes]
    kept = (" ".join([file, *(values[i] for i in columns)]) for file, *values in map(str.split, rows))
    (folder / table).write_text("\n".join([count, " ".join(attributes), *kept]) + "\n")


def _facades(images: Path, folder: Path) -> None:
    _photographs(images / "facades/facades.zip", folder / "facades.zip", _whole, (286, 143), quality=90)


def _animals(images: Path, folder: Path) -> None:
    source = images / "horse2zebra/horse2zebra_128.zip"
    _photographs(source, folder / "horse2zebra.zip", _whole, (128, 128), quality=85)


def _middle(size: tuple[int, int]) -> tuple[int, ...]:
    """The largest square in the middle of an image, as the box of a crop."""
    side = min(size)
    left, top = (size[0] - side) // 2, (size[1] - side) // 2
    return left, top, left + side, top + side


def _whole(size: tuple[int, int]) -> tuple[int, ...]:
    return (0, 0, *size)


def _photographs(
    source: Path,
    target: Path,
    box: Callable[[tuple[int, int]], tuple[int, ...]],
    size: tuple[int, int],
    quality: int,
) -> None:
    """Writes every photograph of an archive at (width, height) `size`, under its own name."""
    from PIL import Image

    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in sorted(old.namelist()):
            if not name.endswith(".jpg"):
                continue
            with Image.open(io.BytesIO(old.read(name))) as image:
                cut: Any = box(image.size)
                small = image.convert("RGB").resize(size, Image.Resampling.BICUBIC, cut)
            content = io.BytesIO()
            small.save(content, "JPEG", quality=quality)
            new.writestr(name, content.getvalue())


# Each group's maker, and the files that it makes.
MAKERS: dict[str, tuple[Callable[[Path, Path], None], tuple[str, ...]]] = {
    "digits": (_digits, (*SVHN.values(), *MNIST.values())),
    "faces": (
        _faces,
        ("celeba/img_align_celeba_half_first8000.zip", "celeba/list_attr_celeba_first8000.txt"),
    ),
    "facades": (_facades, ("facades.zip",)),
    "animals": (_animals, ("horse2zebra.zip",)),
}
