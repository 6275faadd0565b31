"""Scenes with label maps, drawn and photographed, and the small network that reads them."""

from collections.abc import Mapping
from typing import Any

import ml_collections

from gan_jax import config as gan_config

CLASSES = {"embedded": 11, "folders": 19}  # ten digits and the ground; those of Cityscapes


def role(domain: str, split: str, *, folders: bool = False, **fields: Any) -> dict[str, Any]:
    """A role of images with label maps.

    Args:
      domain: 'game', drawn, or 'real', photographed.
      split: a slice of train, validation and test of the embedded scenes, or of train and test of folders.
      folders: images and label maps of 19 classes on disk, `scenes/game/train/images/a.jpg` and
        `scenes/game/train/labels/a.png`, in place of the embedded ones.
      **fields: others of a role.
    """
    if not folders:
        fields = {"label_classes": CLASSES["embedded"], **fields}
        return gan_config.role(f"scenes_{domain}", split, **fields)
    kinds = {"files": "images", "label_maps": "labels"}
    paths = {
        field: {part: f"scenes/{domain}/{part}/{kind}" for part in ("train", "test")}
        for field, kind in kinds.items()
    }
    return gan_config.role("", split, **paths, label_classes=CLASSES["folders"], **fields)


def segmenter(
    name: str,
    train: Mapping[str, Any],
    test: Mapping[str, Any],
    *,
    classes: int,
    steps: int,
    batch_size: int = 64,
    size: int = 32,
    **fields: Any,
) -> ml_collections.ConfigDict:
    """A run of a small FCN over one cycle of its learning rate.

    Args:
      name: of the run.
      train: role of its training images, with label maps.
      test: role of those that its scores are reported on.
      classes: of the label maps.
      steps: training steps, and the length of the cycle.
      batch_size: over all devices.
      size: of the images, in pixels.
      **fields: of the segmenter's Model.
    """
    config = gan_config.default()
    config.name = name
    config.model = gan_config.model("segmenter", num_classes=classes, schedule_steps=steps, **fields)
    config.data.roles.image = train
    config.data.size = size
    config.evals.test = {"kind": "segmentation", "every": 0, "roles": {"image": test}}
    config.batch_size = batch_size
    config.steps = steps
    config.checkpoint_every = 500
    config.tensorboard = False
    return config
