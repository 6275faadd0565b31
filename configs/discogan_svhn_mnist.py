"""DiscoGAN between house numbers and handwritten digits, both ways, at 32 pixels.

    python -m gan_jax.main --config=configs/discogan_svhn_mnist.py:part

The images, judges and scores are those of configs/cyclegan_svhn_mnist.py; losses are the official code's, on
networks of one level less, for 32 pixels. MNIST has three equal channels. Variants:

    paper  the equation as printed: adversarial and reconstruction terms of equal weight, from the start
    part   9 083 house numbers to learn from, 2 000 to score, from files; half as wide, a quarter of the
           batch, a fifth of the iterations; sized for two cores
    quick  two steps of everything on the embedded digits
"""

from typing import Any

from gan_jax import config as gan_config
from gan_jax.config.recipes import digits


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = gan_config.default()
    config.name = "discogan_svhn_mnist"
    config.model = gan_config.model("discogan", levels=3, curriculum=3000)
    config.batch_size = 64
    config.steps = 20_000
    config.checkpoint_every = 1000
    digits.both_ways(config)
    return gan_config.apply(config, arg, VARIANTS)


VARIANTS: dict[str, Any] = {
    "part": digits.both_ways_part(
        model__g_width=32, model__d_width=32, model__curriculum=1000, batch_size=16, steps=4000
    ),
    "quick": digits.both_ways_quick(
        model__g_width=4,
        model__d_width=4,
        model__update_interval=2,  # both players move
        model__curriculum=2,
    ),
    "paper": {"model.gan_weight": 1.0, "model.fm_weight": 0.0, "model.curriculum": 0},
}
