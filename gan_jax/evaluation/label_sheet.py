"""Sheets of a generator's images for each label: the images in the first row, one row for each label."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from gan_jax.drawing.sheets import labelled
from gan_jax.evaluation import Batches, Network
from gan_jax.evaluation.shared.requirements import require_labels, require_roles
from gan_jax.ops.labels import LabelSets
from gan_jax.ops.pixels import to_rgb, to_uint8

METRICS = ()
FOR = "takes_requests"
NEEDS = ("source_label",)


def check(options: Mapping[str, Any], roles: Collection[str], requires: Collection[str]) -> None:
    """Refuses, before any work, sets of labels or masks that there are not, and missing images.

    Raises:
      ConfigError: naming the field, its value and what is allowed.
    """
    del requires
    require_roles(roles, ("source",), "its images are translated")
    sets = LabelSets(options["labels"], options["exclusive"])
    asked, given = options["asked"], options["given"]
    _, of = sets.place(asked, "asked"), sets.place(given or asked, "given")
    none = np.zeros(0, np.int32) if sets.exclusive[of] else np.zeros((0, len(sets.names[of])), np.int32)
    sets.requests(none, asked, given, options["wrong_mask"])


def check_model(model: Any, options: Mapping[str, Any]) -> None:
    """Raises ConfigError unless the model takes vectors of these labels."""
    require_labels(model, options)


def evaluate(
    apply: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]],
    batches: Batches,
    networks: Mapping[str, Network],
    *,
    labels: Sequence[Sequence[str]],
    exclusive: Sequence[bool],
    asked: str = "a",
    given: str = "",
    wrong_mask: bool = False,
    own: bool = False,
) -> dict[str, Any]:
    """One sheet of the first batch: the images in the first row, then a row of G for every label in order.

    Args:
      apply: `source` [B, H, W, C] and `label` -> {'target': [B, H, W, C] in [-1, 1]}.
      batches: `source` and `source_label`.
      networks: not used.
      labels: names of the model's labels, one list for each set.
      exclusive: for each set, whether its labels are classes.
      asked: role of the set of the wanted labels.
      given: role of the set that the images belong to; '' for the asked set. Images of another set have
        unknown labels of the asked set, so their attributes start at 0.
      wrong_mask: add below each row the same labels with the mask of another set; this is the images' set if
        it differs from the asked set. G should then ignore the labels (Choi et al. 2018, Fig. 7).
      own: add below the images a row of G for their own labels, which shows what a translation loses.

    Returns:
      `sheet`, or with `wrong_mask` `wrong_mask`, uint8 [H, W, 3].

    Raises:
      ConfigError: a set is unknown, or the model has no mask.
    """
    del networks
    batch, sets = next(iter(batches)), LabelSets(labels, exclusive)
    wanted = sets.requests(batch["source_label"], asked, given, wrong_mask)
    if own:
        of = sets.place(given or asked, "given")
        vector = np.asarray(sets.vector(of, sets.bits(of, batch["source_label"])))
        wanted = {"own labels": [vector], **wanted}
    rows = [("source", to_rgb(to_uint8(batch["source"])))]
    for name, vectors in wanted.items():
        for title, label in zip((name, f"{name}, wrong mask"), vectors, strict=False):
            made = apply({"source": batch["source"], "label": label})["target"]
            rows.append((title, to_rgb(to_uint8(made))))
    return {"wrong_mask" if wrong_mask else "sheet": labelled([rows])}
