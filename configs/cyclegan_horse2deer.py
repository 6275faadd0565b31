"""CycleGAN between photographs of horses and of deer, 900 of each from CINIC-10, at 32 pixels.

    python -m gan_jax.main --config=configs/cyclegan_horse2deer.py:part

100 epochs at a constant rate and 100 of linear decay, as the paper has them; images are enlarged to 36 pixels
and cropped at random, in the paper's proportion. Variants:

    cat2dog  cats and dogs: a change of shape, of which the paper reports little success
    part     a tenth of the epochs; sized for two cores
    quick    two steps of everything on embedded cartoon faces
"""

from typing import Any

from gan_jax import config as gan_config
from gan_jax.config.recipes import animals


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = gan_config.default()
    config.name = "cyclegan_horse2deer"
    config.model = gan_config.model(
        "cyclegan",
        g_width=32,
        blocks=3,
        d_width=32,
        d_layers=2,
        identity=0.5,
        decay_start=90_000,  # 100 epochs of 900
        decay_end=180_000,
    )
    config.data.load_size = 36
    config.data.flip = True
    config.batch_size = 1
    config.steps = 180_000
    config.checkpoint_every = 2000
    config.data.roles = animals.pair("horse2deer")["train"]
    config.evals = animals.evaluations("horse2deer", 2000)
    return gan_config.apply(config, arg, VARIANTS)


VARIANTS: dict[str, Any] = {
    "cat2dog": animals.CAT2DOG,
    "part": {"steps": 18_000, "model.decay_start": 9000, "model.decay_end": 18_000},
    "quick": {
        **animals.QUICK,
        "model.blocks": 1,
        "model.d_width": 4,
    },
}
