"""Shared parts of the experiments: flags, runs that resume, and results as JSON, Markdown and pictures."""

import functools
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import ml_collections
from absl import app, flags

from gan_jax import config as configuration
from gan_jax import models, paths
from gan_jax.errors import ConfigError, GanJaxError
from gan_jax.game import TrainState
from gan_jax.runs import logs, provenance, signals
from gan_jax.runs.evaluations import finite
from gan_jax.runs.workdir import Workdir
from gan_jax.train import train

_NAME = Path(sys.argv[0]).stem

CONFIG = flags.DEFINE_string(
    "config", "configs/dtn_digits.py", "configuration file, with variants after a colon"
)
SEEDS = flags.DEFINE_integer("seeds", 1, "number of seeds of each row: 0, 1, ...", lower_bound=1)
STEPS = flags.DEFINE_integer("steps", 0, "steps of each row; 0 for the configuration's", lower_bound=0)
QUICK = flags.DEFINE_bool("quick", False, "a short run: a third of the steps, or the variant quick")
WORKDIR = flags.DEFINE_string("workdir", f"runs/{_NAME}", "folder of the runs")
OUT = flags.DEFINE_string("out", "", "path of the results without suffix (default WORKDIR/table)")
_CACHE = flags.DEFINE_string("cache_dir", "runs/cache", "folder of required runs, such as f and the judge")
_DATA = flags.DEFINE_string("manual_dir", "", "folder of the data files; '' reads GAN_JAX_DATA")


def start(experiment: Callable[[], None]) -> None:
    """Runs an experiment from the command line; an error of the package ends it with one line."""

    def main(argv):
        del argv
        signals.install("between two runs; the same command goes on")
        logs.start()
        origin()
        try:
            experiment()
        except GanJaxError as error:
            print(f"{_NAME}: {error}", file=sys.stderr)
            sys.exit(error.exit_code)

    app.run(main)


@functools.cache
def origin() -> dict[str, Any]:
    """Command, commit, versions and hardware at the start of this process; the checkout may change later."""
    return provenance.facts()


def place_of_runs() -> Path:
    """The folder that `--workdir` names."""
    return paths.given("workdir", WORKDIR.value)


def out() -> Path:
    """The path of the results, without suffix."""
    return paths.given("out", OUT.value) if OUT.value else place_of_runs() / "table"


def load(
    variant: str = "",
    seed: int = 0,
    changes: Mapping[str, Any] | None = None,
    *,
    path: str = "",
    steps: int | None = None,
    known: Sequence[str] = (),
    flag: str = "config",
) -> ml_collections.ConfigDict:
    """The checked and resolved configuration of `--config` with further variants, a seed and changed fields.

    Args:
      variant: names separated by commas; '' for none.
      seed: seed of the run; f and the judge keep their own.
      changes: values of dotted fields.
      path: a configuration file, with variants after a colon, instead of `--config`.
      steps: steps of the run, with its schedules scaled alike; 0 for the configuration's, None for `--steps`.
      known: names of the allowed models; empty allows any.
      flag: the flag that gave `path`, for the error message.

    Raises:
      ConfigError: naming what is wrong.
    """
    file, _, arg = (path or CONFIG.value).partition(":")
    config = configuration.load(f"{file}:{','.join(filter(None, [arg, variant]))}")
    if known and config.model.name not in known:
        found = f"{flag}={path or CONFIG.value!r} is a configuration of {config.model.name}"
        raise ConfigError(f"{found}; allowed: {', '.join(known)}")
    if steps is None:
        steps = STEPS.value or (config.steps // 3 if QUICK.value else 0)
    with config.unlocked():
        config.seed = seed
        config.cache_dir = _CACHE.value
        config.data.manual_dir = _DATA.value
        config.tensorboard = False
        config.update_from_flattened_dict(dict(changes or {}))
        if steps and config.steps:
            share = steps / config.steps
            for field in models.model_class(config.model.name).SCHEDULES:
                config.model[field] = round(config.model[field] * share)
            config.steps = steps
            if "validation" in config.evals:
                config.evals.validation.every = min(config.evals.validation.every, steps)
    configuration.validate(config)
    return configuration.resolved(config).lock()


def only_seed() -> int:
    """Seed 0, for an experiment of a single run.

    Raises:
      ConfigError: more seeds are asked for.
    """
    if SEEDS.value != 1:
        raise ConfigError(f"seeds={SEEDS.value} is not allowed; allowed: 1, since this is a single run")
    return 0


def once(flag: str, names: Sequence[str]) -> None:
    """Refuses a name that a flag gives twice, since its row would be in the table twice.

    Raises:
      ConfigError: naming the flag and the name.
    """
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{flag}: {name!r} is given twice; allowed: once")


def run(config: ml_collections.ConfigDict, name: str = "") -> tuple[Path, dict[str, Any]]:
    """Trains, resumes, or only reads a run below `--workdir`; returns its folder and result."""
    folder = place(config, name)
    result = train(config, folder)
    jax.clear_caches()  # each run compiles its own programs, and jax would keep those of all rows
    return folder, result


def place(config: ml_collections.ConfigDict, name: str = "") -> Path:
    """The folder of a run below `--workdir`."""
    return place_of_runs() / f"{name or config.name}_seed{config.seed}"


def parameters(state: TrainState) -> dict[str, int]:
    """The number of each player's parameters, from its arrays or their shapes, without statistics."""
    return {
        name: sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(player.params))
        for name, player in state.players.items()
    }


def describe(role: str, spec: Mapping[str, Any]) -> str:
    """A role's images in words."""
    conditions = [*spec.get("having", ()), *(f"not {name}" for name in spec.get("lacking", ()))]
    place = spec["files"].get(spec["split"].partition("[")[0], "") or spec["name"]
    return f"{role} {place} [{spec['split']}] {' '.join(conditions)}".strip()


def write(content: Mapping[str, Any], text: str, picture: bytes | None, **further: bytes) -> str:
    """Writes OUT.json, OUT.md and OUT.png, each completely or not at all; returns the Markdown.

    `picture` may be None. `further` are other pictures: `curve=...` becomes OUT_curve.png.
    """
    path = out()
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = Workdir(path.parent)
    complete = f"{text}\n`{content['command']}`\n"
    folder.write_json(f"{path.name}.json", finite(content, path.name))
    folder.write(f"{path.name}.md", complete.encode())
    if picture is not None:
        folder.write(f"{path.name}.png", picture)
    for name, drawn in further.items():
        folder.write(f"{path.name}_{name}.png", drawn)
    return complete
