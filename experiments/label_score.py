"""The FCN score of labels to photographs: does a network of real photographs recover the labels?

    python experiments/label_score.py --out=results/label_score_scenes
    python experiments/label_score.py --translator=configs/pix2pix_scenes.py:folders
    python experiments/label_score.py --fcn=configs/fcn_facades.py --translator=configs/pix2pix_facades.py
    python experiments/label_score.py --quick

A small FCN is trained on real photographs and their label maps. It then segments photographs that translators
drew from the test set's label maps, and the result is compared with these maps. `--translator`, given once
for each row, names a pix2pix or a CycleGAN whose target has label maps. The first row is the ground truth:
the real test photographs, scored in the same way. `--fcn` names the configuration of the FCN, which must be
scored on the translators' test photographs. Missing runs are trained; the same command resumes an
interrupted one. Output: `OUT.json`, `OUT.md` and `OUT.png`.
"""

from typing import Any

import jax
import numpy as np
import students
import tables
from absl import flags

from gan_jax.drawing import palette, sheets
from gan_jax.errors import ConfigError
from gan_jax.metrics import segmentation
from gan_jax.runs import functions, restore

_TRANSLATORS = flags.DEFINE_multi_string(
    "translator",
    ["configs/pix2pix_scenes.py", "configs/pix2pix_scenes.py:l1", "configs/cyclegan_scenes.py:labels"],
    "configuration of a pix2pix or CycleGAN from label maps to photographs, with variants after a colon",
)
_TRANSLATOR_STEPS = flags.DEFINE_integer(
    "translator_steps", 0, "steps of each translator; 0 for its configuration's", lower_bound=0
)
_FCN = flags.DEFINE_string("fcn", "", "configuration of the FCN; '' for one of 1500 steps without jitter")
_ABSENT = flags.DEFINE_enum(
    "absent",
    "skip",
    segmentation.ABSENT,
    "treatment of classes without a true pixel; the official script has 'zero'",
)
_WIDTH, _COLUMNS = 768, 12  # most pixels and images in a row of the sheet, before it is enlarged
MEASURES = students.MEASURES["fcn"]
# Cityscapes' labels to photographs, FCN-8s: pix2pix, tables 1 and 4 at 256 pixels; CycleGAN, tables 2 and 4,
# at 128. Neither paper has the score for other data.
PUBLISHED = {
    "pix2pix: L1": (0.42, 0.15, 0.11),
    "pix2pix: GAN": (0.22, 0.05, 0.01),
    "pix2pix: cGAN": (0.57, 0.22, 0.16),
    "pix2pix: L1+GAN": (0.64, 0.20, 0.15),
    "pix2pix: L1+cGAN": (0.66, 0.23, 0.17),
    "pix2pix: ground truth": (0.80, 0.26, 0.21),
    "CycleGAN": (0.52, 0.17, 0.11),
    "CycleGAN's pix2pix": (0.71, 0.25, 0.18),
    "CycleGAN: cycle alone": (0.22, 0.07, 0.02),
    "CycleGAN: GAN alone": (0.51, 0.11, 0.08),
    "CycleGAN: GAN + forward cycle": (0.55, 0.18, 0.12),
    "CycleGAN: GAN + backward cycle": (0.39, 0.14, 0.06),
}
TEXT = """\
Photographs: {target}. FCN: {parameters:,} parameters, {steps} steps of batch {batch_size} on {train}. Classes
without a true pixel: {absent}. Seeds of the translators: {seeds}; the FCN has one. Figures are per cent; for
several seeds the mean, the lowest and the highest.

| photographs | {heads} |
| --- | ---: | ---: | ---: |
"""
NOTE = """\
IoU of each class of the true label maps, and its share of their pixels, in per cent (first seed):

| class | share | {names} |
| --- | ---: | {columns} |
{classes}

Published, Cityscapes' labels to photographs, by an FCN-8s on 19 classes, with absent classes counted as 0.
Neither paper has this score for other data, such as facades. Data, sizes and network differ from ours, so the
figures are not comparable:

| published row | {heads} |
| --- | ---: | ---: | ---: |
{rows}
"""


def configurations():
    """A configuration of each seed for every translator, all with one test set.

    Raises:
      ConfigError: no translator is given, one is given twice, or their scored photographs differ.
    """
    found = {}
    for argument in _TRANSLATORS.value:
        wanted: dict[str, Any] = {"path": argument, "steps": _TRANSLATOR_STEPS.value}
        wanted |= {"known": ["pix2pix", "cyclegan"], "flag": "translator"}
        variant = "quick" if tables.QUICK.value else ""
        made = [tables.load(variant, seed, **wanted) for seed in range(tables.SEEDS.value)]
        if made[0].name in found:
            raise ConfigError(f"translator={argument!r} is given twice")
        found[made[0].name] = made
    if not found:
        raise ConfigError("translator: none is given")
    tested = {name: (made[0].data.size, students.roles(made[0])["target"][1]) for name, made in found.items()}
    first = next(iter(tested))
    for name, scored in tested.items():
        if scored != tested[first]:
            raise ConfigError(
                f"{name} and {first} are tested on other photographs or sizes; give one at a time"
            )
    return found


def fcn(first, train, test):
    """The configuration of the FCN and the name of its run.

    Args:
      first: the configuration of a translator.
      train: role of the photographs that it learns from, with label maps.
      test: role of the photographs that are scored.

    Raises:
      ConfigError: `--fcn` is no segmenter, or is scored on other photographs.
    """
    steps = tables.STEPS.value
    if not _FCN.value:
        made = students.student("fcn", first, train, test, name="fcn", seed=0, steps=steps)
        return made, f"fcn_of_{first.name}"
    variant = "quick" if tables.QUICK.value else ""
    made = tables.load(variant, 0, path=_FCN.value, steps=steps, known=["segmenter"], flag="fcn")
    scored = made.evals.test.roles.image.to_dict() if "test" in made.evals else {}
    if (scored, made.data.size) != (test, first.data.size):
        raise ConfigError(f"fcn={_FCN.value!r} is tested on other photographs or sizes than {first.name}")
    return made, made.name


def score(sees, pictures, maps, classes):
    """The three scores of photographs against label maps and the IoU of classes, in per cent; predictions."""
    seen = sees(pictures)
    scores = segmentation.scores(segmentation.confusion(maps, seen, classes), _ABSENT.value)
    per_class = [None if iou is None else round(100 * iou, 2) for iou in scores["per_class_iou"]]
    return students.measured("fcn", scores), per_class, seen


def measure(configs, sees, maps, classes):
    """One row: a translator of every seed, its scores, and the first one's photographs and predicted maps."""
    row = {"name": configs[0].name, "label": configs[0].name, "runs": [], **{name: [] for name in MEASURES}}
    for config in configs:
        folder, result = tables.run(config)
        source = students.read(config, students.roles(config)["source"][1], True)
        # The source is paired with the photograph, so it has the same maps in another form.
        if not np.array_equal(source[1], maps):
            raise ConfigError(f"{config.name}: test sources are not the label maps of its test targets")
        generate = functions.generator(restore.load(folder))
        drawn = students.translated(generate, "source", "target", source[0])
        scores, per_class, seen = score(sees, drawn, maps, classes)
        for name, value in scores.items():
            row[name].append(value)
        row["runs"].append({k: result[k] for k in ("seed", "seconds", "params_sha256", "commit")})
        if not config.seed:
            row["per_class_iou"], shown = per_class, (drawn, seen)
    row["config"] = configs[0].to_dict()
    return row, shown


def main():
    """Trains what is missing, scores, and writes the table."""
    found = configurations()
    first = next(iter(found.values()))[0]
    train, test = students.roles(first)["target"]
    photos, maps = students.read(first, test, True)
    for configs in found.values():  # checks, before any training, that every test source has its map
        students.read(configs[0], students.roles(configs[0])["source"][1], True)
    judge, name = fcn(first, train, test)
    folder, result = tables.run(judge, name)
    run = restore.load(folder)
    sees, classes = functions.predictor(run), judge.model.num_classes
    truth, per_class, seen = score(sees, photos, maps, classes)
    rows = [{"name": "ground_truth", "label": "ground truth: real photographs", "per_class_iou": per_class}]
    rows[0] |= {name: [value] for name, value in truth.items()}
    columns = min(_COLUMNS, max(2, _WIDTH // first.data.size))
    shown = {
        "label maps": palette.paint(maps[:columns]),
        "real photographs": photos[:columns],
        "predicted from real photographs": palette.paint(seen[:columns]),
    }
    for name, configs in found.items():
        row, (drawn, seen) = measure(configs, sees, maps, classes)
        rows.append(row)
        shown[f"{name}: drawn from the label maps"] = drawn[:columns]
        shown[f"{name}: predicted"] = palette.paint(seen[:columns])
    content = {
        "target": f"{students.describe(test)}, {len(photos)} at {first.data.size} pixels",
        "train": students.describe(judge.data.roles.image),
        "classes": shares(maps, test.get("class_names") or range(classes)),
        "parameters": sum(x.size for x in jax.tree.leaves(run.state.players["segmenter"].params)),
        "steps": judge.steps,
        "batch_size": judge.batch_size,
        "absent": _ABSENT.value,
        "seeds": tables.SEEDS.value,
        "rows": rows,
        "published": {name: list(values) for name, values in PUBLISHED.items()},
        "fcn": {k: result[k] for k in ("seconds", "params_sha256", "commit")},
        "device": result["device"],
        **tables.origin(),
    }
    print(tables.write(content, markdown(content), sheets.panels(shown, columns=columns)))


def shares(maps, names):
    """The share of each class in the pixels of label maps that have a class, in per cent, by its name."""
    counts = np.bincount(maps.ravel(), minlength=len(names))[: len(names)]
    found = 100 * counts / counts.sum()
    return {str(name): round(float(share), 2) for name, share in zip(names, found, strict=True)}


def by_class(content):
    """The parts of the table of classes: heads and alignments of its columns, and its rows."""
    rows = content["rows"]
    lines = []
    for place, (name, share) in enumerate(content["classes"].items()):
        found = [row["per_class_iou"][place] for row in rows]
        figures = " | ".join("-" if iou is None else f"{iou:.2f}" for iou in found)
        lines.append(f"| {name} | {share:.2f} | {figures} |")
    names = " | ".join(row["label"] for row in rows)
    return {"names": names, "columns": " | ".join(["---:"] * len(rows)), "classes": "\n".join(lines)}


def markdown(content):
    """The figures as Markdown."""
    heads = " | ".join(MEASURES.values())
    lines = TEXT.format(heads=heads, **content).splitlines()
    for row in content["rows"]:
        figures = (students.cell(row[name]) for name in MEASURES)
        lines.append(f"| {row['label']} | {' | '.join(figures)} |")
    published = "\n".join(
        f"| {name} | {' | '.join(f'{100 * value:.0f}' for value in values)} |"
        for name, values in PUBLISHED.items()
    )
    return "\n".join([*lines, "", NOTE.format(heads=heads, rows=published, **by_class(content))])


if __name__ == "__main__":
    tables.start(main)
