"""A step of Gatys' style transfer in PyTorch, the twin for `gatys_step.py`.

The network is VGG-16 through conv5_1 with average pooling, frozen and in channels-last memory, with in-place
ReLU where no loss reads the convolution. The losses are the paper's on features divided by their layer's mean
activation, and Adam moves the image.
"""

import peers
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch_base import pictures

WIDTHS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 1))  # channels and convolutions of each group
STYLES, CONTENT = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1"), "conv4_2"


class Features(nn.Module):
    """The maps after ReLU of the layers that the losses read."""

    def __init__(self):
        super().__init__()
        self.input = nn.Conv2d(3, 3, 1)
        self.convolutions = nn.ModuleDict()
        channels = 3
        for group, (width, count) in enumerate(WIDTHS, 1):
            for i in range(1, count + 1):
                self.convolutions[f"conv{group}_{i}"] = nn.Conv2d(channels, width, 3, padding=1)
                channels = width

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """[B, 3, H, W] in [-1, 1] -> maps by layer."""
        x, maps, group = self.input(x), {}, "1"
        for name, convolution in self.convolutions.items():
            if name[4] != group:
                group, x = name[4], functional.avg_pool2d(x, 2)
            x = functional.relu(convolution(x), inplace=True)
            if name == CONTENT or name in STYLES:
                maps[name] = x
        return maps


def gram(maps: Tensor) -> Tensor:
    """The mean over positions of the outer products of features, [C, C]."""
    flat = maps[0].flatten(1)
    return flat @ flat.T / flat.shape[1]


def make(size: int) -> peers.Made:
    """The twin on fixed random pictures."""
    torch.set_num_threads(2)
    torch.manual_seed(0)
    features = Features().to(memory_format=torch.channels_last)
    features.requires_grad_(False)
    content, style = pictures(1, 3, size, size), pictures(1, 3, size, size)
    image = content.clone(memory_format=torch.preserve_format).requires_grad_()
    adam = torch.optim.Adam([image], 0.02, fused=True)
    wanted, other = features(content), features(style)
    scales = {name: (wanted[name].mean() + other[name].mean()) / 2 for name in wanted}
    target = wanted[CONTENT] / scales[CONTENT]
    grams = {name: gram(other[name] / scales[name]) for name in STYLES}

    def step() -> float:
        maps = {name: found / scales[name] for name, found in features(image).items()}
        loss = 0.5 * (maps[CONTENT] - target).square().sum()
        for name in STYLES:
            difference = gram(maps[name]) - grams[name]
            loss = loss + 1e6 / len(STYLES) * difference.square().sum() / (4 * len(difference) ** 2)
        adam.zero_grad(set_to_none=True)
        loss.backward()
        adam.step()
        return loss.item()

    sizes = {"image": image.numel(), "features": sum(p.numel() for p in features.parameters())}
    return peers.Made(step, sizes, lambda: {"image": int(adam.state[image]["step"])})
