"""IcGAN on CelebA: faces with other attributes (Perarnau et al. 2016).

    python -m gan_jax.main --config=configs/icgan_celeba.py:paper

The networks, losses, sizes and rates are those of the authors' code. As there, the GAN trains for 25 epochs,
and then the encoders for 15 epochs of two thirds of the faces. The attributes are StarGAN's five, and the 18
of the authors with `paper`. CelebA is read in its official layout under GAN_JAX_DATA. A ResNet-18 that is
trained on real images is the judge. The score is how often it does not see the requested attribute in an
edited face. It asks G for the face's own labels with one of them changed. Departures: the faces are StarGAN's
crops, and the test images are the first 2 000.
"""

from gan_jax.config import apply, default, following, model, quick, role
from gan_jax.config.recipes import attributes
from gan_jax.config.recipes.faces import HAIR, ICGAN


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = default()
    config.name = "icgan_celeba"
    config.model = model("icgan", labels=(HAIR,), exclusive=(False,), gan_steps=78_280)
    attributes.celeba(config, HAIR, 64)
    # The first scores would be those of untrained encoders.
    del config.evals.validation
    config.best = ""
    config.evals.samples.own = True
    drawn = {"image": role("photos[train[:8]]")}
    config.evals.reconstructions = {"kind": "reconstructions", "every": 0, "num": 8, "roles": drawn}
    config.batch_size = 64
    config.steps = 109_280
    config.checkpoint_every = 1000
    return apply(config, arg, paper, part, quick)


def paper(config):
    """The authors' 18 attributes. The embedded faces do not have all of them."""
    following.request(config, ICGAN)


def part(config):
    """8 000 photographs and networks half as wide, for two cores.

    D has spectral normalisation and the hinge loss. With batch norm DCGAN's D memorises so few faces.
    """
    attributes.half(config, 64)
    config.model.g_width = config.model.d_width = 32
    config.model.enc_width, config.model.z_dense, config.model.y_dense = 16, 1024, 256
    config.model.d_norm, config.model.spectral, config.model.objective = "none", True, "hinge"
    config.model.g_learning_rate, config.model.d_learning_rate, config.model.ema = 5e-4, 1e-3, 0.99
    config.model.enc_learning_rate = 5e-4
    config.model.gan_steps = 3000
    config.steps = 5000
