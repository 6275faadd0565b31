"""StyleGAN2's networks under the names of StyleGAN2-ADA's PyTorch code (Karras et al. 2020)."""

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import jax
import numpy as np

from gan_jax.weights import names_of_stylegan2
from gan_jax.weights.layouts import Fields, Layout
from gan_jax.weights.tables import AVERAGE, Constant, Entry, Networks, Table, Tensors, layer, shape_of

_TAPS = (1, 3, 3, 1)  # of the filter of both networks
_GROUP = 4  # images in a group of the authors' D
_MEANT = 4096  # latents whose styles are averaged where a file has no mean style


def _draws(tensors: Tensors) -> bool:
    return any(name in tensors for name in names_of_stylegan2.CONSTANTS)


def _sides(tensors: Tensors) -> list[int]:
    found = (re.match(r"(?:synthesis\.)?b(\d+)\.conv", name) for name in tensors)
    return sorted({int(match[1]) for match in found if match})


def _fields(networks: Networks, known: Fields | None) -> dict[str, Any]:
    g = next(networks[name] for name in ("G", f"G{AVERAGE}") if name in networks)
    sides = _sides(g)
    size = sides[-1] if sides else 4
    classes = shape_of(g, "mapping.embed.weight", 2) if "mapping.embed.weight" in g else (0, 0)
    torgb = [side for side in sides if f"synthesis.b{side}.torgb.weight" in g]
    skips = "synthesis.b8.skip.weight" in g
    found = {
        "size": size,
        "channels": shape_of(g, f"synthesis.b{size}.torgb.weight", 4)[0],
        "z_dim": shape_of(g, "mapping.fc0.weight", 2)[1] - classes[0],
        "w_dim": shape_of(g, "synthesis.b4.conv1.affine.weight", 2)[1],
        "num_classes": classes[1],
        "mapping_layers": _count_dense(g),
        "g_architecture": "residual" if skips else "skip" if torgb == sides else "original",
        **_widths({side: shape_of(g, f"synthesis.b{side}.conv1.weight", 4)[0] for side in sides}, known),
    }
    return found | (_fields_of_d(networks["D"], known) if "D" in networks else {})


def _fields_of_d(d: Tensors, known: Fields | None) -> dict[str, Any]:
    skips, read = "b8.skip.weight" in d, "b4.fromrgb.weight" in d
    found: dict[str, Any] = {"d_architecture": "residual" if skips else "skip" if read else "original"}
    features, taken = shape_of(d, "b4.conv.weight", 4)[:2]
    if features == taken:
        found["group"] = 0
    elif known is not None and not known["group"]:
        found["group"] = _GROUP
    return found | ({"class_layers": _count_dense(d)} if _count_dense(d) else {})


def _count_dense(tensors: Tensors) -> int:
    return sum(bool(re.fullmatch(r"mapping\.fc\d+\.weight", name)) for name in tensors)


def _widths(widths: Mapping[int, int], known: Fields | None) -> dict[str, int]:
    """`width_base` and `width_max` of the channels of each side: min(width_base / side, width_max)."""
    most, size = max(widths.values()), max(widths)
    narrow = [side * width for side, width in widths.items() if width < most]
    bases = [*narrow, most * size] if known is None else [*narrow, known["width_base"], most * size]
    for base in bases:
        if all(min(base // side, most) == width for side, width in widths.items()):
            return {"width_base": base, "width_max": most}
    raise ValueError(f"its blocks have {dict(widths)} channels, which no width_base and width_max give")


def _table(model: Any) -> Table:
    sides = [2**k for k in range(2, model.size.bit_length())]
    rows: Table = [Entry("G", "mapping.w_avg", "memory.w_avg", optional=True)]
    for network, player, count in (("G", "gen", model.mapping_layers), ("D", "disc", model.class_layers)):
        for name in ("embed", *(f"fc{i}" for i in range(count))):
            rows += layer(network, f"mapping.{name}", player, f"mapping.{name}", "dense")
    numbers = itertools.count()
    for side in sides:
        rows += [*_g_block(side, numbers), *_d_block(side)]
    return rows


def _g_block(side: int, numbers: Iterator[int]) -> Table:
    """The rows of G's block. `numbers` counts the noise maps."""
    block = f"synthesis.b{side}"
    rows: Table = [
        Entry("G", f"{block}.const", f"players.gen.params.{block}.const", "map"),
        *layer("G", f"{block}.torgb", "gen", f"{block}.torgb"),
        *layer("G", f"{block}.torgb.affine", "gen", f"{block}.torgb.affine", "dense"),
        *layer("G", f"{block}.skip", "gen", f"{block}.skip"),
        _filter("G", f"{block}.skip", f"gen.params.{block}.skip.kernel"),
        _filter("G", block, f"gen.params.{block}.conv1.kernel"),
    ]
    for conv in ("conv1",) if side == 4 else ("conv0", "conv1"):
        name = f"{block}.{conv}"
        rows += [
            *layer("G", name, "gen", name, "conv_up" if conv == "conv0" else "conv"),
            *layer("G", f"{name}.affine", "gen", f"{name}.affine", "dense"),
            Entry("G", f"{name}.noise_strength", f"players.gen.params.{name}.noise_strength"),
            Entry("G", f"{name}.noise_const", f"frozen.noise.n{next(numbers):02}", optional=True),
            _filter("G", name, f"gen.params.{name}.kernel"),
        ]
    return rows


def _d_block(side: int) -> Table:
    """The rows of D's block; our modules of fromrgb and of the last block have the side in their names."""
    rows: Table = []
    names = ("fromrgb", "conv") if side == 4 else ("fromrgb", "conv0", "conv1", "skip")
    for name in names:
        own = f"b{side}_{name}" if name in ("fromrgb", "conv") else f"b{side}.{name}"
        rows += layer("D", f"b{side}.{name}", "disc", own)
        rows.append(_filter("D", f"b{side}.{name}", f"disc.params.{own}.kernel"))
    if side > 4:
        return [*rows, _filter("D", f"b{side}", f"disc.params.b{side}.conv0.kernel")]
    return [
        *rows,
        *layer("D", "b4.fc", "disc", "b4_fc", "dense_of_maps"),
        *layer("D", "b4.out", "disc", "b4_out", "dense"),
    ]


def _filter(network: str, name: str, beside: str) -> Constant:
    """The filter that a block or layer resamples with, in the file beside the layer's kernel."""
    taps = np.outer(_TAPS, _TAPS).astype(np.float32) / sum(_TAPS) ** 2
    return Constant(network, f"{name}.resample_filter", f"players.{beside}", taps, checked=True)


def _example(model: Any, size: int, networks: Networks) -> dict[str, Any]:
    del networks
    image = {"image": [[size, size, model.channels], "uint8"]}
    return image | ({"image_label": [[], "int32"]} if model.num_classes else {})


def _finish(model: Any, state: Any, lacking: set[str]) -> Any:
    """Without a mean style in the file, the mean of the styles of 4096 latents is taken."""
    if "mapping.w_avg" not in lacking:
        return state
    keys = jax.random.split(jax.random.key(0))
    label = model.classes(keys[0], _MEANT)
    ws = model.styles(state, model.latents(keys[1], _MEANT), label)
    return state.replace(memory={**state.memory, "w_avg": ws[:, 0].mean(0)})


LAYOUT = Layout(
    model="stylegan2",
    generators=("G",),
    discriminators=("D",),
    draws=_draws,
    fields=_fields,
    table=_table,
    example=_example,
    of_data=("channels", "num_classes"),
    plain=names_of_stylegan2.plain,
    shared=names_of_stylegan2.MEANS,
    size=lambda fields, networks: fields["size"],
    ignored=r"lod|.*\.num_batches_tracked",
    finish=_finish,
)
