"""Functions for models that translate from a source domain to a target domain and back."""

from typing import Any

import jax

from gan_jax import game
from gan_jax.game import TrainState
from gan_jax.models.shared.base import Batch, inputs_like
from gan_jax.models.shared.checks import require_images
from gan_jax.ops.directions import DIRECTIONS

# For each network of the player `gen`: the role that it takes, and the role that it draws.
WAYS = DIRECTIONS


def players(model: Any, rng: jax.Array, batch: Batch) -> dict[str, game.Player]:
    """The players `gen` and `disc` of a model that translates both ways, before training.

    `model.gen` has one network for each of `WAYS`. `model.disc` has one network for each domain. `model.tx`
    gives each player's optimiser. `model.ema` above 0 keeps an average of gen. `batch` has `source` and
    `target` images.

    Raises:
      ValueError: a role is missing, or the networks do not accept its channels or size.
    """
    for role in ("source", "target"):
        require_images(batch, role, (getattr(model, f"{role}_channels"),))
        model.check(inputs_like(batch[role]))
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
        made[name] = game.player(variables, model.tx(name), name == "gen" and model.ema > 0)
    return made


def translate(model: Any, state: TrainState, batch: Batch, batch_statistics: bool = False) -> Batch:
    """Translates each role of a batch to the other domain by `gen`'s evaluation variables.

    With `batch_statistics` batch norm normalises by this batch instead of the running statistics.
    """
    variables = state.players["gen"].eval_variables
    made = {}
    for name, (given, into) in WAYS.items():
        if given in batch:
            own = {kind: tree[name] for kind, tree in variables.items()}
            out, _ = model.gen[name].apply(own, batch[given], train=batch_statistics, mutable=["batch_stats"])
            made[into] = out
    return made
