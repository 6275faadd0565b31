"""DIAT on your own images with attributes (Li, Zuo and Zhang 2016): gives images an attribute.

    python -m gan_jax.main --config=configs/diat.py --data=faces/ --attributes=Smiling --size=128

The folder has a file `attributes.csv`: a row for each image with its name and 0 or 1 for each attribute.
Images without the attribute are translated into images that have it. The networks are those with which
StarGAN's authors trained DIAT. A judge of the attribute is trained first and scores the translations. Without
`--data` the images are embedded cartoon faces.
"""

from gan_jax.config import apply, classifier, dataset, default, model, quick, role
from gan_jax.config.recipes.digits import PART_WIDTHS
from gan_jax.config.recipes.translation import small

WANTED = ("Male",)


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = default()
    config.name = "diat"
    config.model = model("diat", decay_start=50_000, decay_end=100_000)
    config.data.sets.images = dataset("emoji", attributes=WANTED)
    config.data.size, config.data.flip = 128, True
    config.data.roles.source = role("images[train]", labels=False, lacking=WANTED)
    config.data.roles.target = role("images[train]", labels=False, having=WANTED)
    tested, drawn = (role("images[test]", labels=labels, lacking=WANTED) for labels in (True, False))
    config.evals.test = {"kind": "attribute_change", "every": 0, "roles": {"source": tested}}
    config.evals.test.update(attributes=WANTED, wanted=WANTED)
    config.evals.samples = {"kind": "sheet", "every": 1000, "num": 16, "roles": {"source": drawn}}
    both = role("images[train]"), role("images[test]")
    config.requires.judge = classifier(
        "judge", *both, steps=1500, batch_size=64, size=128, attributes=WANTED, widths=PART_WIDTHS, flip=0.5
    )
    config.batch_size = 16
    config.steps = 100_000
    config.checkpoint_every = 1000
    return apply(config, arg, small, quick)
