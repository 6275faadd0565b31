"""The Python surface: configurations by name, and trained runs as objects. `gan_jax` offers these names."""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ml_collections
import numpy as np
from PIL import Image

from gan_jax import config as configuration
from gan_jax.config import fields, listing, overrides
from gan_jax.data.sources.decoding import Skipped
from gan_jax.errors import ConfigError, DataError, WorkdirError, nearest
from gan_jax.game import devices
from gan_jax.inference import describing, export, generators, pictures, score, styles, stylise, translate
from gan_jax.inference.styling.stylist import Stylist
from gan_jax.inference.styling.wishes import Wishes
from gan_jax.inference.translator import Translator
from gan_jax.ops.pixels import to_rgb, to_uint8
from gan_jax.runs import functions, inputs, required, restore

_REFERENCE = 10_000  # most real images in a score


class Configurations:
    """The configurations by name: `gan_jax.configs`."""

    def names(self) -> dict[str, str]:
        """The name of each configuration, and the first line of its file."""
        return {Path(path).stem: text for path, text in listing.configurations().items()}

    def variants(self, name: str) -> dict[str, str]:
        """The variants of a configuration, and what each of them changes."""
        return listing.variants_of(self._path(name))

    def load(self, name: str, **changed: Any) -> ml_collections.ConfigDict:
        """A configuration: `configs.load("dcgan_mnist:quick", steps=20, **{"model.loss": "hinge"})`.

        Args:
          name: name or path of the file, and after a colon the names of variants, separated by commas.
          **changed: fields by their dotted names, with their values.

        Returns:
          The configuration, which is not checked yet.

        Raises:
          ConfigError: there is no such configuration, variant or field; the message has the nearest name.
        """
        file, colon, variants = name.partition(":")
        found = configuration.load(f"{self._path(file)}{colon}{variants}")
        overrides.change(found, changed)
        return found

    def fields(self, config: ml_collections.ConfigDict) -> list[str]:
        """A line for each field of a configuration: value, default, meaning and allowed values."""
        return list(fields.lines(config))

    def _path(self, name: str) -> str:
        if name.endswith(".py"):
            return name
        known = self.names()
        if name not in known:
            raise ConfigError(f"configuration {name!r} {nearest(name, known)}")
        return str(listing.folder() / f"{name}.py")


configs = Configurations()


def load(workdir: Path | str) -> "Run":
    """The run in a folder, finished or not, at the checkpoint that its configuration chooses.

    Raises:
      WorkdirError: the folder holds no run.
      CheckpointError: there is no intact checkpoint.
    """
    return Run(workdir)


class Run:
    """A trained run. Images that it returns are uint8 [N, H, W, C]; it takes uint8, or floats in [-1, 1].

    Attributes:
      workdir: the run's folder, which no method changes.
      config: the run's configuration.
      metrics: the values of the final evaluations; {} if the run is not finished.
    """

    def __init__(self, workdir: Path | str):
        """Restores the run, see `load`."""
        self.workdir = Path(workdir)
        self._run = restore.load(workdir)
        self.config: ml_collections.ConfigDict = self._run.config
        self.metrics: dict[str, Any] = (self._run.result or {}).get("metrics", {})
        self._decoder = functools.cache(functools.partial(functions.decoder, self._run))
        self._translators: dict[str, Translator] = {}  # by direction; another label or seed needs no new one
        self._stylist = functools.cache(lambda: Stylist(self._run, Wishes.tile))

    def sample(
        self, n: int, *, seed: int = 0, labels: Sequence[int] | None = None, truncation: float = 1.0
    ) -> np.ndarray:
        """Images that the run's model draws from noise, uint8 [n, S, S, C].

        Image i of a seed does not depend on n. They are the images of `--mode=sample`.

        Args:
          n: number of images, 1 or more.
          seed: seed of the latents.
          labels: classes of a conditional model, used in turn; None uses all classes.
          truncation: for a model with styles, moves the styles towards their mean; 1 leaves them as they are.

        Raises:
          WorkdirError: the model does not make images from noise.
          ConfigError: n or a label is not allowed, or labels are given to an unconditional model.
        """
        model = generators.model(self.workdir)
        if n < 1:
            raise ConfigError(f"n={n} is not allowed; allowed: 1 or more")
        styles.check_truncation(truncation, model)
        chosen = generators.labels(model, None if labels is None else [str(label) for label in labels])
        return generators.drawn(self._decoder(truncation), *generators.asked(model, seed, chosen, n))

    def decode(
        self, z: np.ndarray, label: np.ndarray | None = None, *, truncation: float = 1.0
    ) -> np.ndarray:
        """Images uint8 [n, S, S, C] of latents.

        Args:
          z: float32 [n, d], where d is the model's z_dim.
          label: int32 [n], for a conditional model.
          truncation: as for `sample`.

        Raises:
          WorkdirError: the model does not make images from noise.
          ConfigError: z or label has another shape, or a label is not a class of the model.
        """
        model = generators.model(self.workdir)
        z = np.asarray(z, np.float32)
        if z.ndim != 2 or z.shape[1] != model.z_dim:
            raise ConfigError(f"z is {list(z.shape)}; allowed: [n, {model.z_dim}]")
        styles.check_truncation(truncation, model)
        return generators.drawn(self._decoder(truncation), z, label)

    def translate(
        self,
        images: np.ndarray | Sequence[np.ndarray],
        *,
        direction: str = "s2t",
        attributes: Sequence[str] | None = None,
        style: np.ndarray | None = None,
        alpha: float = 1.0,
        seed: int = 0,
    ) -> Any:
        """The translations of images by a run whose model turns images into images.

        A model that takes any size keeps the size of each image. Another model crops and resizes it, as its
        training images were.

        Args:
          images: [N, H, W, 1 or 3], or a list of images [H, W, 1 or 3] of any sizes.
          direction: 's2t' from source to target, 't2s' back.
          attributes: what a conditional model should give.
          style: for a model that takes styles, an image [H, W, 1 or 3] of any size in whose style all images
            are shown.
          alpha: 1 for the style, 0 for the image alone, values between for a blend.
          seed: seed of the model's random draws, if it has any.

        Returns:
          uint8 [N, H', W', C'], or for a list a list of images uint8 [H', W', C'].

        Raises:
          WorkdirError: the model does not turn images into images.
          ConfigError: the direction, an attribute or alpha is not allowed, the model takes styles and none is
            given, or it takes none.
          DataError: the images do not fit in memory, or are too small for the model.
        """
        model = translate.checked_model(self.workdir)
        if model.takes_styles:
            if direction != "s2t" or attributes is not None:
                raise ConfigError("direction and attributes are for models that do not take styles")
            if style is None:
                raise ConfigError("style is required: the model of this run gives images a style")
            contents = [_picture(image) for image in images]
            drawn = stylise.of_pictures(self._stylist(), contents, _picture(style), alpha)
            return np.stack(drawn) if isinstance(images, np.ndarray) else drawn
        if style is not None or alpha != 1.0:
            raise ConfigError("style and alpha are for models that take styles")
        label = translate.asked_label(model, direction, "", attributes)
        if direction not in self._translators:
            self._translators[direction] = Translator(self._run, direction, label, seed)
        translator = self._translators[direction].asking(label, seed)
        made: list[np.ndarray] = []
        width = devices.local_devices()
        try:
            prepared = [translator.framed(str(i), _picture(image)) for i, image in enumerate(images)]
            while len(made) < len(prepared):
                rest = prepared[len(made) : len(made) + width]
                like = [item for item in rest if item.padded.shape == rest[0].padded.shape]
                made += translator(like if rest[: len(like)] == like else rest[:1])
        except Skipped as reason:
            raise DataError(f"image {len(made)}: {reason}") from reason
        return np.stack(made) if isinstance(images, np.ndarray) else made

    def export(self, path: Path | str, **options: Any) -> dict[str, Any]:
        """Writes the run for use elsewhere, as `--mode=export` does.

        Args:
          path: a file. `.jax` is a program that makes images with jax and numpy alone. `.safetensors` and
            `.npz` are weights.
          **options: the keyword arguments of `inference.export.run`, such as `direction`.

        Returns:
          What the mode prints, such as the program's inputs and the difference from the run's images.

        Raises:
          ConfigError: the file cannot be written, or an option is not allowed for this run.
          WorkdirError: the model makes no images, or the disk is full.
        """
        return export.run(self.workdir, output=str(path), **options)

    def score(
        self,
        images: np.ndarray,
        reference: np.ndarray | None = None,
        *,
        features: str = "",
        weights: str = "",
    ) -> dict[str, Any]:
        """Scores of images against real ones, named by the features, see `metrics.score_names.naming`.

        Compare only scores of equally many images.

        Args:
          images: [N, H, W, 1 or 3], 6 or more.
          reference: real images [M, H, W, 1 or 3], 6 or more; None takes those that the run's evaluation
            `generation` compares with, or else the training images, 10 000 at most.
          features: as for `--mode=score`: 'inception', 'vgg16', 'vgg19', 'random', or a classifier's run; ''
            takes the run's judge, or 'random' without one.
          weights: path of the weights of 'inception', 'vgg16' or 'vgg19'.

        Returns:
          The scores, `n_input` and `n_reference`.

        Raises:
          ConfigError, WorkdirError: the features cannot be used.
          DataError: there are fewer than 6 images, or the reference cannot be read.
        """
        judge = self.config.requires.get("judge")
        if not features:
            inherited = None if judge is None else required.inherit(self.config, judge)
            features = "random" if inherited is None else str(required.place(inherited))
        describer = describing.checked(features, weights)
        real = self._real() if reference is None else to_uint8(reference)
        network = describer()
        known = score.described(pictures.of_array(real, "the reference", "reference"), network)
        return score.compare(pictures.of_array(to_uint8(images), "the images", "images"), known, network)

    def _real(self) -> np.ndarray:
        """The real images that samples of this run are compared with, uint8 [M, H, W, C]."""
        kinds = [spec for spec in self.config.evals.values() if spec.kind == "generation"]
        found = kinds[0].roles if kinds else self.config.data.roles
        if "image" not in found:
            raise WorkdirError(f"{self.workdir} has no role image to compare with; give a reference")
        return inputs.load_role(self.config, found["image"]).gather(slice(_REFERENCE))["image"]


def _picture(image: np.ndarray) -> Image.Image:
    """An image [H, W, 1 or 3] as a picture in RGB."""
    return Image.fromarray(to_rgb(to_uint8(np.asarray(image))))
