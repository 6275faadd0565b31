"""Progressive GAN's training step in PyTorch, the twin for `pggan_step.py`.

The networks, losses and order of updates are those of `gan_jax.models.pggan` once a stage is whole, in the
fastest form of eager PyTorch: channels-last memory, fused Adam, and an average in one call. The colours of
the smaller stages exist and do not take part.
"""

import math

import peers
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch_base import Players, pictures
from torch_gans import mixture, penalty

GAIN = math.sqrt(2)


class Conv(nn.Conv2d):
    """A convolution with an equalised learning rate."""

    def __init__(self, inputs: int, outputs: int, kernel_size: int = 3, gain: float = GAIN):
        super().__init__(inputs, outputs, kernel_size, padding=kernel_size // 2)
        self.factor = gain / math.sqrt(kernel_size**2 * inputs)
        nn.init.normal_(self.weight)
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Applies the layer."""
        return functional.conv2d(x, self.weight * self.factor, self.bias, padding=self.padding)


class Linear(nn.Linear):
    """A dense layer with an equalised learning rate."""

    def __init__(self, inputs: int, outputs: int, gain: float = GAIN):
        super().__init__(inputs, outputs)
        self.factor = gain / math.sqrt(inputs)
        nn.init.normal_(self.weight)
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Applies the layer."""
        return functional.linear(x, self.weight * self.factor, self.bias)


class Start(nn.Module):
    """The first layer of G: [B, d] -> [B, C, 4, 4]."""

    def __init__(self, inputs: int, width: int):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(16 * width, inputs))
        self.bias = nn.Parameter(torch.zeros(width))
        self.factor = GAIN / 4 / math.sqrt(inputs)

    def forward(self, z: Tensor) -> Tensor:
        """Applies the layer."""
        x = functional.linear(z, self.weight * self.factor).unflatten(1, (4, 4, -1))
        return (x + self.bias).permute(0, 3, 1, 2)


def leaky(x: Tensor) -> Tensor:
    """The leaky ReLU of every layer."""
    return functional.leaky_relu(x, 0.2)


def pixel_norm(x: Tensor) -> Tensor:
    """Divides by the root mean square over channels."""
    return x * (x.square().mean(1, keepdim=True) + 1e-8).rsqrt()


class Generator(nn.Module):
    """[B, z_dim] -> [B, 3, size, size]."""

    def __init__(self, size: int, z_dim: int, width_base: int, width_max: int):
        super().__init__()
        self.layers, before = nn.ModuleList(), width_max
        for side in sides(size):
            width = min(width_base // side, width_max)
            first = Start(z_dim, width) if side == 4 else Conv(before, width)
            self.layers.append(nn.ModuleList([first, Conv(width, width), Conv(width, 3, 1, 1.0)]))
            before = width

    def forward(self, z: Tensor) -> Tensor:
        """Applies the network."""
        x = pixel_norm(z)
        for i, (first, second, _) in enumerate(self.layers):
            x = functional.interpolate(x, scale_factor=2.0) if i else x
            x = pixel_norm(leaky(second(pixel_norm(leaky(first(x))))))
        return self.layers[-1][2](x)


class Discriminator(nn.Module):
    """[B, 3, size, size] -> scores [B]."""

    def __init__(self, size: int, width_base: int, width_max: int, group: int = 4):
        super().__init__()
        width = lambda side: min(width_base // side, width_max)  # noqa: E731
        self.group, self.read = group, Conv(3, width(size), 1)
        self.blocks = nn.ModuleList()
        for side in reversed(sides(size)[1:]):
            own = [Conv(width(side), width(side)), Conv(width(side), width(side // 2))]
            self.blocks.append(nn.ModuleList([*own, Conv(3, width(side // 2), 1)]))
        self.conv = Conv(width(4) + 1, width(4))
        self.dense, self.out = Linear(16 * width(4), width(4)), Linear(width(4), 1, 1.0)

    def forward(self, images: Tensor) -> Tensor:
        """Applies the network."""
        x = leaky(self.read(images))
        for first, second, _ in self.blocks:
            x = functional.avg_pool2d(leaky(second(leaky(first(x)))), 2)
        y = x.unflatten(0, (self.group, -1))
        y = ((y - y.mean(0)).square().mean(0) + 1e-8).sqrt().mean((1, 2, 3)).repeat(self.group)
        x = torch.cat([x, y.view(-1, 1, 1, 1).expand(-1, 1, 4, 4)], 1)
        x = leaky(self.conv(x)).permute(0, 2, 3, 1).flatten(1)
        return self.out(leaky(self.dense(x)))[:, 0]


def sides(size: int) -> list[int]:
    """4, 8, ..., size."""
    return [2**k for k in range(2, size.bit_length())]


def pggan(size: int, z_dim: int, width_base: int, width_max: int, batch_size: int) -> peers.Made:
    """Progressive GAN (Karras et al. 2018): D with penalty and drift moves, then G and its average."""
    torch.manual_seed(0)
    g, d = Generator(size, z_dim, width_base, width_max), Discriminator(size, width_base, width_max)
    players, real = Players({"gen": g, "disc": d}, 1e-3, (0.0, 0.99)), pictures(batch_size, 3, size, size)
    average = [p.detach().clone() for p in g.parameters()]

    def step() -> dict[str, float]:
        with torch.no_grad():
            fake = g(torch.randn(batch_size, z_dim))
        players.only("disc")
        between = mixture(real, fake)
        r = d(real)
        slope = penalty(d(between), between)
        d_loss = d(fake).mean() - r.mean() + 10 * slope + 1e-3 * r.square().mean()
        players.move("disc", d_loss)
        players.only("gen")
        g_loss = -d(g(torch.randn(batch_size, z_dim))).mean()
        players.move("gen", g_loss)
        torch._foreach_lerp_(average, [p.detach() for p in g.parameters()], 1e-3)
        return {"disc/loss": d_loss.item(), "gen/loss": g_loss.item()}

    return players.made(step)
