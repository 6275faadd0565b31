"""Table 1 of the StyleGAN paper: from progressive GAN to StyleGAN, one change at a time.

    python experiments/stylegan_ablation.py --variant=part --out=results/stylegan_ablation_part
    python experiments/stylegan_ablation.py --rows=a_baseline,f_mixing
    python experiments/stylegan_ablation.py --quick

Each line is a run of `configs/stylegan_celeba.py` with the line's variant. All lines are scored by one judge.
The same command resumes an interrupted one. `OUT.json`, `OUT.md` and `OUT.png` are written again after every
line.
"""

import numpy as np
import tables
from absl import flags

from gan_jax.drawing.sheets import panels
from gan_jax.errors import ConfigError
from gan_jax.inference import generators
from gan_jax.runs import restore

CONFIG = "configs/stylegan_celeba.py"
ROWS = {  # variant -> label, published FID on CelebA-HQ and FFHQ
    "a_baseline": ("A baseline progressive GAN", 7.79, 8.04),
    "b_tuned": ("B + tuning, bilinear resampling", 6.11, 5.25),
    "c_styles": ("C + mapping and styles", 5.34, 4.85),
    "d_constant": ("D without traditional input", 5.07, 4.88),
    "e_noise": ("E + noise inputs", 5.06, 4.42),
    "f_mixing": ("F + mixing regularisation", 5.17, 4.40),
}
SIDE = 8  # images in each row and column of a sheet

_ROWS = flags.DEFINE_list("rows", list(ROWS), "lines to train")
_VARIANT = flags.DEFINE_string("variant", "", "further variants of every line, such as part")

TEXT = """\
Data: {data}. {n_fake} generated images are scored against {n_real} of {scored}.
Steps: {steps} of {batch} images in every line; the paper trains line A for fewer images. Seed: {seed}.
The features are those of the judge, a classifier of ten attributes of faces. {prefix}-FID is therefore not
FID, and comparable only with figures of this judge. The published figures are FID at 1024 pixels. Minutes are
for training and evaluation; the machine also did other work.

| line | paper, CelebA-HQ | paper, FFHQ | {prefix}-FID | KID | precision | recall | size of G | minutes |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
"""


def plan():
    """The checked configuration of every line by its name.

    Raises:
      ConfigError: a line is unknown, flags contradict each other, or the judge does not give the scores.
    """
    unknown = [name for name in _ROWS.value if name not in ROWS]
    if unknown or not _ROWS.value:
        raise ConfigError(f"rows={','.join(unknown)!r} is not allowed; allowed: {', '.join(ROWS)}")
    if flags.FLAGS["config"].present:
        raise ConfigError(
            f"config={tables.CONFIG.value!r} is not allowed: lines have {CONFIG}; see --variant"
        )
    further = [_VARIANT.value, "quick" if tables.QUICK.value else ""]
    seed = tables.only_seed()
    # The configurations name their own steps in `quick`.
    steps = 0 if tables.QUICK.value else None
    plan = {
        name: tables.load(",".join(filter(None, [*further, name])), seed, path=CONFIG, steps=steps)
        for name in dict.fromkeys(_ROWS.value)
    }
    for config in plan.values():
        features = config.evals.test.get("features", "judge")
        if features != "judge":
            scored = f"variant={_VARIANT.value!r} scores by the features of {features}"
            raise ConfigError(f"{scored}; allowed: variants that score by those of the judge")
    return plan


def row(name, config, run, result):
    """The scores of one run beside the paper's, and their origin."""
    label, celeba_hq, ffhq = ROWS[name]
    metrics, prefix = result["metrics"], config.evals.test.prefix
    measures = ("fid", "kid", "precision", "recall", "density", "coverage", "memorisation")
    origin = ("seconds", "seed", "judged_step", "params_sha256", "device", "commit", "command", "hardware")
    return {
        "name": name,
        "label": label,
        "paper": {"celeba_hq": celeba_hq, "ffhq": ffhq},
        **{measure: metrics[f"{prefix}_{measure}"] for measure in measures},
        **{key: metrics[key] for key in ("n_real", "n_fake", "floor", "untrained")},
        "judge_sha256": metrics["features_sha256"],
        "parameters": tables.parameters(run.state),
        "data": tables.describe("images", config.data.roles.image),
        "scored_on": tables.describe("images", config.evals.test.roles.image),
        "prefix": prefix,
        "steps": config.steps,
        "batch_size": config.batch_size,
        "hyperparameters": config.model.to_dict(),
        **{key: result[key] for key in origin},
    }


def markdown(rows):
    """The table as Markdown, with the floor as its last line."""
    first = rows[0]
    text = TEXT.format(
        **{key: first[key] for key in ("data", "n_fake", "n_real", "seed", "prefix", "steps")},
        scored=first["scored_on"],
        batch=first["batch_size"],
    )
    lines = []
    for found in rows:
        measures = [f"{found['fid']:.3f}", *(f"{found[m]:.3f}" for m in ("kid", "precision", "recall"))]
        published = [f"{found['paper'][data]:.2f}" for data in ("celeba_hq", "ffhq")]
        cells = [
            found["label"],
            *published,
            *measures,
            found["parameters"]["gen"],
            f"{found['seconds'] / 60:.1f}",
        ]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    floor = [first["floor"][f"{first['prefix']}_{m}"] for m in ("fid", "kid", "precision", "recall")]
    cells = ["real training images (floor)", "", "", *(f"{value:.3f}" for value in floor), "", ""]
    return text + "\n".join([*lines, f"| {' | '.join(cells)} |", ""])


def main():
    """Trains what is missing and writes the table after every line."""
    rows, sheets, written = [], {}, ""
    for name, config in plan().items():
        folder, result = tables.run(config)
        run = restore.load(folder)
        rows.append(row(name, config, run, result))
        z = generators.latents(run.model, config.seed, np.arange(SIDE * SIDE))
        caption = f"{rows[-1]['label']}: {rows[-1]['prefix']}-FID {rows[-1]['fid']:.2f}"
        sheets[caption] = generators.decode(run, z)
        content = {"rows": rows, **tables.origin()}
        written = tables.write(content, markdown(rows), panels(sheets, columns=SIDE, zoom=1, across=3))
    print(written)


if __name__ == "__main__":
    tables.start(main)
