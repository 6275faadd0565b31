"""DiscoGAN between photographs of horses and of deer, 900 of each from CINIC-10, at 32 pixels.

    python -m gan_jax.main --config=configs/discogan_horse2deer.py:part

The losses are the official code's. The networks have one level less, for 32 pixels.
experiments/cyclegan_discogan.py compares this configuration with configs/cyclegan_horse2deer.py.
"""

from gan_jax.config import apply, default, last, model, quick
from gan_jax.config.recipes import animals, translation
from gan_jax.config.recipes.animals import cat2dog


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = default()
    config.name = "discogan_horse2deer"
    config.model = model("discogan", levels=3, curriculum=3000)
    animals.horses_and_deer(config, every=1000)
    config.batch_size = 64
    config.steps = 20_000
    config.checkpoint_every = 1000
    return apply(config, arg, cat2dog, part, quick, paper)


def part(config):
    """Half the width, a quarter of the batch and a fifth of the iterations, for two cores."""
    translation.part_of_discogan(config)


@last
def paper(config):
    """Uses the loss as the paper prints it: adversarial and reconstruction terms, equally weighted."""
    translation.paper_of_discogan(config)
