"""pix2pix's U-Net and PatchGAN under the names of the authors' PyTorch code (Isola et al. 2017)."""

import itertools
from typing import Any

from gan_jax.weights.layouts import Fields, Layout, patchgan
from gan_jax.weights.tables import AVERAGE, Networks, Table, Tensors, layer, norm, shape_of


def _draws(tensors: Tensors) -> bool:
    return "model.model.0.weight" in tensors


def _places(levels: int) -> list[str]:
    """Where each block of the U-Net is, the outermost first. Every block stands inside the one before it."""
    places = ["model.model"]
    for level in range(1, levels):
        places.append(f"{places[-1]}.{1 if level == 1 else 3}.model")
    return places


def _g(networks: Networks) -> Tensors:
    return networks.get("G", networks.get(f"G{AVERAGE}", {}))


def _fields(networks: Networks, known: Fields | None) -> dict[str, Any]:
    g = _g(networks)
    width, given = shape_of(g, "model.model.0.weight", 4)[:2]
    inner, drawn = shape_of(g, "model.model.3.weight", 4)[:2]
    levels = next(n for n in itertools.count(1) if f"{_places(n + 1)[-1]}.1.weight" not in g)
    found: dict[str, Any] = {"g_width": width, "levels": levels, "target_channels": drawn}
    found |= {"skips": inner == 2 * width, "dropped": "pytorch"}  # dropout has no tensors
    if "D" in networks:
        found |= patchgan.fields(networks["D"])
        first = "model.0.weight" if found["d_layers"] else "net.0.weight"
        found["condition"] = shape_of(networks["D"], first, 4)[1] == given + drawn
    return found


def _table(model: Any) -> Table:
    first, *inner = _places(model.levels)
    rows: Table = [*layer("G", f"{first}.0", "gen", "down_0")]
    rows += layer("G", f"{first}.3", "gen", "to_image", "transposed")
    for i, place in enumerate(inner, 1):
        up = 3 if i == model.levels - 1 else 5  # the innermost block has no norm and no block inside it
        rows += [
            *layer("G", f"{place}.1", "gen", f"down_{i}"),
            *norm("G", f"{place}.2", "gen", f"down_norm_{i}"),
            *layer("G", f"{place}.{up}", "gen", f"up_{i}", "transposed"),
            *norm("G", f"{place}.{up + 1}", "gen", f"up_norm_{i}"),
        ]
    return [*rows, *patchgan.rows("D", "", model.d_layers)]


def _example(model: Any, size: int, networks: Networks) -> dict[str, Any]:
    given = shape_of(_g(networks), "model.model.0.weight", 4)[1]
    return {
        "source": [[size, size, given], "uint8"],
        "target": [[size, size, model.target_channels], "uint8"],
    }


LAYOUT = Layout(
    model="pix2pix",
    generators=("G",),
    discriminators=("D",),
    draws=_draws,
    fields=_fields,
    table=_table,
    example=_example,
    of_data=("target_channels",),
)
