"""StarGAN beside the models that its paper compares it with, on the same faces (Choi et al. 2018, Table III).

    python experiments/stargan_rivals.py --out=results/stargan_rivals_part
    python experiments/stargan_rivals.py --models=StarGAN,IcGAN --attributes=Blond_Hair,Male,Young
    python experiments/stargan_rivals.py --quick

StarGAN and IcGAN learn all attributes in one run. CycleGAN and DIAT have a run for each attribute. Each model
gives an attribute to the same test faces, which lack it, and one judge looks for it. Missing runs are
trained. Finished runs in `--workdir` are only read, and the same command resumes an interrupted one. Output:
`OUT.json`, `OUT.md` and `OUT.png`, with figures only. The sheets show faces and stay in the runs' folders.
"""

import statistics
from typing import Any

import tables
from absl import flags

from gan_jax import config as configuration
from gan_jax import models
from gan_jax.config import following
from gan_jax.config.recipes.faces import HAIR
from gan_jax.config.recipes.quick import OF_SOME_SCORED
from gan_jax.drawing import plots
from gan_jax.errors import ConfigError, nearest
from gan_jax.runs import restore

# For each model: its configuration, how it translates, and the paper's Table III: error in per cent on RaFD,
# and parameters.
MODELS: dict[str, dict[str, Any]] = {
    "StarGAN": {"file": "stargan_celeba", "way": "labels", "paper": (2.12, "53.2M x 1")},
    "CycleGAN": {"file": "cyclegan_celeba", "way": "directions", "paper": (5.99, "52.6M x 14")},
    "DIAT": {"file": "diat_celeba", "way": "direction", "paper": (4.10, "52.6M x 7")},
    "IcGAN": {"file": "icgan_celeba", "way": "labels", "paper": (8.07, "67.8M x 1")},
}
# The variant that trains a model of one attribute.
ONE = {"Black_Hair": "black", "Blond_Hair": "blond", "Brown_Hair": "brown", "Male": "", "Young": "young"}
FIELDS = ("error", "untouched_error", "change", "cycle", "untranslated_error", "real_error", "examples")
CLASSES = {"labels": (tuple("abcdefgh"),), "exclusive": (True,)}  # RaFD's eight expressions
RAFD = 128  # pixels

TEXT = """\
Faces of CelebA ({data}) at {size} pixels that lack an attribute are translated to faces that have it. The
error is the share of translations in which the judge, a ResNet-18 trained on real faces, does not see it.
`kept wrong` is its error on the attributes that should stay. `change` is the distance between a face and its
translation, and `cycle` that between a face and what comes back, in grey levels of 255. DIAT has no way back.
One seed. Published errors are for eight expressions of RaFD at 128 pixels, and ours are not comparable with
them.

| model | attribute | error (%) | kept wrong (%) | change | cycle | untranslated (%) | real (%) | faces |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
"""
COUNTS = """\

Runs that this table needs and their parameters, beside Table III of the paper. `as published` are the
program's counts for the papers' networks at 128 pixels, with eight classes where a model takes labels.

| model | steps x batch | minutes | parameters of a run | runs | as published | paper | paper's error (%) |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
"""
NOTES = """\

StarGAN's count is the paper's. So are DIAT's and CycleGAN's 52.6M, if each direction has CycleGAN's G and
StarGAN's D without classes ({borrowed:,}). With CycleGAN's own D a direction has {own:,}. IcGAN's 67.8M is
not reproduced, since the sizes of its layers at 128 pixels are not published. The authors' code for 64 pixels
and 18 attributes has {authors:,}.
"""

_CHOSEN = flags.DEFINE_list("models", list(MODELS), f"models to compare: {', '.join(MODELS)}")
_ATTRIBUTES = flags.DEFINE_list("attributes", ["Blond_Hair", "Male"], f"of {', '.join(HAIR)}")
_VARIANT = flags.DEFINE_string("variant", "part", "variant of all configurations; '' for their full size")
_SIZE = flags.DEFINE_integer("size", 64, "pixels a side for all models: 16, 32, 64 or 128", lower_bound=16)


def configurations():
    """Each model's configurations by attribute. All are checked before any is trained.

    StarGAN and IcGAN have the same configuration for every attribute.
    """
    for field, given, known in (("models", _CHOSEN, MODELS), ("attributes", _ATTRIBUTES, ONE)):
        if not given.value:
            raise ConfigError(f"{field}: none is given; known: {', '.join(known)}")
        for name in given.value:
            if name not in known:
                raise ConfigError(f"{field}: {name!r} {nearest(name, known)}")
            if given.value.count(name) > 1:
                raise ConfigError(f"{field}: {name!r} is given twice")
    chosen = {}
    for name in _CHOSEN.value:
        if MODELS[name]["way"] == "labels":
            chosen[name] = dict.fromkeys(_ATTRIBUTES.value, of_all(name))
        else:
            chosen[name] = {attribute: load(name, ONE[attribute]) for attribute in _ATTRIBUTES.value}
    return chosen


def load(name, variant=""):
    """A model's configuration at the size of all models."""
    last = "quick" if tables.QUICK.value else _VARIANT.value
    arg = ",".join(filter(None, [variant, last]))
    path, seed = f"configs/{MODELS[name]['file']}.py:{arg}", tables.only_seed()
    config = tables.load(path=path, seed=seed, steps=tables.STEPS.value)
    if not tables.QUICK.value:
        following.resize(config, _SIZE.value, _SIZE.value)
    configuration.validate(config)
    return config


def of_all(name):
    """The configuration of a model of all attributes, with a score for each attribute of the table."""
    config = load(name)
    tested = config.evals.test.roles.source.to_dict()
    if tables.QUICK.value:
        tested["split"] = OF_SOME_SCORED
    with config.unlocked():
        for attribute in _ATTRIBUTES.value:
            config.evals[score_of(attribute)] = {
                **{"kind": "attribute_change", "every": 0, "way": "labels", "attributes": HAIR},
                **{"wanted": (attribute,), "roles": {"source": {**tested, "lacking": (attribute,)}}},
            }
    configuration.validate(config)
    return config


def score_of(attribute):
    """The name of the evaluation of an attribute in a run of all attributes."""
    return f"to_{attribute}"


def counted(fields, size, **shapes):
    """The parameters of a model's players, from shapes alone."""
    image = [[size, size, 3], "uint8"]
    shapes = {role: image if shape is None else [shape, "int32"] for role, shape in shapes.items()}
    return tables.parameters(restore.abstract_state(models.create(fields), shapes))


def published():
    """The parameters of the networks in the papers, by model, and further counts for the notes."""
    two: dict[str, Any] = {"source": None, "target": None}
    one: dict[str, Any] = {"a": None, "a_label": []}
    cyclegan = counted({"name": "cyclegan", "blocks": 6}, RAFD, **two)
    diat = counted({"name": "diat"}, RAFD, **two)
    stargan = counted({"name": "stargan", **CLASSES}, RAFD, **one)
    icgan = counted({"name": "icgan", "size": RAFD, **CLASSES}, RAFD, **one)
    names = tuple(map(str, range(18)))
    authors = counted({"name": "icgan", "labels": (names,)}, 64, a=None, a_label=[18])
    return {
        "at": {
            "StarGAN": sum(stargan.values()),
            "CycleGAN": cyclegan["gen"] // 2 + diat["disc"],  # of one direction
            "DIAT": sum(diat.values()),
            "IcGAN": sum(icgan.values()),
        },
        "own": sum(cyclegan.values()) // 2,
        "borrowed": sum(diat.values()),
        "authors": sum(authors.values()),
    }


def measure(name, configs):
    """The rows of a model, one for each attribute, and the facts about its runs."""
    rows, runs, results = [], {}, {}
    for attribute, config in configs.items():
        if config.name not in results:
            folder, result = tables.run(config)
            results[config.name] = result
            kept = ("seed", "seconds", "judged_step", "params_sha256", "commit")
            runs[config.name] = {field: result[field] for field in kept}
            runs[config.name]["parameters"] = sum(tables.parameters(restore.load(folder).state).values())
        metrics = results[config.name]["metrics"]
        metrics = metrics[score_of(attribute)] if MODELS[name]["way"] == "labels" else metrics
        found = {field: metrics[field] for field in FIELDS}
        found["examples"] = metrics["per_target"][attribute]["examples"]
        rows.append({"model": name, "attribute": attribute, **found})
    first = next(iter(configs.values()))
    facts = {"steps": first.steps, "batch_size": first.batch_size, "runs": runs, "config": first.to_dict()}
    return rows, {"name": name, **facts}, result


def markdown(table):
    """The figures as Markdown."""
    lines = TEXT.format(**table).splitlines()
    for row in table["rows"]:
        shares = [percent(row[field]) for field in ("error", "untouched_error")]
        lengths = ["-" if row[field] is None else f"{row[field]:.1f}" for field in ("change", "cycle")]
        others = [percent(row[field]) for field in ("untranslated_error", "real_error")]
        shown = " | ".join([*shares, *lengths, *others, str(row["examples"])])
        lines.append(f"| {row['model']} | {row['attribute']} | {shown} |")
    lines += COUNTS.splitlines()
    for model in table["models"]:
        runs = list(model["runs"].values())
        error, count = MODELS[model["name"]]["paper"]
        minutes = sum(run["seconds"] for run in runs) / 60
        cells = [f"{model['steps']:,} x {model['batch_size']}", f"{minutes:.1f}"]
        cells += [
            f"{runs[0]['parameters']:,}",
            str(len(runs)),
            f"{table['published']['at'][model['name']]:,}",
        ]
        lines.append(f"| {model['name']} | {' | '.join(cells)} | {count} | {error:.2f} |")
    return "\n".join([*lines, NOTES.format(**table["published"])])


def percent(share):
    """A share in per cent, or a dash if there is none."""
    return "-" if share is None else f"{100 * share:.2f}"


def picture(table):
    """Each model's errors by attribute beside the judge's on real faces, PNG."""
    values = {}
    for name in table["chosen"]:
        own = [row for row in table["rows"] if row["model"] == name]
        real = statistics.mean(row["real_error"] for row in own)
        values[name] = [100 * row["error"] for row in own], 100 * real
    return plots.bars(
        values,
        title=f"Attributes that the judge misses in translations: {', '.join(table['attributes'])}",
        ours="translations, a dot for each attribute",
        theirs="real test faces",
        scale="error of the judge, %",
    )


def main():
    """Trains what is missing, measures, and writes the figures."""
    rows, facts = [], []
    chosen = configurations()
    for name, configs in chosen.items():
        found, about, result = measure(name, configs)
        rows += found
        facts.append(about)
    first = next(iter(next(iter(chosen.values())).values()))
    test = first.evals.test.roles.source.to_dict() | {"lacking": ()}
    table = {
        "rows": rows,
        "models": facts,
        "published": published(),
        "chosen": list(chosen),
        "attributes": list(_ATTRIBUTES.value),
        "data": tables.describe("", test),
        "size": first.data.size,
        "device": result["device"],
        **tables.origin(),
    }
    print(tables.write(table, markdown(table), picture(table)))


if __name__ == "__main__":
    tables.start(main)
