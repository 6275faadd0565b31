"""One cell of the grid of Gulrajani et al. 2017 ("Improved Training of Wasserstein GANs", Fig. 2).

    python -m gan_jax.main --config=configs/gan_grid.py:part,gated,wgan_gp
    python experiments/gan_robustness.py

A row is a pair of networks, a column a way of training, with one set of hyper-parameters for all rows. Sizes
and values are those of the authors' script: 64 pixels, base width 64, batch 64, 200 000 updates of G. In the
last column layer norm stands in D for batch norm, so that D of a row is another network there. Departures:
the data are MNIST, enlarged, unless `imagenet` is asked for (the script's; the paper's figure shows LSUN
bedrooms); G is evaluated by running statistics where it has batch norm, not by those of the batch; factors
of a half before losses of D, which Adam and RMSProp feel by their epsilon alone, are left out. Variants,
several of them separated by commas:

    a row     baseline, constant, mlp, no_norm, gated, tanh, resnet
    a column  dcgan, lsgan, wgan, wgan_gp
    imagenet  ImageNet at 64 pixels, scored by Inception-v3, whose weights are a file in the working folder
    part      MNIST's official files from GAN_JAX_DATA; 32 pixels, base width 16, batch 32, 2 000 updates of
              G, and a ResNet of 35 layers; sized for two cores
    quick     two steps on the embedded digits; base width 4, and the ResNet of 101 layers
"""

from typing import Any

from gan_jax.config import apply
from gan_jax.config.recipes import generation


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects; row and column are the first."""
    config = generation.noise_to_image(
        "gan_grid",
        "mnist",
        size=64,
        batch_size=64,
        steps=200_000,
        every=5000,
        z_dim=128,
        **{name.removeprefix("model."): value for name, value in BASELINE.items()},
    )
    return apply(config, arg, VARIANTS)


def pair(generator: str, discriminator: str, **fields: str) -> dict[str, Any]:
    """A row: the two networks, and what else of the model is its own."""
    named = {"generator": generator, "discriminator": discriminator, **fields}
    return {f"model.{name}": value for name, value in named.items()}


def way(rate: float, **fields: Any) -> dict[str, Any]:
    """A column: the learning rate of both players, and fields of the model."""
    named = {"g_learning_rate": rate, "d_learning_rate": rate, **fields}
    return {f"model.{name}": value for name, value in named.items()}


BASELINE = pair("grid_dcgan", "grid_dcgan")

ROWS = {
    "baseline": BASELINE,
    "constant": pair("grid_constant", "grid_dcgan"),
    "mlp": pair("grid_mlp", "grid_dcgan"),
    "no_norm": pair("grid_dcgan", "grid_dcgan", g_norm="none", d_norm="none"),
    "gated": pair("grid_gated", "grid_gated"),
    "tanh": pair("grid_tanh", "grid_tanh"),
    "resnet": pair("grid_resnet", "grid_resnet"),
}

COLUMNS = {
    "dcgan": way(2e-4, loss="nonsaturating", optimizer="adam", b1=0.5, b2=0.999, d_norm="batch"),
    "lsgan": way(1e-4, loss="lsgan", optimizer="rmsprop_tf", d_norm="batch"),
    "wgan": way(5e-5, loss="wasserstein", clip=0.01, d_steps=5, optimizer="rmsprop_tf", d_norm="batch"),
    "wgan_gp": way(
        1e-4, loss="wasserstein", gp_weight=10.0, d_steps=5, optimizer="adam", b1=0.0, b2=0.9, d_norm="layer"
    ),
}


def part(config):
    """Real digits on two cores."""
    hidden = 128 if config.model.generator == "grid_mlp" else 16
    small: dict[str, Any] = {"model.size": 32, "model.g_width": hidden, "model.d_width": 16, "data.size": 32}
    small |= {"batch_size": 32, "steps": 2000, "evals.samples.every": 500, "requires.judge.data.size": 32}
    return generation.part(config) | small


def imagenet(config):
    """Photographs in colour, of which no judge tells the class."""
    name = "imagenet_resized/64x64"
    scored = generation.scored(name, "validation", features="inception", weights=generation.INCEPTION)
    samples = {"evals.samples.roles.image.name": name, "evals.samples.roles.image.split": "validation"}
    own = {"data.roles.image.name": name, "model.channels": 3, "requires": {}, "evals.test": scored}
    return own | samples


def quick(config):
    """Two steps; no narrower, for the ResNet halves the base width twice."""
    return generation.quick(config) | {"model.g_width": 4, "model.d_width": 4}


# Rows come after columns: the norm that a row has not is in no column.
VARIANTS: dict[str, Any] = {
    **COLUMNS,
    **ROWS,
    "imagenet": imagenet,
    "part": part,
    "quick": quick,
}
