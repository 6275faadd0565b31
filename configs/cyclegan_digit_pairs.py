"""CycleGAN between two sets of digits, for domain adaptation, at 32 pixels.

    python -m gan_jax.main --config=configs/cyclegan_digit_pairs.py:mnist_usps,part
    python -m gan_jax.main --config=configs/cyclegan_digit_pairs.py:svhn_mnist,part

A variant names the pair: `mnist_usps`, `usps_mnist`, `svhn_mnist` or `mnist_mnist_m`. Training uses no
labels. A judge of the target scores how often a translated image shows its digit. Images have three channels
where one of the sets has colours, and else one. experiments/domain_adaptation.py --pairs trains students on
the translations. The networks are those of configs/cyclegan_svhn_mnist.py. CyCADA also has a semantic loss,
which this CycleGAN does not have.
"""

from gan_jax.config import apply, default, last, model, quick
from gan_jax.config.recipes import digit_pairs
from gan_jax.config.recipes.translation import FOR_32_PIXELS


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = default()
    config.name = "cyclegan_digit_pairs"
    config.model = model("cyclegan", **FOR_32_PIXELS, decay_start=20_000, decay_end=40_000)
    digit_pairs.translated(config, "mnist", "usps")
    config.batch_size = 4
    config.steps = 40_000
    config.checkpoint_every = 1000
    return apply(config, arg, *digit_pairs.variants(digit_pairs.translated), part, quick)


@last
def part(config):
    """Files, and an eighth of the steps, for one core; parts of SVHN and MNIST-M."""
    digit_pairs.part(config)
    config.model.decay_start, config.model.decay_end = 2500, 5000
    config.steps = 5000
