"""DiscoGAN between photographs of men and of women, from CelebA, at 64 pixels.

    python -m gan_jax.main --config=configs/discogan_celeba_gender.py:part

The networks and losses of the official code, which squeezes whole photographs to a square; the paper and the
code say nothing of how long to train, 60 000 iterations are this project's.
"""

from gan_jax.config import apply, dataset, default, last, model, quick
from gan_jax.config.recipes import slices, translation

MEN, WOMEN = {"having": ("Male",)}, {"lacking": ("Male",)}


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = default()
    config.name = "discogan_celeba_gender"
    config.model = model("discogan")
    config.data.sets.photos = dataset(
        files={"train": "celeba/img_align_celeba"},
        attributes_file="celeba/list_attr_celeba.txt",
        resize="squeeze",
        embedded="emoji",
    )
    train, test = "photos[train[:162770]]", "photos[train[182637:]]"
    translation.unpaired(config, train, test, every=2000, num=32, source=MEN, target=WOMEN)
    config.data.size = 64
    config.batch_size = 64
    config.steps = 60_000
    config.checkpoint_every = 2000
    return apply(config, arg, part, quick, paper)


def part(config):
    """The first 8 000 photographs at half size, of these the middle square; sized for two cores."""
    config.data.sets.photos = dataset(
        files={"train": "celeba/img_align_celeba_half_first8000.zip"},
        attributes_file="celeba/list_attr_celeba_first8000.txt",
        embedded="emoji",
    )
    # The same persons may appear among the last 800.
    slices.of_set(config, "photos", train="train[:7200]", test="train[7200:]")
    config.model.g_width = config.model.d_width = 32
    config.model.curriculum = 1000
    config.batch_size = 16
    config.steps = 4000
    config.checkpoint_every = config.evals.samples.every = 500


@last
def paper(config):
    """The equation as printed: adversarial and reconstruction terms of equal weight, from the start."""
    translation.paper_of_discogan(config)
