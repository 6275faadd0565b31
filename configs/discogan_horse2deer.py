"""DiscoGAN between photographs of horses and of deer, 900 of each from CINIC-10, at 32 pixels.

    python -m gan_jax.main --config=configs/discogan_horse2deer.py:part

The official code's losses on networks of one level less, for 32 pixels. Beside configs/cyclegan_horse2deer.py
it is one side of experiments/cyclegan_discogan.py. Variants:

    cat2dog  cats and dogs
    paper    the equation as printed: adversarial and reconstruction terms of equal weight, from the start
    part     half as wide, a quarter of the batch, a fifth of the iterations; sized for two cores
    quick    two steps of everything on embedded cartoon faces
"""

from typing import Any

from gan_jax import config as gan_config
from gan_jax.config.recipes import animals


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = gan_config.default()
    config.name = "discogan_horse2deer"
    config.model = gan_config.model("discogan", levels=3, curriculum=3000)
    config.batch_size = 64
    config.steps = 20_000
    config.checkpoint_every = 1000
    config.data.roles = animals.pair("horse2deer")["train"]
    config.evals = animals.evaluations("horse2deer", 1000)
    return gan_config.apply(config, arg, VARIANTS)


VARIANTS: dict[str, Any] = {
    "cat2dog": animals.CAT2DOG,
    "part": {
        "model.g_width": 32,
        "model.d_width": 32,
        "model.curriculum": 1000,
        "batch_size": 16,
        "steps": 4000,
    },
    "quick": {
        **animals.QUICK,
        "model.d_width": 4,
        "model.update_interval": 2,  # both players move
        "model.curriculum": 2,
    },
    "paper": {"model.gan_weight": 1.0, "model.fm_weight": 0.0, "model.curriculum": 0},
}
