"""A classifier of 32x32 noise with steps of milliseconds; `digits.npz` is in `manual_dir`.

Variants: `wide` has a state of 140 kB; `requiring` requires another run; `stored` reads the images of
`digits.zip` from a store.
"""

from gan_jax import config as gan_config


def get_config(arg=""):
    """The configuration with the variants in `arg`, separated by commas."""
    config = _classifier("tiny", "train[:64]")
    config.evals.test.every = 2
    config.best = "test/accuracy"
    config.checkpoint_every = 2
    config.log_every = 1
    return gan_config.apply(config, arg, wide, requiring, stored)


def wide(config):
    config.model.widths = (16, 16, 16, 32)


def requiring(config):
    config.requires.first = _classifier("first", "train[32:]")


def stored(config):
    for role in (*config.data.roles.values(), *config.evals.test.roles.values()):
        role.files, role.classes = {"train": "digits.zip"}, True
    config.data.store_above = 0


def _classifier(name, split):
    files = {"train": "digits.npz"}
    train = gan_config.inline(files=files, split=split)
    test = gan_config.inline(files=files, split="train[64:]")
    return gan_config.classifier(name, train, test, steps=8, batch_size=8, widths=(4, 4, 4, 8))
