"""Sheets of a generator's images for each label: the images in the first row, one row for each label."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gan_jax.drawing.sheets import labelled
from gan_jax.errors import ConfigError
from gan_jax.evaluation import Batches, Network
from gan_jax.ops.labels import LabelSets
from gan_jax.ops.pixels import to_rgb, to_uint8

METRICS = ()
NEEDS = ("source_label",)


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

    Returns:
      `sheet`, or with `wrong_mask` `wrong_mask`, uint8 [H, W, 3].

    Raises:
      ConfigError: a set is unknown, or the model has no mask.
    """
    del networks
    batch = next(iter(batches))
    names, cells = drawn(apply, batch, labels, exclusive, asked, given, wrong_mask)
    rows = [("source", to_rgb(to_uint8(batch["source"])))]
    for name, made in zip(names, cells, strict=True):
        titles = (name, f"{name}, wrong mask")
        rows += zip(titles, made, strict=False)
    return {"wrong_mask" if wrong_mask else "sheet": labelled([rows])}


def drawn(
    apply: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]],
    batch: Mapping[str, np.ndarray],
    labels: Sequence[Sequence[str]],
    exclusive: Sequence[bool],
    asked: str = "a",
    given: str = "",
    wrong_mask: bool = False,
) -> tuple[Sequence[str], np.ndarray]:
    """The labels of the asked set, and G's images for each of them.

    Args:
      apply: as for `evaluate`.
      batch: `source` [B, H, W, C] and `source_label`.
      labels: as for `evaluate`.
      exclusive: as for `evaluate`.
      asked: as for `evaluate`.
      given: as for `evaluate`.
      wrong_mask: as for `evaluate`.

    Returns:
      K names, and uint8 [K, 1 or 2 masks, B, H, W, 3].

    Raises:
      ConfigError: as for `evaluate`.
    """
    sets = LabelSets(labels, exclusive)
    to, of = sets.place(asked, "asked"), sets.place(given or asked, "given")
    if wrong_mask and len(sets.names) == 1:
        raise ConfigError(
            "wrong_mask=True is not allowed; allowed: False, since one set of labels has no mask"
        )
    source, names = batch["source"], sets.names[to]
    own = np.asarray(sets.bits(of, batch["source_label"]))
    start = own if to == of else np.zeros((len(own), len(names)), np.float32)
    other = of if of != to else (to + 1) % len(sets.names)
    made = []
    for target in range(len(names)):
        asking = sets.request(to, start, target)
        vectors = [
            np.asarray(sets.vector(to, asking, mask)) for mask in ((to, other) if wrong_mask else (to,))
        ]
        made.append([to_rgb(to_uint8(apply({"source": source, "label": v})["target"])) for v in vectors])
    return names, np.asarray(made)
