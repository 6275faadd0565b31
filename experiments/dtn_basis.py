"""Fig. 8 of the DTN paper: g's images of the standard basis of its input, one vector at a time.

    python experiments/dtn_basis.py --config=configs/dtn_svhn_mnist.py:part --out=results/dtn_fig8
    python experiments/dtn_basis.py --quick

No image goes in: picture i is g(e_i). If g had collapsed, all pictures would look alike. Features of digits
are far longer than a unit vector, so g(c e_i) is drawn too, where c is the mean length of f(x) over the
source. `OUT.json` has the judge's number of pictures for each class.
"""

import dtn_tables
import numpy as np
import tables

from gan_jax.drawing import sheets
from gan_jax.ops.pixels import to_uint8
from gan_jax.runs import functions, inputs, required, restore

_COLUMNS = 16


def main():
    """Trains what is missing and draws g's images."""
    config = dtn_tables.load(seed=tables.only_seed())
    folder, result = tables.run(config)
    run = restore.load(folder)
    judge = required.ensure(config, tables.train)["judge"]
    length = mean_length(config, run)
    basis = np.eye(config.model.f_widths[-1], dtype=np.float32)
    drawn = {"g(e_i)": basis, f"g(c e_i), c = {length:.1f}, the mean length of f(x)": length * basis}
    draw = functions.drawer(run)
    pictures = {title: draw(features) for title, features in drawn.items()}
    counts = {
        title: np.bincount(judge.apply("predict", {"image": made}).argmax(-1), minlength=10).tolist()
        for title, made in pictures.items()
    }
    rows = [{"label": title, "judged_as": count} for title, count in counts.items()]
    content = {**dtn_tables.facts(config, result), "mean_length": round(length, 3), "rows": rows}
    lines = [f"{row['label']}: the judge's counts of 0, 1, ... 9 are {row['judged_as']}.\n" for row in rows]
    text = "\n".join([dtn_tables.heading(content), *lines])
    shown = {title: to_uint8(made) for title, made in pictures.items()}
    print(tables.write(content, text, sheets.panels(shown, columns=_COLUMNS)))


def mean_length(config, run):
    """The mean Euclidean length of f(x) over the source's training images."""
    source = inputs.load_role(config, config.data.roles.source)
    networks = {"f": required.required(config, "f")}
    roles = inputs.with_features(run.model, networks, {"source": source}, lambda: None, config.cache_dir)
    return float(np.linalg.norm(roles["source"].columns["features"], axis=1).mean())


if __name__ == "__main__":
    tables.start(main)
