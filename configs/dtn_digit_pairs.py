"""DTN between two sets of digits, for domain adaptation, at 32 pixels.

    python -m gan_jax.main --config=configs/dtn_digit_pairs.py:mnist_usps,part
    python -m gan_jax.main --config=configs/dtn_digit_pairs.py:svhn_mnist,part

A variant names the pair: `mnist_usps`, `usps_mnist`, `svhn_mnist` or `mnist_mnist_m`. f learns the source's
labels from images that are changed strongly. No label of the target is used: the last checkpoint counts, and
the judge of the target only scores. experiments/domain_adaptation.py --pairs trains students on the
transfers. The networks and rates of G and D are those of configs/dtn_svhn_mnist.py, which were found with
SVHN's labels.
"""

from gan_jax.config import apply, default, last, model, quick
from gan_jax.config.recipes import digit_pairs
from gan_jax.config.recipes.dtn_small import SMALL


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = default()
    config.name = "dtn_digit_pairs"
    wide = {**SMALL, "g_widths": (256, 128, 64), "g_learning_rate": 4e-4}
    config.model = model("dtn", **wide, decay_start=1000, decay_end=2000, ema=0.99)
    digit_pairs.transferred(config, "mnist", "usps")
    config.batch_size = 64
    config.steps = 2000
    config.checkpoint_every = 250
    return apply(config, arg, *digit_pairs.variants(digit_pairs.transferred), part, quick)


@last
def part(config):
    """Files, and a seventh of the steps, for one core; parts of SVHN and MNIST-M."""
    digit_pairs.part(config)
    config.model.decay_start, config.model.decay_end = 150, 300
    config.model.ema = 0.98  # with so few steps, a longer average would still contain the first ones
    config.steps = 300
    config.evals.samples.every = 100
    config.checkpoint_every = 50
