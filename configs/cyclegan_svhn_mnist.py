"""CycleGAN between house numbers and handwritten digits, both ways, at 32 pixels.

    python -m gan_jax.main --config=configs/cyclegan_svhn_mnist.py:part

Training uses no labels and no pairs, so nothing says which digit becomes which. A judge of MNIST scores how
often a translated house number shows its original digit. A judge of SVHN scores the same for translated
handwriting. The cycle alone may lead to the accuracy of chance, or to another permutation of the digits.
MNIST has three equal channels, except in `yunjey`.
"""

from gan_jax.config import apply, default, model, quick
from gan_jax.config.recipes import digits, slices
from gan_jax.config.recipes.translation import FOR_32_PIXELS


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = default()
    config.name = "cyclegan_svhn_mnist"
    config.model = model("cyclegan", **FOR_32_PIXELS, decay_start=20_000, decay_end=40_000)
    digits.both_ways(config)
    config.batch_size = 4
    config.steps = 40_000
    config.checkpoint_every = 1000
    return apply(config, arg, part, yunjey, quick)


def part(config):
    """A part of SVHN from files, 9 083 images for training and 2 000 for scores, for two cores."""
    digits.both_ways_part(config)
    config.model.decay_start, config.model.decay_end = 4000, 8000
    config.steps = 8000


def yunjey(config):
    """The networks and losses of yunjey's mnist-svhn-transfer, to compare with them.

    The networks have batch norm. The cycle loss is squared and has weight 1. There is no history of images.
    Both players are updated once an iteration, whereas the original code updates each of them twice.
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
