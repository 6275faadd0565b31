"""CycleGAN for domain adaptation: students trained on translated images with their sources' labels.

    python experiments/domain_adaptation.py --student=fcn --out=results/adaptation_scenes
    python experiments/domain_adaptation.py --out=results/adaptation_svhn_mnist
    python experiments/domain_adaptation.py --student=fcn --cyclegan=configs/cyclegan_scenes.py:folders
    python experiments/domain_adaptation.py --pairs=mnist_usps,usps_mnist --seeds=3
    python experiments/domain_adaptation.py --quick

Three students of the same kind and number of steps are scored on real test images of the target. The first is
trained on labelled source images. The second is trained on CycleGAN's translations of the same images, with
the same labels. The third, the oracle, is trained on labelled images of the target. CycleGAN sees no label,
and the target's labels choose nothing. Missing runs are trained; the same command resumes an interrupted one.
Output: `OUT.json`, `OUT.md` and `OUT.png`, and the translated images beside the runs.

`--pairs` makes the usual table of digits instead, see digit_adaptation.py. A further row has students of
DTN's transfers. Pairs of `OUT.json` that are not asked for stay if their configurations have not changed.
"""

from typing import Any

import adaptation_runs
import digit_adaptation
import numpy as np
import students
import tables
from absl import flags

from gan_jax.drawing import palette, sheets
from gan_jax.errors import ConfigError

_CYCLEGANS = {"classifier": "configs/cyclegan_svhn_mnist.py:part", "fcn": "configs/cyclegan_scenes.py"}
_STUDENT = flags.DEFINE_enum("student", "classifier", list(_CYCLEGANS), "kind of the students")
_CYCLEGAN = flags.DEFINE_string(
    "cyclegan", "", "configuration of a CycleGAN, with variants after a colon (default by the student)"
)
_CYCLEGAN_STEPS = flags.DEFINE_integer(
    "cyclegan_steps", 0, "steps of CycleGAN; 0 for its configuration's", lower_bound=0
)
_CYCLEGANS_SEEDS = flags.DEFINE_integer(
    "cyclegan_seeds",
    0,
    "seeds of CycleGAN and DTN, used by the students in turn; 0 for as many as the students'",
    lower_bound=0,
)
_DIRECTIONS = flags.DEFINE_list(
    "directions", [], "s2t, t2s or both (default both for digits, s2t for scenes)"
)
_PAIRS = flags.DEFINE_list(
    "pairs", [], "pairs of digit sets, for a table of them: mnist_usps, usps_mnist, svhn_mnist, mnist_mnist_m"
)
_VARIANT = flags.DEFINE_string(
    "variant", "part", "with --pairs: variant of the configurations; 'quick' with --quick"
)
ROWS = {
    "source_only": "source only",
    "cyclegan": "source, translated by CycleGAN",
    "oracle": "oracle: real target images",
}
_COLUMNS = 12
# Scores of an FCN from GTA to Cityscapes as the CycleGAN authors show them: "per-class" and per-pixel, %.
# They stand beside those of an FCN alone.
PUBLISHED = {
    "oracle (real images)": (60.3, 93.1),
    "game images only": (17.9, 54.0),
    "FCNs in the wild (+6.0)": (27.1, None),
    "game images, by CycleGAN (+16.9)": (34.8, 82.8),
}
TEXT = """\
Student: {student}, {steps} steps of batch {batch_size}; seeds: {seeds}. CycleGAN: {cyclegan}, \
{cyclegan_steps} steps of batch {cyclegan_batch}; seeds: {cyclegan_seeds}.
Figures are per cent on the target's real test images; for several seeds the mean and the range.
"""
NOTE = """\
Published, GTA to Cityscapes, an FCN-8s (our data, sizes and student differ, so only the order of the rows is
comparable):

| published row | "per-class" | per-pixel |
| --- | ---: | ---: |
{rows}

The authors call it per-class accuracy; CyCADA (Hoffman et al. 2018) prints 17.9, 34.8 and 60.3 as mean
IoU. 27.1 is the mean IoU of another paper, where source only was 21.1: +6.0 and +16.9 have different bases.
"""


def translators():
    """The number of seeds of CycleGAN and DTN."""
    count = _CYCLEGANS_SEEDS.value or tables.SEEDS.value
    if count > tables.SEEDS.value:
        raise ConfigError(f"cyclegan_seeds={count} is not allowed; allowed: 0 to seeds={tables.SEEDS.value}")
    return count


def digits():
    """The usual table of digits.

    Raises:
      ConfigError: a pair is unknown, or another flag contradicts `--pairs`.
    """
    digit_adaptation.check(_PAIRS.value)
    for flag in ("student", "cyclegan", "directions", "config"):
        if flags.FLAGS[flag].present:
            found = f"{flag}={flags.FLAGS[flag].value!r}"
            raise ConfigError(f"{found} is not allowed beside --pairs, whose configurations are known")
    if tables.QUICK.value and flags.FLAGS["variant"].present:
        raise ConfigError(f"variant={_VARIANT.value!r} is not allowed beside --quick, which is one")
    digit_adaptation.main(
        _PAIRS.value,
        variant="quick" if tables.QUICK.value else _VARIANT.value,
        count=translators(),
        cyclegan_steps=_CYCLEGAN_STEPS.value,
    )


def configurations():
    """A checked CycleGAN configuration for each of its seeds, and the directions to translate."""
    kind = _STUDENT.value
    argument = _CYCLEGAN.value or _CYCLEGANS[kind]
    count = translators()
    wanted: dict[str, Any] = {
        "path": argument,
        "steps": _CYCLEGAN_STEPS.value,
        "known": ["cyclegan"],
        "flag": "cyclegan",
    }
    variant = "quick" if tables.QUICK.value else ""
    found = [tables.load(variant, seed, **wanted) for seed in range(count)]
    directions = _DIRECTIONS.value or (["s2t", "t2s"] if kind == "classifier" else ["s2t"])
    for direction in directions:
        if direction not in adaptation_runs.DIRECTIONS:
            allowed = ", ".join(adaptation_runs.DIRECTIONS)
            raise ConfigError(f"directions: {direction!r} is not allowed; allowed: {allowed}")
    tables.once("directions", directions)
    return found, directions


def read_all(config):
    """Images and labels of both domains: role -> part -> columns, with the parts `train` and `test`."""
    maps = _STUDENT.value == "fcn"
    return {
        role: {"train": students.read(config, train, maps), "test": students.read(config, test, maps)}
        for role, (train, test) in students.roles(config).items()
    }


def adapt(configs, trained, direction, read):
    """One direction: its table, the last student's configuration and result, and the pictures."""
    kind = _STUDENT.value
    given, drawn = adaptation_runs.DIRECTIONS[direction]
    places = students.roles(configs[0])
    rows: list[dict[str, Any]] = [{"name": name, "label": label, "runs": []} for name, label in ROWS.items()]
    kept: list[dict[str, float]] = []
    shown: dict[str, np.ndarray] = {}
    for seed in range(tables.SEEDS.value):
        config, (folder, done) = configs[seed % len(configs)], trained[seed % len(configs)]
        paths = adaptation_runs.translate(config, folder, done, direction, read[given])
        learnt = {
            "source_only": places[given][0],
            "cyclegan": students.stored_role(paths["train"], places[given][0]),
            "oracle": places[drawn][0],
        }
        for row in rows:
            roles = learnt[row["name"]], places[drawn][1]
            name = f"{config.name}_{direction}_{row['name']}"
            made, result, sees = adaptation_runs.learn(row, kind, config, name, roles, seed)
            if not seed:
                shown[row["name"]] = sees(read[drawn]["test"][0][:_COLUMNS])
        with np.load(paths["test"]) as stored:  # the last of the rows is the oracle
            classes = places[given][1].get("label_classes", 0)
            seen = sees(stored["image"])
            kept.append(adaptation_runs.labels_kept(kind, seen, stored["label"], classes))
            if not seed:
                shown["translated"] = stored["image"][:_COLUMNS]
    labels = read[drawn]["test"][1]
    labels = labels[labels != 255] if kind == "fcn" else labels
    table = {
        "direction": direction,
        "source": [students.describe(spec) for spec in places[given]],
        "target": [students.describe(spec) for spec in places[drawn]],
        "examples": {"source": len(read[given]["train"][0]), "target": len(read[drawn]["train"][0])},
        "commonest_label": round(100 * float(np.bincount(labels).max() / labels.size), 2),
        "labels_kept": {name: [one[name] for one in kept] for name in students.MEASURES[kind]},
        "rows": rows,
    }
    return table, (made, result), panels(direction, read, shown)


def panels(direction, read, shown):
    """Images of both domains and the translations between; of scenes what each student sees, too."""
    given, drawn = adaptation_runs.DIRECTIONS[direction]
    pictures, labels = (column[:_COLUMNS] for column in read[given]["test"])
    target, truth = (column[:_COLUMNS] for column in read[drawn]["test"])
    found = {
        f"{direction}: source images": pictures,
        f"{direction}: the same, translated": shown["translated"],
        f"{direction}: target images": target,
    }
    if _STUDENT.value == "fcn":
        found[f"{direction}: labels of the source images"] = palette.paint(labels)
        found[f"{direction}: labels of the target images"] = palette.paint(truth)
        for name, label in ROWS.items():
            found[f"{direction}: seen in the target images by {label}"] = palette.paint(shown[name])
    return found


def markdown(content):
    """The tables as Markdown."""
    heads = students.MEASURES[content["student"]]
    lines = [TEXT.format(**content)]
    for table in content["tables"]:
        lines += [
            f"**{table['direction']}**: source {table['source'][0]}, {table['examples']['source']} images; "
            f"target {table['target'][0]}, {table['examples']['target']} images, scored on "
            f"{table['target'][1]}, {table['commonest_label']:.2f} % of which have the commonest label.\n",
            f"| trained on | {' | '.join(heads.values())} |",
            f"| --- |{' ---: |' * len(heads)}",
        ]
        named = {row["label"]: row for row in table["rows"]}
        named["label kept: the oracle on translated test images"] = table["labels_kept"]
        for label, row in named.items():
            lines.append(f"| {label} | {' | '.join(students.cell(row[name]) for name in heads)} |")
        lines.append("")
    published = "\n".join(
        f"| {name} | {iou:.1f} | {'-' if pixel is None else f'{pixel:.1f}'} |"
        for name, (iou, pixel) in content["published"].items()
    )
    return "\n".join([*lines, NOTE.format(rows=published)] if published else lines)


def main():
    """Trains what is missing, scores, and writes the tables."""
    if flags.FLAGS["pairs"].present:
        digits()
        return
    if flags.FLAGS["variant"].present:
        raise ConfigError(
            f"variant={_VARIANT.value!r} is for --pairs; --cyclegan takes variants after a colon"
        )
    configs, directions = configurations()
    # The images are read before any training, so that unreadable or unlabelled ones are found first.
    read = read_all(configs[0])
    trained = [tables.run(config) for config in configs]
    found: list[dict[str, Any]] = []
    shown: dict[str, np.ndarray] = {}
    for direction in directions:
        table, (made, result), pictures = adapt(configs, trained, direction, read)
        found.append(table)
        shown |= pictures
    first = configs[0]
    content = {
        "student": _STUDENT.value,
        "steps": made.steps,
        "batch_size": made.batch_size,
        "model": made.model.to_dict(),
        "seeds": tables.SEEDS.value,
        "cyclegan": first.name,
        "cyclegan_steps": first.steps,
        "cyclegan_batch": first.batch_size,
        "cyclegan_seeds": len(configs),
        "cyclegan_runs": [{k: run[k] for k in ("seed", "seconds", "params_sha256")} for _, run in trained],
        "published": {k: list(v) for k, v in PUBLISHED.items()} if _STUDENT.value == "fcn" else {},
        "tables": found,
        "device": result["device"],
        **tables.origin(),
        "config": first.to_dict(),
    }
    print(tables.write(content, markdown(content), sheets.panels(shown, columns=_COLUMNS)))


if __name__ == "__main__":
    tables.start(main)
