"""CycleGAN's and StarGAN's training steps in PyTorch, twins for `cyclegan_step.py` and `stargan_step.py`.

The networks, losses and order of updates are those of `gan_jax.models.cyclegan` and `.stargan`. The twins
have channels-last memory and fused Adam. D's updates build no graph of G, and G's updates compute no kernel
gradients of D.
"""

import random

import peers
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch_base import Players, ToLogits, pictures
from torch_gans import mixture, penalty


class Residual(nn.Module):
    """x + F(x)."""

    def __init__(self, *layers: nn.Module):
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """Applies the block."""
        return x + self.layers(x)


def cyclegan_generator(width: int, blocks: int) -> nn.Sequential:
    """[B, 3, S, S] -> [B, 3, S, S] in [-1, 1], reflection padding and instance norm without parameters."""

    def mirrored(a: int, b: int, k: int) -> tuple[nn.Module, ...]:
        return nn.ReflectionPad2d(k // 2), nn.Conv2d(a, b, k)

    def normed(channels: int) -> tuple[nn.Module, ...]:
        return nn.InstanceNorm2d(channels), nn.ReLU(True)

    w1, w2, w4 = width, 2 * width, 4 * width
    layers: list[nn.Module] = [*mirrored(3, w1, 7), *normed(w1)]
    for a, b in ((w1, w2), (w2, w4)):
        layers += [nn.Conv2d(a, b, 3, 2, 1), *normed(b)]
    for _ in range(blocks):
        inner = *mirrored(w4, w4, 3), *normed(w4), *mirrored(w4, w4, 3), nn.InstanceNorm2d(w4)
        layers.append(Residual(*inner))
    for a, b in ((w4, w2), (w2, w1)):
        layers += [nn.ConvTranspose2d(a, b, 3, 2, 1, 1), *normed(b)]
    return nn.Sequential(*layers, *mirrored(w1, 3, 7), nn.Tanh())


def patchgan(width: int, strided: int = 3) -> nn.Sequential:
    """[B, 3, S, S] -> scores [B, 1, s, s] of patches, s = S / 2**strided - 2."""
    layers: list[nn.Module] = [nn.Conv2d(3, width, 4, 2, 1), nn.LeakyReLU(0.2, True)]
    widths = [width * min(2**i, 8) for i in range(strided + 1)]
    for i in range(strided):
        layers.append(nn.Conv2d(widths[i], widths[i + 1], 4, 2 if i + 1 < strided else 1, 1))
        layers += [nn.InstanceNorm2d(widths[i + 1]), nn.LeakyReLU(0.2, True)]
    return nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 4, 1, 1))


class History:
    """A pool of fakes for D: half of the time, one of the last `size` images replaces the new one."""

    def __init__(self, size: int):
        self.size, self.images = size, list[Tensor]()

    def exchange(self, fakes: Tensor) -> Tensor:
        """The images for D instead of the new ones, [B, C, S, S]."""
        shown = []
        for fake in fakes:
            if len(self.images) < self.size:
                self.images.append(fake)
            elif random.random() < 0.5:
                slot = random.randrange(self.size)
                fake, self.images[slot] = self.images[slot], fake
            shown.append(fake)
        return torch.stack(shown)


def cyclegan(
    size: int, width: int, blocks: int, batch_size: int, identity: float = 0.5, strided: int = 3
) -> peers.Made:
    """CycleGAN (Zhu et al. 2017): updates both generators, then both discriminators on a pool of fakes."""
    torch.manual_seed(0)
    s2t, t2s = (cyclegan_generator(width, blocks) for _ in range(2))
    judge_t, judge_s = (patchgan(width, strided) for _ in range(2))
    networks = {"gen": nn.ModuleList([s2t, t2s]), "disc": nn.ModuleList([judge_t, judge_s])}
    players = Players(networks, 2e-4, (0.5, 0.999))
    source, target = (pictures(batch_size, 3, size, size) for _ in range(2))
    histories = [History(50), History(50)]

    def step() -> dict[str, float]:
        players.only("gen")
        fake_t, fake_s = s2t(source), t2s(target)
        cycle = functional.l1_loss(t2s(fake_t), source) + functional.l1_loss(s2t(fake_s), target)
        same = functional.l1_loss(s2t(target), target) + functional.l1_loss(t2s(source), source)
        fooled = (judge_t(fake_t) - 1).square().mean() + (judge_s(fake_s) - 1).square().mean()
        g_loss = fooled + 10 * cycle + 10 * identity * same
        players.move("gen", g_loss)
        players.only("disc")
        d_loss = torch.zeros(())
        sides = ((judge_t, target, fake_t), (judge_s, source, fake_s))
        for (judge, real, fake), history in zip(sides, histories, strict=True):
            shown = history.exchange(fake.detach())
            d_loss = d_loss + ((judge(real) - 1).square().mean() + judge(shown).square().mean()) / 2
        players.move("disc", d_loss)
        return {"gen/loss": g_loss.item(), "disc/loss": d_loss.item()}

    return players.made(step)


class StarGenerator(nn.Module):
    """[B, 3, S, S], labels [B, n] -> [B, 3, S, S] in [-1, 1]."""

    def __init__(self, labels: int, width: int, blocks: int):
        super().__init__()

        def normed(channels: int, rectified: bool = True) -> tuple[nn.Module, ...]:
            norm = nn.InstanceNorm2d(channels, affine=True)
            return (norm, nn.ReLU(True)) if rectified else (norm,)

        w1, w2, w4 = width, 2 * width, 4 * width
        layers: list[nn.Module] = [nn.Conv2d(3 + labels, w1, 7, 1, 3, bias=False), *normed(w1)]
        for a, b in ((w1, w2), (w2, w4)):
            layers += [nn.Conv2d(a, b, 4, 2, 1, bias=False), *normed(b)]
        for _ in range(blocks):
            first, second = (nn.Conv2d(w4, w4, 3, 1, 1, bias=False) for _ in range(2))
            layers.append(Residual(first, *normed(w4), second, *normed(w4, rectified=False)))
        for a, b in ((w4, w2), (w2, w1)):
            layers += [nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False), *normed(b)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(w1, 3, 7, 1, 3, bias=False), nn.Tanh())

    def forward(self, x: Tensor, label: Tensor) -> Tensor:
        """Applies the network."""
        planes = label[:, :, None, None].expand(-1, -1, *x.shape[2:])
        return self.layers(torch.cat([x, planes], 1).contiguous(memory_format=torch.channels_last))


class StarDiscriminator(nn.Module):
    """[B, 3, S, S] -> realness [B, 1, s, s] and class logits [B, n], s = S / 2**downs."""

    def __init__(self, labels: int, width: int, downs: int, size: int):
        super().__init__()
        layers: list[nn.Module] = []
        for i in range(downs):
            inputs = width * 2 ** (i - 1) if i else 3
            layers += [nn.Conv2d(inputs, width * 2**i, 4, 2, 1), nn.LeakyReLU(0.01, True)]
        self.trunk = nn.Sequential(*layers)
        deepest = width * 2 ** (downs - 1)
        self.realness = nn.Conv2d(deepest, 1, 3, 1, 1, bias=False)
        self.classes = ToLogits(deepest, labels, size // 2**downs, bias=False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Realness and class logits."""
        x = self.trunk(x)
        return self.realness(x), self.classes(x)


def stargan(
    size: int, width: int, blocks: int, downs: int, n_critic: int, batch_size: int, labels: int = 5
) -> peers.Made:
    """StarGAN (Choi et al. 2018): `n_critic` updates of D, then one of G on the last batch."""
    torch.manual_seed(0)
    g, d = StarGenerator(labels, width, blocks), StarDiscriminator(labels, width, downs, size)
    players = Players({"gen": g, "disc": d}, 1e-4, (0.5, 0.999))
    batches = pictures(n_critic * batch_size, 3, size, size).chunk(n_critic)
    own = torch.randint(2, (n_critic * batch_size, labels)).float().chunk(n_critic)

    def told(logits: Tensor, label: Tensor) -> Tensor:
        return functional.binary_cross_entropy_with_logits(logits, label, reduction="sum") / len(label)

    def step() -> dict[str, float]:
        players.only("disc")
        for x, label in zip(batches, own, strict=True):
            wanted = label[torch.randperm(len(label))]
            with torch.no_grad():
                fake = g(x, wanted)
            realness, logits = d(torch.cat([x, fake]))
            real, drawn = realness.chunk(2)
            between = mixture(x, fake)
            d_loss = drawn.mean() - real.mean() + told(logits[: len(x)], label)
            d_loss = d_loss + 10 * penalty(d(between)[0], between)
            players.move("disc", d_loss)
        players.only("gen")
        fake = g(x, wanted)
        realness, logits = d(fake)
        again = functional.l1_loss(g(fake, label), x)
        g_loss = told(logits, wanted) - realness.mean() + 10 * again
        players.move("gen", g_loss)
        return {"disc/loss": d_loss.item(), "gen/loss": g_loss.item()}

    return players.made(step)
