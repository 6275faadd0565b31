"""What models share that translate both ways, from a source domain to a target domain and back."""

from collections.abc import Mapping
from typing import Any

import jax

from gan_jax import game
from gan_jax.game import TrainState
from gan_jax.models.shared.base import Batch
from gan_jax.models.shared.checks import require_images

# The networks of a player `gen` that translates both ways: the role that each is given, the one it draws.
WAYS: Mapping[str, tuple[str, str]] = {"s2t": ("source", "target"), "t2s": ("target", "source")}


def players(model: Any, rng: jax.Array, batch: Batch) -> dict[str, game.Player]:
    """The players `gen` and `disc` of a model that translates both ways, at their start.

    `model.gen` has a network for each of `WAYS`, `model.disc` one for each of its domains, `model.tx`
    moves either player; `batch` has `source` and `target` images.

    Raises:
      ValueError: a role is missing, or its channels or size are not what the networks take.
    """
    for role in ("source", "target"):
        require_images(batch, role, (getattr(model, f"{role}_channels"),))
        model.check_size(batch[role].shape[1], {})
    given = {name: roles[0] for name, roles in WAYS.items()}
    made = {}
    for key, name, networks in zip(
        jax.random.split(rng), ("gen", "disc"), (model.gen, model.disc), strict=True
    ):
        variables: dict[str, dict[str, Any]] = {"params": {}, "batch_stats": {}}
        for i, (network, module) in enumerate(networks.items()):
            pixels = batch[given.get(network, network)]
            found = module.init(jax.random.fold_in(key, i), pixels, train=False)
            for kind, trees in variables.items():
                trees[network] = found.get(kind, {})
        made[name] = game.player(variables, model.tx)
    return made


def translate(model: Any, state: TrainState, batch: Batch, batch_statistics: bool = False) -> Batch:
    """Each role that a batch has, drawn in the other domain by `gen`'s evaluation variables.

    `batch_statistics`: batch norm normalises by the batch in hand, not by running averages.
    """
    variables = state.players["gen"].eval_variables
    made = {}
    for name, (given, into) in WAYS.items():
        if given in batch:
            own = {kind: tree[name] for kind, tree in variables.items()}
            out, _ = model.gen[name].apply(own, batch[given], train=batch_statistics, mutable=["batch_stats"])
            made[into] = out
    return made
