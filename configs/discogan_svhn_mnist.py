"""DiscoGAN between house numbers and handwritten digits, both ways, at 32 pixels.

    python -m gan_jax.main --config=configs/discogan_svhn_mnist.py:part

The images, judges and scores are those of configs/cyclegan_svhn_mnist.py; losses are the official code's, on
networks of one level less, for 32 pixels. MNIST has three equal channels.
"""

from gan_jax.config import apply, default, last, model, quick
from gan_jax.config.recipes import digits, translation


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = default()
    config.name = "discogan_svhn_mnist"
    config.model = model("discogan", levels=3, curriculum=3000)
    digits.both_ways(config)
    config.batch_size = 64
    config.steps = 20_000
    config.checkpoint_every = 1000
    return apply(config, arg, part, quick, paper)


def part(config):
    """9 083 house numbers to learn from, 2 000 to score, from files; sized for two cores.

    Half as wide, a quarter of the batch, a fifth of the iterations.
    """
    digits.both_ways_part(config)
    config.model.g_width = config.model.d_width = 32
    config.model.curriculum = 1000
    config.batch_size = 16
    config.steps = 4000


@last
def paper(config):
    """The equation as printed: adversarial and reconstruction terms of equal weight, from the start."""
    translation.paper_of_discogan(config)
