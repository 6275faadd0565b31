"""pix2pix from drawings of faces to photographs. The pairs are computed from CelebA.

    python -m gan_jax.main --config=configs/pix2pix_celeba.py:part

The source is the photograph's edges (Sobel, in integers), computed after crop and mirror. The networks are
the paper's for 128 pixels. The losses are the paper's, and the batch of 4 is the paper's for edges and for
colours. Training takes 5 epochs. The score is the distance to the photograph.
"""

from gan_jax.config import apply, dataset, default, model, quick
from gan_jax.config.recipes import slices
from gan_jax.config.recipes.translation import paired

EDGES = {"derive": "edges"}


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
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
    """The first 8 000 photographs at 64 pixels and networks half as wide, for two cores."""
    config.data.sets.photos.files = {"train": "celeba/img_align_celeba_half_first8000.zip"}
    # Persons of the training images may appear among the last 800.
    slices.of_set(config, "photos", train="train[:7200]", test="train[7200:]")
    config.data.size, config.data.load_size = 64, 0
    config.model.levels, config.model.g_width, config.model.d_width = 6, 32, 32
    config.steps = 8000
    config.checkpoint_every = config.evals.samples.every = 500


def colour(config):
    """Colours grey photographs: the source is the photograph in grey instead of its edges."""
    for role in slices.named(config, "source"):
        role.derive = "grey"
