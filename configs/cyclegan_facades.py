"""CycleGAN from label maps of facades to photographs and back, without pairs, at the paper's 256 pixels.

    python -m gan_jax.main --config=configs/cyclegan_facades.py
    python experiments/label_score.py --translator=configs/cyclegan_facades.py --fcn=configs/fcn_facades.py

The networks, losses, jitter and schedule are the paper's: 200 epochs of 400 images with a batch of one. The
label maps and photographs come from the same pictures, but each is drawn in an order of its own. The variants
are the rows of the paper's ablation (table 4), which the paper has for Cityscapes. Here the source are label
maps: the forward cycle goes from a label map to a photograph and back.
"""

from gan_jax.config import apply, default, model, quick
from gan_jax.config.recipes import facades
from gan_jax.config.recipes.translation import for_two_cores, unpaired


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = default()
    config.name = "cyclegan_facades"
    config.model = model("cyclegan", decay_start=40_000, decay_end=80_000)
    config.data.sets.facades = facades.pictures()
    sides = {"source": facades.LABELS, "target": facades.PHOTOS}
    unpaired(config, "facades[train]", "facades[test]", every=2000, num=8, **sides)
    config.data.size, config.data.load_size, config.data.flip = 256, 286, True
    config.batch_size = 1
    config.steps = 80_000
    config.checkpoint_every = 2000
    return apply(config, arg, part, cycle_alone, gan_alone, forward, backward, quick)


def part(config):
    """128 pixels, the paper's blocks for them, and networks half as wide, for two cores. Reads the zip."""
    config.data.sets.facades = facades.pictures(facades.ZIP)
    for_two_cores(config, 10_000)


def cycle_alone(config):
    """Trains without D: the row "Cycle alone"."""
    config.model.gan_weight = 0.0


def gan_alone(config):
    """Trains without the cycles: the row "GAN alone"."""
    config.model.cycle_forward = config.model.cycle_backward = 0.0


def forward(config):
    """Only the cycle from a label map to a photograph and back: the row "GAN + forward cycle"."""
    config.model.cycle_backward = 0.0


def backward(config):
    """Only the cycle from a photograph to a label map and back: the row "GAN + backward cycle"."""
    config.model.cycle_forward = 0.0
