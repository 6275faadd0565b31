"""Noise-to-image models on one data set, all scored by one judge.

    python experiments/generation.py --out=results/generation
    python experiments/generation.py --rows=vae,acgan
    python experiments/generation.py --quick

Each row is a run of a configuration with the variant `--variant`. The judge is trained once for all rows. The
same command resumes an interrupted one. Output, written again after every row: `OUT.json`, `OUT.md`,
`OUT.png`, samples of each model, and `OUT_critic.png`, the loss of WGAN-GP's critic.
"""

import re

import numpy as np
import tables
from absl import flags

from gan_jax import config as configuration
from gan_jax.drawing import plots
from gan_jax.drawing.sheets import panels
from gan_jax.errors import ConfigError
from gan_jax.inference import generators
from gan_jax.runs import restore
from gan_jax.runs.workdir import Workdir

ROWS = {  # name of the row -> label, configuration
    "gan": ("GAN", "configs/gan_mnist.py:mlp"),
    "dcgan": ("DCGAN", "configs/dcgan_mnist.py"),
    "lsgan": ("LSGAN", "configs/lsgan_mnist.py"),
    "wgan_gp": ("WGAN-GP", "configs/wgan_gp_mnist.py"),
    "sn": ("SN", "configs/sngan_mnist.py"),
    "vae": ("VAE", "configs/vae_mnist.py"),
    "cgan": ("CGAN", "configs/cgan_mnist.py:conv"),
    "acgan": ("ACGAN", "configs/acgan_mnist.py"),
}
JUDGED = ROWS["dcgan"][1]  # every row uses this configuration's judge and scores
SIDE = 10  # images in each row and column of a sheet, and number of classes shown

_ROWS = flags.DEFINE_list("rows", list(ROWS), "rows to train")
_VARIANT = flags.DEFINE_string(
    "variant", "part", "variant of every row's configuration; 'quick' with --quick"
)

TEXT = """\
Data: {data}. {n_fake} generated images are scored against {n_real} of {scored}. Seed: {seed}.
The features are those of the judge, a classifier with an accuracy of {judge} on its test images. {prefix}-FID
is therefore not FID, and comparable only with figures of this judge. The floor is the score of as many real
training images instead of generated ones. Conditional accuracy is the share of images that the judge assigns
to the wanted class. A class is missing if the judge assigns no image to it. Minutes are for training and
evaluation; the machine also did other work.

| model | steps | batch | minutes | {prefix}-FID | KID | {prefix}-IS | precision | recall | density \
| coverage | conditional accuracy | classes missing | {prefix}-FID untrained |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
"""
MEASURES = {"fid": ".2f", "kid": ".3f", "is": ".2f", "precision": ".3f", "recall": ".3f", "density": ".3f",
            "coverage": ".3f"}  # fmt: skip


def plan():
    """The configuration of every row by its name. All are checked before anything is trained.

    Raises:
      ConfigError: a row is unknown, or flags contradict each other.
    """
    unknown = [name for name in _ROWS.value if name not in ROWS]
    if unknown or not _ROWS.value:
        raise ConfigError(f"rows={','.join(unknown)!r} is not allowed; allowed: {', '.join(ROWS)}")
    if flags.FLAGS["config"].present:
        message = (
            f"config={tables.CONFIG.value!r} is not allowed: each row has its own; --variant changes all"
        )
        raise ConfigError(message)
    if tables.QUICK.value and flags.FLAGS["variant"].present:
        raise ConfigError(f"variant={_VARIANT.value!r} is not allowed beside --quick, which is one")
    variant = "quick" if tables.QUICK.value else _VARIANT.value
    judged = tables.load(variant, path=JUDGED)
    return {name: scored(tables.load(variant, tables.only_seed(), path=ROWS[name][1]), judged)
            for name in dict.fromkeys(_ROWS.value)}  # fmt: skip


def scored(config, judged):
    """A configuration with another's judge and final scores; its own `test` is renamed after its kind."""
    with config.unlocked():
        own = config.evals.test
        if own.kind != judged.evals.test.kind:
            config.evals[own.kind] = own
        config.evals.test = judged.evals.test.copy_and_resolve_references()
        config.requires.judge = judged.requires.judge.copy_and_resolve_references()
    configuration.validate(config)
    return config


def row(name, config, result):
    """The scores of one run, and their origin."""
    metrics, prefix = result["metrics"], config.evals.test.prefix
    kept = ("classes", "n_real", "n_fake", "n_reference", "floor", "untrained", "judge_accuracy")
    origin = ("seconds", "seed", "judged_step", "params_sha256", "device", "commit", "command", "hardware")
    measure = {short: metrics[f"{prefix}_{short}"] for short in (*MEASURES, "is_std", "memorisation")}
    return {
        "model": ROWS[name][0],
        "data": named(config.data.roles.image),
        "steps": config.steps,
        f"{prefix}_fid": measure["fid"],
        "kid": measure["kid"],
        "precision": measure["precision"],
        "recall": measure["recall"],
        "conditional_accuracy": metrics.get("conditional_accuracy"),
        "classes_missing": metrics["classes_missing"],
        "density": measure["density"],
        "coverage": measure["coverage"],
        f"{prefix}_is": measure["is"],
        f"{prefix}_is_std": measure["is_std"],
        "memorisation": measure["memorisation"],
        **{key: metrics[key] for key in kept},
        "judge_sha256": metrics["features_sha256"],
        "scored_on": named(config.evals.test.roles.image),
        "prefix": prefix,
        "batch_size": config.batch_size,
        "config": f"{ROWS[name][1]} as {config.name}",
        "hyperparameters": config.model.to_dict(),
        **{key: result[key] for key in origin},
    }


def named(role):
    """A role's data and split in words."""
    files = [path for part, path in role.files.items() if re.search(rf"\b{part}\b", role.split)]
    return f"{role.name or ', '.join(files)} [{role.split}]"


def samples(run, seed):
    """100 images of a run, uint8 [100, S, S, C].

    A conditional run has one row for each class and one column for each latent.
    """
    classes, numbers = run.model.num_classes, np.arange(SIDE * SIDE)
    z = generators.latents(run.model, seed, numbers % SIDE if classes else numbers)
    label = np.repeat(np.arange(SIDE, dtype=np.int32) % classes, SIDE) if classes else None
    return generators.decode(run, z, label)


def critic(folder):
    """(step, negative loss) of a run's critic: its estimate of the distance minus the penalty."""
    records = Workdir(folder, writes=False).records()
    return [(record["step"], -record["critic/loss"]) for record in records if "critic/loss" in record]


def tenths(points):
    """Means of the values in each tenth of a curve, or the values themselves if they are fewer than ten."""
    values = np.array([value for _, value in points])
    return [float(part.mean()) for part in np.array_split(values, min(10, len(values)))]


def caption(found):
    """A model and its score, for above its sheet."""
    accuracy = found["conditional_accuracy"]
    asked = "" if accuracy is None else f", accuracy {100 * accuracy:.1f} %"
    return f"{found['model']}: {found['prefix']}-FID {found[found['prefix'] + '_fid']:.1f}{asked}"


def markdown(rows):
    """The table as Markdown, with the floor as its last line."""
    first = rows[0]
    text = TEXT.format(
        **{key: first[key] for key in ("data", "n_fake", "n_real", "seed", "prefix")},
        scored=first["scored_on"],
        judge=percent(first["judge_accuracy"]),
    )
    lines = text.splitlines()
    for found in rows:
        values = {**found, **{k: found[f"{found['prefix']}_{k}"] for k in ("fid", "is")}}
        own = [found["model"], found["steps"], found["batch_size"], f"{found['seconds'] / 60:.1f}"]
        own += [format(values[name], form) for name, form in MEASURES.items()]
        own += [percent(found["conditional_accuracy"]), found["classes_missing"]]
        lines.append(line([*own, f"{found['untrained'][found['prefix'] + '_fid']:.0f}"]))
    floor = [format(first["floor"][f"{first['prefix']}_{name}"], form) for name, form in MEASURES.items()]
    return "\n".join([*lines, line(["real training images (floor)", "", "", "", *floor, "-", "", ""]), ""])


def line(cells):
    """One row of a Markdown table."""
    return f"| {' | '.join(map(str, cells))} |"


def percent(share):
    """A share in per cent, or a dash if there is none."""
    return "-" if share is None else f"{100 * share:.2f} %"


def write(rows, sheets, curve):
    """Writes what is known so far."""
    content = {"rows": rows, **tables.origin()}
    further = {}
    if curve:
        content["critic"] = {"negative_loss_by_tenths": tenths(curve), "records": len(curve)}
        scale = "- loss of the critic"
        further["critic"] = plots.trend(curve, title="WGAN-GP: the critic's estimate", scale=scale)
    sheet = panels(sheets, columns=SIDE, zoom=1, across=4)
    return tables.write(content, markdown(rows), sheet, **further)


def main():
    """Trains what is missing and writes the table after every row."""
    rows, sheets, curve = [], {}, []
    for name, config in plan().items():
        folder, result = tables.run(config)
        rows.append(row(name, config, result))
        sheets[caption(rows[-1])] = samples(restore.load(folder), config.seed)
        if name == "wgan_gp":
            curve = critic(folder)
        written = write(rows, sheets, curve)
    print(written)


if __name__ == "__main__":
    tables.start(main)
