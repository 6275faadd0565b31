"""PatchGAN under the names of the authors' PyTorch code (Isola et al. 2017), for CycleGAN and pix2pix."""

from collections.abc import Iterator
from typing import Any

from gan_jax.weights.tables import Constant, Entry, Tensors, layer, norm, shape_of


def fields(d: Tensors) -> dict[str, Any]:
    """`d_width` and `d_layers` of a discriminator; `net.0` begins the PixelGAN, which has no layers."""
    if "net.0.weight" in d:
        return {"d_width": shape_of(d, "net.0.weight", 4)[0], "d_layers": 0}
    convolutions = sum(f"model.{3 * i - 1}.weight" in d for i in range(1, 20))
    return {"d_width": shape_of(d, "model.0.weight", 4)[0], "d_layers": convolutions - 1}


def rows(network: str, module: str, layers: int) -> Iterator[Entry | Constant]:
    """The rows of a discriminator of the player `disc`; `module` is its place, '' for the whole player."""
    place = f"{module}." if module else ""

    def conv(name: str, own: str):
        return layer(network, name, "disc", f"{place}{own}")

    if not layers:
        yield from conv("net.0", "conv_0")
        yield from conv("net.2", "conv_1")
        yield from norm(network, "net.3", "disc", f"{place}norm_1")
        yield from conv("net.5", "logits")
        return
    yield from conv("model.0", "conv_0")
    for i in range(1, layers + 1):
        yield from conv(f"model.{3 * i - 1}", f"conv_{i}")
        yield from norm(network, f"model.{3 * i}", "disc", f"{place}norm_{i}")
    yield from conv(f"model.{3 * layers + 2}", "logits")
