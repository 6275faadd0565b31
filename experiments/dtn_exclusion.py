"""Table 3 of the DTN paper: the accuracy for a digit that is withheld from training.

    python experiments/dtn_exclusion.py --config=configs/dtn_svhn_mnist.py:part --out=results/dtn_table3
    python experiments/dtn_exclusion.py --quick

There are five conditions: the digit is in all data, not in s, not in t, in neither, or also not in f's
training (f keeps its ten outputs). The test images of the digit are scored. No image of the digit chooses the
checkpoint. Output: `OUT.json`, `OUT.md`, and `OUT.png`, the paper's Fig. 3. The figure shows test images of
the digit and their transfers under each condition, sorted by the judge's score of the digit under the first.
"""

from typing import Any

import dtn_tables
import numpy as np
import tables
from absl import flags

from gan_jax.drawing import sheets
from gan_jax.ops.pixels import to_uint8
from gan_jax.runs import functions, inputs, required, restore

CONDITIONS = {  # label, the paper's accuracy for the digit 3, the roles without it
    "dtn": ("DTN", 94.67, ()),
    "not_s": ("not in s", 93.33, ("data.roles.source",)),
    "not_t": ("not in t", 40.13, ("data.roles.target",)),
    "not_s_t": ("not in s nor t", 60.02, ("data.roles.source", "data.roles.target")),
    "not_s_t_f": (
        "not in s, t, nor f's training",
        4.52,
        ("data.roles.source", "data.roles.target", "requires.f.data.roles.image"),
    ),
}
_COLUMNS, _ROWS = 24, 2  # size of Fig. 3's grid for each condition

_DIGIT = flags.DEFINE_integer("digit", 3, "the withheld digit", lower_bound=0, upper_bound=9)


def main():
    """Trains what is missing; writes the table after every row and the grid at the end."""
    digit = _DIGIT.value
    seeds = range(tables.SEEDS.value)
    wanted = {name: [condition(name, seed) for seed in seeds] for name in CONDITIONS}
    rows: list[dtn_tables.Row] = []
    content: dict[str, Any] = {}
    for name, configs in wanted.items():
        label, paper, _ = CONDITIONS[name]
        row, result = dtn_tables.row(
            name,
            label,
            configs,
            paper=paper if digit == 3 else None,
            folder=f"{configs[0].name}_{name}{digit}",
            score=lambda metrics: metrics["per_class"][digit],
        )
        rows.append(row)
        if not content:
            counted = int(np.sum(result["metrics"]["confusion"][digit]))
            content = {**dtn_tables.facts(configs[0], result), "digit": digit, "examples": counted}
        tables.write({**content, "rows": rows}, text(content, rows), dtn_tables.bars(rows, content["data"]))
    print(tables.write({**content, "rows": rows}, text(content, rows), grid(wanted)))


def condition(name, seed):
    """One condition's configuration. No image of the digit chooses the checkpoint."""
    digit = (_DIGIT.value,)
    withheld = (*CONDITIONS[name][2], "evals.validation.roles.source")
    return dtn_tables.load("", seed, {f"{place}.exclude": digit for place in withheld})


def text(content, rows):
    """The table as Markdown."""
    scored = f"The scores are for the {content['examples']} test images of the digit {content['digit']}.\n"
    return "\n".join([dtn_tables.heading(content), scored, dtn_tables.markdown(rows)])


def grid(wanted):
    """Fig. 3: sources, then each condition's transfers in the same order, PNG."""
    first = next(iter(wanted.values()))[0]
    test = inputs.load_role(first, first.evals.test.roles.source)
    shown = np.flatnonzero(test.columns["label"] == _DIGIT.value)[: _COLUMNS * _ROWS]
    pictures = test.columns["image"][shown]
    judge = required.ensure(first, tables.train)["judge"]
    panels = {"source": pictures}
    for name, configs in wanted.items():
        folder, _ = tables.run(configs[0], f"{configs[0].name}_{name}{_DIGIT.value}")
        panels[CONDITIONS[name][0]] = to_uint8(
            functions.generate(restore.load(folder), {"source": pictures})["target"]
        )
    logits = judge.apply("predict", {"image": panels[CONDITIONS["dtn"][0]]})
    score = logits[:, _DIGIT.value] - np.logaddexp.reduce(logits, axis=-1)
    order = np.argsort(-score, kind="stable")
    return sheets.panels({label: made[order] for label, made in panels.items()}, columns=_COLUMNS)


if __name__ == "__main__":
    tables.start(main)
