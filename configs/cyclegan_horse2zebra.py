"""CycleGAN between photographs of horses and of zebras at the paper's size, 256 pixels.

    python -m gan_jax.main --config=configs/cyclegan_horse2zebra.py

The networks, losses and schedule of the paper: 200 epochs of 1 334 images, the larger of the two sets, one
at a time; images are enlarged to 286 pixels, cropped at random and mirrored. Data come through
tensorflow-datasets. Made for an accelerator. Variants:

    folders  `trainA`, `trainB`, `testA` and `testB` below `horse2zebra` in the folder of files
    quick    two steps of everything on embedded cartoon faces
"""

from typing import Any

from gan_jax import config as gan_config


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = gan_config.default()
    config.name = "cyclegan_horse2zebra"
    # The paper names the identity term for paintings alone; both official codes have it on.
    config.model = gan_config.model("cyclegan", identity=0.5, decay_start=133_400, decay_end=266_800)
    config.data.size = 256
    config.data.load_size = 286
    config.data.flip = True
    config.batch_size = 1
    config.steps = 266_800
    config.checkpoint_every = 2000
    train, test = roles("train"), roles("test")
    config.data.roles = train
    config.evals.test = {"kind": "cycle", "every": 0, "roles": test}
    config.evals.samples = {"kind": "sheet", "every": 2000, "num": 8, "roles": test}
    return gan_config.apply(config, arg, VARIANTS)


def roles(split):
    """Horses as `source`, zebras as `target`."""
    name = "cycle_gan/horse2zebra"
    return {
        "source": gan_config.role(name, f"{split}A", labels=False),
        "target": gan_config.role(name, f"{split}B", labels=False),
    }


def folders(split):
    """The same from folders."""
    return {
        role: gan_config.role(
            split=split, files={split: f"horse2zebra/{split}{letter}"}, labels=False, channels=3
        )
        for role, letter in (("source", "A"), ("target", "B"))
    }


def faces(split):
    """Cartoon faces without glasses and with them."""
    return {
        "source": gan_config.role("emoji", split, labels=False, lacking=("Eyeglasses",)),
        "target": gan_config.role("emoji", split, labels=False, having=("Eyeglasses",)),
    }


VARIANTS: dict[str, Any] = {
    "folders": {
        "data.roles": folders("train"),
        "evals.test.roles": folders("test"),
        "evals.samples.roles": folders("test"),
    },
    "quick": {
        "data.size": 32,
        "data.load_size": 36,
        "data.roles": faces("validation[:256]"),
        "evals.test.roles": faces("validation[:128]"),
        "evals.samples.roles": faces("validation[:128]"),
        "evals.samples.every": 2,
        "evals.samples.num": 8,
        "model.g_width": 4,
        "model.blocks": 1,
        "model.d_width": 4,
        "model.d_layers": 2,
        **gan_config.QUICK,
    },
}
