"""pix2pix from drawings of faces to photographs, pairs made in code from CelebA.

    python -m gan_jax.main --config=configs/pix2pix_celeba.py:part

The source is the photograph's edges (Sobel, in integers), computed after crop and mirror. The paper's
networks for 128 pixels, its losses and batch of 4 for edges and colours; 5 epochs. Scored is the
distance to the photograph.
"""

from gan_jax.config import apply, dataset, default, model, quick
from gan_jax.config.recipes import slices
from gan_jax.config.recipes.translation import paired

EDGES = {"derive": "edges"}


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = default()
    config.name = "pix2pix_celeba"
    config.model = model("pix2pix", levels=7)
    config.data.sets.photos = dataset(files={"train": "celeba/img_align_celeba"}, embedded="emoji")
    train, test = "photos[train[:162770]]", "photos[train[182637:]]"
    paired(config, train, test, every=2000, num=32, source=EDGES)
    config.data.size, config.data.load_size, config.data.flip = 128, 143, True
    config.batch_size = 4
    config.steps = 200_000
    config.checkpoint_every = 2000
    return apply(config, arg, part, quick, colour)


def part(config):
    """The first 8 000 photographs at 64 pixels, networks half as wide; sized for two cores."""
    config.data.sets.photos.files = {"train": "celeba/img_align_celeba_half_first8000.zip"}
    # The same persons may appear among the last 800.
    slices.of_set(config, "photos", train="train[:7200]", test="train[7200:]")
    config.data.size, config.data.load_size = 64, 0
    config.model.levels, config.model.g_width, config.model.d_width = 6, 32, 32
    config.steps = 8000
    config.checkpoint_every = config.evals.samples.every = 500


def colour(config):
    """The source is the photograph in grey."""
    for role in slices.named(config, "source"):
        role.derive = "grey"
