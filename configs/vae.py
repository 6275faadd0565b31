"""Variational autoencoder on your own images (Kingma, Welling 2013).

    python -m gan_jax.main --config=configs/vae.py --data=photos/ --size=64

The networks are convolutional, for sides that are multiples of 4. Pixels are learned as if they were
probabilities, as is usual. The score is the bound on the held-out images. Without `--data` the images are
embedded cartoon faces.
"""

from gan_jax.config import apply, default, model, quick, role
from gan_jax.config.recipes import generation
from gan_jax.config.recipes.generation import inception, vgg16


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = default()
    config.name = "vae"
    config.model = model("vae", network="conv", size=64, channels=3, z_dim=128)
    config.data.sets.images = generation.SETS["emoji"]
    config.data.size = 64
    config.data.roles.image = role("images[train]", labels=False)
    for name, kind in {"bound": "elbo", "samples": "sheet", "reconstructions": "reconstructions"}.items():
        seen = {"image": role("images[test]", labels=False)}
        config.evals[name] = {"kind": kind, "every": 500, "roles": seen}
    config.evals.samples.num = config.evals.reconstructions.num = 64
    config.batch_size = 128
    config.steps = 10_000
    config.checkpoint_every = 500
    return apply(config, arg, inception, vgg16, quick)
