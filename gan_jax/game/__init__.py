"""The game: the players' state, the moves that change it, and the devices that it runs on."""

from gan_jax.game.moves import clipped, device_mean, once, repeat, update
from gan_jax.game.state import Player, TrainState, create, player

__all__ = ["Player", "TrainState", "clipped", "create", "device_mean", "once", "player", "repeat", "update"]
