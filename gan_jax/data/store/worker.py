"""What a process does that decodes pictures into a store.

It reads rows from its standard input and answers on its standard output, until its input ends:

    int64 first, int64 n, then n times: int64 size, and so many bytes of a file; -1 for no file
    {"checksums": [...], "shares": [[...], ...], "skipped": {"row": reason}} or {"errno": ..., "error": ...}
"""

import dataclasses
import json
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gan_jax.data.pixels.framing import Framing
from gan_jax.data.pixels.recipe import Recipe
from gan_jax.data.sources import decoding
from gan_jax.data.store.filling import Pixels

NUMBER = struct.Struct("<q")


def argument(pixels: Pixels, recipe: Recipe) -> str:
    """The argument of a worker that writes into `pixels`."""
    return json.dumps({**dataclasses.asdict(pixels), **dataclasses.asdict(recipe)}, default=str)


def _given(text: str) -> tuple[Pixels, Recipe]:
    fields = json.loads(text)
    pixels = Pixels(Path(fields["path"]), tuple(fields["shape"]), fields["offset"])
    return pixels, Recipe(Framing(**fields["framing"]), fields["derive"], fields["channels"])


def _number(file: Any) -> int:
    return NUMBER.unpack(file.read(NUMBER.size))[0]


def _decoded(file: Any, first: int, count: int, pixels: Pixels, recipe: Recipe) -> dict[str, Any]:
    images = np.zeros((count, *pixels.shape[1:]), np.uint8)
    shares = np.ones((count, 2))
    skipped = {}
    for row in range(count):
        size = _number(file)
        content = file.read(max(size, 0))
        if size < 0:
            continue
        try:
            found, shares[row] = decoding.decode_with_shares(content, recipe.framing)
            decoding.require_shape(found, images.shape[1:])
            images[row] = recipe.finish(found[None])[0]
        except decoding.Skipped as reason:
            skipped[first + row] = str(reason)
    checksums = pixels.write(first, images)
    return {"checksums": checksums.tolist(), "shares": shares.tolist(), "skipped": skipped}


def serve(text: str) -> None:
    """Decodes what the standard input brings until it ends; `text` is an `argument`."""
    pixels, recipe = _given(text)
    Image.init()
    with decoding.quiet():
        _serve(pixels, recipe)


def _serve(pixels: Pixels, recipe: Recipe) -> None:
    given, answers = sys.stdin.buffer, sys.stdout
    while head := given.read(NUMBER.size):
        first, count = NUMBER.unpack(head)[0], _number(given)
        try:
            answer = _decoded(given, first, count, pixels, recipe)
        except OSError as error:
            answer = {"errno": error.errno, "error": error.strerror or str(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
