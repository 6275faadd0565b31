"""Runs of classifiers that other runs require."""

from collections.abc import Mapping
from typing import Any

import ml_collections

from gan_jax.config.defaults import default, model


def classifier(
    name: str,
    train: Mapping[str, Any],
    test: Mapping[str, Any],
    *,
    steps: int,
    batch_size: int = 128,
    size: int = 32,
    attributes: tuple[str, ...] = (),
    **fields: Any,
) -> ml_collections.ConfigDict:
    """A run of a classifier over one cycle of its learning rate, for `requires`.

    Args:
      name: of the run.
      train: role of its training images.
      test: role of the images that its accuracy is reported on.
      steps: training steps, and the length of the cycle.
      batch_size: over all devices.
      size: of the images, in pixels.
      attributes: names of the label's columns, where labels are attributes; () where they are classes.
      **fields: of the classifier's Model.
    """
    config = default()
    config.name = name
    if attributes:
        fields |= {"objective": "attributes", "num_classes": len(attributes)}
    config.model = model("classifier", schedule_steps=steps, **fields)
    config.data.roles.image = train
    config.data.size = size
    kinds = {"classes": "accuracy", "attributes": "attributes", "features": "regression"}
    config.evals.test = {"kind": kinds[config.model.objective], "every": 0, "roles": {"image": test}}
    if attributes:
        config.evals.test.attributes = attributes
    config.batch_size = batch_size
    config.steps = steps
    config.checkpoint_every = 200
    config.tensorboard = False
    return config
