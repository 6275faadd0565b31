"""DTN on faces: what transfers keep of attributes, and whether they lead back to the person (Table 4).

    python experiments/dtn_faces.py --out=results/dtn_faces_part
    python experiments/dtn_faces.py --config=configs/dtn_face_emoji.py
    python experiments/dtn_faces.py --quick

Trains the configuration where it is not yet trained, and a second network for retrieval; the same command
goes on where an interrupted one stopped. Written: `OUT.json`, `OUT.md` and `OUT.png`, figures alone: the
sheets, which show faces, stay in the run's folder.
"""

import json
import sys
from pathlib import Path

from absl import app, flags

from gan_jax import config as configuration
from gan_jax import evaluate, logs, parallel, plots, provenance, runs
from gan_jax.errors import GanJaxError
from gan_jax.signals import handled
from gan_jax.train import train

# Table 4 of the paper: 118 photographs of CelebA among 100 000 others, by VGG-Face's descriptor.
PAPER = {
    "emoji made by people": {"median_rank": 16_311, "mean_rank": 27_992.34, "rank_1": 0.0, "rank_5": 0.0},
    "DTN": {"median_rank": 16, "mean_rank": 535.47, "rank_1": 0.2288, "rank_5": 0.3475},
}
WAYS = {
    "pixels": "plain pixels, 16 x 16",
    "second": "a second classifier, other seed and widths",
    "f": "f itself, which g was trained to satisfy",
}

ATTRIBUTES = """\
**Attributes** of {examples} photographs: what a judge, trained on real target images alone, sees in a
transfer, against the photograph's label. Balanced accuracy and AUC are 50 % for a judge that guesses, and for
a transfer that does not depend on the photograph. Beside them the balanced accuracy of the judge on the
photograph itself and on real target images, and of f on its own test photographs.

| attribute | labelled | seen in transfers | balanced accuracy | AUC | photograph itself | real target | f |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
"""
RETRIEVAL = """\
**Retrieval** (Table 4): each of {probes} test photographs is looked for, by its transfer, among
{distractors} others. Unlike in the paper it is the very photograph that was transferred, not another one of
the person, and no network here was trained to tell persons. The second classifier learned from the same
photographs and labels as f, so it is not independent of it.

| descriptor | median rank | mean rank | rank 1 | rank 5 | mean rank by chance |
| --- | ---: | ---: | ---: | ---: | ---: |
"""

_CONFIG = flags.DEFINE_string("config", "", "Which DTN; configs/dtn_face_emoji.py:part if empty")
_QUICK = flags.DEFINE_bool("quick", False, "Two steps of everything on embedded images")
_SEED = flags.DEFINE_integer("seed", 0, "Seed of DTN", lower_bound=0)
_PROBES = flags.DEFINE_integer("probes", 0, "Faces to look for; 118, or 8 with --quick", lower_bound=0)
_WORKDIR = flags.DEFINE_string("workdir", "runs/dtn_faces", "Folder of the run")
_OUT = flags.DEFINE_string("out", "", "Path of the figures without its ending; WORKDIR/faces if empty")
_CACHE = flags.DEFINE_string("cache_dir", "runs/cache", "Folder of f, the judge and the second network")
_DATA = flags.DEFINE_string("manual_dir", "", "Folder of the data files; '' reads GAN_JAX_DATA")


def base_config():
    """The configuration of DTN."""
    name = _CONFIG.value or f"configs/dtn_face_emoji.py:{'quick' if _QUICK.value else 'part'}"
    config = configuration.load(name)
    with config.unlocked():
        config.seed = _SEED.value
        config.cache_dir = _CACHE.value
        config.data.manual_dir = _DATA.value
        config.tensorboard = False
    configuration.validate(config)
    return config


def retrieval_config(config):
    """The same with a second network, and with retrieval in place of the configuration's evaluations."""
    config = config.copy_and_resolve_references()
    with config.unlocked():
        second = config.requires.f.copy_and_resolve_references()
        second.name, second.seed = f"{second.name}_second", config.requires.f.seed + 1
        *widths, features = second.model.widths
        second.model.widths = (*(width + width // 2 for width in widths), features)
        config.requires.second = second
        config.best, config.checkpoint_rule = "", "last"  # of the evaluations that go
        roles = config.evals.test.roles.to_dict()
        probes = _PROBES.value or (8 if _QUICK.value else 118)
        common = {"kind": "retrieval", "every": 0, "roles": roles, "probes": probes}
        config.evals = {way: common | {"network": "" if way == "pixels" else way} for way in WAYS}
    configuration.validate(config)
    return config


def retrieve(config, folder):
    """Values of every evaluation of `retrieval_config`, for the run in a folder."""
    config = retrieval_config(config)
    networks = runs.ensure(config, train)
    run = runs.load(folder)
    with handled() as interrupts:
        evaluations = evaluate.Evaluations(config, run.model, networks, interrupts.poll)
        state = parallel.replicate(run.state)
        return {name: evaluations.run(name, state) for name in WAYS}


def describe(config):
    """Data and scale, in words."""

    def named(role):
        return f"{role.name or ', '.join(role.files.values())} [{role.split}]"

    roles, model = config.data.roles, config.model
    return {
        "data": f"source {named(roles.source)}, target {named(roles.target)}, "
        f"scored on {named(config.evals.test.roles.source)}, at {config.data.size} pixels",
        "scale": f"{config.steps} steps of batch {config.batch_size}, f {list(model.f_widths)}, "
        f"g {list(model.g_widths)}, D {list(model.d_widths)}",
    }


def markdown(table):
    """The figures for a reader."""
    return "\n".join(
        [
            f"Data: {table['data']}. Scale: {table['scale']}. Seed: {table['seed']}.",
            "",
            *attribute_lines(table["agreement"]),
            "",
            *retrieval_lines(table["retrieval"]),
            "",
            f"`{table['command']}`",
            "",
        ]
    )


def attribute_lines(found):
    """What the judge sees in transfers, attribute by attribute."""
    lines = ATTRIBUTES.format(**found).splitlines()
    for name, one in found["per_attribute"].items():
        others = [one[k] and one[k]["balanced_accuracy"] for k in ("untransferred", "judge", "f")]
        own = [one[k] for k in ("prevalence", "answered", "balanced_accuracy", "auc")]
        lines.append(f"| {name} | {' | '.join(map(percent, own + others))} |")
    kinds = ("balanced_accuracy", "auc", "untransferred_balanced_accuracy", "judge_balanced_accuracy")
    return [*lines, f"| mean | | | {' | '.join(percent(found[k]) for k in kinds)} | |"]


def retrieval_lines(found):
    """Table 4, the paper's figures and ours."""
    lines = RETRIEVAL.format(**found["f"]).splitlines()
    rows = [(f"paper: {name}, VGG-Face", one, 50_001.0) for name, one in PAPER.items()]
    rows += [(WAYS[way], found[way], found[way]["chance_mean_rank"]) for way in WAYS]
    for name, one, chance in rows:
        shares = " | ".join(percent(one[k]) for k in ("rank_1", "rank_5"))
        ranks = f"{one['median_rank']:.1f} | {one['mean_rank']:.1f}"
        lines.append(f"| {name} | {ranks} | {shares} | {chance:.1f} |")
    return lines


def percent(share):
    """A share in per cent, or a dash where it is not known."""
    return "-" if share is None else f"{100 * share:.1f} %"


def write(table, out):
    """Writes the figures as JSON, Markdown and PNG, and returns the Markdown."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.with_suffix(".json").write_text(json.dumps(table, indent=2) + "\n")
    text = markdown(table)
    out.with_suffix(".md").write_text(text)
    known = {
        name: ([100 * one["balanced_accuracy"]], 100 * one["judge"]["balanced_accuracy"])
        for name, one in table["agreement"]["per_attribute"].items()
        if None not in (one["balanced_accuracy"], one["judge"]["balanced_accuracy"])
    }
    picture = plots.bars(
        known,
        title="What transfers keep of photographs",
        ours="judge on transfers",
        theirs="judge on real target images",
        scale="balanced accuracy of the judge, % (chance 50)",
    )
    out.with_suffix(".png").write_bytes(picture)
    return text


def main(argv):
    """Trains what is missing, measures, and writes the figures."""
    del argv
    logs.start()
    try:
        config, origin = base_config(), provenance.facts()
        retrieval_config(config)  # what is wrong with it is said before anything is trained
        folder = Path(_WORKDIR.value) / f"{config.name}_seed{config.seed}"
        result = train(config, folder)
        table = {
            **describe(config),
            "seed": config.seed,
            "agreement": result["metrics"],
            "retrieval": retrieve(config, folder),
            "paper": PAPER,
            **{k: result[k] for k in ("seconds", "judged_step", "params_sha256", "device")},
            **origin,
            "config": config.to_dict(),
        }
        print(write(table, Path(_OUT.value or Path(_WORKDIR.value) / "faces")))
    except GanJaxError as error:
        print(f"dtn_faces: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    app.run(main)
