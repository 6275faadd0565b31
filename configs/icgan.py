"""IcGAN on your own images with attributes (Perarnau et al. 2016).

    python -m gan_jax.main --config=configs/icgan.py --data=faces/ --attributes=Male,Young --size=64

The folder has a file `attributes.csv`: a row for each image with its name and 0 or 1 for each attribute. The
networks, losses, batch size and rates are those of the authors' code. The first 70 000 iterations train the
conditional GAN, and the last 30 000 the encoders. Sides of 16, 32, 64 and 128 pixels are possible. A judge of
the attributes is trained first and scores the edited images. Without `--data` the images are embedded cartoon
faces.
"""

from gan_jax.config import apply, classifier, dataset, default, model, quick, role
from gan_jax.config.recipes.digits import PART_WIDTHS
from gan_jax.config.recipes.faces import HAIR
from gan_jax.config.recipes.translation import small


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = default()
    config.name = "icgan"
    label = {"labels": (HAIR,), "exclusive": (False,)}
    config.model = model("icgan", **label, gan_steps=70_000)
    config.data.sets.images = dataset("emoji", attributes=HAIR)
    config.data.size, config.data.flip = 64, True
    config.data.roles.a = role("images[train]")
    tested = {"source": role("images[test]")}
    config.evals.test = {"kind": "label_errors", "every": 0, "roles": tested, **label}
    config.evals.samples = {"kind": "label_sheet", "every": 1000, "num": 8, "roles": tested, **label}
    config.evals.samples.own = True
    both = role("images[train]"), role("images[test]")
    config.requires.judge = classifier(
        "judge", *both, steps=1500, batch_size=64, size=64, attributes=HAIR, widths=PART_WIDTHS, flip=0.5
    )
    config.batch_size = 64
    config.steps = 100_000
    config.checkpoint_every = 1000
    return apply(config, arg, small, quick)
