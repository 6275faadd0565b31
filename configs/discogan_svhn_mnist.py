"""DiscoGAN between house numbers and handwritten digits, both ways, at 32 pixels.

    python -m gan_jax.main --config=configs/discogan_svhn_mnist.py:part

The images, judges and scores are those of configs/cyclegan_svhn_mnist.py. The losses are the official code's.
The networks have one level less, for 32 pixels. MNIST has three equal channels.
"""

from gan_jax.config import apply, default, last, model, quick
from gan_jax.config.recipes import digits, translation


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = default()
    config.name = "discogan_svhn_mnist"
    config.model = model("discogan", levels=3, curriculum=3000)
    digits.both_ways(config)
    config.batch_size = 64
    config.steps = 20_000
    config.checkpoint_every = 1000
    return apply(config, arg, part, quick, paper)


def part(config):
    """A part of SVHN from files, 9 083 images for training and 2 000 for scores, for two cores.

    The networks have half the width. The batch is a quarter, and the iterations are a fifth.
    """
    digits.both_ways_part(config)
    translation.part_of_discogan(config)


@last
def paper(config):
    """Uses the loss as the paper prints it: adversarial and reconstruction terms, equally weighted."""
    translation.paper_of_discogan(config)
