"""DCGAN's networks under the names of PyTorch's example (Radford et al. 2015)."""

from typing import Any

from gan_jax.weights.layouts import Fields, Layout
from gan_jax.weights.tables import AVERAGE, Networks, Table, Tensors, layer, norm, shape_of

_START = 4  # pixels a side of G's first map


def _draws(tensors: Tensors) -> bool:
    """The first layer of G makes a map of 4x4 of z and has a norm; that of D has none."""
    first = tensors.get("main.0.weight")
    square = first is not None and first.ndim == 4 and first.shape[2:] == (_START, _START)
    return square and "main.1.running_mean" in tensors


def _fields(networks: Networks, known: Fields | None) -> dict[str, Any]:
    g = networks.get("G", networks.get(f"G{AVERAGE}", {}))
    stages = sum(f"main.{3 * i}.weight" in g for i in range(1, 20))
    width, channels = shape_of(g, f"main.{3 * stages}.weight", 4)[:2]
    found = {
        "generator": "dcgan",
        "size": _START * 2**stages,
        "channels": channels,
        "z_dim": shape_of(g, "main.0.weight", 4)[0],
        "g_width": width,
        "num_classes": 0,
        "labels": "none",
    }
    if "D" in networks:
        normed = "main.3.running_mean" in networks["D"]
        width = shape_of(networks["D"], "main.0.weight", 4)[0]
        found |= {"discriminator": "dcgan", "d_width": width, "spectral": False}
        found |= _norm("d_norm", "batch" if normed else "none", known)
    return found | _norm("g_norm", "batch", known)


def _norm(field: str, norm: str, known: Fields | None) -> dict[str, str]:
    """The field of a norm, unless the configuration asks for the published norm and the tensors have it."""
    return {} if norm == "batch" and (known is None or known[field] == "published") else {field: norm}


def _table(model: Any) -> Table:
    if model.generator != "dcgan" or model.num_classes or model.discriminator != "dcgan" or model.spectral:
        raise ValueError(
            "only unconditional generator='dcgan' and discriminator='dcgan' have published names"
        )
    if model.size & (model.size - 1):
        allowed = "powers of two, for which G's first map has 4 pixels a side"
        raise ValueError(f"size={model.size} has no published names; allowed: {allowed}")
    stages = (model.size // _START).bit_length() - 1
    rows: Table = [*layer("G", "main.0", "gen", "project", "project"), *norm("G", "main.1", "gen", "norm_0")]
    for i in range(1, stages):
        rows += layer("G", f"main.{3 * i}", "gen", f"up_{i}", "transposed")
        rows += norm("G", f"main.{3 * i + 1}", "gen", f"norm_{i}")
    rows += layer("G", f"main.{3 * stages}", "gen", "to_image", "transposed")
    rows += layer("D", "main.0", model.opponent, "down_0")
    for i in range(1, stages):
        rows += layer("D", f"main.{3 * i - 1}", model.opponent, f"down_{i}")
        rows += norm("D", f"main.{3 * i}", model.opponent, f"norm_{i}")
    return [*rows, *layer("D", f"main.{3 * stages - 1}", model.opponent, "logits")]


def _example(model: Any, size: int, networks: Networks) -> dict[str, Any]:
    del networks
    return {"image": [[size, size, model.channels], "uint8"]}


LAYOUT = Layout(
    model="gan",
    generators=("G",),
    discriminators=("D",),
    draws=_draws,
    fields=_fields,
    table=_table,
    example=_example,
    of_data=("channels", "num_classes"),
    size=lambda fields, networks: fields["size"],
)
