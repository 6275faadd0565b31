"""StarGAN on CelebA: hair colour, gender and age of faces (Choi et al. 2018, Sec. 5.4).

    python -m gan_jax.main --config=configs/stargan_celeba.py

Networks, weights, batch and rates are the paper's, at 128 pixels: 20 epochs of the training images, which are
250 500 updates of D and, with n_critic 5, as many fifths of G: `steps` counts G's. CelebA is read in its
official layout under GAN_JAX_DATA. Scored is how often a ResNet-18, trained on real images, misses the
attribute asked for in a synthesised one. Departures: the test images are the first 2 000, not 1 999 at
random, and 200 more are kept for validation. Variants:

    constant  the official code: 200 000 updates of D at a rate that all but stays where it is
    part      8 000 photographs at half size, 48 pixels, small networks; sized for two cores, not comparable
    mid       the same at 64 pixels; for an accelerator
    quick     two steps of everything on `emoji`, cartoon faces with the same attributes
"""

from typing import Any

from gan_jax import config as gan_config

LABELS = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young")
PHOTOS = {
    "files": {"train": "celeba/img_align_celeba"},
    "attributes_file": "celeba/list_attr_celeba.txt",
    "crop": (178, 178),
}
# At half size, of which the middle square is the same crop.
PART = {
    "files": {"train": "celeba/img_align_celeba_half_first8000.zip"},
    "attributes_file": "celeba/list_attr_celeba_first8000.txt",
}
EMOJI = {"name": "emoji"}


def photos(data, split):
    """Images with their attributes."""
    return gan_config.role(split=split, attributes=LABELS, **data)


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = gan_config.default()
    config.name = "stargan_celeba"
    sets = {"labels": (LABELS,), "exclusive": (False,)}
    config.model = gan_config.model("stargan", **sets, decay_start=25_050, decay_end=50_100)
    config.data.size = 128
    config.data.flip = True
    config.batch_size = 16
    config.steps = 50_100
    config.checkpoint_every = 1000

    config.data.roles.a = photos(PHOTOS, "train[2200:]")
    for name, every, split in (("validation", 2000, "2000:2200"), ("test", 0, ":2000")):
        source = photos(PHOTOS, f"train[{split}]")
        config.evals[name] = {"kind": "label_errors", "every": every, "roles": {"source": source}, **sets}
    sheet = {"source": photos(PHOTOS, "train[:8]")}
    config.evals.samples = {"kind": "label_sheet", "every": 1000, "num": 8, "roles": sheet, **sets}
    config.best = "validation/accuracy"

    config.requires.judge = gan_config.classifier(
        "judge_celeba",
        photos(PHOTOS, "train[2200:]"),
        photos(PHOTOS, "train[:2000]"),
        steps=30_000,
        batch_size=64,
        size=128,
        attributes=LABELS,
        **RESNET18,
    )
    return gan_config.apply(config, arg, VARIANTS)


RESNET18: dict[str, Any] = {
    "architecture": "resnet18",
    "widths": (64, 128, 256, 512),
    "convs_per_block": 2,
    "batch_norm": True,
    "learning_rate": 2e-3,
    "weight_decay": 5e-3,
    "flip": 0.5,
    "shift": 4.0,
}

_HALF: dict[str, Any] = {
    "data.roles.a": photos(PART, "train[:7000]"),
    "evals.validation.roles.source": photos(PART, "train[7000:7200]"),
    "evals.validation.every": 500,
    "evals.test.roles.source": photos(PART, "train[7200:]"),
    "evals.samples.roles.source": photos(PART, "train[7200:7208]"),
    "evals.samples.every": 250,
    "requires.judge.data.roles.image": photos(PART, "train[:7200]"),
    "requires.judge.evals.test.roles.image": photos(PART, "train[7200:]"),
    "requires.judge.model.architecture": "resnet18_small",
    "requires.judge.model.widths": (16, 32, 64, 128),
    "requires.judge.model.shift": 2.0,
    "requires.judge.model.schedule_steps": 600,
    "requires.judge.steps": 600,
    "checkpoint_every": 100,
}

VARIANTS: dict[str, dict[str, Any]] = {
    "constant": {"model.decay_start": 0, "model.decay_end": 0, "steps": 40_000},
    "part": _HALF
    | {
        "data.size": 48,
        "requires.judge.data.size": 48,
        "batch_size": 8,
        "steps": 3000,
        "model.decay_start": 1500,
        "model.decay_end": 3000,
        "model.g_width": 32,
        "model.g_blocks": 3,
        "model.d_width": 32,
        "model.d_downs": 4,
    },
    "mid": _HALF
    | {
        "data.size": 64,
        "requires.judge.data.size": 64,
        "steps": 10_000,
        "model.decay_start": 5000,
        "model.decay_end": 10_000,
        "model.g_width": 32,
        "model.g_blocks": 4,
        "model.d_width": 32,
        "model.d_downs": 5,
    },
    "quick": {
        "data.size": 16,
        "data.roles.a": photos(EMOJI, "validation[:64]"),
        "evals.validation.roles.source": photos(EMOJI, "validation[64:96]"),
        "evals.validation.every": 1,
        "evals.test.roles.source": photos(EMOJI, "validation[96:128]"),
        "evals.samples.roles.source": photos(EMOJI, "validation[96:100]"),
        "evals.samples.every": 2,
        "evals.samples.num": 4,
        "model.g_width": 4,
        "model.g_blocks": 1,
        "model.d_width": 4,
        "model.d_downs": 3,
        "model.n_critic": 2,
        "model.decay_start": 0,
        "model.decay_end": 0,
        "requires.judge.data.size": 16,
        "requires.judge.data.roles.image": photos(EMOJI, "validation[:64]"),
        "requires.judge.evals.test.roles.image": photos(EMOJI, "validation[96:128]"),
        "requires.judge.model.architecture": "resnet18_small",
        "requires.judge.model.widths": (4, 4, 8, 8),
        "requires.judge.model.schedule_steps": 2,
        "requires.judge.steps": 2,
        "requires.judge.batch_size": 8,
        **gan_config.QUICK,
    },
}
