"""The picture that style transfer has made, beside the content and the styles."""

from collections.abc import Collection, Mapping
from typing import Any

from gan_jax.drawing.sheets import captioned
from gan_jax.errors import ConfigError
from gan_jax.evaluation import Apply, Batches, Network
from gan_jax.evaluation.shared.requirements import require_roles
from gan_jax.ops.pixels import to_uint8

METRICS = ()


def evaluate(apply: Apply, batches: Batches, networks: Mapping[str, Network]) -> dict[str, Any]:
    """The picture, and one sheet of content, styles and picture.

    Args:
      apply: batch -> {'image': [B, H, W, 3] in [-1, 1]}.
      batches: `content` and one or more styles; only the first image of the first batch is used.
      networks: not used.

    Returns:
      `image` and `sheet`, uint8 [H, W, 3].
    """
    del networks
    batch = next(iter(batches))
    first = {role: pixels[:1] for role, pixels in batch.items() if pixels.ndim == 4}
    (image,) = to_uint8(apply(first)["image"])
    given = {role: to_uint8(pixels)[0] for role, pixels in first.items()}
    return {"image": image, "sheet": captioned({**given, "result": image})}


def check(options: Mapping[str, Any], roles: Collection[str], requires: Collection[str]) -> None:
    """Refuses, before any work, an evaluation without a content or a style.

    Raises:
      ConfigError: naming the role that is missing.
    """
    del options, requires
    require_roles(roles, ("content", "style"), "the sheet shows content, styles and result")


def check_model(model: Any, options: Mapping[str, Any]) -> None:
    """Refuses models that do not hold one image.

    Raises:
      ConfigError: the model makes other images for other inputs.
    """
    del options
    if not model.holds_image:
        raise ConfigError("kind='stylisation' is for models that optimise one image")
