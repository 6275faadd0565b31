"""Sets of pictures to compare: a folder, a zip, an array file, or the samples of a run."""

import contextlib
import dataclasses
import functools
import hashlib
from collections.abc import Callable, Sequence

import numpy as np

from gan_jax import paths
from gan_jax.data import roles
from gan_jax.data.pixels import views
from gan_jax.data.sources import arrays, decoding
from gan_jax.data.sources.decoding import Skipped
from gan_jax.errors import ConfigError, DataError
from gan_jax.inference import generators, styles
from gan_jax.inference.sources import Source
from gan_jax.runs import restore
from gan_jax.runs.workdir import Workdir

Change = Callable[[np.ndarray], np.ndarray]


@dataclasses.dataclass(frozen=True)
class Pictures:
    """Pictures by their place.

    Attributes:
      title: what messages call them.
      names: their names. Some of them may be unreadable.
      read: the picture at a place, uint8 [H, W, 1 or 3]. It raises Skipped if the picture is unreadable.
      digest: a hash of the content of all pictures.
      flag: the flag that named them.
    """

    title: str
    names: Sequence[str]
    read: Callable[[int], np.ndarray]
    digest: Callable[[], str]
    flag: str

    @property
    def count(self) -> int:
        """The number of pictures, readable or not."""
        return len(self.names)

    def changed(self, change: Change) -> "Pictures":
        """The same pictures after a change, which may raise Skipped."""
        return dataclasses.replace(self, read=lambda place: change(self.read(place)))


def open_files(given: str, flag: str, stack: contextlib.ExitStack) -> Pictures:
    """The pictures of a folder, a zip, a folder inside a zip, one image, or an array file.

    Args:
      given: the path. Array files are those of `data.sources.arrays`, such as an `.npz` with `image`.
      flag: the flag that gives it, for messages.
      stack: closes what was opened.

    Raises:
      ConfigError: there is no such file or folder.
      DataError: it cannot be read, or has no image.
    """
    path = paths.given(flag, given).absolute()
    if path.suffix in (".npz", ".mat") or "images-idx3" in path.name:
        image = arrays.read({"all": str(path)}, "all").columns["image"]
        return of_array(image, str(path), flag)
    source = Source.open(given, stack, flag)

    def read(place: int) -> np.ndarray:
        return np.asarray(decoding.upright(source.content(source.names[place])))

    def digest() -> str:
        found = hashlib.sha256()
        for name in source.names:
            try:
                content = source.content(name)
            except Skipped as reason:
                content = str(reason).encode()
            found.update(f"{len(content)}\n".encode() + content)
        return found.hexdigest()

    return Pictures(source.title, source.names, read, digest, flag)


class Samples:
    """The samples of a run that makes images from noise. They are drawn by `draw`."""

    def __init__(self, given: str, flag: str):
        """Checks the run by its configuration.

        Raises:
          WorkdirError: the run's model does not make images from noise.
          ConfigError: its images are not grey or coloured.
        """
        self.title, self.flag = f"samples of {given}", flag
        self._given, self._model = given, generators.model(given)
        if self._model.channels not in (1, 3):
            channels = self._model.channels
            raise ConfigError(f"{flag}={given!r} makes images of {channels} channels; allowed: 1, 3")

    @functools.cached_property
    def run(self) -> restore.Run:
        """The restored run."""
        return restore.load(self._given)

    def check_truncation(self, truncation: float) -> None:
        """Refuses values that the run's model does not take, see `styles.check_truncation`."""
        styles.check_truncation(truncation, self._model)

    def draw(self, num: int, seed: int, truncation: float = 1.0) -> Pictures:
        """The images of `--mode=sample` for this number, seed and truncation. Classes take turns."""
        z, label = generators.asked(self._model, seed, generators.labels(self._model, None), num)
        return of_array(generators.decode(self.run, z, label, truncation), self.title, self.flag)


def opened(given: str, flag: str, stack: contextlib.ExitStack) -> Pictures | Samples:
    """What a flag names: the samples of a run's folder, or the pictures of `open_files`.

    Raises:
      ConfigError, DataError, WorkdirError: as for `open_files` and `Samples`.
    """
    if Workdir(paths.given(flag, given), writes=False).config is not None:
        return Samples(given, flag)
    return open_files(given, flag, stack)


def of_array(images: np.ndarray, title: str, flag: str) -> Pictures:
    """Pictures uint8 [N, H, W, 1 or 3] that are in memory."""

    def digest() -> str:
        return hashlib.sha256(f"{images.shape}\n".encode() + images.tobytes()).hexdigest()

    names = [f"number {place}" for place in range(len(images))]
    return Pictures(title, names, lambda place: images[place], digest, flag)


def as_trained(run: restore.Run) -> Change:
    """The change that brings a picture to the form of a run's training images; it may raise Skipped.

    A picture with the height and width of the training images keeps its pixels. Any other picture is cropped
    and resized as the run's role `image` says. The channels become those of the training images.
    """
    height, width, channels = run.example["image"][0]
    spec = {**roles.DEFAULTS, **run.config.data.roles.get("image", {})}
    framing = roles.framing_like(spec, height, width)

    def change(pixels: np.ndarray) -> np.ndarray:
        if pixels.shape[:2] != (height, width):
            try:
                pixels = framing.apply_all(pixels[None])[0]
            except DataError as error:
                raise Skipped("smaller than the crop of the run's images") from error
        if pixels.shape[:2] != (height, width):
            raise Skipped(f"of another shape than the run's images, {width} x {height} pixels")
        return views.derived(pixels[None], "", channels)[0]

    return change
