"""Shared parts of the PyTorch twins: layers between vectors and images, and players with their Adam."""

from collections.abc import Callable, Mapping
from typing import Any

import peers
import torch
from torch import Tensor, nn


class ToImage(nn.Module):
    """Projects a vector [B, d] to positions [B, C, s, s], channels last in memory."""

    def __init__(self, inputs: int, channels: int, side: int = 4, bias: bool = False):
        super().__init__()
        self.side = side
        self.linear = nn.Linear(inputs, side * side * channels, bias=bias)

    def forward(self, z: Tensor) -> Tensor:
        """Applies the layer."""
        return self.linear(z).unflatten(1, (self.side, self.side, -1)).permute(0, 3, 1, 2)


class ToLogits(nn.Module):
    """Projects all positions [B, C, s, s] to logits [B, K]."""

    def __init__(self, channels: int, classes: int, side: int = 4, bias: bool = True):
        super().__init__()
        self.linear = nn.Linear(side * side * channels, classes, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Applies the layer."""
        return self.linear(x.permute(0, 2, 3, 1).flatten(1))


class Players:
    """Networks by the player's name, in channels-last memory, each with a fused Adam."""

    def __init__(self, networks: Mapping[str, nn.Module], rate: float, betas: tuple[float, float]):
        torch.set_num_threads(2)
        self.networks = networks
        self.adam = {}
        for name, network in networks.items():
            network.to(memory_format=torch.channels_last)
            self.adam[name] = torch.optim.Adam(network.parameters(), rate, betas, fused=True)

    def only(self, player: str) -> None:
        """Switches gradients on for the parameters of this player, and off for all others."""
        for name, network in self.networks.items():
            network.requires_grad_(name == player)

    def move(self, player: str, loss: Tensor) -> None:
        """One update of the player."""
        adam = self.adam[player]
        adam.zero_grad(set_to_none=True)
        loss.backward()
        adam.step()

    def made(self, step: Callable[[], Any]) -> peers.Made:
        """The twin's side of a comparison."""
        sizes = {name: sum(p.numel() for p in net.parameters()) for name, net in self.networks.items()}
        return peers.Made(step, sizes, self._updates, networks=self.networks)

    def _updates(self):
        steps = {name: {int(s["step"]) for s in adam.state.values()} for name, adam in self.adam.items()}
        return {name: max(counts) for name, counts in steps.items()}


def pictures(*shape: int) -> Tensor:
    """Random images [B, C, S, S] in [-1, 1], channels last in memory."""
    return torch.empty(shape).uniform_(-1, 1).contiguous(memory_format=torch.channels_last)
