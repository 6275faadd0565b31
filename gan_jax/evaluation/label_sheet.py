"""Sheets of a generator's images for each label: one row for each image, one column for each target."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gan_jax.drawing.sheets import mosaic
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
    """One sheet of the first batch: the images in the first column, then G for every label in order.

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
    sets = LabelSets(labels, exclusive)
    to, of = sets.place(asked, "asked"), sets.place(given or asked, "given")
    if wrong_mask and len(sets.names) == 1:
        raise ConfigError(
            "wrong_mask=True is not allowed; allowed: False, since one set of labels has no mask"
        )
    batch = next(iter(batches))
    source, names = batch["source"], sets.names[to]
    own = np.asarray(sets.bits(of, batch["source_label"]))
    start = own if to == of else np.zeros((len(own), len(names)), np.float32)
    other = of if of != to else (to + 1) % len(sets.names)
    rows = []
    for mask in (to, other) if wrong_mask else (to,):
        columns = [to_rgb(to_uint8(source))]
        for target in range(len(names)):
            label = np.asarray(sets.vector(to, sets.request(to, start, target), mask))
            columns.append(to_rgb(to_uint8(apply({"source": source, "label": label})["target"])))
        rows.append(np.stack(columns, axis=1))
    cells = np.stack(rows, axis=1)  # [image, mask, column, H, W, 3]
    grid = mosaic(cells.reshape(-1, *cells.shape[3:]), columns=1 + len(names))
    return {"wrong_mask" if wrong_mask else "sheet": grid}
