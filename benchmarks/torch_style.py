"""StyleGAN2's networks in PyTorch, for the twin of `stylegan2_step.py`.

The networks are those of `gan_jax.networks.generation.stylegan2`. The images of a batch share one
convolution, since modulation scales the activations. Filters have two forms. The faster one on a machine is
the honest peer:

- 'slices': sums of strided slices, and an upsampling convolution of four phases;
- 'library': depthwise and transposed convolutions of the library.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch_growing import sides

FORMS = ("slices", "library")
TAPS = (1.0, 3.0, 3.0, 1.0)
GAIN, HALF = math.sqrt(2), math.sqrt(0.5)


class Filters:
    """The filter [1, 3, 3, 1] in one of FORMS."""

    def __init__(self, form: str):
        self.slices = form == "slices"

    def blur(self, x: Tensor, pad: int, gain: float = 1.0) -> Tensor:
        """Filters images [B, C, H, W] with `pad` zeros on each side; `gain` is that of each axis."""
        taps = [tap * gain / sum(TAPS) for tap in TAPS]
        if not self.slices:
            return functional.conv2d(x, _depthwise(x, taps), padding=pad, groups=x.shape[1])
        for axis in (2, 3):
            x = functional.pad(x, (0, 0, pad, pad) if axis == 2 else (pad, pad))
            size = x.shape[axis] - 3
            x = sum(x.narrow(axis, i, size) * tap for i, tap in enumerate(taps))
        return x

    def down(self, x: Tensor) -> Tensor:
        """Half the side."""
        taps = [tap / sum(TAPS) for tap in TAPS]
        if not self.slices:
            return functional.conv2d(x, _depthwise(x, taps), stride=2, padding=1, groups=x.shape[1])
        x = functional.pad(x, (1, 1, 1, 1))
        x = sum(x[:, :, i : x.shape[2] - 3 + i : 2] * tap for i, tap in enumerate(taps))
        return sum(x[:, :, :, i : x.shape[3] - 3 + i : 2] * tap for i, tap in enumerate(taps))

    def up(self, x: Tensor) -> Tensor:
        """Twice the side."""
        if not self.slices:
            taps = _depthwise(x, [tap / 4 for tap in TAPS])
            return functional.conv_transpose2d(x, taps, stride=2, padding=1, groups=x.shape[1])
        for axis in (2, 3):
            size = x.shape[axis]
            wide = functional.pad(x, (0, 0, 1, 1) if axis == 2 else (1, 1))
            before, after = wide.narrow(axis, 0, size), wide.narrow(axis, 2, size)
            x = torch.stack([before + 3 * x, 3 * x + after], axis + 1).flatten(axis, axis + 1) / 4
        return x

    def up_conv(self, x: Tensor, weight: Tensor) -> Tensor:
        """Inserts zeros, convolves with the weight [D, C, 3, 3] and filters: twice the side."""
        if not self.slices:
            flipped = weight.transpose(0, 1).flip(2, 3)
            return self.blur(functional.conv_transpose2d(x, flipped, stride=2), 1, 2.0)
        for axis in (2, 3):
            parts = [(i, 3 - i) if axis == 3 else (0, 0, i, 3 - i) for i in range(4)]
            weight = sum(functional.pad(weight * (TAPS[i] / 4), part) for i, part in enumerate(parts))
        outputs, inputs = weight.shape[:2]
        phases = weight.view(outputs, inputs, 3, 2, 3, 2).flip(3, 5).permute(0, 3, 5, 1, 2, 4)
        y = functional.conv2d(x, phases.reshape(4 * outputs, inputs, 3, 3), padding=1)
        return functional.pixel_shuffle(y, 2)


def _depthwise(x, taps):
    row = torch.tensor(taps)
    return torch.outer(row, row).expand(x.shape[1], 1, 4, 4)


class Linear(nn.Linear):
    """A dense layer with an equalised learning rate, and a multiplier of it."""

    def __init__(self, inputs: int, outputs: int, multiplier: float = 1.0, bias: float = 0.0):
        super().__init__(inputs, outputs)
        self.factor, self.multiplier = multiplier / math.sqrt(inputs), multiplier
        nn.init.normal_(self.weight, std=1 / multiplier)
        nn.init.constant_(self.bias, bias)

    def forward(self, x: Tensor) -> Tensor:
        """Applies the layer."""
        return functional.linear(x, self.weight * self.factor, self.bias * self.multiplier)


class Conv(nn.Conv2d):
    """A convolution with an equalised learning rate; its padding is given at each use."""

    def __init__(self, inputs: int, outputs: int, kernel_size: int = 3, gain: float = 1.0, bias: bool = True):
        super().__init__(inputs, outputs, kernel_size, bias=bias)
        self.factor = gain / math.sqrt(kernel_size**2 * inputs)
        nn.init.normal_(self.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, x: Tensor, stride: int = 1, padding: int | None = None) -> Tensor:
        """Applies the layer."""
        padding = self.kernel_size[0] // 2 if padding is None else padding
        return functional.conv2d(x, self.weight * self.factor, self.bias, stride, padding)


def leaky(x: Tensor, gain: float = GAIN) -> Tensor:
    """The leaky ReLU of every layer, times a gain."""
    return functional.leaky_relu(x, 0.2) * gain


class Kernel(nn.Conv2d):
    """The parameters of a modulated convolution with noise; the bias comes after the noise."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__(inputs, outputs, 3, bias=False)
        nn.init.normal_(self.weight)
        self.strength = nn.Parameter(torch.zeros(()))
        self.shift = nn.Parameter(torch.zeros(outputs))


class StyledConv(nn.Module):
    """Modulated convolution, noise, bias and leaky ReLU."""

    def __init__(self, filters: Filters, w_dim: int, inputs: int, outputs: int, up: bool):
        super().__init__()
        self.filters, self.up = filters, up
        self.affine, self.own = Linear(w_dim, inputs, bias=1.0), Kernel(inputs, outputs)

    def forward(self, x: Tensor, w: Tensor, noise: Tensor) -> Tensor:
        """Applies the layer."""
        style, weight = self.affine(w), self.own.weight
        x = x * style[:, :, None, None]
        x = self.filters.up_conv(x, weight) if self.up else functional.conv2d(x, weight, padding=1)
        squares = weight.square().sum((2, 3))
        x = x * (style.square() @ squares.T + 1e-8).rsqrt()[:, :, None, None]
        x = x + self.own.strength * noise[:, None] + self.own.shift[:, None, None]
        return leaky(x)


class ToRGB(nn.Module):
    """Features to colours."""

    def __init__(self, w_dim: int, inputs: int):
        super().__init__()
        self.affine, self.own = Linear(w_dim, inputs, bias=1.0), nn.Conv2d(inputs, 3, 1)
        self.factor = 1 / math.sqrt(inputs)
        nn.init.normal_(self.own.weight)
        nn.init.zeros_(self.own.bias)

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """Applies the layer."""
        return self.own(x * (self.affine(w) * self.factor)[:, :, None, None])


class Block(nn.Module):
    """The layers of G at one side."""

    def __init__(self, filters: Filters, w_dim: int, inputs: int, width: int):
        super().__init__()
        self.filters, self.first = filters, not inputs
        if self.first:
            self.const = nn.Parameter(torch.randn(width, 16))
        convs = [StyledConv(filters, w_dim, inputs, width, True)] if inputs else []
        self.convs = nn.ModuleList([*convs, StyledConv(filters, w_dim, width, width, False)])
        self.torgb = ToRGB(w_dim, width)

    def forward(self, x, rgb, ws: Sequence[Tensor], noise: Sequence[Tensor]):
        """Applies the layers."""
        if self.first:
            x = self.const.view(-1, 4, 4).expand(len(ws[0]), -1, -1, -1)
            x = x.contiguous(memory_format=torch.channels_last)
        for conv, w, level in zip(self.convs, ws[:-1], noise, strict=True):
            x = conv(x, w, level)
        colours = self.torgb(x, ws[-1])
        return x, colours if self.first else colours + self.filters.up(rgb)


class Generator(nn.Module):
    """Latents to styles, and styles to images."""

    def __init__(self, filters: Filters, size: int, z_dim: int, width_base: int, width_max: int, layers: int):
        super().__init__()
        self.mapping = nn.ModuleList([Linear(z_dim, z_dim, 0.01) for _ in range(layers)])
        widths = [min(width_base // side, width_max) for side in sides(size)]
        pairs = zip([0, *widths], widths, strict=False)
        self.blocks = nn.ModuleList([Block(filters, z_dim, before, width) for before, width in pairs])
        self.sides, self.styles = sides(size), 2 * len(widths)

    def draw(self, z: Tensor) -> Tensor:
        """The styles of latents."""
        x = z * (z.square().mean(1, keepdim=True) + 1e-8).rsqrt()
        for layer in self.mapping:
            x = leaky(layer(x))
        return x

    def noise(self, count: int) -> list[Tensor]:
        """Fresh noise for each convolution."""
        return [torch.randn(count, r, r) for r in [4, *(r for r in self.sides[1:] for _ in range(2))]]

    def forward(self, ws: Tensor, noise: Sequence[Tensor]) -> Tensor:
        """The images of styles [B, L, d]."""
        x, rgb, first = None, None, 0
        for block in self.blocks:
            count = len(block.convs)
            styles = [ws[:, i] for i in range(first, first + count + 1)]
            x, rgb = block(x, rgb, styles, noise[first : first + count])
            first += count
        return rgb


class DBlock(nn.Module):
    """The layers of D at one side."""

    def __init__(self, filters: Filters, width: int, after: int):
        super().__init__()
        self.filters = filters
        self.conv0, self.conv1 = Conv(width, width), Conv(width, after)
        self.skip = Conv(width, after, 1, HALF, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Applies the layers."""
        y = self.filters.blur(leaky(self.conv0(x)), 2)
        y = leaky(self.conv1(y, 2, 0), GAIN * HALF)
        return y + self.skip(self.filters.down(x))


class Discriminator(nn.Module):
    """Images to logits."""

    def __init__(self, filters: Filters, size: int, width_base: int, width_max: int, group: int = 4):
        super().__init__()
        width = lambda side: min(width_base // side, width_max)  # noqa: E731
        self.group, self.read = group, Conv(3, width(size), 1)
        blocks = [DBlock(filters, width(side), width(side // 2)) for side in reversed(sides(size)[1:])]
        self.blocks = nn.Sequential(*blocks)
        self.conv = Conv(width(4) + 1, width(4))
        self.dense, self.out = Linear(16 * width(4), width(4)), Linear(width(4), 1)

    def forward(self, images: Tensor) -> Tensor:
        """Applies the network."""
        x = self.blocks(leaky(self.read(images)))
        y = x.unflatten(0, (self.group, -1))
        y = ((y - y.mean(0)).square().mean(0) + 1e-8).sqrt().mean((1, 2, 3)).repeat(self.group)
        x = torch.cat([x, y.view(-1, 1, 1, 1).expand(-1, 1, 4, 4)], 1)
        x = leaky(self.conv(x)).permute(0, 2, 3, 1).flatten(1)
        return self.out(leaky(self.dense(x)))[:, 0]
