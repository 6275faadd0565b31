"""AdaIN's training step and translation in PyTorch, the twins for `adain_step.py` and `adain_translation.py`.

The networks, losses and optimiser are those of `gan_jax.models.adain`. The twin has channels-last memory and
fused Adam. VGG has no gradients of its kernels, and contents and styles build no graph.
"""

import peers
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch_base import Players, pictures

_GROUPS = {16: (2, 2, 3, 3), 19: (2, 2, 4, 4)}
_WIDTHS = (64, 128, 256, 512)


def convolutions(depth: int, through: str) -> list[tuple[int, int, bool]]:
    """Channels (in, out) of VGG's convolutions through a layer, and whether each begins a group."""
    found, inputs = [], 3
    last = int(through[4])
    for group, (count, width) in enumerate(zip(_GROUPS[depth], _WIDTHS, strict=True), 1):
        for i in range(count if group < last else 1):
            found.append((inputs, width, i == 0))
            inputs = width
        if group == last:
            break
    return found


class Encoder(nn.Module):
    """VGG with reflected borders: images [B, 3, S, S] in [-1, 1] -> maps of each group's first ReLU."""

    def __init__(self, depth: int, through: str):
        super().__init__()
        self.input = nn.Conv2d(3, 3, 1)
        found = convolutions(depth, through)
        self.first = [first for _, _, first in found]
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3, 1, 1, padding_mode="reflect") for a, b, _ in found)

    def forward(self, x: Tensor) -> list[Tensor]:
        """The maps."""
        x, maps = self.input(x), []
        for i, (conv, first) in enumerate(zip(self.convs, self.first, strict=True)):
            x = functional.relu(conv(functional.max_pool2d(x, 2) if first and i else x))
            maps += [x] if first else []
        return maps


def decoder(depth: int, through: str) -> nn.Sequential:
    """Maps [B, C, s, s] -> images [B, 3, S, S]."""
    layers: list[nn.Module] = []
    found = convolutions(depth, through)
    for i, (a, b, first) in reversed(list(enumerate(found))):
        layers.append(nn.Conv2d(b, a, 3, 1, 1, padding_mode="reflect"))
        layers += [nn.ReLU(True)] if i else []
        layers += [nn.Upsample(scale_factor=2)] if first and i else []
    return nn.Sequential(*layers)


def moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation over positions, [B, C, 1, 1] each."""
    variance, mean = torch.var_mean(x, (2, 3), correction=0, keepdim=True)
    return mean, (variance + 1e-5).sqrt()


def transferred(x: Tensor, painted: tuple[Tensor, Tensor]) -> Tensor:
    """The maps x with the mean and the deviation of the style's maps."""
    mean, std = moments(x)
    return painted[1] * (x - mean) / std + painted[0]


def adain(size: int, depth: int, through: str, batch_size: int) -> peers.Made:
    """The twin's training step on fixed random data."""
    torch.manual_seed(0)
    f, g = _networks(depth, through)
    players = Players({"decoder": g}, 1e-4, (0.9, 0.999))
    content, style = (pictures(batch_size, 3, size, size) for _ in range(2))

    def step() -> dict[str, float]:
        with torch.no_grad():
            painted = [moments(maps) for maps in f(style)]
            t = transferred(f(content)[-1], painted[-1])
        found = f(g(t))
        loss = functional.mse_loss(found[-1], t)
        for maps, wanted in zip(found, painted, strict=True):
            for a, b in zip(moments(maps), wanted, strict=True):
                loss = loss + 10 * functional.mse_loss(a, b)
        players.move("decoder", loss)
        return {"decoder/loss": loss.item()}

    made = players.made(step)
    return peers.Made(step, {**made.parameters, "encoder": _size(f)}, made.updates)


def translation(size: int, depth: int, through: str, batch_size: int) -> peers.Made:
    """The twin's translation of fixed random images."""
    torch.manual_seed(0)
    f, g = _networks(depth, through)
    g.to(memory_format=torch.channels_last)
    content, style = (pictures(batch_size, 3, size, size) for _ in range(2))

    def step() -> None:
        with torch.no_grad():
            g(transferred(f(content)[-1], moments(f(style)[-1])))
        if torch.cuda.is_available():
            torch.cuda.synchronize()

    return peers.Made(step, {"decoder": _size(g), "encoder": _size(f)}, lambda: {"decoder": 0})


def _networks(depth: int, through: str) -> tuple[Encoder, nn.Sequential]:
    """The encoder, which is not trained, and the decoder."""
    f = Encoder(depth, through).to(memory_format=torch.channels_last)
    return f.requires_grad_(False), decoder(depth, through)


def _size(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())
