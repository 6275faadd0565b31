"""Adversarial image generation and image-to-image translation in JAX and Flax.

    config = gan_jax.configs.load("dcgan_mnist:quick", steps=4)
    gan_jax.train(config, "runs/dcgan")
    run = gan_jax.load("runs/dcgan")
    images = run.sample(16, seed=0)  # uint8 [16, 28, 28, 1]
    print(run.score(images))

`gan_jax.api` documents `configs`, `load` and the methods of a run. `gan_jax.metrics`, `gan_jax.losses` and
`gan_jax.networks` are the measures, the losses and the networks. All names are imported at their first use.
"""

from typing import TYPE_CHECKING

from gan_jax import lazy

__version__ = "0.1.0"

__all__ = ["Run", "configs", "load", "losses", "metrics", "networks", "train"]

_HOMES = {
    "Run": "gan_jax.api:Run",
    "configs": "gan_jax.api:configs",
    "load": "gan_jax.api:load",
    "losses": "gan_jax.ops.losses",
    "metrics": "gan_jax.metrics",
    "networks": "gan_jax.networks",
    "train": "gan_jax.train",
}

if TYPE_CHECKING:
    from gan_jax import metrics, networks
    from gan_jax.api import Run, configs, load
    from gan_jax.ops import losses
    from gan_jax.train import begin as train
else:
    __getattr__ = lazy.names(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
