"""DCGAN's and WGAN-GP's training steps in PyTorch, twins for `dcgan_step.py` and `wgan_gp_step.py`.

The networks, losses and order of updates are those of `gan_jax.models.gan`, in the fastest form of eager
PyTorch: channels-last memory and fused Adam. D's updates build no graph of G, and G's updates compute no
kernel gradients of D.
"""

import itertools

import peers
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch_base import Players, ToImage, ToLogits, pictures


def dcgan_generator(z_dim: int, width: int, size: int) -> nn.Sequential:
    """[B, z_dim] -> [B, 3, size, size] in [-1, 1]."""
    widths = [width * size // 8 // 2**i for i in range(size.bit_length() - 3)]
    layers: list[nn.Module] = [ToImage(z_dim, widths[0]), nn.BatchNorm2d(widths[0]), nn.ReLU(True)]
    for a, b in itertools.pairwise(widths):
        layers += [nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU(True)]
    return nn.Sequential(*layers, nn.ConvTranspose2d(widths[-1], 3, 4, 2, 1, bias=False), nn.Tanh())


def dcgan_discriminator(width: int, size: int) -> nn.Sequential:
    """[B, 3, size, size] -> logits [B, 1]."""
    layers: list[nn.Module] = [nn.Conv2d(3, width, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True)]
    widths = [width * 2**i for i in range(size.bit_length() - 3)]
    for a, b in itertools.pairwise(widths):
        layers += [nn.Conv2d(a, b, 4, 2, 1, bias=False), nn.BatchNorm2d(b), nn.LeakyReLU(0.2, True)]
    return nn.Sequential(*layers, ToLogits(widths[-1], 1, bias=False))


def dcgan(size: int, width: int, batch_size: int, z_dim: int = 100) -> peers.Made:
    """DCGAN (Radford et al. 2015): an update of D, then one of G on fresh noise."""
    torch.manual_seed(0)
    g, d = dcgan_generator(z_dim, width, size), dcgan_discriminator(width, size)
    players, real = Players({"gen": g, "disc": d}, 2e-4, (0.5, 0.999)), pictures(batch_size, 3, size, size)

    def step() -> dict[str, float]:
        with torch.no_grad():
            fake = g(torch.randn(batch_size, z_dim))
        players.only("disc")
        d_loss = functional.softplus(-d(real)).mean() + functional.softplus(d(fake)).mean()
        players.move("disc", d_loss)
        players.only("gen")
        g_loss = functional.softplus(-d(g(torch.randn(batch_size, z_dim)))).mean()
        players.move("gen", g_loss)
        return {"disc/loss": d_loss.item(), "gen/loss": g_loss.item()}

    return players.made(step)


class Crop(nn.Module):
    """The last `side` rows and columns."""

    def __init__(self, side: int):
        super().__init__()
        self.side = side

    def forward(self, x: Tensor) -> Tensor:
        """Applies the layer."""
        return x[:, :, -self.side :, -self.side :]


class HalfTanh(nn.Module):
    """tanh(x / 2), which is 2 sigmoid(x) - 1."""

    def forward(self, x: Tensor) -> Tensor:
        """Applies the layer."""
        return torch.tanh(x / 2)


def wgan_generator(z_dim: int, width: int) -> nn.Sequential:
    """[B, z_dim] -> [B, 1, 28, 28] in [-1, 1], of 5x5 kernels."""
    return nn.Sequential(
        *(ToImage(z_dim, 4 * width, bias=True), nn.ReLU(True)),
        *(nn.ConvTranspose2d(4 * width, 2 * width, 5, 2, 2, 1), nn.ReLU(True), Crop(7)),
        *(nn.ConvTranspose2d(2 * width, width, 5, 2, 2, 1), nn.ReLU(True)),
        *(nn.ConvTranspose2d(width, 1, 5, 2, 2, 1), HalfTanh()),
    )


def wgan_critic(width: int) -> nn.Sequential:
    """[B, 1, 28, 28] -> scores [B, 1], of 5x5 kernels."""
    return nn.Sequential(
        *(nn.Conv2d(1, width, 5, 2, 2), nn.LeakyReLU(0.2, True)),
        *(nn.Conv2d(width, 2 * width, 5, 2, 2), nn.LeakyReLU(0.2, True)),
        *(nn.Conv2d(2 * width, 4 * width, 5, 2, 2), nn.LeakyReLU(0.2, True)),
        ToLogits(4 * width, 1),
    )


def penalty(scores: Tensor, between: Tensor) -> Tensor:
    """`E (|gradient of scores by between|_2 - 1)^2`."""
    (slopes,) = torch.autograd.grad(scores.sum(), between, create_graph=True)
    return ((slopes.square().sum((1, 2, 3)) + 1e-12).sqrt() - 1).square().mean()


def mixture(real: Tensor, fake: Tensor) -> Tensor:
    """A point between each real image and its fake."""
    weight = torch.rand(len(real)).view(-1, 1, 1, 1)
    return (weight * real + (1 - weight) * fake).requires_grad_()


def wgan_gp(width: int, n_critic: int, batch_size: int, z_dim: int = 128) -> peers.Made:
    """WGAN-GP (Gulrajani et al. 2017) for digits: `n_critic` updates of the critic, then one of G."""
    torch.manual_seed(0)
    g, critic = wgan_generator(z_dim, width), wgan_critic(width)
    players = Players({"gen": g, "critic": critic}, 1e-4, (0.5, 0.9))
    batches = pictures(n_critic * batch_size, 1, 28, 28).chunk(n_critic)

    def step() -> dict[str, float]:
        players.only("critic")
        for real in batches:
            with torch.no_grad():
                fake = g(torch.randn(batch_size, z_dim))
            scores, drawn = critic(torch.cat([real, fake])).chunk(2)
            between = mixture(real, fake)
            d_loss = drawn.mean() - scores.mean() + 10 * penalty(critic(between), between)
            players.move("critic", d_loss)
        players.only("gen")
        g_loss = -critic(g(torch.randn(batch_size, z_dim))).mean()
        players.move("gen", g_loss)
        return {"critic/loss": d_loss.item(), "gen/loss": g_loss.item()}

    return players.made(step)
