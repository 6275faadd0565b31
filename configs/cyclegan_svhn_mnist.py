"""CycleGAN between house numbers and handwritten digits, both ways, at 32 pixels.

    python -m gan_jax.main --config=configs/cyclegan_svhn_mnist.py:part

No label and no pair trains it, so nothing says which digit becomes which: scored is how often a judge of
MNIST sees in a translated house number the digit that it was, and a judge of SVHN in translated handwriting.
Chance, or another permutation of the digits, is what a cycle alone may lead to. MNIST has three equal
channels, but in `yunjey`. Variants:

    part    9 083 house numbers to learn from, 2 000 to score, from files; sized for two cores
    yunjey  networks and losses of yunjey's mnist-svhn-transfer: batch norm, cycle by squares of weight 1, no
            history; both players move once an iteration, where its code moves each twice
    quick   two steps of everything on the embedded digits
"""

from typing import Any

from gan_jax import config as gan_config
from gan_jax.config.recipes import digits


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = gan_config.default()
    config.name = "cyclegan_svhn_mnist"
    config.model = gan_config.model(
        "cyclegan",
        g_width=32,
        blocks=3,
        downs=1,
        d_width=32,
        d_layers=2,
        decay_start=20_000,
        decay_end=40_000,
    )
    config.batch_size = 4
    config.steps = 40_000
    config.checkpoint_every = 1000

    digits.both_ways(config)
    return gan_config.apply(config, arg, VARIANTS)


VARIANTS: dict[str, Any] = {
    "part": digits.both_ways_part(steps=8000, model__decay_start=4000, model__decay_end=8000),
    "yunjey": {
        "model.generator": "mnist_svhn",
        "model.g_width": 64,
        "model.d_width": 64,
        "model.target_channels": 1,
        "model.cycle_distance": "mse",
        "model.cycle_forward": 1.0,
        "model.cycle_backward": 1.0,
        "model.disc_weight": 1.0,
        "model.pool": 0,
        "model.decay_start": 0,
        "model.decay_end": 0,
        "data.roles.target.channels": 1,
        "evals.backward.roles.target.channels": 1,
        "evals.cycle.roles.target.channels": 1,
        "evals.samples.roles.target.channels": 1,
        "batch_size": 64,
    },
    "quick": digits.both_ways_quick(model__width=4, model__blocks=1, model__d_width=4),
}
