"""Scores of a noise-to-image model: its images against real ones, in the features of a network.

Even for equal distributions, the Fréchet distance is above 0 and falls with n, and precision is below 1. A
score is comparable only with scores of equal n by the same network. Each score therefore comes with the same
measures of other real images (`floor`) and of the model before training (`untrained`).
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeGuard

import jax
import numpy as np

from gan_jax.errors import ConfigError, DataError
from gan_jax.evaluation import Apply, Batches, Network
from gan_jax.evaluation.shared.requirements import require_choice, require_features
from gan_jax.metrics import features as from_files
from gan_jax.metrics.distinct import unseen
from gan_jax.metrics.generation import Measures
from gan_jax.metrics.score_names import naming
from gan_jax.ops.pixels import to_uint8

_FILES = ("inception", "vgg16", "vgg19")  # networks whose weights come from a file
_MEASURES = ("fid", "kid", "precision", "recall", "density", "coverage", "is", "is_std", "memorisation")
METRICS = (
    *(f"{{prefix}}_{measure}" for measure in _MEASURES),
    *(f"{measure}_inception_clean" for measure in _MEASURES),
    *(f"{vgg}_{measure}" for vgg in _FILES[1:] for measure in ("frechet", "kernel", *_MEASURES[2:])),
    *("n_real", "n_fake", "n_reference", "judge_accuracy", "classes_missing", "conditional_accuracy"),
)
FOR = "draws_from_noise"
MORE_THAN = ("k", "density_k")
JUDGES = ("judge", "{features}")


Columns = dict[str, np.ndarray]  # `features` [n, d]; for classes also `logits` [n, K], `answers` [n]


def evaluate(
    apply: Apply,
    batches: Batches,
    networks: Mapping[str, Network],
    *,
    features: str = "judge",
    weights: str = "",
    prefix: str = "digit",
    examples: int = 10_000,
    k: int = 3,
    density_k: int = 5,
    untrained: bool = True,
) -> dict[str, Any]:
    """Compares generated images with as many real ones, rounded to bytes, in the features of a network.

    Args:
      apply: batch -> {'image': [B, H, W, C] in [-1, 1]}, with 'image_label' [B] for conditional models.
      batches: `image`, the images to match; optionally `reference`, training images, each distinct one once.
      networks: `judge`, a classifier, for its features; or `inception`, `vgg16`, `vgg19` for theirs.
      features: 'judge', the judge's features before the head; 'inception', the 2048 features of FID's
        Inception-v3, with images resized as clean-fid does; or 'vgg16' or 'vgg19', the 512 means over
        positions of VGG's last maps, with images resized to 112 pixels in the same way.
      weights: path of the weights, see `metrics.features.read`; '' for features by one of `networks`.
      prefix: prefix of the scores by the judge's features; it says what the judge classifies.
      examples: most images of each kind.
      k: neighbours for precision and recall.
      density_k: neighbours for density and coverage.
      untrained: whether the model before training is measured too.

    Returns:
      Measures `fid`, `kid`, `precision`, `recall`, `density`, `coverage`; `is` and `is_std` if the network
      predicts classes; `memorisation` if there is a reference. Their names are those of `naming`. `floor`
      has the measures of the reference instead of fakes, `untrained` those of the model before training.
      `n_real`, `n_fake`, `n_reference`. `features_sha256`, the hash of the judge's parameters or of the
      weights' file. With a judge of classes: `judge_accuracy` on its own test set; `classes`, the number of
      fakes in each; `classes_missing`, the number without fakes; `conditional_accuracy`, the share of fakes
      in the wanted class.

    Raises:
      ConfigError: see `check`.
      DataError: there are not more images of a kind than neighbours.
    """
    given = {"features": features, "weights": weights, "prefix": prefix, "examples": examples}
    check({**given, "k": k, "density_k": density_k}, ("image",), networks)
    judge = networks.get("judge")
    network = from_files.load(features, weights) if weights else networks[features]
    describe = _describer(network, judge)
    sets, asked = _collect(apply, batches, describe, examples, untrained)
    for kind, columns in sets.items():
        found = len(columns["features"])
        if found <= max(k, density_k):
            raise DataError(f"{found} {kind} images are too few for k={k} and density_k={density_k}")
    values = _compared(sets, Measures(sets["real"]["features"], naming(features, prefix), k, density_k))
    counts = {f"n_{kind}": len(c["features"]) for kind, c in sets.items() if kind != "untrained"}
    return {**values, **counts, "features_sha256": network.sha256, **_classes(judge, sets["fake"], asked)}


def check(options: Mapping[str, Any], roles: Collection[str], requires: Collection[str]) -> None:
    """Refuses, before any work, options that cannot be evaluated. It reads the file of weights, if any.

    Raises:
      ConfigError: naming the field, its value and what is allowed.
    """
    features, weights, prefix = options["features"], options["weights"], options["prefix"]
    if "image" not in roles:
        raise ConfigError(f"roles={tuple(roles)} is not allowed; allowed: image, and optionally reference")
    require_choice(options, "features", ("judge", *_FILES))
    require_features(features, weights, _FILES, requires)
    if not prefix.isidentifier():
        raise ConfigError(
            f"prefix={prefix!r} is not allowed; allowed: a word of letters, digits, underscores"
        )
    for name in ("k", "density_k"):
        if not 1 <= options[name] < options["examples"]:
            allowed = f"1 to {options['examples'] - 1}, fewer than examples"
            raise ConfigError(f"{name}={options[name]} is not allowed; allowed: {allowed}")


def _compared(sets: Mapping[str, Columns], measure: Measures) -> dict[str, Any]:
    """The measures of fakes, of the reference as `floor` and of the untrained model."""
    known = sets["reference"]["features"] if "reference" in sets else None
    values: dict[str, Any] = {**measure(sets["fake"], known)}
    if "reference" in sets:
        values["floor"] = measure(sets["reference"])
    if "untrained" in sets:
        values["untrained"] = measure(sets["untrained"], known)
    return values


def _tells_classes(judge: Network | None) -> TypeGuard[Network]:
    return judge is not None and "confusion" in judge.metrics


def _describer(network: Network, judge: Network | None) -> Callable[[np.ndarray], Columns]:
    """A function that describes images by the network's features and by a judge's classes."""

    def describe(pictures):
        columns = {}
        # TF32 or bfloat16 would change the features and so the distance.
        with jax.default_matmul_precision("highest"):
            if judge is not None and _tells_classes(judge):
                logits = judge.apply("predict", {"image": pictures})
                columns["answers"] = logits.argmax(-1)
                if network is judge:
                    columns["logits"] = logits
            if network is judge:
                columns["features"] = network.apply("embed", {"image": pictures})
            else:
                columns |= network.apply("describe", {"image": pictures})
        return columns

    return describe


def _collect(apply, batches, describe, examples, untrained) -> tuple[dict[str, Columns], np.ndarray | None]:
    """The columns of every kind of image, and the classes [n] asked of a conditional model."""
    parts: dict[str, list[Columns]] = defaultdict(list)
    asked: list[np.ndarray] = []
    seen: set[int] = set()
    left = examples
    for batch in batches:
        real = batch["image"][:left]
        # A generator reads the batch for the number of images only.
        made = apply({"image": real})
        parts["real"].append(describe(real))
        parts["fake"].append(describe(to_uint8(made["image"])))
        if "image_label" in made:
            asked.append(made["image_label"])
        if untrained:
            before = apply.untrained({"image": real})["image"]
            parts["untrained"].append(describe(to_uint8(before)))
        if "reference" in batch:
            reference = batch["reference"][: len(real)]
            if rows := unseen(reference, seen):
                parts["reference"].append(describe(reference[rows]))
        left -= len(real)
        if not left:
            break
    sets = {kind: {c: np.concatenate([p[c] for p in of]) for c in of[0]} for kind, of in parts.items()}
    return sets, np.concatenate(asked) if asked else None


def _classes(judge, fake, asked):
    """The judge's answers on the fakes, or nothing if the judge does not predict classes."""
    if not _tells_classes(judge):
        return {}
    total = len(judge.metrics["confusion"])
    counts = np.bincount(fake["answers"], minlength=total)
    values = {
        "judge_accuracy": judge.metrics.get("accuracy"),
        "classes": counts.tolist(),
        "classes_missing": int((counts == 0).sum()),
    }
    if asked is not None:
        values["conditional_accuracy"] = float(np.mean(fake["answers"] == asked))
    return values
