"""The usual table of digit adaptation as Markdown, beside the published figures."""

from collections.abc import Mapping, Sequence
from typing import Any

import students

from gan_jax.config.recipes.digit_pairs import PAIRS, TITLES

ROWS = {
    "source_only": "source only",
    "cyclegan": "CycleGAN pixels",
    "dtn": "DTN, the transferred training set",
    "target_only": "target only",
}
_CYCADA = "Hoffman et al. 2018, Table 2"
_GANIN = "Ganin et al. 2016, Table 2"
# Ganin et al.'s figures, ADDA's 76.0 and "pixels and features" were compared with reprints in later papers.
# The other figures were not.
# Paper -> row -> accuracies in per cent in the order of PAIRS; None where the paper has no figure.
PUBLISHED: dict[str, dict[str, tuple[float | None, ...]]] = {
    _CYCADA: {
        "source only": (82.2, 69.6, 67.1, None),
        "DANN": (None, None, 73.6, None),
        "DTN": (None, None, 84.4, None),
        "CoGAN": (91.2, 89.1, None, None),
        "ADDA": (89.4, 90.1, 76.0, None),
        "CyCADA, pixels only": (95.6, 96.4, 70.3, None),
        "CyCADA, pixels and features": (95.6, 96.5, 90.4, None),
        "target only": (96.3, 99.2, 99.2, None),
    },
    _GANIN: {
        "source only": (None, None, 54.90, 52.25),
        "SA": (None, None, 59.32, 56.90),
        "DANN": (None, None, 73.85, 76.66),
        "target only": (None, None, 99.42, 95.96),
    },
}
_DIGITS = {_CYCADA: 1, _GANIN: 2}  # digits after the point, as printed
# The published row that the picture shows beside ours.
_BESIDE = {
    "source_only": "source only",
    "cyclegan": "CyCADA, pixels only",
    "dtn": "DTN",
    "target_only": "target only",
}
INTRODUCTION = """\
Students' accuracy on real test images of the target, in per cent: the mean of the seeds, and the lowest and
the highest in brackets. A student learns labelled images: the source's, their translations, or the
target's. All students of a column have the same network and the same number of steps.
"""
NOTE = """\
`f alone` is DTN's f, which learned the source's labels from strongly changed images, on the target's test
images. Students see unchanged images. All seeds of DTN share one f. `label kept` is how often the
student `target only` sees a translated test image as the digit that its source shows.

No label of the target chooses a checkpoint: the last one counts. The fields of DTN were found with labels
of SVHN and a judge of MNIST, so its column SVHN to MNIST is not free of them.
"""
PROTOCOLS = """\
The protocols differ, so the columns are not comparable with ours.

- Hoffman et al. (CyCADA) train on the full training sets, 60 000 images of MNIST, 7 291 of USPS and 73 257
  of SVHN, and score on the full test sets. Their translation has a semantic loss, too. Their network is a
  variant of LeNet. Their rows DANN, DTN, CoGAN and ADDA are figures of those papers.
- Between MNIST and USPS, the rows CoGAN and ADDA are for 2 000 images of MNIST and 1 800 of USPS.
- DTN's 84.4 is the nearest neighbour among transferred images (Taigman et al. 2017), with 531 131 further
  images of SVHN in its training. Ours is a student of the transfers.
- Ganin et al. (DANN) train on full sets. MNIST-M has 59 001 images for training and 9 001 for scores. `part`
  has the first 1 000 and 300, which are made of the same digits as the first images of MNIST's two parts.
"""


def title(name: str) -> str:
    """A pair in words."""
    source, target = PAIRS[name]
    return f"{TITLES[source]} to {TITLES[target]}"


def compared(name: str, row: str) -> float | None:
    """The published figure that the picture shows beside a row of ours, if there is one."""
    place = list(PAIRS).index(name)
    found = [rows[_BESIDE[row]][place] for rows in PUBLISHED.values() if _BESIDE[row] in rows]
    return next((figure for figure in found if figure is not None), None)


def markdown(content: Mapping[str, Any]) -> str:
    """The whole content of a file of results."""
    pairs = content["pairs"]
    parts = [
        INTRODUCTION,
        *_ours(pairs),
        "",
        NOTE,
        *map(_scale, pairs),
        "",
        *_published(pairs),
        "",
        PROTOCOLS,
    ]
    parts += [f"Dropped column `{name}`: {why}." for name, why in content["dropped"].items()]
    return "\n".join(parts)


def _head(first: str, pairs: Sequence[Mapping[str, Any]]) -> list[str]:
    titles = " | ".join(title(pair["name"]) for pair in pairs)
    return [f"| {first} | {titles} |", f"| --- |{' ---: |' * len(pairs)}"]


def _ours(pairs: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = {
        label: [students.cell(pair["rows"][place]["accuracy"]) for pair in pairs]
        for place, label in enumerate(ROWS.values())
    }
    lines["f alone"] = [f"{pair['f_alone']:.2f}" for pair in pairs]
    lines["most frequent label"] = [f"{pair['commonest_label']:.2f}" for pair in pairs]
    for kind, name in (("cyclegan", "CycleGAN"), ("dtn", "DTN")):
        lines[f"label kept by {name}"] = [students.cell(pair["labels_kept"][kind]) for pair in pairs]
    cells = [f"| {label} | {' | '.join(found)} |" for label, found in lines.items()]
    return [*_head("trained on", pairs), *cells]


def _published(pairs: Sequence[Mapping[str, Any]]) -> list[str]:
    places = [list(PAIRS).index(pair["name"]) for pair in pairs]
    lines = _head("published", pairs)
    for paper, rows in PUBLISHED.items():
        for label, figures in rows.items():
            shown = [figures[place] for place in places]
            if any(figure is not None for figure in shown):
                point = _DIGITS[paper]
                cells = " | ".join("-" if figure is None else f"{figure:.{point}f}" for figure in shown)
                lines.append(f"| {label} ({paper}) | {cells} |")
    return lines


def _scale(pair: Mapping[str, Any]) -> str:
    """A pair's images and the scale of its runs, as an item of a list."""
    scale, seeds = pair["scale"], pair["seeds"]
    named = {"student": "students", "cyclegan": "CycleGAN", "dtn": "DTN"}
    steps = [
        f"{name} {scale[kind]['steps']} steps of batch {scale[kind]['batch']}" for kind, name in named.items()
    ]
    counts = f"seeds: {seeds['students']}, of the translators: {seeds['translators']}"
    return (
        f"- {title(pair['name'])}: source {pair['source'][0]}, {pair['examples']['cyclegan']} images; target "
        f"{pair['target'][0]}, {pair['examples']['target']} images, scored on {pair['target'][1]}, "
        f"{pair['tested']} images; {', '.join(steps)}; {counts}."
    )
