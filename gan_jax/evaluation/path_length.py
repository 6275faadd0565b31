"""Perceptual path length of a model that draws images from noise (Karras et al. 2019, Sec. 4.1)."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import jax
import numpy as np

from gan_jax.errors import ConfigError
from gan_jax.evaluation import Apply, Batches, Network
from gan_jax.evaluation.shared.requirements import (
    require_choice,
    require_count,
    require_features,
    require_styles,
)
from gan_jax.metrics import features as from_files
from gan_jax.metrics import perceptual
from gan_jax.metrics.path_length import path_length
from gan_jax.ops.latents import PATHS, lerp

METRICS = ("ppl_{space}_full_{features}", "ppl_{space}_end_{features}", "examples")
FOR = "draws_from_noise"
JUDGES = ("{features}",)

_PART = 64  # pairs of images at a time


def evaluate(
    apply: Apply,
    batches: Batches,
    networks: Mapping[str, Network],
    *,
    space: str = "w",
    features: str = "random",
    weights: str = "",
    path: str = "spherical",
    epsilon: float = 1e-4,
    examples: int = 2000,
    crop: bool = False,
) -> dict[str, Any]:
    """Path lengths between pairs of random latents, whose images have the same noise maps.

    `l = E[d(G(x(t)), G(x(t + epsilon))) / epsilon^2]`, where x runs on an arc between two latents (eq. 2 of
    the paper) or on a line between two styles (eq. 3). The paper has LPIPS for d, 100 000 pairs, and the crop
    for faces. StyleGAN2's tables have no crop. A length is comparable only with others of the same features
    and the same size.

    Args:
      apply: the model, which draws images of latents and, for space='w', of styles.
      batches: not used.
      networks: `judge`, `vgg16` or `vgg19`, if the features are theirs.
      space: 'z' for latents, 'w' for styles.
      features: see `metrics.perceptual.distance`.
      weights: path of VGG's weights, see `metrics.features.read`; '' takes one of `networks`.
      path: the path between latents, 'spherical' or 'linear'. Styles always have a straight one.
      epsilon: the step along the path.
      examples: number of pairs.
      crop: whether d sees the rows from 3/8 to 7/8 and the columns from 1/4 to 3/4 only.

    Returns:
      `ppl_<space>_full_<features>`, with t of U[0, 1]; `ppl_<space>_end_<features>`, with t = 0; `examples`.
    """
    del batches
    network = from_files.load(features, weights) if weights else networks.get(features)
    between = PATHS[path] if space == "z" else lerp
    first, last = np.split(apply.latents(2 * examples), 2)
    conditions = apply.conditions(examples)
    if space == "w":
        first, last = (apply.method("styles", {"z": z, **conditions}) for z in (first, last))

    def images(t, part):
        x = between(first[part], last[part], t[part]).astype(np.float32)
        if space == "w":
            made = apply.method("synthesise", {"ws": x})
        else:
            made = apply.method("decode", {"z": x, **{name: c[part] for name, c in conditions.items()}})
        return _middle(made) if crop else made

    # TF32 or bfloat16 would be coarser than the step.
    with jax.default_matmul_precision("highest"):
        far = perceptual.distance(features, network)
        shape = (examples, *(1,) * (first.ndim - 1))
        times = {"full": np.random.default_rng(0).uniform(size=shape), "end": np.zeros(shape)}
        found = {name: _distances(images, far, t, epsilon) for name, t in times.items()}
    values = {f"ppl_{space}_{name}_{features}": path_length(d, epsilon) for name, d in found.items()}
    return {**values, "examples": examples, "epsilon": epsilon}


def check(options: Mapping[str, Any], roles: Collection[str], requires: Collection[str]) -> None:
    """Refuses, before any work, options that cannot be evaluated. It reads the file of weights, if any.

    Raises:
      ConfigError: naming the field, its value and what is allowed.
    """
    del roles
    require_choice(options, "space", ("z", "w"))
    require_choice(options, "path", tuple(PATHS))
    require_choice(options, "features", perceptual.FEATURES)
    require_count(options, "examples", 1)
    features, weights, epsilon = options["features"], options["weights"], options["epsilon"]
    if not 1e-6 <= epsilon <= 0.1:
        raise ConfigError(f"epsilon={epsilon:g} is not allowed; allowed: 1e-6 to 0.1")
    if features in ("judge", *perceptual.FILES):
        require_features(features, weights, perceptual.FILES, requires)
    elif weights:
        raise ConfigError(f"weights={weights!r} is for features={', '.join(map(repr, perceptual.FILES))}")


def check_model(model: Any, options: Mapping[str, Any]) -> None:
    """Refuses models that the options do not suit.

    Raises:
      ConfigError: the model has no styles for space='w', or has images that are too small for the features;
        or its latents lie on no sphere, but the path does.
    """
    if options["space"] == "w":
        require_styles(model, "space='w'")
    elif model.straight_paths and options["path"] == "spherical":
        raise ConfigError("path='spherical' is for latents of N(0, I); allowed for this model: 'linear'")
    side = model.size // 2 if options["crop"] else model.size
    least = perceptual.least_side(options["features"])
    if side < least:
        seen = f"crop={options['crop']} shows {side} pixels of {model.size}"
        raise ConfigError(f"features={options['features']!r} needs {least} pixels or more; {seen}")


def _distances(
    images: Callable[..., Any], far: perceptual.Distance, t: np.ndarray, epsilon: float
) -> np.ndarray:
    """The distance of each pair of images at t [n, 1, ...] and at t + epsilon."""
    parts = [slice(start, start + _PART) for start in range(0, len(t), _PART)]
    return np.concatenate([far(images(t, part), images(t + epsilon, part)) for part in parts])


def _middle(images):
    """The face of an aligned photograph, as in the paper's code."""
    eighth = images.shape[1] // 8
    return images[:, 3 * eighth : 7 * eighth, 2 * eighth : 6 * eighth]
