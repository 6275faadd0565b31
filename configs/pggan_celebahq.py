"""Progressive GAN on CelebA-HQ at 1024 pixels (Karras et al. 2018, "Progressive Growing of GANs").

    python -m gan_jax.main --config=configs/pggan_celebahq.py

The data are tfds' celeb_a_hq/1024, whose images have to be made by hand, see tfds; `folder` reads images
from a folder instead. The networks, the loss, the rates and the schedule are those of the authors' code for
one GPU. `eight_gpus` is the code's schedule for eight, and `paper` the paper's. Departures: the images get
scores only by Inception's weights, see `inception`. A number of images that is no multiple of a batch is
rounded.
"""

from gan_jax.config import apply, dataset, quick
from gan_jax.config.recipes import generation, growing, slices


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = growing.faces_by("pggan_celebahq", "pggan", size=1024)
    config.data.sets.images = dataset("celeb_a_hq/1024", embedded="emoji")
    slices.of_set(config, "images", train="train[:29000]", test="train[29000:]")
    del config.requires.judge
    del config.evals.test
    growing.schedule(config, 600_000, growing.ONE_GPU, 12_000_000)
    config.model.learning_rates = (*[1e-3] * 8, 1.5e-3)
    return apply(config, arg, eight_gpus, paper, folder, inception, quick)


def eight_gpus(config):
    """Larger batches and higher rates, for eight GPUs."""
    growing.schedule(config, 600_000, growing.EIGHT_GPUS, 12_000_000)
    config.model.learning_rates = (*[1e-3] * 5, 1.5e-3, 2e-3, 3e-3)


def paper(config):
    """The paper's schedule: 800 000 images of each period, batches of 16 to 3; D compares all of a batch."""
    growing.schedule(config, 800_000, growing.PAPER, 19_000_000)
    config.model.learning_rates, config.model.group = (1e-3,), 16


def folder(config):
    """Reads 30 000 images from the folder celeba_hq under GAN_JAX_DATA."""
    config.data.sets.images = dataset(files={"train": "celeba_hq"}, embedded="emoji")


def inception(config):
    """Scores images by Inception-v3."""
    generation.inception(config)
    slices.of_set(config, "images", train="train[:29000]", test="train[29000:]")
    config.evals.test.roles.reference.split = "train[:29000]"
