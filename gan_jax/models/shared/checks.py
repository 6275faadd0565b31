"""Checks of hyper-parameters and batches. Each raises ValueError with the field and the allowed values."""

import contextlib
import contextvars
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from gan_jax.models.shared.base import Batch, Inputs
from gan_jax.ops.labels import LabelSets

_RECORD: contextvars.ContextVar[dict[str, str] | None] = contextvars.ContextVar("record", default=None)


@contextlib.contextmanager
def recorded() -> Iterator[dict[str, str]]:
    """Collects what the checks in the block allow, field by field, as the first check of each field says."""
    found: dict[str, str] = {}
    token = _RECORD.set(found)
    try:
        yield found
    finally:
        _RECORD.reset(token)


def require(name: str, value: Any, condition: bool, allowed: str) -> None:
    """Raises ValueError with the hyper-parameter, its value and the allowed values unless `condition`."""
    record = _RECORD.get()
    if record is not None:
        record.setdefault(name, allowed)
    if not condition:
        raise ValueError(f"{name}={value!r} is not allowed; allowed: {allowed}")


def require_choice(model: Any, name: str, choices: tuple[str, ...]) -> None:
    """Checks that field `name` of `model` is one of `choices`."""
    value = getattr(model, name)
    require(name, value, value in choices, ", ".join(choices))


def require_range(model: Any, low: float, high: float, *names: str) -> None:
    """Checks that the named fields of `model` are finite numbers in [low, high]."""
    for name in names:
        value = getattr(model, name)
        require(name, value, math.isfinite(value) and low <= value <= high, f"{low:g} to {high:g}")


def require_widths(model: Any, *names: str) -> None:
    """Checks that the named fields of `model` are non-empty tuples of positive integers."""
    for name in names:
        value = getattr(model, name)
        good = isinstance(value, tuple) and value and all(type(v) is int and v > 0 for v in value)
        require(name, value, bool(good), "a tuple of positive integers")


def require_weights(model: Any, name: str, count: int) -> None:
    """Checks that field `name` of `model` is () or has `count` weights of 0 or more, not all 0."""
    value = getattr(model, name)
    good = not value or (len(value) == count and min(value) >= 0 and sum(value) > 0)
    require(name, value, good, f"(), or {count} numbers of 0 or more, not all 0")


def require_shapes(name: str, found: Any, expected: Any, fields: str) -> None:
    """Checks that the variables `found` have the shapes of a network's own variables, `expected`.

    Raises:
      ValueError: the shapes differ; the message has both, and the fields that determine the network's.
    """
    have, want = (jax.tree.map(jnp.shape, tree) for tree in (found, expected))
    if have != want:
        raise ValueError(f"{name} has parameters {have}; {fields} ask for {want}")


def require_images(batch: Batch, role: str, channels: tuple[int, ...] = (1, 3)) -> None:
    """Checks that a batch has images [B, H, W, C] of `role`, with C among `channels`.

    Raises:
      ValueError: the images are missing or have another shape; the message has the shape and `channels`.
    """
    if role not in batch:
        raise ValueError(f"the batch has no {role!r}; it has {', '.join(sorted(batch))}")
    shape = batch[role].shape
    if len(shape) != 4 or shape[-1] not in channels:
        raise ValueError(
            f"{role} has shape {shape}; expected [B, H, W, C] with C in {channels} by the model's "
            f"fields; the field channels of role {role} converts its images"
        )


def require_label_sets(batch: Batch, sets: LabelSets) -> None:
    """Checks that a batch has the labels of every role of `sets`: a class, or attributes, for each image.

    Raises:
      ValueError: a label is missing or has another shape; the message has both shapes and the names.
    """
    for which, role in enumerate(sets.roles):
        expected = [] if sets.exclusive[which] else [len(sets.names[which])]
        found = [*batch[f"{role}_label"].shape[1:]] if f"{role}_label" in batch else "missing"
        if found != expected:
            kind = "a class" if sets.exclusive[which] else f"attributes {sets.names[which]}"
            raise ValueError(f"{role}_label of each image is {found}; expected {expected}, {kind}")


def require_side(size: int, inputs: Inputs) -> None:
    """Checks that images are squares of `size` pixels a side, the model's field of this name."""
    height, width = inputs.sides
    allowed = (
        f"the {height} pixels of the images" if height == width else f"squares, not {width} x {height} pixels"
    )
    require("size", size, inputs.sides == (size, size), allowed)


def require_channels(model: Any, *names: str) -> None:
    """Checks that the named fields of `model` are 1 or 3, the channels of grey or coloured images."""
    for name in names:
        require(name, getattr(model, name), getattr(model, name) in (1, 3), "1, 3")


def require_regions(columns: Mapping[str, np.ndarray], roles: Iterable[str], count: int) -> None:
    """Checks that the first label map of every role has each of the regions 0 to count - 1, and 255 at most.

    Raises:
      ValueError: a role has no label maps, a region is missing, or there are others.
    """
    for role in roles:
        labels = columns.get(f"{role}_label")
        if labels is None or labels.ndim != 3:
            raise ValueError(f"regions={count} needs label maps of {role}; it has none")
        if not len(labels):  # not read yet
            continue
        found = {int(value) for value in np.unique(labels[:1])} - {255}
        allowed = f"all of 0 to {count - 1}, and 255 for no region"
        require(f"{role}_label", sorted(found), found == set(range(count)), allowed)
