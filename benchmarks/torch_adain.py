"""AdaIN's training step in PyTorch, the twin for `adain_step.py`.

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


def adain(size: int, depth: int, through: str, batch_size: int) -> peers.Made:
    """The twin on fixed random data."""
    torch.manual_seed(0)
    f, g = Encoder(depth, through), decoder(depth, through)
    f.to(memory_format=torch.channels_last)
    f.requires_grad_(False)
    players = Players({"decoder": g}, 1e-4, (0.9, 0.999))
    content, style = (pictures(batch_size, 3, size, size) for _ in range(2))

    def step() -> dict[str, float]:
        with torch.no_grad():
            painted = [moments(maps) for maps in f(style)]
            x = f(content)[-1]
            mean, std = moments(x)
            t = painted[-1][1] * (x - mean) / std + painted[-1][0]
        found = f(g(t))
        loss = functional.mse_loss(found[-1], t)
        for maps, wanted in zip(found, painted, strict=True):
            for a, b in zip(moments(maps), wanted, strict=True):
                loss = loss + 10 * functional.mse_loss(a, b)
        players.move("decoder", loss)
        return {"decoder/loss": loss.item()}

    made = players.made(step)
    sizes = {**made.parameters, "encoder": sum(p.numel() for p in f.parameters())}
    return peers.Made(step, sizes, made.updates)
