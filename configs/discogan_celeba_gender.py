"""DiscoGAN between photographs of men and of women, from CelebA, at 64 pixels.

    python -m gan_jax.main --config=configs/discogan_celeba_gender.py:part

The networks and losses are the official code's, which squeezes whole photographs to a square. Neither the
paper nor the code says how long to train. This project trains for 60 000 iterations.
"""

from gan_jax.config import apply, dataset, default, last, model, quick
from gan_jax.config.recipes import slices, translation

MEN, WOMEN = {"having": ("Male",)}, {"lacking": ("Male",)}


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
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
    """The middle squares of the first 8 000 photographs at half size, and small networks, for two cores."""
    config.data.sets.photos = dataset(
        files={"train": "celeba/img_align_celeba_half_first8000.zip"},
        attributes_file="celeba/list_attr_celeba_first8000.txt",
        embedded="emoji",
    )
    # Persons of the training images may appear among the last 800.
    slices.of_set(config, "photos", train="train[:7200]", test="train[7200:]")
    translation.part_of_discogan(config)
    config.checkpoint_every = config.evals.samples.every = 500


@last
def paper(config):
    """Uses the loss as the paper prints it: adversarial and reconstruction terms, equally weighted."""
    translation.paper_of_discogan(config)
