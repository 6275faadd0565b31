"""The objectives of a classifier: the column that each one learns from, its loss and its figures."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from gan_jax.models.shared import checks
from gan_jax.ops import losses

# For each objective: the column that it learns from, and the column's name in messages.
COLUMNS = {
    "classes": ("image_label", "labels"),
    "attributes": ("image_label", "labels"),
    "features": ("image_features", "features"),
}


def check_column(objective: str, columns: Mapping[str, Any], num_classes: int, widths: Sequence[int]) -> None:
    """Refuses columns if the objective's column is missing or has another shape.

    Args:
      objective: one of `COLUMNS`.
      columns: the columns of a batch.
      num_classes: the number of classes or attributes.
      widths: the widths of the network, the last one that of its features.

    Raises:
      ValueError: naming the column, its shape and the shape that the objective expects.
    """
    name, what = COLUMNS[objective]
    if name not in columns:
        raise ValueError(f"a classifier needs {what}; the batch has no {name}")
    shapes = {"classes": (), "attributes": (num_classes,), "features": (widths[-1],)}
    expected, found = shapes[objective], columns[name].shape[1:]
    if found != expected:
        raise ValueError(
            f"{name} has shape {[*found]} for each image; objective={objective!r} with "
            f"num_classes={num_classes} and widths={widths} expects {[*expected]}"
        )


def check_classes(columns: Mapping[str, Any], num_classes: int) -> None:
    """Refuses labels that are no class.

    Raises:
      ValueError: naming the smallest such label and the classes.
    """
    labels = set(np.ravel(columns["image_label"]).tolist())
    strange = [label for label in labels if not 0 <= label < num_classes]
    allowed = f"0 to {num_classes - 1}, since num_classes={num_classes}"
    checks.require("image_label", min(strange, default=0), not strange, allowed)


def terms(
    objective: str, out: jax.Array, batch: Mapping[str, jax.Array], label_smoothing: float
) -> dict[str, jax.Array]:
    """The `loss` of a network's outputs, a mean over the batch, and the figure that tells of its success.

    'classes' has the cross-entropy and the `accuracy`. 'attributes' has the sigmoid cross-entropy and the
    `accuracy`. 'features' has the squared error and the `cosine_similarity`.

    Args:
      objective: one of `COLUMNS`.
      out: logits [B, num_classes], or features [B, d] for 'features'.
      batch: the objective's column, among others.
      label_smoothing: share of a label that is spread over all classes.
    """
    if objective == "features":
        wanted = batch["image_features"]
        likeness = 1 - losses.cosine(out, wanted)
        return {"loss": losses.mse(out, wanted), "cosine_similarity": likeness}
    labels = batch["image_label"]
    if objective == "attributes":
        loss = losses.attributes(out, labels, label_smoothing)
        return {"loss": loss, "accuracy": jnp.mean((out > 0) == (labels > 0))}
    loss = losses.classification(out, labels, label_smoothing)
    return {"loss": loss, "accuracy": jnp.mean(out.argmax(-1) == labels)}
