"""StarGAN on CelebA: hair colour, gender and age of faces (Choi et al. 2018, Sec. 5.4).

    python -m gan_jax.main --config=configs/stargan_celeba.py

Networks, weights, batch and rates are the paper's, at 128 pixels: 20 epochs of the training images, which are
250 500 updates of D and, with n_critic 5, as many fifths of G: `steps` counts G's. CelebA is read in its
official layout under GAN_JAX_DATA. Scored is how often a ResNet-18, trained on real images, misses the
attribute asked for in a synthesised one. Departures: the test images are the first 2 000, not 1 999 at
random, and 200 more are kept for validation.
"""

from gan_jax.config import apply, classifier, dataset, default, model, quick, role
from gan_jax.config.recipes import slices
from gan_jax.config.recipes.digits import shorten
from gan_jax.config.recipes.faces import HAIR, PART, PHOTOS, RESNET18


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = default()
    config.name = "stargan_celeba"
    label = {"labels": (HAIR,), "exclusive": (False,)}
    config.model = model("stargan", **label, decay_start=25_050, decay_end=50_100)
    config.data.sets.photos = dataset(**PHOTOS, attributes=HAIR, crop=(178, 178), embedded="emoji")
    config.data.size, config.data.flip = 128, True
    config.data.roles.a = role("photos[train[2200:]]")
    seen, tested = {"source": role("photos[train[2000:2200]]")}, {"source": role("photos[train[:2000]]")}
    config.evals.validation = {"kind": "label_errors", "every": 2000, "roles": seen, **label}
    config.evals.test = {"kind": "label_errors", "every": 0, "roles": tested, **label}
    drawn = {"source": role("photos[train[:8]]")}
    config.evals.samples = {"kind": "label_sheet", "every": 1000, "num": 8, "roles": drawn, **label}
    config.best = "validation/accuracy"
    config.requires.judge = classifier(
        "judge_celeba",
        role("photos[train[2200:]]"),
        role("photos[train[:2000]]"),
        steps=30_000,
        batch_size=64,
        size=128,
        attributes=HAIR,
        shift=4.0,
        **RESNET18,
    )
    config.batch_size = 16
    config.steps = 50_100
    config.checkpoint_every = 1000
    return apply(config, arg, constant, part, mid, quick)


def constant(config):
    """The official code: 200 000 updates of D at a rate that all but stays where it is."""
    config.model.decay_start = config.model.decay_end = 0
    config.steps = 40_000


def half(config, size):
    """8 000 photographs at half size, of which the middle square is the same crop."""
    config.data.sets.photos.update(PART, crop=())
    slices.of_set(config, "photos", train="train[:7000]", test="train[7200:]")
    config.evals.validation.roles.source.split = "train[7000:7200]"
    config.evals.samples.roles.source.split = "train[7200:7208]"
    judge = config.requires.judge
    judge.data.roles.image.split = "train[:7200]"
    judge.model.architecture, judge.model.shift = "resnet18_small", 2.0
    shorten(judge, 600, (16, 32, 64, 128))
    config.data.size = judge.data.size = size
    config.model.g_width = config.model.d_width = 32
    config.evals.validation.every, config.evals.samples.every, config.checkpoint_every = 500, 250, 100


def part(config):
    """8 000 photographs at half size, 48 pixels, small networks; sized for two cores, not comparable."""
    half(config, 48)
    config.model.g_blocks, config.model.d_downs = 3, 4
    config.model.decay_start, config.model.decay_end = 1500, 3000
    config.batch_size = 8
    config.steps = 3000


def mid(config):
    """The same at 64 pixels; for an accelerator."""
    half(config, 64)
    config.model.g_blocks, config.model.d_downs = 4, 5
    config.model.decay_start, config.model.decay_end = 5000, 10_000
    config.steps = 10_000
