"""DTN on faces: whether transfers keep attributes, look like cartoons and lead back to the person (Table 4).

    python experiments/dtn_faces.py --out=results/dtn_faces_part
    python experiments/dtn_faces.py --config=configs/dtn_face_emoji.py
    python experiments/dtn_faces.py --quick

The configuration is trained if needed, and a second network for retrieval. The same command resumes an
interrupted one. Output: `OUT.json`, `OUT.md` and `OUT.png`, with figures only. The sheets show faces and stay
in the run's folder.
"""

import functools

import tables
from absl import flags

from gan_jax import config as configuration
from gan_jax.drawing import plots
from gan_jax.game import devices
from gan_jax.runs import evaluations, required, restore
from gan_jax.runs.signals import INTERRUPTS

# Table 4 of the paper: 118 photographs of CelebA among 100 000 others, with VGG-Face's descriptor.
PAPER = {
    "emoji made by people": {"median_rank": 16_311, "mean_rank": 27_992.34, "rank_1": 0.0, "rank_5": 0.0},
    "DTN": {"median_rank": 16, "mean_rank": 535.47, "rank_1": 0.2288, "rank_5": 0.3475},
}
WAYS = {
    "pixels": "pixels, 16 x 16",
    "second": "a second classifier with another seed and other widths",
    "f": "f itself, which g was trained to satisfy",
}

ATTRIBUTES = """\
**Attributes** of {examples} photographs: a judge trained only on real target images predicts them from the
transfer, and the prediction is compared with the photograph's label. Balanced accuracy and AUC are 50 % for a
judge that guesses, and for a transfer that does not depend on the photograph. The last columns are the
balanced accuracy of the judge on the photograph itself and on real target images, and of f on its own test
photographs.

| attribute | labelled | seen in transfers | balanced accuracy | AUC | photograph itself | real target | f |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
"""
LIKENESS = """\
**Likeness**: {n_fake} transfers against {n_real} real target images, in the features of the judge. `real
target` has {n_reference} other real images instead of transfers.

| images | Fréchet distance | precision | recall | density | coverage |
| --- | ---: | ---: | ---: | ---: | ---: |
"""
RETRIEVAL = """\
**Retrieval** (Table 4): the transfer of each of {probes} test photographs is used to find it among
{distractors} others. Here the photograph itself is to be found, not another one of the same person as in the
paper, and no network was trained to recognise persons. The second classifier was trained on the same
photographs and labels as f, so it is not independent of f.

| descriptor | median rank | mean rank | rank 1 | rank 5 | mean rank by chance |
| --- | ---: | ---: | ---: | ---: | ---: |
"""

_CONFIG = "configs/dtn_face_emoji.py"
flags.FLAGS.set_default("config", f"{_CONFIG}:part")
_PROBES = flags.DEFINE_integer(
    "probes", 0, "number of faces to look for (default 118, or 8 with --quick)", lower_bound=0
)


def base_config():
    """DTN's configuration; with --quick, two steps of everything on embedded images."""
    if tables.QUICK.value:
        flags.FLAGS["config"].value = f"{_CONFIG}:quick"
    return tables.load(seed=tables.only_seed())


def retrieval_config(config):
    """The configuration with a second network, and with retrieval instead of its evaluations."""
    config = config.copy_and_resolve_references()
    with config.unlocked():
        second = config.requires.f.copy_and_resolve_references()
        second.name, second.seed = f"{second.name}_second", config.requires.f.seed + 1
        *widths, features = second.model.widths
        second.model.widths = (*(width + width // 2 for width in widths), features)
        config.requires.second = second
        config.best, config.checkpoint_rule = "", "last"  # both named an evaluation that is replaced
        roles = config.evals.test.roles.to_dict()
        probes = _PROBES.value or (8 if tables.QUICK.value else 118)
        common = {"kind": "retrieval", "every": 0, "roles": roles, "probes": probes}
        config.evals = {way: common | {"network": "" if way == "pixels" else way} for way in WAYS}
    configuration.validate(config)
    return config


def retrieve(config, folder):
    """The values of every evaluation of `retrieval_config` for the run in a folder."""
    config = retrieval_config(config)
    networks = required.ensure(config, tables.train)
    run = restore.load(folder)
    untrained = functools.partial(restore.initial_state, config, run.model, run.example, networks)
    judging = evaluations.Evaluations(config, run.model, networks, INTERRUPTS.poll, untrained)
    state = devices.replicate(run.state)
    return {name: judging.run(name, state) for name in WAYS}


def describe(config):
    """Data and scale in words."""

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
    """The figures as Markdown."""
    return "\n".join(
        [
            f"Data: {table['data']}. Scale: {table['scale']}. Seed: {table['seed']}.",
            "",
            *attribute_lines(table["agreement"]),
            "",
            *likeness_lines(table["likeness"]),
            "",
            *retrieval_lines(table["retrieval"]),
            "",
        ]
    )


def attribute_lines(found):
    """The judge's scores on transfers, attribute by attribute."""
    lines = ATTRIBUTES.format(**found).splitlines()
    for name, one in found["per_attribute"].items():
        others = [one[k] and one[k]["balanced_accuracy"] for k in ("untransferred", "judge", "f")]
        own = [one[k] for k in ("prevalence", "answered", "balanced_accuracy", "auc")]
        lines.append(f"| {name} | {' | '.join(map(percent, own + others))} |")
    kinds = ("balanced_accuracy", "auc", "untransferred_balanced_accuracy", "judge_balanced_accuracy")
    return [*lines, f"| mean | | | {' | '.join(percent(found[k]) for k in kinds)} | |"]


def likeness_lines(found):
    """The measures of transfers, of photographs and of other real target images."""
    lines = LIKENESS.format(**found).splitlines()
    measures = [f"judge_{measure}" for measure in ("precision", "recall", "density", "coverage")]
    rows = {"transfers": found, "photographs": found["untranslated"], "real target": found["floor"]}
    for name, one in rows.items():
        shares = [f"{one[measure]:.3f}" for measure in measures]
        lines.append(f"| {name} | {one['judge_frechet']:.1f} | {' | '.join(shares)} |")
    return lines


def retrieval_lines(found):
    """Table 4 with the paper's figures and ours."""
    lines = RETRIEVAL.format(**found["f"]).splitlines()
    rows = [(f"paper: {name}, VGG-Face", one, 50_001.0) for name, one in PAPER.items()]
    rows += [(WAYS[way], found[way], found[way]["chance_mean_rank"]) for way in WAYS]
    for name, one, chance in rows:
        shares = " | ".join(percent(one[k]) for k in ("rank_1", "rank_5"))
        ranks = f"{one['median_rank']:.1f} | {one['mean_rank']:.1f}"
        lines.append(f"| {name} | {ranks} | {shares} | {chance:.1f} |")
    return lines


def percent(share):
    """A share in per cent, or a dash if it is not known."""
    return "-" if share is None else f"{100 * share:.1f} %"


def picture(table):
    """The judge's balanced accuracy on transfers and on real target images, PNG."""
    known = {
        name: ([100 * one["balanced_accuracy"]], 100 * one["judge"]["balanced_accuracy"])
        for name, one in table["agreement"]["per_attribute"].items()
        if None not in (one["balanced_accuracy"], one["judge"]["balanced_accuracy"])
    }
    return plots.bars(
        known,
        title="What transfers keep of photographs",
        ours="judge on transfers",
        theirs="judge on real target images",
        scale="balanced accuracy of the judge, % (chance 50)",
    )


def main():
    """Trains what is missing, measures, and writes the figures."""
    config = base_config()
    retrieval_config(config)  # finds errors in it before anything is trained
    folder, result = tables.run(config)
    table = {
        **describe(config),
        "seed": config.seed,
        "agreement": result["metrics"],
        "likeness": result["metrics"]["likeness"],
        "retrieval": retrieve(config, folder),
        "paper": PAPER,
        **{k: result[k] for k in ("seconds", "judged_step", "params_sha256", "device")},
        **tables.origin(),
        "config": config.to_dict(),
    }
    print(tables.write(table, markdown(table), picture(table)))


if __name__ == "__main__":
    tables.start(main)
