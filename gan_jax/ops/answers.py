"""Metrics of a discriminator's outputs for the logs. Each is a scalar, a mean over the batch."""

import jax
import jax.numpy as jnp

from gan_jax.ops import losses


def scores(loss: str, real: jax.Array, fake: jax.Array, a: float, b: float) -> dict[str, jax.Array]:
    """How well D tells real images from fakes.

    Args:
      loss: one of `losses.ADVERSARIAL`, or 'relativistic'.
      real: D's scores of real images, any shape.
      fake: D's scores of generated images, any shape.
      a: for 'lsgan', D's target for generated images.
      b: for 'lsgan', D's target for real images.

    Returns:
      `w` for 'wasserstein': the mean real score minus the mean fake score, an estimate of the distance of the
      two distributions. `accuracy` for 'relativistic': the share of pairs whose real image has the higher
      score. For other losses `accuracy_real` and `accuracy_fake`: the share of scores on the
      right side of the middle between D's targets.
    """
    if loss == "wasserstein":
        return {"w": real.mean() - fake.mean()}
    low, high = (a, b) if loss == "lsgan" else (-1, 1)
    if loss == "relativistic":
        return {"accuracy": jnp.mean(real > fake)}
    right = lambda x: jnp.mean((high - low) * (x - (low + high) / 2) > 0)  # noqa: E731
    return {"accuracy_real": right(real), "accuracy_fake": 1 - right(fake)}


def classes(real: jax.Array, y_real: jax.Array, fake: jax.Array, y_fake: jax.Array) -> dict[str, jax.Array]:
    """An auxiliary classifier's losses in nats, and its accuracies, for real and for generated images.

    Args:
      real: class logits [B, K] of real images.
      y_real: their classes, int [B].
      fake: class logits [B, K] of generated images.
      y_fake: the classes that G was asked for, int [B].
    """
    return {
        "class_real": losses.classification(real, y_real),
        "class_fake": losses.classification(fake, y_fake),
        "class_accuracy_real": jnp.mean(real.argmax(-1) == y_real),
        "class_accuracy_fake": jnp.mean(fake.argmax(-1) == y_fake),
    }
