"""Pictures to score, in folders and zips."""

import zipfile

import numpy as np
from picture_files import encoded


def noise(count, seed, high=256, shape=(8, 8, 3)):
    return np.random.default_rng(seed).integers(0, high, (count, *shape)).astype(np.uint8)


def folder(place, images):
    """PNGs named by their place, in a folder or a zip; returns the path as text."""
    if place.suffix == ".zip":
        with zipfile.ZipFile(place, "w") as archive:
            for number, image in enumerate(images):
                archive.writestr(f"{number:03d}.png", encoded(image))
    else:
        place.mkdir()
        for number, image in enumerate(images):
            (place / f"{number:03d}.png").write_bytes(encoded(image))
    return str(place)
