"""StyleGAN2's training iteration in PyTorch, the twin for `stylegan2_step.py`.

The losses and the order of updates are those of `gan_jax.models.stylegan2` without augmentation, in eager
PyTorch with channels-last memory and fused Adam. Fakes for D build no graph, and G's updates compute no
kernel gradients of D. The networks are in `torch_style.py`.
"""

import itertools

import peers
import torch
from torch import Tensor
from torch.nn import functional
from torch_base import Players, pictures
from torch_style import Discriminator, Filters, Generator


class Game:
    """The steps of one iteration, with penalties that come every few iterations."""

    def __init__(self, g: Generator, d: Discriminator, real: Tensor, fields):
        self.g, self.d, self.real, self.fields = g, d, real, fields
        self.players = Players({"gen": g, "disc": d}, fields["learning_rate"], (0.0, 0.99))
        for name, every in (("gen", fields["pl_every"]), ("disc", fields["r1_every"])):
            share = every / (every + 1)
            group = self.players.adam[name].param_groups[0]
            group["lr"], group["betas"] = fields["learning_rate"] * share, (0.0, 0.99**share)
        self.average = [p.detach().clone() for p in g.parameters()]
        self.mean_style, self.mean_length = torch.zeros(fields["z_dim"]), torch.zeros(())

    def styles(self, count: int) -> Tensor:
        """Styles [n, L, d] of fresh latents, mixed with the given probability; moves their mean."""
        w = self.g.draw(torch.randn(count, self.fields["z_dim"]))
        self.mean_style.lerp_(w.detach().float().mean(0), 0.005)  # w is bfloat16 under autocast
        ws = w[:, None].expand(-1, self.g.styles, -1)
        if self.fields["style_mixing"]:
            other = self.g.draw(torch.randn(count, self.fields["z_dim"]))[:, None]
            cut = int(torch.randint(1, self.g.styles, ()))
            cut = cut if torch.rand(()) < self.fields["style_mixing"] else self.g.styles
            ws = torch.where(torch.arange(self.g.styles)[:, None] < cut, ws, other)
        return ws

    def move_d(self) -> Tensor:
        """D's step on real images and fakes."""
        with torch.no_grad():
            fake = self.g(self.styles(len(self.real)), self.g.noise(len(self.real)))
        self.players.only("disc")
        loss = functional.softplus(self.d(fake)).mean() + functional.softplus(-self.d(self.real)).mean()
        self.players.move("disc", loss)
        return loss

    def penalise_slopes(self) -> Tensor:
        """R1, which is returned without its weight."""
        self.players.only("disc")
        real = self.real.detach().requires_grad_(True)
        (slope,) = torch.autograd.grad(self.d(real).sum(), real, create_graph=True)
        size = slope.square().sum((1, 2, 3)).mean()
        self.players.move("disc", self.fields["r1_every"] * self.fields["r1_weight"] / 2 * size)
        return size

    def move_g(self) -> Tensor:
        """G's step, and its average."""
        self.players.only("gen")
        fake = self.g(self.styles(len(self.real)), self.g.noise(len(self.real)))
        loss = functional.softplus(-self.d(fake)).mean()
        self.players.move("gen", loss)
        torch._foreach_lerp_(self.average, [p.detach() for p in self.g.parameters()], 2e-3)
        return loss

    def penalise_paths(self) -> Tensor:
        """The penalty of the path lengths of half a batch, which is returned without its weight."""
        self.players.only("gen")
        count, size = max(1, len(self.real) // 2), self.real.shape[-1]
        noise = self.g.noise(count)
        direction = torch.randn(count, size, size, 3).permute(0, 3, 1, 2) / size
        ws = self.styles(count)
        (slope,) = torch.autograd.grad((self.g(ws, noise) * direction).sum(), ws, create_graph=True)
        lengths = (slope.square().sum(2).mean(1) + 1e-12).sqrt()
        mean = self.mean_length + 0.01 * (lengths.mean() - self.mean_length)
        penalty = (lengths - mean).square().mean()
        self.players.move("gen", self.fields["pl_every"] * self.fields["pl_weight"] * penalty)
        self.mean_length = mean.detach()
        return penalty


def stylegan2(
    size: int, z_dim: int, width_base: int, width_max: int, batch_size: int, form: str, **fields
) -> peers.Made:
    """StyleGAN2 (Karras et al. 2020): D and G move, and the penalties come every few steps."""
    torch.manual_seed(0)
    filters = Filters(form)
    g = Generator(filters, size, z_dim, width_base, width_max, fields["mapping_layers"])
    d = Discriminator(filters, size, width_base, width_max)
    game = Game(g, d, pictures(batch_size, 3, size, size), {"z_dim": z_dim, **fields})
    iterations = itertools.count()

    def step() -> dict[str, float]:
        iteration = next(iterations)
        losses = {"disc/loss": game.move_d()}
        if iteration % fields["r1_every"] == 0:
            losses["disc/r1"] = game.penalise_slopes()
        losses["gen/loss"] = game.move_g()
        if iteration % fields["pl_every"] == 0:
            losses["gen/path_penalty"] = game.penalise_paths()
        return {name: loss.item() for name, loss in losses.items()}

    return game.players.made(step)
