"""Image translation: a source and a target, scored at the end, with sheets on the way."""

from typing import Any

import ml_collections

from gan_jax.config.sets import role

Place = str | tuple[str, str]
Fields = dict[str, Any]


def unpaired(
    config: ml_collections.ConfigDict,
    train: Place,
    test: Place,
    *,
    every: int,
    num: int,
    source: Fields | None = None,
    target: Fields | None = None,
) -> None:
    """Two domains without pairs; scored is the way there and back.

    Args:
      config: changed in place.
      train: where the training images are, such as "photos[train]"; or a pair, of source and of target.
      test: where those are that are scored and drawn.
      every: steps between sheets.
      num: images on a sheet.
      source: further fields of the roles of the source.
      target: of those of the target.
    """
    _translation(config, "cycle", train, test, every, num, (source, target))


def paired(
    config: ml_collections.ConfigDict,
    train: Place,
    test: Place,
    *,
    every: int,
    num: int,
    source: Fields | None = None,
    target: Fields | None = None,
) -> None:
    """Pairs; scored is the distance to the target. The arguments are those of `unpaired`."""
    config.data.kind = "paired"
    _translation(config, "paired", train, test, every, num, (source, target))


def paper_of_discogan(config: ml_collections.ConfigDict) -> None:
    """The equation as printed: adversarial and reconstruction terms of equal weight, from the start."""
    config.model.gan_weight, config.model.fm_weight, config.model.curriculum = 1.0, 0.0, 0


def _translation(config, kind, train, test, every, num, fields):
    def both(place):
        places = (place, place) if isinstance(place, str) else place
        found = zip(("source", "target"), places, fields, strict=True)
        return {name: role(where, labels=False, **(own or {})) for name, where, own in found}

    config.data.roles = both(train)
    config.evals.test = {"kind": kind, "every": 0, "roles": both(test)}
    config.evals.samples = {"kind": "sheet", "every": every, "num": num, "roles": both(test)}
