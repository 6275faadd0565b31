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
      name: name of the run.
      train: role of the training images.
      test: role of the images on which the accuracy is computed.
      steps: training steps, which are also the length of the cycle.
      batch_size: batch size over all devices.
      size: pixels a side of the images.
      attributes: names of the label's columns if labels are attributes; () if labels are classes.
      **fields: fields of the classifier's Model.
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
