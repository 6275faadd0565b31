"""The parameters that a run starts with, from other runs: the field `init`."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ml_collections import ConfigDict

from gan_jax import paths
from gan_jax.errors import CheckpointError, ConfigError, WorkdirError
from gan_jax.game import TrainState
from gan_jax.game.state import Player
from gan_jax.runs import classes, leaves, restore
from gan_jax.runs.workdir import Workdir

_log = logging.getLogger(__name__)

FILE = "init.json"
_PARTS = ("params", "batch_stats", "ema")


def sources(text: str) -> dict[str, Path]:
    """The folder of each player's run: `RUN` for all players, as player '', or `gen=RUN,disc=OTHER`.

    Raises:
      ConfigError: the text has neither form, or names a player twice.
    """
    found: dict[str, Path] = {}
    for part in text.split(",") if "=" in text else [text] if text else []:
        player, _, folder = part.rpartition("=")
        if not folder or player in found or ("=" in text and not player):
            allowed = "the folder of a run, or player=folder for each player, separated by commas"
            raise ConfigError(f"init={text!r} is not allowed; allowed: {allowed}")
        found[player] = paths.given("init", folder)
    return found


def check(config: ConfigDict, state: TrainState) -> None:
    """Refuses an `init` from which the run cannot start.

    Args:
      config: the run's configuration.
      state: the shapes of the run's state before training.

    Raises:
      ConfigError: a folder holds no run, or a run has no such player, or no parameter that fits.
    """
    _started(config, state)


def start(config: ConfigDict, state: TrainState, folder: Workdir) -> TrainState:
    """The state before training, with the parameters, running statistics and averages of other runs.

    A parameter or a running statistic that does not fit keeps its initial value, and a log line names it.
    Other lines name sizes and classes that differ. `init.json` in the run's folder records these facts.

    Raises:
      ConfigError: as for `check`.
    """
    state, facts, lines = _started(config, state)
    for line in lines:
        _log.warning("init: %s", line)
    if facts:
        folder.write_json(FILE, {"init": facts, "different": lines})
    return state


def _started(config, state):
    """The new state, the facts of each player's source, and lines on what differs."""
    players, facts, lines = dict(state.players), [], []
    for asked, path in sources(config.init).items():
        run = _load(path)
        names = [asked] if asked else [name for name in players if name in run.state.players]
        for name in names or [*players][:1]:
            for where, known in ((f"run {path}", run.state.players), ("this run", players)):
                if name not in known:
                    listed = ", ".join(known)
                    raise ConfigError(
                        f"init={config.init!r}: {where} has no player {name!r}; it has {listed}"
                    )
            players[name], fitting, new = _taken(name, path, players[name], run.state.players[name])
            lines += new
            if fitting or not new:
                facts.append({"player": name, "run": str(path), "step": int(run.state.step)})
                continue
            raise ConfigError(f"init={config.init!r}: no parameter of player {name!r} fits; {new[0]}")
        lines += _other_fields(path, config, run.config) + _other_classes(path, config)
    return state.replace(players=players), facts, list(dict.fromkeys(lines))


def _load(path: Path) -> restore.Run:
    try:
        return restore.load(path)
    except (WorkdirError, CheckpointError) as error:
        raise ConfigError(f"init={str(path)!r}: {error}") from error


def _taken(name: str, path: Path, mine: Player, theirs: Player) -> tuple[Player, int, list[str]]:
    """The player with the leaves that fit, how many parameters fit, and a line for each leaf that does not.

    Averages have no lines of their own, because they fit where the parameters do.
    """
    lines: list[str] = []
    fitting = 0
    replaced: dict[str, Any] = {}
    for part in _PARTS:
        own = getattr(mine, part)
        if own is None:
            continue
        given = getattr(theirs, part)
        there = leaves.flatten(theirs.params if given is None else given)
        flat = leaves.named(own)
        for leaf, value in flat.items():
            if leaf in there and there[leaf].shape == value.shape and there[leaf].dtype == value.dtype:
                flat[leaf] = np.copy(there[leaf])  # parameters and averages may not share memory
                fitting += part == "params"
            elif part != "ema":
                found = f"is {list(there[leaf].shape)} in" if leaf in there else "is not in"
                kind = "running statistic " if part == "batch_stats" else ""
                lines.append(f"{kind}{name}.{leaf} {found} {path}, {list(value.shape)} here; it starts anew")
        replaced[part] = leaves.fit(flat, own)
    return mine.replace(**replaced), fitting, lines


def _other_fields(path: Path, config: ConfigDict, theirs: ConfigDict) -> list[str]:
    """A line for each field on the images that differs from the other run's."""
    lines = []
    places: tuple[tuple[str, Mapping[str, Any], Mapping[str, Any]], ...] = (
        ("data", config.data, theirs.data),
        ("model", config.model, theirs.model),
    )
    for place, own, other in places:
        for field in ("name", "size", "width", "channels", "num_classes", "labels"):
            if field in own and field in other and own[field] != other[field]:
                lines.append(f"{place}.{field} is {other[field]!r} in {path}, {own[field]!r} here")
    return lines


def _other_classes(path: Path, config: ConfigDict) -> list[str]:
    """A line if the classes of images have other names than in the other run."""
    known = Workdir(path, writes=False).read_json(classes.FILE) or {}
    lines = []
    for role, names in classes.training(config).items():
        other = known.get(role, ())
        if other and tuple(other) != tuple(names):
            lines.append(f"classes of {role} are {', '.join(other)} in {path}, {', '.join(names)} here")
    return lines
