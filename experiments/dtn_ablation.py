"""Table 1 of the DTN paper: every row trained, with one f and one judge for all, and put into a table.

    python experiments/dtn_ablation.py --seeds=3 --out=results/dtn_table1_digits
    python experiments/dtn_ablation.py --config=configs/dtn_svhn_mnist.py:part --seeds=3
    python experiments/dtn_ablation.py --quick

Each row and seed is a run with its own folder under `--workdir`; the same command goes on where an
interrupted one stopped. Written at the end, and after every row: `OUT.json`, `OUT.md` and `OUT.png`.
"""

import json
import statistics
import sys
from pathlib import Path

from absl import app, flags

from gan_jax import config as configuration
from gan_jax import logs, plots, provenance
from gan_jax.ablation import TABLE_1
from gan_jax.errors import ConfigError, GanJaxError
from gan_jax.train import train

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

_CONFIG = flags.DEFINE_string("config", "configs/dtn_digits.py", "Which DTN, with variants after a colon")
_SEEDS = flags.DEFINE_integer("seeds", 1, "Seeds of each row: 0, 1, ...", lower_bound=1)
_STEPS = flags.DEFINE_integer("steps", 0, "Steps of each row; 0 for the configuration's", lower_bound=0)
_ROWS = flags.DEFINE_list("rows", list(ROWS), "Rows to train")
_QUICK = flags.DEFINE_bool("quick", False, "The embedded digits at a third of the steps")
_WORKDIR = flags.DEFINE_string("workdir", "runs/dtn_table1", "Folder of the runs")
_OUT = flags.DEFINE_string("out", "", "Path of the table without its ending; WORKDIR/table if empty")
_CACHE = flags.DEFINE_string("cache_dir", "runs/cache", "Folder of f and the judge")
_DATA = flags.DEFINE_string("manual_dir", "", "Folder of the data files; '' reads GAN_JAX_DATA")


def row_config(row, seed):
    """The configuration of one row and seed, and the data and scale that a reader should know."""
    file, _, arg = _CONFIG.value.partition(":")
    config = configuration.load(f"{file}:{','.join(filter(None, [arg, row]))}")
    with config.unlocked():
        config.seed = seed
        config.cache_dir = _CACHE.value
        config.data.manual_dir = _DATA.value
        config.tensorboard = False
        steps = _STEPS.value or (config.steps // 3 if _QUICK.value else 0)
        if steps and config.steps:
            share = steps / config.steps
            config.model.decay_start = round(config.model.decay_start * share)
            config.model.decay_end = round(config.model.decay_end * share)
            config.steps = steps
    configuration.validate(config)
    return config


def describe(config):
    """Data and scale, in words."""
    test = config.evals.test.roles.source
    data = test.name or ", ".join(test.files.values())
    model = config.model
    return {
        "data": f"source {data}, scored on {test.split}",
        "scale": f"{config.steps} steps of batch {config.batch_size}, f {list(model.f_widths)}, "
        f"g {list(model.g_widths)}, D {list(model.d_widths)}",
    }


def write(rows, facts, out):
    """Writes the table as JSON, Markdown and PNG."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.with_suffix(".json").write_text(json.dumps({**facts, "rows": rows}, indent=2) + "\n")
    out.with_suffix(".md").write_text(markdown(rows, facts))
    bars = {ROWS[row["name"]]: (row["accuracy"], row["paper"]) for row in rows}
    picture = plots.bars(bars, title=facts["data"], ours="ours", theirs="paper (all of SVHN, other networks)")
    out.with_suffix(".png").write_bytes(picture)


def markdown(rows, facts):
    """The table for a reader; the paper's figures are for SVHN -> MNIST at full size."""
    lines = [
        f"Data: {facts['data']}. Scale: {facts['scale']}. Seeds: {facts['seeds']}.",
        f"f on its test images {facts['f_accuracy']:.2f} %, judge on real target images "
        f"{facts['judge_accuracy']:.2f} %, commonest label {facts['chance']:.2f} %.",
        "",
        "| row | paper, SVHN -> MNIST (%) | ours, mean (%) | lowest to highest |",
        "| --- | ---: | ---: | ---: |",
    ]
    for row in rows:
        values = row["accuracy"]
        spread = f"{min(values):.2f} to {max(values):.2f}"
        mean = statistics.mean(values)
        lines.append(f"| {ROWS[row['name']]} | {row['paper']:.2f} | {mean:.2f} | {spread} |")
    return "\n".join([*lines, "", f"`{facts['command']}`", ""])


def main(argv):
    """Trains what is missing and writes the table after every row."""
    del argv
    logs.start()
    try:
        unknown = set(_ROWS.value) - set(ROWS)
        if unknown:
            raise ConfigError(f"rows={sorted(unknown)} not known; known: {', '.join(ROWS)}")
        configs = {(r, s): row_config(r, s) for r in _ROWS.value for s in range(_SEEDS.value)}
        out = Path(_OUT.value or Path(_WORKDIR.value) / "table")
        print(table(configs, out))
    except GanJaxError as error:
        print(f"dtn_ablation: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


def table(configs, out):
    """Runs every configuration and returns the Markdown."""
    rows, origin = [], provenance.facts()
    for row in _ROWS.value:
        results = []
        for seed in range(_SEEDS.value):
            config = configs[row, seed]
            results.append(train(config, Path(_WORKDIR.value) / f"{config.name}_seed{seed}"))
        accuracy = [round(100 * result["metrics"]["accuracy"], 2) for result in results]
        runs = [{k: r[k] for k in ("seed", "seconds", "params_sha256", "commit")} for r in results]
        rows.append({"name": row, "paper": TABLE_1[row][1], "accuracy": accuracy, "runs": runs})
        metrics = results[0]["metrics"]
        facts = {
            **describe(configs[_ROWS.value[0], 0]),
            "seeds": _SEEDS.value,
            **{k: 100 * metrics[k] for k in ("f_accuracy", "judge_accuracy", "chance")},
            "device": results[0]["device"],
            **origin,
            "config": configs[_ROWS.value[0], 0].to_dict(),
        }
        write(rows, facts, out)
    return markdown(rows, facts)


if __name__ == "__main__":
    app.run(main)
