"""How much translations look like real images of the domain that they are translated to.

The measures are those of `generation`. Only distances of equal numbers of images can be compared. Each score
therefore comes with the same measures of other real images (`floor`) and of the images before the translation
(`untranslated`).
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

import jax
import numpy as np

from gan_jax.errors import ConfigError, DataError
from gan_jax.evaluation import Apply, Batches, Network
from gan_jax.evaluation.shared.requirements import require_choice, require_features, require_roles
from gan_jax.metrics import features as from_files
from gan_jax.metrics.distinct import unseen
from gan_jax.metrics.generation import Measures
from gan_jax.metrics.score_names import naming
from gan_jax.ops.directions import OTHER
from gan_jax.ops.pixels import to_uint8

_FILES = ("inception", "vgg16", "vgg19")  # networks whose weights come from a file
_MEASURES = ("precision", "recall", "density", "coverage")
METRICS = (
    *(f"{{features}}_{measure}" for measure in ("frechet", "kernel", *_MEASURES)),
    *(f"{measure}_inception_clean" for measure in ("fid", "kid", *_MEASURES)),
    *("n_real", "n_fake", "n_reference"),
)
FOR = "translates"
MORE_THAN = ("k", "density_k")
JUDGES = ("{features}",)


def evaluate(
    apply: Apply,
    batches: Batches,
    networks: Mapping[str, Network],
    *,
    given: str = "source",
    features: str = "judge",
    weights: str = "",
    k: int = 3,
    density_k: int = 5,
) -> dict[str, Any]:
    """Compares translations, rounded to bytes, with real images of their domain in a network's features.

    Args:
      apply: batch -> {'target': G(source) [B, H, W, C] in [-1, 1]}, or 'source' for target images.
      batches: `source` and `target` images; optionally `reference`, other images of the domain translated to.
        Each distinct image counts once.
      networks: `judge`, a classifier of the domain translated to, for its features before the head; or
        `inception`, `vgg16`, `vgg19` for theirs.
      given: role of the images to translate: source, or target for models that go both ways.
      features: the network, as in `generation`.
      weights: path of the weights, see `metrics.features.read`; '' for features by one of `networks`.
      k: neighbours for precision and recall.
      density_k: neighbours for density and coverage.

    Returns:
      `judge_frechet`, `judge_kernel`, `judge_precision`, `judge_recall`, `judge_density` and
      `judge_coverage`, or those names of the features that `naming` gives. `floor` has the measures of the
      reference instead of the translations, `untranslated` those of the images before the translation.
      `n_real`, `n_fake`, `n_reference`, the numbers of images. `features_sha256`, the hash of the network.

    Raises:
      ConfigError: see `check`.
      DataError: there are not more images of a kind than neighbours.
    """
    options = {"given": given, "features": features, "weights": weights, "k": k, "density_k": density_k}
    check(options, (given, OTHER[given]), networks)
    network = from_files.load(features, weights) if weights else networks[features]
    sets = _collect(apply, batches, network, given)
    for kind, rows in sets.items():
        if len(rows) <= max(k, density_k):
            raise DataError(f"{len(rows)} {kind} images are too few for k={k} and density_k={density_k}")
    measure = Measures(sets["real"], naming(features), k, density_k)
    values: dict[str, Any] = {**measure({"features": sets["fake"]})}
    values["untranslated"] = measure({"features": sets["untranslated"]})
    if "reference" in sets:
        values["floor"] = measure({"features": sets["reference"]})
    counts = {f"n_{kind}": len(rows) for kind, rows in sets.items() if kind != "untranslated"}
    return {**values, **counts, "features_sha256": network.sha256}


def check(options: Mapping[str, Any], roles: Collection[str], requires: Collection[str]) -> None:
    """Refuses, before any work, options that cannot be evaluated. It reads the file of weights, if any.

    Raises:
      ConfigError: naming the field, its value and what is allowed.
    """
    require_choice(options, "given", tuple(OTHER))
    given = options["given"]
    require_roles(roles, (given,), "its images are translated")
    require_roles(roles, (OTHER[given],), "translations are compared with its images")
    require_choice(options, "features", ("judge", *_FILES))
    require_features(options["features"], options["weights"], _FILES, requires)
    for name in ("k", "density_k"):
        if options[name] < 1:
            raise ConfigError(f"{name}={options[name]} is not allowed; allowed: 1 or more")


def _collect(apply, batches, network, given) -> dict[str, np.ndarray]:
    """The features [n, d] of every kind of image."""
    parts: dict[str, list[np.ndarray]] = defaultdict(list)
    seen: dict[str, set[int]] = defaultdict(set)

    def describe(kind, pictures):
        # TF32 or bfloat16 would change the features and so the distance.
        with jax.default_matmul_precision("highest"):
            parts[kind].append(network.apply("embed", {"image": pictures}))

    kinds = {"untranslated": given, "real": OTHER[given], "reference": "reference"}
    for batch in batches:
        made = to_uint8(apply(batch)[OTHER[given]])
        for kind, role in kinds.items():
            rows = unseen(batch[role], seen[role]) if role in batch else []
            if rows:
                describe(kind, batch[role][rows])
            if rows and role == given:
                describe("fake", made[rows])
    return {kind: np.concatenate(rows) for kind, rows in parts.items()}
