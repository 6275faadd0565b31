"""Table 1 of the DTN paper: trains every row, with one f and one judge for all, and makes the table.

    python experiments/dtn_ablation.py --seeds=3 --out=results/dtn_table1_digits
    python experiments/dtn_ablation.py --config=configs/dtn_svhn_mnist.py:part --best --seeds=3
    python experiments/dtn_ablation.py --config=configs/dtn_svhn_mnist.py:part,steady --last --seeds=3
    python experiments/dtn_ablation.py --quick

`--best` adds the configuration's variant `best`, the same without each of its ingredients, and further
trials. `--beside` selects among these lines; without `--best` it trains only the selected lines. `--last`
also scores every run after its last step, beside the checkpoint that validation chooses. With `--last` and
without `--best`, the lines of `--beside` take one cure each from the variant `steady`, which the
configuration then has. Each row and seed is a run with its own folder under `--workdir`. The same command
resumes an interrupted one. `OUT.json`, `OUT.md` and `OUT.png` are written again after every row.
"""

import statistics
from typing import Any

import dtn_tables
import tables
from absl import flags

from gan_jax import config as configuration
from gan_jax.config.recipes.table_1 import TABLE_1
from gan_jax.errors import ConfigError

ROWS = {
    "dtn": "DTN",
    "no_tid": "without L_TID",
    "no_const": "without L_CONST",
    "no_f": "G does not contain f",
    "no_adversary": "without L_D and L_GANG",
    "neither": "without L_CONST and L_TID",
    "original": "original source image",
    "baseline": "baseline (Sec. 3)",
}

PLAIN_F = "moved"
# Variants of the configuration on top of `best`; only the first replaces `best`.
INGREDIENTS = {
    PLAIN_F: "f of Table 1's rows: neither bent images nor self-training, 30 passes instead of 84",
    "one_domain_f": "f without self-training on t",
    "unbent_f": "f of images that are not bent, trained as long, with self-training",
    "short_f": "f of bent images for 30 passes instead of 84, with self-training",
    "plain_const": "L_CONST by f of G(x) as it is, not moved and bent",
    "mse": "L_CONST by squared error of raw features, alpha 15, instead of cosine",
    "slow_d": "D's rate 2e-4 instead of 1e-3",
    "normalised_d": "D with batch norm and kernels N(0, 0.02)",
    "no_average": "g itself instead of its moving average",
    "constant_rates": "constant learning rates",
    "last_checkpoint": "the last checkpoint",
}
TRIED = {
    "wide_d": "D of twice the width",
    "fast_g": "g's rate 1e-3 instead of 4e-4",
    "double_weights": "alpha and beta doubled",
    "half_weights": "alpha and beta halved",
    "scaled_mse": "L_CONST by squared error of features scaled to deviation one, alpha 5",
}

# Variants of the configuration on top of `steady`; each takes one cure away.
CURES = {
    "plain_d": "D without batch norm, with kernels of variance 1 / n",
    "short_average": "g averaged over 50 steps instead of 100, rates that fall from the half of training",
    "no_average": "g itself instead of its moving average",
    "plain_const": "L_CONST by f of G(x) as it is, not moved and bent",
    "one_domain_f": "f without self-training on t",
}

TITLES = {
    "ingredients": "The best recipe without each of its ingredients",
    "tried": "Further trials on top of the best recipe",
    "cures": "The steady recipe without each of its cures",
}

COURSE = """\
The judge's accuracy on the transferred validation images (%), by step, mean over seeds. These images choose
the checkpoint; no test image is among them.
"""

_ROWS = flags.DEFINE_list("rows", list(ROWS), "rows to train")
_BEST = flags.DEFINE_bool(
    "best", False, "also train the variant `best`, the same without each ingredient, and further trials"
)
_BESIDE = flags.DEFINE_list(
    "beside", None, "lines beside the best or the steady recipe to train (default with --best: all)"
)
_BESIDE_SEEDS = flags.DEFINE_integer(
    "beside_seeds", 0, "seeds of each line beside a recipe; 0 for --seeds", lower_bound=0
)

_ABLATED_SEEDS = flags.DEFINE_integer(
    "ablated_seeds", 0, "seeds of each row but DTN's own; 0 for --seeds", lower_bound=0
)
_LAST = flags.DEFINE_bool(
    "last", False, "also score every run after its last step, beside the checkpoint that validation chooses"
)


def main():
    """Trains what is missing and writes the table after every row."""
    beside = [name for labels in lines().values() for name in labels]
    for flag, known in ((_ROWS, ROWS), (_BESIDE, beside)):
        unknown = set(flag.value or ()) - set(known)
        if unknown:
            raise ConfigError(f"{flag.name}={sorted(unknown)} not known; known: {', '.join(known)}")
        tables.once(flag.name, flag.value or [])
    planned = plan()
    if not planned:
        raise ConfigError(f"rows: none is given, nor --best or --beside; known: {', '.join(ROWS)}")
    found: dict[str, list[dtn_tables.Row]] = {}
    content: dict[str, Any] = {}
    for section, name, label, configs in planned:
        row, result = dtn_tables.row(
            name, label, configs, paper=TABLE_1[name][1] if section == "rows" else None
        )
        if _LAST.value:
            row = {**row, "last": scores(configs, row)}
        found.setdefault(section, []).append(row)
        content = content or dtn_tables.facts(configs[0], result)
        written = write(content, found)
    print(written)


def write(content, found):
    """Writes what is known so far: Table 1, then the best recipe and the tables around it.

    The picture shows Table 1 and the best recipe. Without both, it shows the lines beside the best recipe.
    """
    further = [{"title": TITLES[s], "rows": found[s]} for s in TITLES if s in found]
    best = {"best": found["best"][0]} if "best" in found else {}
    complete = {**content, "rows": found.get("rows", []), **best, "tables": further}
    rows = [*complete["rows"], *found.get("best", [])] or [row for part in further for row in part["rows"]]
    return tables.write(complete, text(content, found), dtn_tables.bars(rows, content["data"]))


def text(content, found):
    """The tables as Markdown; the paper's figures are for all of SVHN -> MNIST at full size."""
    rows = [*found.get("rows", []), *found.get("best", [])]
    also = "Every run is also scored after its last step.\n" if _LAST.value else ""
    if _ABLATED_SEEDS.value:
        also += f"Seeds of the rows below DTN's own: {_ABLATED_SEEDS.value}.\n"
    parts = [dtn_tables.heading(content) + also, *([dtn_tables.markdown(rows)] if rows else [])]
    for section, title in TITLES.items():
        if section in found:
            seeds = len(found[section][0]["accuracy"])
            parts += [f"{title} (seeds: {seeds}):\n", dtn_tables.markdown(found[section])]
    courses = [row for rows in found.values() for row in rows if all(row["validation"])]
    return "\n".join([*parts, *([COURSE, by_step(courses)] if courses else [])])


def by_step(rows):
    """Means over seeds of the validation's accuracy, one column for each step, as Markdown."""
    steps = sorted({int(step) for row in rows for step in row["validation"][0]})
    lines = [f"| row | {' | '.join(map(str, steps))} |", "| --- |" + " ---: |" * len(steps)]
    for row in rows:
        seeds = [[course.get(str(step)) for course in row["validation"]] for step in steps]
        cells = ["" if None in values else f"{statistics.mean(values):.2f}" for values in seeds]
        lines.append(f"| {row['label']} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def plan():
    """Every row to train as (section, name, label, one checked configuration for each seed)."""
    rows = [("rows", name, ROWS[name], name) for name in _ROWS.value]
    if _BEST.value:
        rows += [("best", "best", "DTN, best recipe", "best")]
    beside = ([*INGREDIENTS, *TRIED] if _BEST.value else []) if _BESIDE.value is None else _BESIDE.value
    for section, labels in lines().items():
        alone = labels if section == "cures" else (PLAIN_F,)  # the configuration itself has `steady`
        variants = {k: k if k in alone else f"best,{k}" for k in labels if k in beside}
        rows += [(section, k, labels[k], variant) for k, variant in variants.items()]
    few = _BESIDE_SEEDS.value or tables.SEEDS.value
    ablated = _ABLATED_SEEDS.value or tables.SEEDS.value
    seeds = dict.fromkeys(ROWS, ablated) | dict.fromkeys(("dtn", "best"), tables.SEEDS.value)
    return [
        (*row, [load(variant, seed) for seed in range(few if row[0] in TITLES else seeds[row[1]])])
        for *row, variant in rows
    ]


def lines():
    """The lines that `--beside` selects among, by section: those around `best`, or those around `steady`."""
    around_steady = _LAST.value and not _BEST.value
    return {"cures": CURES} if around_steady else {"ingredients": INGREDIENTS, "tried": TRIED}


def load(variant, seed):
    """The configuration of a run; with `--last`, an evaluation of that name scores its last step."""
    config = dtn_tables.load(variant, seed)
    if _LAST.value and config.steps:
        with config.unlocked():
            config.checkpoint_rule = "best"
            config.evals.last = {**config.evals.test.to_dict(), "every": config.steps}
        configuration.validate(config)
    return config


def scores(configs, row):
    """Accuracies in per cent after the last step, one for each seed."""
    steps = configs[0].steps
    if not steps:  # an untrained run has only one state
        return row["accuracy"]
    return [records[str(steps)] for records in dtn_tables.course(configs, of="last")]


if __name__ == "__main__":
    tables.start(main)
