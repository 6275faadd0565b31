"""StarGAN on your own images with attributes (Choi et al. 2018).

    python -m gan_jax.main --config=configs/stargan.py --data=faces/ --attributes=Male,Young --size=128

The folder has a file `attributes.csv`: a row for each image with its name and 0 or 1 for each attribute. The
networks, weights, batch size and rates are the paper's. A judge of the attributes is trained first and scores
the translations. Without `--data` the images are embedded cartoon faces.
"""

from gan_jax.config import apply, classifier, dataset, default, model, quick, role
from gan_jax.config.recipes.digits import PART_WIDTHS
from gan_jax.config.recipes.faces import HAIR
from gan_jax.config.recipes.translation import small


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = default()
    config.name = "stargan"
    label = {"labels": (HAIR,), "exclusive": (False,)}
    config.model = model("stargan", **label, decay_start=20_000, decay_end=40_000)
    config.data.sets.images = dataset("emoji", attributes=HAIR)
    config.data.size, config.data.flip = 128, True
    config.data.roles.a = role("images[train]")
    tested = {"source": role("images[test]")}
    config.evals.test = {"kind": "label_errors", "every": 0, "roles": tested, **label}
    config.evals.samples = {"kind": "label_sheet", "every": 500, "num": 8, "roles": tested, **label}
    both = role("images[train]"), role("images[test]")
    config.requires.judge = classifier(
        "judge", *both, steps=1500, batch_size=64, size=128, attributes=HAIR, widths=PART_WIDTHS, flip=0.5
    )
    config.batch_size = 16
    config.steps = 40_000
    config.checkpoint_every = 500
    return apply(config, arg, small, quick)
