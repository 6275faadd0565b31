"""StarGAN's table: classification errors of synthesised attributes, parameters (Choi et al. 2018, Table III).

    python experiments/stargan_errors.py --out=results/stargan_errors_part
    python experiments/stargan_errors.py --rows=single,joint --variant=rafd
    python experiments/stargan_errors.py --quick

Our rows are `celeba`, with hair colour, gender and age, and `single` and `joint`, with expressions by a
StarGAN trained on their data set only (SNG) and together with CelebA (JNT). Missing runs are trained; the
same command resumes an interrupted one. Output: `OUT.json`, `OUT.md` and `OUT.png`, with figures only. The
sheets show faces and stay in the runs' folders.
"""

import statistics
from typing import Any

import tables
from absl import flags

from gan_jax import models
from gan_jax.drawing import plots
from gan_jax.errors import ConfigError, nearest
from gan_jax.runs import restore

# Table III of the paper: error in per cent of a ResNet-18 on expressions of RaFD, and all parameters.
PAPER: dict[str, dict[str, Any]] = {
    "DIAT": {"error": 4.10, "parameters": 52.6e6, "networks": 7},
    "CycleGAN": {"error": 5.99, "parameters": 52.6e6, "networks": 14},
    "IcGAN": {"error": 8.07, "parameters": 67.8e6, "networks": 1},
    "StarGAN": {"error": 2.12, "parameters": 53.2e6, "networks": 1},
    "real images": {"error": 0.45, "parameters": None, "networks": None},
}
# The paper's StarGAN for this table has eight classes and 128 pixels.
PUBLISHED = {"name": "stargan", "labels": (tuple("abcdefgh"),), "exclusive": (True,)}
PUBLISHED_SIZE = 128

ROWS = {
    "celeba": ("configs/stargan_celeba.py", "", "attributes of CelebA"),
    "single": ("configs/stargan_joint.py", "single", "expressions, trained alone (SNG)"),
    "joint": ("configs/stargan_joint.py", "", "expressions, trained with CelebA (JNT)"),
}

MAIN = """\
The error is the share of synthesised images in which a ResNet-18, trained only on real images, does not see
the wanted label. Published figures are for eight expressions of RaFD, photographed in a studio, at 128
pixels. Ours are for other data and sizes, so they are not comparable. Beside each is the error of the same
network on real test images, and on the untranslated inputs.
The program counts the parameters of our models and
those of the published StarGAN: {published:,}.

| method | data | error (%) | lowest to highest | real images (%) | untranslated (%) | parameters |
| --- | --- | ---: | ---: | ---: | ---: | ---: |
"""
TARGETS = """\

**{label}**, seed {seed}, {examples} images{untouched}. The mean of |x - G(G(x, c), c')| is
{cycle_l1:.3f}; pixels have a range of 2.

| target | images | error | others wrong | untranslated | real images |
| --- | ---: | ---: | ---: | ---: | ---: |
"""

_CHOSEN = flags.DEFINE_list("rows", list(ROWS), f"our rows to train: {', '.join(ROWS)}")
_VARIANT = flags.DEFINE_string("variant", "part", "variant of both configurations; '' for their full size")


def configurations():
    """A configuration of each seed for every row. All are checked before any is trained."""
    chosen = {}
    if not _CHOSEN.value:
        raise ConfigError(f"rows: none is given; known: {', '.join(ROWS)}")
    for name in _CHOSEN.value:
        if name not in ROWS:
            raise ConfigError(f"rows: {name!r} {nearest(name, ROWS)}")
        file, variant, _ = ROWS[name]
        flags.FLAGS["config"].value = f"{file}:{'quick' if tables.QUICK.value else _VARIANT.value}"
        chosen[name] = [tables.load(variant, seed) for seed in range(tables.SEEDS.value)]
    return chosen


def published_parameters():
    """The number of parameters of the paper's StarGAN."""
    image = [PUBLISHED_SIZE, PUBLISHED_SIZE, 3]
    shapes = {"a": [image, "uint8"], "a_label": [[], "int32"]}
    return sum(tables.parameters(restore.abstract_state(models.create(PUBLISHED), shapes)).values())


def measure(name, configs):
    """One of our rows: runs of every seed and their measures, and the last result."""
    found = [tables.run(config) for config in configs]
    results = [result for _, result in found]
    test = configs[0].evals.test.roles.source
    run = restore.load(found[0][0])
    kept = ("seed", "seconds", "judged_step", "params_sha256", "commit")
    return {
        "name": name,
        "label": f"ours: {ROWS[name][2]}",
        "data": f"{tables.describe('', test)}, {configs[0].data.size} pixels",
        "error": [percent(result["metrics"]["error"]) for result in results],
        "real_error": percent(results[0]["metrics"]["real_error"]),
        "untranslated_error": percent(results[0]["metrics"]["untranslated_error"]),
        "parameters": sum(tables.parameters(run.state).values()),
        "metrics": [result["metrics"] for result in results],
        "runs": [{field: result[field] for field in kept} for result in results],
        "config": configs[0].to_dict(),
    }, results[-1]


def percent(share):
    """A share in per cent, or None if it is not known."""
    return None if share is None else round(100 * share, 2)


def cell(value):
    """A figure in a table, or a dash if there is none."""
    return "-" if value is None else f"{value:.2f}"


def shown(share):
    """A share in per cent with its sign, or a dash if there is none."""
    return "-" if share is None else f"{percent(share):.2f} %"


def markdown(table):
    """The figures as Markdown."""
    lines = MAIN.format(published=table["published_parameters"]).splitlines()
    for name, one in PAPER.items():
        total = one["parameters"] and f"{one['parameters'] / 1e6:.1f}M x {one['networks']}"
        lines.append(f"| paper: {name} | RaFD | {cell(one['error'])} | | | | {total or '-'} |")
    for row in table["rows"]:
        errors = row["error"]
        spread = f"{min(errors):.2f} to {max(errors):.2f}"
        others = " | ".join(cell(row[field]) for field in ("real_error", "untranslated_error"))
        mean = cell(statistics.mean(errors))
        lines.append(
            f"| {row['label']} | {row['data']} | {mean} | {spread} | {others} | {row['parameters']:,} |"
        )
    for row in table["rows"]:
        for kind, found in evaluations(row):
            lines += targets(f"{row['label']}{kind}", found)
    return "\n".join([*lines, ""])


def evaluations(row):
    """The measures of a row's first seed: the table's own figures, and the further evaluations."""
    metrics = row["metrics"][0]
    titles = {"across": ", asked of CelebA's faces", "attributes": ", its attributes of CelebA"}
    return [("", metrics), *((title, metrics[name]) for name, title in titles.items() if name in metrics)]


def targets(label, found):
    """One line for each target."""
    untouched = found["untouched_error"]
    lines = TARGETS.format(
        label=label,
        seed=0,
        examples=found["examples"],
        cycle_l1=found["cycle_l1"],
        untouched="" if untouched is None else f"; {shown(untouched)} of the labels to keep are wrong",
    ).splitlines()
    for name, one in found["per_target"].items():
        fields = ("error", "untouched_error", "untranslated_error", "real_error")
        shares = " | ".join(shown(one[field]) for field in fields)
        lines.append(f"| {name} | {one['examples']} | {shares} |")
    return lines


def picture(table):
    """Our errors beside the judge's errors on real images, PNG."""
    values = {row["label"].removeprefix("ours: "): (row["error"], row["real_error"]) for row in table["rows"]}
    return plots.bars(
        values,
        title="StarGAN: labels that the judge misses in synthesised images",
        ours="synthesised images",
        theirs="real test images",
        scale="error of the judge, %",
    )


def main():
    """Trains what is missing, measures, and writes the figures."""
    rows = []
    for name, configs in configurations().items():
        row, result = measure(name, configs)
        rows.append(row)
    table = {
        "rows": rows,
        "paper": PAPER,
        "published_parameters": published_parameters(),
        "seeds": tables.SEEDS.value,
        "device": result["device"],
        **tables.origin(),
    }
    print(tables.write(table, markdown(table), picture(table)))


if __name__ == "__main__":
    tables.start(main)
