"""Fig. 9 of the DTN paper: the reverse direction, with the f of the forward direction.

    python experiments/dtn_reverse.py --config=configs/dtn_svhn_mnist.py:part --out=results/dtn_fig9
    python experiments/dtn_reverse.py --quick

s are the digits on plain ground, t the house numbers, and f is still the classifier of house numbers. The
paper shows pictures and no figure. Here a second classifier of house numbers, which never trained g, judges
them. `OUT.png` has inputs in odd columns and their transfers in even columns.
"""

import dtn_tables
import numpy as np
import tables

from gan_jax.drawing import sheets
from gan_jax.ops.pixels import to_uint8
from gan_jax.runs import functions, inputs, restore

_PAIRS = 96
_COLUMNS = 24


def main():
    """Trains what is missing, and draws and scores the transfers."""
    configs = [dtn_tables.load("reverse", seed) for seed in range(tables.SEEDS.value)]
    row, result = dtn_tables.row("reverse", "DTN, reverse direction", configs)
    folder, _ = tables.run(configs[0])
    given = inputs.load_role(configs[0], configs[0].evals.test.roles.source).columns["image"][:_PAIRS]
    made = to_uint8(functions.generate(restore.load(folder), {"source": given})["target"])
    rgb = np.broadcast_to(given, made.shape)
    pairs = np.stack([rgb, made], axis=1).reshape(-1, *made.shape[1:])
    content = {**dtn_tables.facts(configs[0], result), "rows": [row]}
    before = 100 * result["metrics"]["untransferred_accuracy"]
    note = f"The judge's accuracy on the inputs themselves is {before:.2f} %. The paper prints no figure.\n"
    text = "\n".join([dtn_tables.heading(content), note, dtn_tables.markdown([row])])
    print(tables.write(content, text, sheets.panels({"inputs and transfers": pairs}, columns=_COLUMNS)))


if __name__ == "__main__":
    tables.start(main)
