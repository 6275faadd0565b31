"""How close images come back after translation there and back: the cycle of CycleGAN and DiscoGAN."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from gan_jax.drawing.sheets import COLUMNS, labelled
from gan_jax.evaluation import Apply, Batches, Network
from gan_jax.evaluation.shared.requirements import require_roles
from gan_jax.metrics.similarity import difference
from gan_jax.ops.directions import OTHER
from gan_jax.ops.pixels import to_uint8

METRICS = ("cycle_source", "cycle_target", "change_source", "change_target", "examples")
FOR = "translates"


def evaluate(
    apply: Apply,
    batches: Batches,
    networks: Mapping[str, Network],
) -> dict[str, Any]:
    """Translates `source` and `target` images to the other domain and back.

    Returns:
      `cycle_source` and `cycle_target`, mean absolute differences between images and what came back, over
      images, pixels and channels, in grey levels of 255. `change_source` and `change_target`, the same
      between images and their translations, both as grey images if the channels differ. `examples`, the
      number of images of the first role; images of the other role are repeated up to this number. `cycles`,
      uint8 [H, W, 3]: images, translations and returned images of each domain.
    """
    del networks
    given, drawn, back = [], [], []
    for batch in batches:
        there = apply(batch)
        again = apply({role: there[role] for role in ("source", "target")})
        given.append({role: to_uint8(batch[role]) for role in ("source", "target")})
        drawn.append({"source": to_uint8(there["target"]), "target": to_uint8(there["source"])})
        back.append({role: to_uint8(again[role]) for role in ("source", "target")})
    first, blocks = slice(0, COLUMNS), []
    values: dict[str, Any] = {}
    for role in ("source", "target"):
        x, y, z = (np.concatenate([part[role] for part in parts]) for parts in (given, drawn, back))
        values |= {f"cycle_{role}": difference(x, z), f"change_{role}": difference(x, y)}
        titles = (role, f"{role} to {OTHER[role]}", f"back to {role}")
        blocks.append([(title, images[first]) for title, images in zip(titles, (x, y, z), strict=True)])
    return {**values, "examples": len(x), "cycles": labelled(blocks)}


def check(options: Mapping[str, Any], roles: Collection[str], requires: Collection[str]) -> None:
    """Refuses, before any work, an evaluation without images of both domains.

    Raises:
      ConfigError: naming the missing role.
    """
    del options, requires
    require_roles(roles, ("source", "target"), "both domains are compared")
