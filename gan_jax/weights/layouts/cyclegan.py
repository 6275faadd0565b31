"""CycleGAN's networks under the names of the authors' PyTorch code (Zhu et al. 2017).

`G_A` translates from A, our source, to B, our target, and `D_A` judges images of B.
"""

import itertools
import re
from collections.abc import Iterator
from typing import Any

from gan_jax.weights.layouts import Fields, Layout, patchgan
from gan_jax.weights.tables import Constant, Entry, Networks, Table, Tensors, layer, norm, shape_of

_GENERATORS = {"G_A": "s2t", "G_B": "t2s"}
_DISCRIMINATORS = {"D_A": "target", "D_B": "source"}


def _draws(tensors: Tensors) -> bool:
    """A convolution of 7x7 stands after the padding."""
    first = tensors.get("model.1.weight")
    return first is not None and first.ndim == 4 and first.shape[2:] == (7, 7)


def _plain(networks: Networks) -> Networks:
    """With dropout, which has no tensors, each second convolution of a block has another number."""
    return {name: _without_dropout(tensors) for name, tensors in networks.items()}


def _without_dropout(tensors: Tensors) -> Tensors:
    seconds = [x for name, x in tensors.items() if name.endswith(".conv_block.6.weight")]
    if not any(x.ndim == 4 for x in seconds):  # without dropout, 6 is the norm
        return tensors
    moved = r"(model\.\d+\.conv_block\.)([67])(\..*)"
    return {re.sub(moved, lambda m: f"{m[1]}{int(m[2]) - 1}{m[3]}", n): x for n, x in tensors.items()}


def _fields(networks: Networks, known: Fields | None) -> dict[str, Any]:
    name = next(n for n in (*_GENERATORS, *(f"{n}_ema" for n in _GENERATORS)) if n in networks)
    g = networks[name]
    width, given = shape_of(g, "model.1.weight", 4)[:2]
    downs = next(i for i in itertools.count() if f"model.{4 + 3 * i}.weight" not in g)
    first = 4 + 3 * downs
    blocks = next(i for i in itertools.count() if f"model.{first + i}.conv_block.1.weight" not in g)
    drawn = shape_of(g, f"model.{first + blocks + 3 * downs + 1}.weight", 4)[0]
    source, target = (given, drawn) if name.startswith("G_A") else (drawn, given)
    found = {"generator": "resnet", "g_width": width, "blocks": blocks, "downs": downs, "norm": _norm(g)}
    found |= {"source_channels": source, "target_channels": target}
    d = next((networks[n] for n in _DISCRIMINATORS if n in networks), None)
    return found | ({} if d is None else patchgan.fields(d))


def _norm(g: Tensors) -> str:
    """Batch norm is the one without biases before it. Instance norm has a scale in the Lua code only."""
    if "model.1.bias" not in g:
        return "batch"
    return "instance_affine" if "model.2.weight" in g else "instance"


def _rows(network: str, module: str, model: Any) -> Iterator[Entry | Constant]:
    """The rows of one generator, whose layers are numbered from the first padding on."""

    def both(number: str, name: str, after: str, norm_name: str, kind: str = "conv"):
        yield from layer(network, f"model.{number}", "gen", f"{module}.{name}", kind)
        yield from norm(network, f"model.{after}", "gen", f"{module}.{norm_name}")

    yield from both("1", "conv", "2", "norm")
    for i in range(1, model.downs + 1):
        yield from both(f"{1 + 3 * i}", f"down_{i}", f"{2 + 3 * i}", f"down_norm_{i}")
    first = 4 + 3 * model.downs
    for i in range(model.blocks):
        block = f"{first + i}.conv_block"
        yield from both(f"{block}.1", f"block_{i}_a", f"{block}.2", f"block_{i}_norm_a")
        yield from both(f"{block}.5", f"block_{i}_b", f"{block}.6", f"block_{i}_norm_b")
    first += model.blocks
    for place, i in enumerate(reversed(range(model.downs))):
        number = first + 3 * place
        yield from both(f"{number}", f"up_{i}", f"{number + 1}", f"up_norm_{i}", "transposed")
    last = first + 3 * model.downs + 1
    yield from layer(network, f"model.{last}", "gen", f"{module}.to_image")


def _table(model: Any) -> Table:
    if model.generator != "resnet":
        raise ValueError(f"generator={model.generator!r} has no published names; allowed: resnet")
    rows: Table = []
    for network, module in _GENERATORS.items():
        rows += _rows(network, module, model)
    for network, module in _DISCRIMINATORS.items():
        rows += patchgan.rows(network, module, model.d_layers)
    return rows


def _example(model: Any, size: int, networks: Networks) -> dict[str, Any]:
    del networks
    channels = {"source": model.source_channels, "target": model.target_channels}
    return {role: [[size, size, count], "uint8"] for role, count in channels.items()}


LAYOUT = Layout(
    model="cyclegan",
    generators=tuple(_GENERATORS),
    discriminators=tuple(_DISCRIMINATORS),
    draws=_draws,
    fields=_fields,
    table=_table,
    plain=_plain,
    example=_example,
    of_data=("source_channels", "target_channels"),
)
