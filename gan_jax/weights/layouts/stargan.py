"""StarGAN's networks under the names of the authors' PyTorch code (Choi et al. 2018)."""

import itertools
from typing import Any

import numpy as np

from gan_jax.ops.labels import LabelSets
from gan_jax.weights.layouts import Fields, Layout
from gan_jax.weights.tables import AVERAGE, Constant, Networks, Table, Tensors, layer, norm, shape_of

_DOWNS = 2  # halvings of the size inside G


def _draws(tensors: Tensors) -> bool:
    first = tensors.get("main.0.weight")
    return first is not None and first.ndim == 4 and first.shape[2:] == (7, 7)


def _last(blocks: int) -> int:
    """The number of G's last convolution."""
    return 3 + 3 * _DOWNS + blocks + 3 * _DOWNS


def _fields(networks: Networks, known: Fields | None) -> dict[str, Any]:
    g = networks.get("G", networks.get(f"G{AVERAGE}", {}))
    width, given = shape_of(g, "main.0.weight", 4)[:2]
    first = 3 + 3 * _DOWNS
    blocks = next(i for i in itertools.count() if f"main.{first + i}.main.0.weight" not in g)
    channels = shape_of(g, f"main.{_last(blocks)}.weight", 4)[0]
    found = {"g_width": width, "g_blocks": blocks, "channels": channels}
    d, size = networks.get("D"), given - channels
    labels = size
    if d is not None:
        labels = shape_of(d, "conv2.weight", 4)[0]
        downs = sum(f"main.{2 * i}.weight" in d for i in range(20))
        found |= {"d_width": shape_of(d, "main.0.weight", 4)[0], "d_downs": downs}
    return found | _labels(size, labels, known)


def _labels(size: int, labels: int, known: Fields | None) -> dict[str, Any]:
    """Names of labels. Tensors have none, so that a configuration's are taken if their number is right."""
    if known is None:
        if labels != size:
            raise ValueError("G was trained on labels of several sets, which only a --config can name")
        names = tuple(f"label_{i}" for i in range(size))
        return {"labels": (names,), "exclusive": (False,)}
    sets = LabelSets(known["labels"], known["exclusive"])
    if sets.size != size:
        raise ValueError(f"G takes vectors of {size} labels; model.labels={sets.names} give {sets.size}")
    return {}


def _table(model: Any) -> Table:
    def both(number: str, name: str, after: str, norm_name: str, kind: str = "conv") -> Table:
        place, own = f"main.{after}", f"players.gen.params.{norm_name}.scale"
        count = widths[norm_name]
        # The authors' layers keep running statistics, which they use neither in training nor in sampling.
        unused = {"running_mean": np.zeros(count), "running_var": np.ones(count)}
        unused |= {"num_batches_tracked": np.array(0)}
        return [
            *layer("G", f"main.{number}", "gen", name, kind),
            *norm("G", place, "gen", norm_name),
            *(Constant("G", f"{place}.{part}", own, value) for part, value in unused.items()),
        ]

    widths = {"norm_0": model.g_width}
    rows: Table = []
    for i in range(1, _DOWNS + 1):
        widths[f"norm_{i}"] = model.g_width * 2**i
        widths[f"up_norm_{i - 1}"] = model.g_width * 2 ** (i - 1)
    rows += both("0", "conv_0", "1", "norm_0")
    for i in range(1, _DOWNS + 1):
        rows += both(f"{3 * i}", f"down_{i}", f"{3 * i + 1}", f"norm_{i}")
    for i in range(model.g_blocks):
        place = f"{3 + 3 * _DOWNS + i}.main"
        for part, number in enumerate((0, 3)):
            name = f"block_{i}_norm_{part}"
            widths[name] = model.g_width * 2**_DOWNS
            rows += both(f"{place}.{number}", f"block_{i}_conv_{part}", f"{place}.{number + 1}", name)
    first = 3 + 3 * _DOWNS + model.g_blocks
    for i in range(_DOWNS):
        up = first + 3 * (_DOWNS - 1 - i)
        rows += both(f"{up}", f"up_{i}", f"{up + 1}", f"up_norm_{i}", "transposed")
    rows += layer("G", f"main.{_last(model.g_blocks)}", "gen", "to_image")
    for i in range(model.d_downs):
        rows += layer("D", f"main.{2 * i}", "disc", f"down_{i}")
    return [*rows, *layer("D", "conv1", "disc", "realness"), *layer("D", "conv2", "disc", "classes")]


def _example(model: Any, size: int, networks: Networks) -> dict[str, Any]:
    del networks
    found: dict[str, Any] = {}
    for role, names, exclusive in zip(model.sets.roles, model.labels, model.exclusive, strict=True):
        found[role] = [[size, size, model.channels], "uint8"]
        found[f"{role}_label"] = [[] if exclusive else [len(names)], "int32"]
    return found


def _size(fields: Fields, networks: Networks) -> int:
    """The kernel of D's classes is as large as the map that is left after D's halvings."""
    d = networks.get("D")
    return 0 if d is None else shape_of(d, "conv2.weight", 4)[2] * 2 ** fields["d_downs"]


LAYOUT = Layout(
    model="stargan",
    generators=("G",),
    discriminators=("D",),
    draws=_draws,
    fields=_fields,
    table=_table,
    example=_example,
    of_data=("channels",),
    size=_size,
)
