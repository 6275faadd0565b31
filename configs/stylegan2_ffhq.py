"""StyleGAN2 on FFHQ (Karras et al. 2020, "Analyzing and Improving the Image Quality of StyleGAN").

    python -m gan_jax.main --config=configs/stylegan2_ffhq.py --config.data.manual_dir=DATA

The images are the 70 000 of the folder DATA/ffhq, mirrored at random, at 256 pixels. The fields are those of
the authors' preset `paper256`, with which StyleGAN2-ADA (Karras et al. 2020b) reports an FID of 3.66 for all
images. `full` has configuration F at 1024 pixels (FID 2.84). 25 million images are 390 625 iterations.
"""

from gan_jax.config import apply, dataset, quick
from gan_jax.config.recipes import generation, slices
from gan_jax.config.recipes.generation import inception


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = generation.noise_to_image(
        "stylegan2_ffhq",
        "celeb_a",
        size=256,
        batch_size=64,
        steps=390_625,
        judge=False,
        kind="stylegan2",
        width_base=16_384,
        learning_rate=2.5e-3,
        r1_weight=1.0,
        group=8,
        ema_half_life=20_000 / 64,
        ada_length=500_000 // 64,
    )
    config.data.sets.images = dataset(files={"train": "ffhq"}, embedded="emoji")
    # The training set is the reference, as in the paper; the sheets show its last images.
    slices.of_set(config, "images", train="train", test="train[-10000:]")
    config.data.flip = True
    return apply(config, arg, inception, full, ada, quick)


def full(config):
    """Configuration F of StyleGAN2 at 1024 pixels, as published."""
    config.data.size = config.model.size = 1024
    config.model.width_base = 32_768
    config.model.learning_rate, config.model.r1_weight, config.model.group = 2e-3, 10.0, 4
    config.batch_size = 32
    config.model.ema_half_life = 10_000 / 32
    config.model.ada_length = 500_000 // 32
    config.steps = 781_250


def ada(config):
    """Adaptive discriminator augmentation, for small parts of the data (Karras et al. 2020b)."""
    config.model.augment, config.model.augment_kinds = "ada", ("flip", "colour", "translation", "cutout")
