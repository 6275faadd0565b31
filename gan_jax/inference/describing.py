"""Networks that describe pictures by features: weights from a file, random weights, or a classifier's run."""

import dataclasses
import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import jax
import numpy as np
from PIL import Image
from rich.console import Console
from rich.progress import track

from gan_jax import models, paths
from gan_jax.data.sources import decoding
from gan_jax.data.sources.decoding import Skipped
from gan_jax.errors import ConfigError, WorkdirError, nearest
from gan_jax.game.network import Network
from gan_jax.inference.pictures import Pictures, as_trained
from gan_jax.metrics import features as from_files
from gan_jax.ops.pixels import to_rgb
from gan_jax.runs import required, restore
from gan_jax.runs.workdir import Workdir

RANDOM = "random"
_FILES = ("inception", "vgg16", "vgg19")
_BATCH = 64  # pictures prepared together

Columns = dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Describer:
    """A network and the form in which it takes pictures.

    Attributes:
      name: name of the features, which the names of scores contain.
      network: the network.
      prepare: picture uint8 [H, W, 1 or 3] -> what the network takes; it may raise Skipped.
      describe: prepared pictures [B, ...] -> `features` [B, d] and, if the network predicts classes, `logits`
        [B, K].
    """

    name: str
    network: Network
    prepare: Callable[[np.ndarray], np.ndarray]
    describe: Callable[[np.ndarray], Columns]

    def __call__(self, pictures: Pictures) -> tuple[Columns, dict[int, str]]:
        """The columns of all usable pictures in order, and the reasons for the others, by their places.

        The columns are {} if no picture is usable. A terminal shows a progress bar.
        """
        skipped: dict[int, str] = {}
        parts: list[Columns] = []

        def one(place: int) -> np.ndarray | None:
            try:
                return self.prepare(pictures.read(place))
            except Skipped as reason:
                skipped[place] = str(reason)
                return None

        starts, quiet = range(0, pictures.count, _BATCH), not sys.stderr.isatty()
        console = Console(stderr=True)
        # TF32 or bfloat16 would change the features and so the distances.
        with decoding.quiet(), ThreadPoolExecutor() as pool, jax.default_matmul_precision("highest"):
            for first in track(starts, pictures.flag, console=console, disable=quiet, transient=True):
                places = range(first, min(first + _BATCH, pictures.count))
                usable = [made for made in pool.map(one, places) if made is not None]
                if usable:
                    parts.append(self.describe(np.stack(usable)))
        names = parts[0] if parts else ()
        return {name: np.concatenate([part[name] for part in parts]) for name in names}, skipped


def checked(features: str, weights: str) -> Callable[[], Describer]:
    """A function that loads the network of `--features` and `--weights`, after checks that need no device.

    Args:
      features: 'inception', 'vgg16' or 'vgg19', with weights from a file; 'random', a VGG-16 with random
        weights; or the folder of a finished classifier's run.
      weights: path of the file, see `metrics.features.read`; '' for other features.

    Raises:
      ConfigError: the features are unknown, or the file of weights is missing, needless or wrong.
      WorkdirError: the run is not finished, or its model does not describe images.
    """
    if features in _FILES:
        if not weights:
            allowed = "the path of its weights; --features=random and a classifier's run need none"
            raise ConfigError(f"weights='' is not allowed with features={features!r}; allowed: {allowed}")
        from_files.check(features, weights)
        return lambda: _of_file(features, from_files.load(features, weights))
    if weights:
        raise ConfigError(f"weights={weights!r} is for features={', '.join(map(repr, _FILES))}")
    if features == RANDOM:
        return lambda: _of_file(RANDOM, from_files.untrained())
    folder = Workdir(paths.given("features", features), writes=False)
    if folder.config is None:
        raise ConfigError(f"features={features!r} {nearest(features, (*_FILES, RANDOM))}, or a run's folder")
    config = restore.load_config(features)
    model = models.create(config.model)
    if not model.tells_classes:
        kind = f"{features} holds the run {config.name!r} of model {config.model.name!r}"
        raise WorkdirError(f"{kind}; --features needs the run of a classifier")
    if folder.result is None:
        raise WorkdirError(f"{features} holds the run {config.name!r}, which is not finished")
    return lambda: _of_run(restore.load(features))


def _of_file(name: str, network: from_files.FromFile) -> Describer:
    def prepare(pixels: np.ndarray) -> np.ndarray:
        return resized(pixels, network.side)

    return Describer(name, network, prepare, lambda pictures: network.apply("describe", {"pixels": pictures}))


def _of_run(run: restore.Run) -> Describer:
    network = required.RequiredRun(run)

    def describe(pictures: np.ndarray) -> Columns:
        columns = {"features": network.apply("embed", {"image": pictures})}
        if "confusion" in network.metrics:
            columns["logits"] = network.apply("predict", {"image": pictures})
        return columns

    name = re.sub(r"\W", "_", run.config.name)
    return Describer(name, network, as_trained(run), describe)


def resized(pixels: np.ndarray, side: int) -> np.ndarray:
    """A picture as clean-fid resizes it: each channel by Pillow's bicubic filter, antialiased, not rounded.

    Unlike in training, the whole picture is used, and its aspect ratio changes.

    Args:
      pixels: uint8 [H, W, 1 or 3].
      side: side of the result.

    Returns:
      float32 [side, side, 3] in [0, 255]; one channel is replicated to three.
    """
    channels = [Image.fromarray(channel.astype(np.float32)) for channel in np.moveaxis(pixels, -1, 0)]
    if pixels.shape[:2] != (side, side):
        channels = [channel.resize((side, side), Image.Resampling.BICUBIC) for channel in channels]
    return to_rgb(np.stack([np.asarray(channel) for channel in channels], -1).clip(0, 255))
