"""One cell of the grid of Gulrajani et al. 2017 ("Improved Training of Wasserstein GANs", Fig. 2).

    python -m gan_jax.main --config=configs/gan_grid.py:part,gated,wgan_gp
    python experiments/gan_robustness.py

A row is a pair of networks. A column is a way of training, with one set of hyper-parameters for all rows.
Sizes and values are those of the authors' script: 64 pixels, base width 64, batch 64, 200 000 updates of G.
In the last column D has layer norm instead of batch norm, so that a row's D differs there from the other
columns. Departures: the data are MNIST, enlarged; `imagenet` selects the script's data. The paper's figure
shows LSUN bedrooms. A G with batch norm is evaluated by running statistics instead of those of the batch.
Factors of a half in D's losses are left out. They affect Adam and RMSProp through their epsilon alone.
"""

from gan_jax.config import apply, dataset, last, reference
from gan_jax.config import quick as shared_quick
from gan_jax.config.recipes import generation

ROWS = {  # the networks of G and D
    "baseline": ("grid_dcgan", "grid_dcgan"),
    "constant": ("grid_constant", "grid_dcgan"),
    "mlp": ("grid_mlp", "grid_dcgan"),
    "no_norm": ("grid_dcgan", "grid_dcgan"),
    "gated": ("grid_gated", "grid_gated"),
    "tanh": ("grid_tanh", "grid_tanh"),
    "resnet": ("grid_resnet", "grid_resnet"),
}
COLUMNS = {  # the learning rate of both players, and other fields of the model
    "dcgan": (2e-4, {"loss": "nonsaturating", "optimizer": "adam", "b1": 0.5, "b2": 0.999}),
    "lsgan": (1e-4, {"loss": "lsgan", "optimizer": "rmsprop_tf"}),
    "wgan": (5e-5, {"loss": "wasserstein", "clip": 0.01, "d_steps": 5, "optimizer": "rmsprop_tf"}),
    "wgan_gp": (
        1e-4,
        {"loss": "wasserstein", "gp_weight": 10.0, "d_steps": 5, "optimizer": "adam", "b1": 0.0, "b2": 0.9},
    ),
}


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = generation.noise_to_image(
        "gan_grid",
        "mnist",
        size=64,
        batch_size=64,
        steps=200_000,
        every=5000,
        z_dim=128,
        generator="grid_dcgan",
        discriminator="grid_dcgan",
    )
    cells = [*map(column, COLUMNS), *map(row, ROWS)]
    return apply(config, arg, *cells, imagenet, part, quick)


def row(name):
    """The variant of a row: the row's networks, without norm in the row `no_norm`."""

    def variant(config):
        config.model.generator, config.model.discriminator = ROWS[name]
        if name == "no_norm":
            config.model.g_norm = config.model.d_norm = "none"

    variant.__name__ = name
    return reference(variant)


def column(name):
    """The variant of a column: its way of training. The D of a row without norm gets none."""

    def variant(config):
        rate, fields = COLUMNS[name]
        config.model.update(fields, g_learning_rate=rate, d_learning_rate=rate)
        if config.model.d_norm != "none":
            config.model.d_norm = "layer" if name == "wgan_gp" else "batch"

    variant.__name__ = name
    return reference(variant)


def imagenet(config):
    """Uses coloured photographs, the script's data, and scores by Inception-v3 instead of a judge."""
    config.data.sets.images = dataset("imagenet_resized/64x64", embedded="digits_street")
    config.evals.samples.roles.image.split = "validation"
    config.evals.test = generation.scored("validation", features="inception", weights=generation.INCEPTION)
    config.model.channels = 3
    del config.requires.judge


@last
def part(config):
    """Reads MNIST's official files at 32 pixels and narrows the networks of any row, for two cores."""
    generation.part(config)
    config.data.size = config.model.size = config.requires.judge.data.size = 32
    config.model.g_width = 128 if config.model.generator == "grid_mlp" else 16
    config.model.d_width = 16
    config.batch_size = 32
    config.steps = 2000
    config.evals.samples.every = 500


@last
def quick(config):
    """The shared `quick` at the configuration's own size, which determines the ResNet's depth."""
    size = config.data.size
    shared_quick(config)
    for run in (config, *config.requires.values()):
        run.data.size = size
    config.model.size = size
