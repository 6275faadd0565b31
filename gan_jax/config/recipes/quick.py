"""The variant `quick`, which every configuration has: two steps of every part on embedded data."""

from collections.abc import Mapping
from typing import Any

import ml_collections

from gan_jax import models
from gan_jax.config.sets import dataset
from gan_jax.config.variants import last

SIZE = 32  # pixels
LEARNED, SCORED = "validation[:64]", "validation[-32:]"
# Slices for roles that take only images with some attributes. A small slice may have few such images.
OF_SOME_LEARNED, OF_SOME_SCORED = "validation[:256]", "validation[-128:]"
SHEET = 16  # images
BATCH = 8  # images; any number of devices up to this one can share them
# Fields that describe files. The embedded set that replaces the files has none of these fields.
_OF_FILES = (
    *("files", "attributes_file", "classes", "class_names", "features", "side", "crop"),
    *("label_lists", "label_maps", "label_side", "label_colours"),
)


@last
def quick(config: ml_collections.ConfigDict) -> None:
    """Two steps of every part on embedded data, with networks of a few channels.

    Each data set that names an embedded set is replaced by it, and its roles read a few images. Other data
    sets and their roles stay as they are. The model's fields in `TINY` are reduced to the values there.
    Required runs shrink in the same way. Roles of replaced files lose their own fields of files, such as the
    side of a picture.
    """
    replaced = {name: bool(spec["files"]) for name, spec in config.data.sets.items() if spec.embedded}
    for name in replaced:
        config.data.sets[name] = _stand_in(config.data.sets[name].to_dict())
    _shrink(config, replaced)
    for evaluation in config.evals.values():
        if evaluation.every:
            evaluation.every = 2
        for field in ("num", "examples"):
            if field in evaluation:
                evaluation[field] = min(evaluation[field], SHEET)
    scores = next((name for name in ("validation", "test") if name in config.evals), None)
    if scores:
        config.evals[scores].every = 1
    config.checkpoint_rule = "last"
    config.checkpoint_every = config.log_every = 1
    config.tensorboard = False


def _shrink(config: ml_collections.ConfigDict, replaced: Mapping[str, bool]) -> None:
    """Reduces the size, images and steps of a run and of the runs that it requires."""
    config.data.size = min(config.data.size, SIZE)
    if config.data.load_size:
        config.data.load_size = config.data.size * 9 // 8
    if "size" in config.model:
        config.model.size = config.data.size
    for field, limit in models.model_class(config.model.name).TINY.items():
        config.model[field] = smaller(config.model[field], limit)
    for role in config.data.roles.values():
        _slice(role, replaced, LEARNED, OF_SOME_LEARNED)
    for evaluation in config.evals.values():
        for name, role in evaluation.roles.items():
            both = (LEARNED, OF_SOME_LEARNED) if name == "reference" else (SCORED, OF_SOME_SCORED)
            _slice(role, replaced, *both)
    config.batch_size = BATCH
    config.steps = min(config.steps, 2)
    for required in config.requires.values():
        _shrink(required, replaced)


def smaller(value: Any, limit: Any) -> Any:
    """The smaller one of a model's field and its limit. A tuple is always replaced by the limit."""
    return limit if isinstance(limit, tuple) else min(value, limit)


def _slice(role: Any, replaced: Mapping[str, bool], few: str, few_of_some: str) -> None:
    if role.get("set") not in replaced:
        return
    role.split = few_of_some if role.get("having") or role.get("lacking") else few
    for field in set(role) & set(_OF_FILES) if replaced[role.set] else ():
        del role[field]


def _stand_in(spec: dict[str, Any]) -> dict[str, Any]:
    kept = {field: value for field, value in spec.items() if field not in ("name", *_OF_FILES)}
    return dataset(spec["embedded"], **kept)
