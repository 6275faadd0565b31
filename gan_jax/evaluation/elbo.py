"""The evidence lower bound of a variational autoencoder on test images."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gan_jax.evaluation import Apply, Batches, Network

METRICS = ("elbo", "loss", "recon", "kl", "examples")
METHOD = "infer"
FOR = "draws_from_noise"  # the bound is that of a model with a prior


def evaluate(apply: Apply, batches: Batches, networks: Mapping[str, Network]) -> dict[str, Any]:
    """Means over images of the terms of the bound, with one draw of z for each image.

    Args:
      apply: batch -> `loss`, `recon` and `kl` [B], in nats, summed over pixels or latent dimensions.
      batches: `image` only.
      networks: not used.

    Returns:
      `elbo`, `-recon - kl` for any weight of the KL term in training, so that more is better; `recon`; `kl`;
      `loss`, which training minimises; and `examples`, the number of images. Bounds of different likelihoods,
      or of grey and binarised pixels, are not comparable.
    """
    del networks
    found = [apply(batch) for batch in batches]
    terms = {
        name: np.concatenate([part[name] for part in found]).astype(np.float64)
        for name in ("loss", "recon", "kl")
    }
    means = {name: float(values.mean()) for name, values in terms.items()}
    return {"elbo": -means["recon"] - means["kl"], **means, "examples": len(terms["loss"])}
