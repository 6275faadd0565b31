"""CycleGAN between photographs of horses and of deer, 900 of each from CINIC-10, at 32 pixels.

    python -m gan_jax.main --config=configs/cyclegan_horse2deer.py:part

Training takes 100 epochs at a constant rate and 100 with linear decay, as in the paper. Images are enlarged
to 36 pixels and cropped at random to 32, in the paper's proportion.
"""

from gan_jax.config import apply, default, model, quick
from gan_jax.config.recipes import animals
from gan_jax.config.recipes.animals import cat2dog


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = default()
    config.name = "cyclegan_horse2deer"
    config.model = model(
        "cyclegan",
        g_width=32,
        blocks=3,
        d_width=32,
        d_layers=2,
        identity=0.5,
        decay_start=90_000,  # 100 epochs of 900
        decay_end=180_000,
    )
    animals.horses_and_deer(config, every=2000)
    config.data.load_size, config.data.flip = 36, True
    config.batch_size = 1
    config.steps = 180_000
    config.checkpoint_every = 2000
    return apply(config, arg, cat2dog, part, quick)


def part(config):
    """Trains for a tenth of the epochs, for two cores."""
    config.steps = config.model.decay_end = 18_000
    config.model.decay_start = 9000
