"""DTN's training step in PyTorch, the twin for `dtn_step.py`.

The networks, losses and order of updates are those of `gan_jax.models.dtn`, with every saving that eager
PyTorch can make: channels-last memory, given features of the inputs, one pass of g for both updates, no
kernel gradients of D in g's update and none of f, fused Adam, and in-place activations.
"""

import dataclasses
import itertools
from collections.abc import Sequence

import peers
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch_base import Players, ToImage, ToLogits, pictures

FAKE_S, FAKE_T, REAL_T = 0, 1, 2


def features(widths: Sequence[int] = (64, 128, 256, 128)) -> nn.Sequential:
    """f: [B, 3, 32, 32] -> [B, d, 1, 1]."""
    layers: list[nn.Module] = []
    for inputs, outputs in zip((3, *widths[:-2]), widths[:-1], strict=True):
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.MaxPool2d(2), nn.ReLU(True)]
    layers += [nn.Conv2d(widths[-2], widths[-1], 3, padding=1), nn.MaxPool2d(4)]
    return nn.Sequential(*layers)


def generator(inputs: int, widths: Sequence[int]) -> nn.Sequential:
    """g: [B, d] -> [B, 1, 32, 32] in [-1, 1]."""
    layers: list[nn.Module] = [ToImage(inputs, widths[0]), nn.BatchNorm2d(widths[0]), nn.ReLU(True)]
    for a, b in itertools.pairwise(widths):
        up = nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False)
        layers += [up, nn.BatchNorm2d(b), nn.ReLU(True)]
    layers += [nn.ConvTranspose2d(widths[-1], 1, 4, 2, 1), nn.Tanh()]
    return nn.Sequential(*layers)


def discriminator(widths: Sequence[int], batch_norm: bool) -> nn.Sequential:
    """D: [B, 1, 32, 32] -> logits [B, 3]."""
    layers: list[nn.Module] = [nn.Conv2d(1, widths[0], 4, 2, 1), nn.LeakyReLU(0.2, True)]
    for a, b in itertools.pairwise(widths):
        layers.append(nn.Conv2d(a, b, 4, 2, 1, bias=not batch_norm))
        layers += [nn.BatchNorm2d(b)] if batch_norm else []
        layers.append(nn.LeakyReLU(0.2, True))
    return nn.Sequential(*layers, ToLogits(widths[-1], 3))


def make(g_widths: Sequence[int], d_widths: Sequence[int], batch_norm: bool, batch_size: int) -> peers.Made:
    """The twin on fixed random data."""
    torch.manual_seed(0)
    f, g, d = features(), generator(128, g_widths), discriminator(d_widths, batch_norm)
    f.to(memory_format=torch.channels_last)
    f.requires_grad_(False)
    players = Players({"gen": g, "disc": d}, 2e-4, (0.5, 0.999))
    z, real = torch.randn(2 * batch_size, 128), pictures(batch_size, 1, 32, 32)

    def judge(groups: Sequence[Tensor]) -> list[Tensor]:
        if batch_norm:
            return [d(group) for group in groups]
        return list(d(torch.cat(list(groups))).chunk(len(groups)))

    def cross_entropy(logits: Tensor, label: int) -> Tensor:
        return functional.cross_entropy(logits, torch.full((len(logits),), label))

    def step() -> float:
        source, target = g(z).chunk(2)
        d.requires_grad_(True)
        logits = judge([source.detach(), target.detach(), real])
        players.move("disc", sum(map(cross_entropy, logits, (FAKE_S, FAKE_T, REAL_T))))
        d.requires_grad_(False)
        fooled = sum(cross_entropy(x, REAL_T) for x in judge([source, target]))
        again = f(source.expand(-1, 3, -1, -1)).flatten(1)
        const = functional.mse_loss(again, z[:batch_size])
        loss = fooled + 15 * const + 15 * functional.mse_loss(target, real)
        players.move("gen", loss)
        return loss.item()

    made = players.made(step)
    parameters = {**made.parameters, "f": sum(p.numel() for p in f.parameters())}
    return dataclasses.replace(made, parameters=parameters)
