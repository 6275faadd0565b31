"""Table 1 of the DTN paper: every row trained, with one f and one judge for all, and put into a table.

    python experiments/dtn_ablation.py --seeds=3 --out=results/dtn_table1_digits
    python experiments/dtn_ablation.py --config=configs/dtn_svhn_mnist.py:part --seeds=3
    python experiments/dtn_ablation.py --quick

Each row and seed is a run with its own folder under `--workdir`; the same command goes on where an
interrupted one stopped. `OUT.json`, `OUT.md` and `OUT.png` are written anew after every row.
"""

from typing import Any

import tables
from absl import flags

from gan_jax.ablation import TABLE_1
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

_ROWS = flags.DEFINE_list("rows", list(ROWS), "Rows to train")


def main():
    """Trains what is missing and writes the table after every row."""
    unknown = set(_ROWS.value) - set(ROWS)
    if unknown:
        raise ConfigError(f"rows={sorted(unknown)} not known; known: {', '.join(ROWS)}")
    seeds = range(tables.SEEDS.value)
    configs = {name: [tables.load(name, seed) for seed in seeds] for name in _ROWS.value}
    rows: list[tables.Row] = []
    content: dict[str, Any] = {}
    for name, own in configs.items():
        row, result = tables.row(name, ROWS[name], own, paper=TABLE_1[name][1])
        rows.append(row)
        content = content or tables.facts(own[0], result)
        text = "\n".join([tables.heading(content), tables.markdown(rows)])
        written = tables.write({**content, "rows": rows}, text, tables.bars(rows, content["data"]))
    print(written)


if __name__ == "__main__":
    tables.start(main)
