"""The tables of experiments/translation.py as Markdown, from its JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

import dtn_adaptation
from translation_rows import CYCLES

Row = Mapping[str, Any]

UNPAIRED = """\
## Without pairs

`cycle` is the mean absolute difference between an image and its translation there and back, `change` that
between an image and its translation, in grey levels of 255. `unrelated` is the difference between test images
of both domains in their given order. A model that changes nothing has a cycle of 0.
"""
JUDGED = """\

**Accuracy of a judge of the domain translated to**, in per cent: on translations, against the labels of their
inputs; on real test images of its own domain; and on the untranslated images. The last column is the share of
the most frequent label. The models are trained without labels and pairs, so nothing tells them which digit
should become which.
"""
ADAPTED = """\

**Adaptation, as in Table 2 of DTN**: accuracy on MNIST's test images, in per cent, by the nearest neighbour
among translated house numbers. The paper's figures are DTN's, on all of SVHN.
"""
PAIRED = """\
## With pairs

Measures of test pairs: mean absolute difference in grey levels of 255, peak signal-to-noise ratio in dB, and
structural similarity. One input has many likely targets, so these measures favour blurred images.
"""
STARGAN = """\
## StarGAN

`error` is the share of images in which a ResNet-18, trained only on real images, does not see the wanted
label. Beside it are its error on real test images and on the untranslated inputs. `cycle` is the mean
absolute difference between an image and its translation there and back, in grey levels of 255. Errors by
target, beside the paper's, come from the same runs: `experiments/stargan_errors.py`, with the same
`--workdir`.
"""
BASELINES = {
    "mean_image": "mean of the training targets",
    "mean_colour": "mean colour",
    "grey_copied": "grey copied",
}


def markdown(content: Mapping[str, Any]) -> str:
    """All content of a file of results, as Markdown."""
    families = {"unpaired": unpaired, "paired": paired, "stargan": stargan}
    rows: dict[str, list[Row]] = {family: [] for family in families}
    for row in content["rows"]:
        rows[row["family"]].append(row)
    lines = [f"- {row['model']}, {row['task']}: {row['data']}." for row in content["rows"]]
    parts = [text(rows[family]) for family, text in families.items() if rows[family]]
    dropped = [f"Dropped row `{name}`: {why}." for name, why in content["dropped"].items()]
    seeds = sorted({run["seed"] for row in content["rows"] for run in row["runs"]})
    told = f"Seed: {', '.join(map(str, seeds))}. Minutes are for training and evaluation."
    return "\n\n".join([told, "\n".join(lines), *parts, *filter(None, ["\n".join(dropped)])]) + "\n"


def table(head: Sequence[str], lines: Sequence[Sequence[Any]], words: int) -> str:
    """A Markdown table; all columns but the first `words` are numbers."""
    rule = ["---"] * words + ["---:"] * (len(head) - words)
    return "\n".join(f"| {' | '.join(map(str, cells))} |" for cells in (head, rule, *lines))


def scale(row: Row) -> list[str]:
    """Model, task, steps and batch, minutes and parameters."""
    minutes = sum(run["seconds"] for run in row["runs"]) / 60
    count = sum(row["parameters"].values())
    steps = f"{row['steps']:,} x {row['batch']}"
    return [row["model"], row["task"], steps, f"{minutes:.1f}", f"{count:,}"]


SCALE = ["model", "data", "steps x batch", "minutes", "parameters"]


def cell(value: float | None, form: str = ".2f") -> str:
    """A figure in a table, or a dash if there is none."""
    return "-" if value is None else format(value, form)


def unpaired(rows: Sequence[Row]) -> str:
    """Cycles and changes; with judges, also their accuracies in both directions, and the adaptation."""
    head = [*SCALE, "cycle, source", "cycle, target", "change, source", "change, target", "unrelated"]
    lines = [
        [
            *scale(row),
            *(cell(row[measure], ".1f") for measure in CYCLES),
            cell(row["baselines"]["unrelated"]["change"], ".1f"),
        ]
        for row in rows
    ]
    parts = [UNPAIRED, table(head, lines, 2)]
    judged = [row for row in rows if "accuracy" in row]
    if judged:
        parts += [JUDGED, table(JUDGED_HEAD, [line for row in judged for line in ways(row)], 3)]
        names = [row["model"] for row in judged]
        parts += [ADAPTED, table(["references", *names, "paper"], adapted(judged), 1)]
    return "\n".join(parts)


JUDGED_HEAD = ["model", "data", "way", "translated", "real images", "untranslated", "commonest label"]


def ways(row: Row) -> list[list[str]]:
    """One line for each direction that has a judge."""
    untranslated = row["baselines"]["untranslated"]
    return [
        [
            row["model"],
            row["task"],
            way.replace("_", " "),
            *(cell(x[way]) for x in (row["accuracy"], row["judge_accuracy"], untranslated, row["chance"])),
        ]
        for way in row["accuracy"]
    ]


def adapted(rows: Sequence[Row]) -> list[list[str]]:
    """One line for each kind of reference."""
    return [
        [
            label.replace("DTN, transfers", "translations"),
            *(cell(row["adaptation"][name]) for row in rows),
            cell(paper),
        ]
        for name, (label, paper) in dtn_adaptation.ROWS.items()
    ]


def paired(rows: Sequence[Row]) -> str:
    """Every task's model, with and without dropout, above its baselines."""
    lines = []
    for row in rows:
        shown = {"with dropout": row, "without": row["without_dropout"]}
        shown |= {BASELINES[name]: found for name, found in row["baselines"].items()}
        for label, found in shown.items():
            own = scale(row)[2:] if found is row else ["", "", ""]
            measures = (cell(found["l1"]), cell(found["psnr"]), cell(found["ssim"], ".3f"))
            named = f"{row['model']}, {label}" if label.startswith("with") else label
            lines.append([row["task"], named, *own, *measures])
    head = ["task", "made by", *SCALE[2:], "L1", "PSNR (dB)", "SSIM"]
    return "\n".join([PAIRED, table(head, lines, 2)])


def stargan(rows: Sequence[Row]) -> str:
    """Errors of the wanted labels, and the cycle."""
    titles = {"across": ", asked of CelebA's faces", "attributes": ", its attributes of CelebA"}
    lines = []
    for row in rows:
        test = row | row["baselines"]["untranslated"] | {"error": row["error"]}
        test["untranslated_error"] = row["baselines"]["untranslated"]["error"]
        found = {"": test, **{title: row[name] for name, title in titles.items() if name in row}}
        for title, one in found.items():
            errors = ("error", "real_error", "untranslated_error", "untouched_error")
            own = scale(row) if not title else [row["model"], row["task"] + title, "", "", ""]
            lines.append([*own, *(cell(one[error]) for error in errors), cell(one["cycle"], ".1f")])
    head = [*SCALE, "error (%)", "real images (%)", "untranslated (%)", "others wrong (%)", "cycle"]
    return "\n".join([STARGAN, table(head, lines, 2)])
