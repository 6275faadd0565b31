"""CycleGAN between house numbers and handwritten digits, both ways, at 32 pixels.

    python -m gan_jax.main --config=configs/cyclegan_svhn_mnist.py:part

No label and no pair trains it, so nothing says which digit becomes which: scored is how often a judge of
MNIST sees in a translated house number the digit that it was, and a judge of SVHN in translated handwriting.
Chance, or another permutation of the digits, is what a cycle alone may lead to. MNIST has three equal
channels, but in `yunjey`.
"""

from gan_jax.config import apply, default, model, quick
from gan_jax.config.recipes import digits, slices


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = default()
    config.name = "cyclegan_svhn_mnist"
    config.model = model(
        "cyclegan",
        g_width=32,
        blocks=3,
        downs=1,
        d_width=32,
        d_layers=2,
        decay_start=20_000,
        decay_end=40_000,
    )
    digits.both_ways(config)
    config.batch_size = 4
    config.steps = 40_000
    config.checkpoint_every = 1000
    return apply(config, arg, part, yunjey, quick)


def part(config):
    """9 083 house numbers to learn from, 2 000 to score, from files; sized for two cores."""
    digits.both_ways_part(config)
    config.model.decay_start, config.model.decay_end = 4000, 8000
    config.steps = 8000


def yunjey(config):
    """Networks and losses of yunjey's mnist-svhn-transfer.

    Batch norm, cycle by squares of weight 1, no history; both players move once an iteration, where its code
    moves each twice.
    """
    config.model.generator = "mnist_svhn"
    config.model.g_width = config.model.d_width = 64
    config.model.target_channels = 1
    for role in slices.named(config, "target"):
        role.channels = 1
    config.model.cycle_distance = "mse"
    config.model.cycle_forward = config.model.cycle_backward = config.model.disc_weight = 1.0
    config.model.pool = 0
    config.model.decay_start = config.model.decay_end = 0
    config.batch_size = 64
