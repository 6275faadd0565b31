"""Drawn and photographed scenes with label maps, and the small network that segments them."""

from collections.abc import Mapping
from typing import Any

import ml_collections

from gan_jax.config.defaults import default, model
from gan_jax.config.sets import dataset

CLASSES = {"embedded": 11, "folders": 19}  # ten digits and the ground; the classes of Cityscapes
GAME = dataset("scenes_game", label_classes=CLASSES["embedded"])
REAL = dataset("scenes_real", label_classes=CLASSES["embedded"])


def folders(domain: str) -> dict[str, Any]:
    """A data set of images and label maps of 19 classes on disk, with the splits train and test.

    `domain` is 'game', drawn scenes, or 'real', photographs. The files of 'game' are
    `scenes/game/train/images/a.jpg` and `scenes/game/train/labels/a.png`. The data set names no embedded set,
    so `quick` reads the files too.
    """
    splits = ("train", "test")
    files, maps = ({s: f"scenes/{domain}/{s}/{kind}" for s in splits} for kind in ("images", "labels"))
    return dataset(files=files, label_maps=maps, label_classes=CLASSES["folders"])


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
      name: name of the run.
      train: role of the training images, with label maps.
      test: role of the images on which the scores are computed.
      classes: number of classes in the label maps.
      steps: training steps, which are also the length of the cycle.
      batch_size: batch size over all devices.
      size: pixels a side of the images.
      **fields: fields of the segmenter's Model.
    """
    config = default()
    config.name = name
    config.model = model("segmenter", num_classes=classes, schedule_steps=steps, **fields)
    config.data.roles.image = train
    config.data.size = size
    config.evals.test = {"kind": "segmentation", "every": 0, "roles": {"image": test}}
    config.batch_size = batch_size
    config.steps = steps
    config.checkpoint_every = 500
    config.tensorboard = False
    return config
