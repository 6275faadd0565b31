"""The usual table of digit adaptation, which experiments/domain_adaptation.py makes with `--pairs`.

For each pair, students of the same network and number of steps learn from the source's labelled images, from
CycleGAN's translations of them, from DTN's transfers of them, and from the target's labelled images. All are
scored on the target's test images. No label of the target is used but by the last student and by judges,
which only score.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import adaptation_runs
import digit_adaptation_text as text
import earlier
import ml_collections
import numpy as np
import students
import tables

from gan_jax.config.recipes.digit_pairs import PAIRS
from gan_jax.drawing import plots, sheets
from gan_jax.errors import ConfigError, nearest
from gan_jax.runs import functions, required, restore

TRANSLATORS = ("cyclegan", "dtn")
COLUMNS = 12  # images in each row of a sheet

Config: TypeAlias = ml_collections.ConfigDict
Configs = Mapping[str, list[Config]]  # translator -> its configuration for each seed


def check(names: Sequence[str]) -> None:
    """Refuses unknown names of pairs, and none at all.

    Raises:
      ConfigError: naming the pair and what is allowed.
    """
    if not names:
        raise ConfigError(f"pairs: none is given; known: {', '.join(PAIRS)}")
    for name in names:
        if name not in PAIRS:
            raise ConfigError(f"pairs: {name!r} {nearest(name, PAIRS)}")


def configurations(name: str, variant: str, count: int, cyclegan_steps: int) -> Configs:
    """The checked configurations of a pair's CycleGAN and DTN, one for each of `count` seeds."""
    steps = {"cyclegan": cyclegan_steps, "dtn": 0}
    return {
        kind: [
            tables.load(variant, seed, path=f"configs/{kind}_digit_pairs.py:{name}", steps=steps[kind])
            for seed in range(count)
        ]
        for kind in TRANSLATORS
    }


def main(names: Sequence[str], *, variant: str, count: int, cyclegan_steps: int) -> None:
    """Trains what is missing of these pairs, and writes the table after every pair.

    Args:
      names: the pairs. Other pairs of OUT.json stay if their configurations have not changed.
      variant: variant of the translators' configurations.
      count: number of seeds of the translators, which the students use in turn.
      cyclegan_steps: steps of CycleGAN; 0 for its configuration's.
    """

    def now(name):
        return configurations(name, variant, count, cyclegan_steps)

    def changed(name, stored):
        today = facts(now(name))["config"]
        same = [kind for kind in today if earlier.what_it_is(stored[kind]) == earlier.what_it_is(today[kind])]
        others = ", ".join(kind for kind in today if kind not in same)
        return f"it has another configuration now: {others}" if others else ""

    planned = {name: now(name) for name in PAIRS if name in names}
    kept, dropped = earlier.rows("pairs", PAIRS, changed)
    dropped = {name: why for name, why in dropped.items() if name not in planned}
    for name in dropped:  # the sheet of a dropped pair would belong to no column of the table
        tables.out().with_name(f"{tables.out().name}_{name}.png").unlink(missing_ok=True)
    # All images are read before any training, so that unreadable or unlabelled ones are found first.
    for configs in planned.values():
        read_all(configs)
    for name, configs in planned.items():
        kept[name], sheet = column(name, configs)
        written = write([kept[known] for known in PAIRS if known in kept], dropped, **{name: sheet})
    print(written)


def read_all(configs: Configs) -> dict[str, dict[str, Any]]:
    """Labelled images of the source as each translator sees it, and of the target: part -> columns."""
    first = {kind: found[0] for kind, found in configs.items()}
    roles = {
        kind: (config.data.roles.source, config.evals.test.roles.source) for kind, config in first.items()
    }
    roles["target"] = students.roles(first["cyclegan"])["target"]
    return {
        name: {
            part: students.read(first.get(name, first["cyclegan"]), {**role, "labels": True}, maps=False)
            for part, role in zip(("train", "test"), places, strict=True)
        }
        for name, places in roles.items()
    }


def facts(configs: Configs) -> dict[str, Any]:
    """What decides a pair's figures, besides the seeds: the configurations of its runs."""
    first = configs["cyclegan"][0]
    target = students.roles(first)["target"]
    student = students.student(
        "classifier",
        first,
        *target,
        name=student_name(first, "target_only"),
        seed=0,
        steps=tables.STEPS.value,
    )
    found = {**{kind: config[0] for kind, config in configs.items()}, "student": student}
    return {
        "scale": {kind: {"steps": made.steps, "batch": made.batch_size} for kind, made in found.items()},
        "config": {kind: made.to_dict() for kind, made in found.items()},
    }


def student_name(config: Config, row: str) -> str:
    """The name of the run of a row's student."""
    return f"{config.name}_{row}"


def column(name: str, configs: Configs) -> tuple[dict[str, Any], bytes]:
    """Trains what is missing of one pair; returns its column of the table and its sheet."""
    read, first = read_all(configs), configs["cyclegan"][0]
    trained = {kind: [tables.run(config) for config in found] for kind, found in configs.items()}
    places = students.roles(first)
    channels = places["target"][0].get("channels", 0)
    rows: list[dict[str, Any]] = [
        {"name": row, "label": label, "runs": []} for row, label in text.ROWS.items()
    ]
    kept: dict[str, list[float]] = {kind: [] for kind in TRANSLATORS}
    shown: dict[str, np.ndarray] = {}
    for seed in range(tables.SEEDS.value):
        learnt, tested = {"source_only": places["source"][0], "target_only": places["target"][0]}, {}
        for kind in TRANSLATORS:
            which = seed % len(configs[kind])
            config, (folder, done) = configs[kind][which], trained[kind][which]
            paths = adaptation_runs.translate(config, folder, done, "s2t", read[kind])
            made = {part: students.stored_role(path, {}, channels) for part, path in paths.items()}
            learnt[kind], tested[kind] = made["train"], students.read(first, made["test"], maps=False)
            shown.setdefault(kind, tested[kind][0][:COLUMNS])
        for row in rows:
            roles, title = (learnt[row["name"]], places["target"][1]), student_name(first, row["name"])
            *_, sees = adaptation_runs.learn(row, "classifier", first, title, roles, seed)
        for kind, (pictures, labels) in tested.items():  # the last row is the student of the target
            kept[kind].append(adaptation_runs.labels_kept("classifier", sees(pictures), labels)["accuracy"])
    labels = read["target"]["test"][1]
    found = {
        "name": name,
        "source": [students.describe(spec) for spec in places["source"]],
        "target": [students.describe(spec) for spec in places["target"]],
        "examples": {part: len(read[part]["train"][0]) for part in ("cyclegan", "target")},
        "tested": len(labels),
        "commonest_label": round(100 * float(np.bincount(labels).max() / len(labels)), 2),
        "seeds": {"students": tables.SEEDS.value, "translators": len(configs["cyclegan"])},
        "rows": rows,
        "labels_kept": kept,
        "f_alone": f_alone(configs["dtn"][0], read["target"]["test"]),
        "translators": {
            kind: [{k: done[k] for k in ("seed", "seconds", "params_sha256", "device")} for _, done in runs]
            for kind, runs in trained.items()
        },
        **facts(configs),
    }
    return found, sheet(name, read, shown)


def f_alone(config: Config, tested: tuple[np.ndarray, np.ndarray]) -> float:
    """The accuracy of DTN's f itself on the target's test images, in per cent. f learned the source only."""
    folder = required.place(required.inherit(config, config.requires.f))
    pictures, labels = tested
    return round(100 * float(np.mean(functions.predictor(restore.load(folder))(pictures) == labels)), 2)


def sheet(name: str, read: Mapping[str, Any], shown: Mapping[str, np.ndarray]) -> bytes:
    """Test images of the source, both translations of them, and test images of the target."""
    pictures = {
        f"{text.title(name)}: source": read["cyclegan"]["test"][0][:COLUMNS],
        "by CycleGAN": shown["cyclegan"],
        "by DTN": shown["dtn"],
        "target, other images": read["target"]["test"][0][:COLUMNS],
    }
    return sheets.panels(pictures, columns=COLUMNS)


def write(pairs: Sequence[Mapping[str, Any]], dropped: Mapping[str, str], **drawn: bytes) -> str:
    """Writes what is known so far, with pairs in their order."""
    content = {
        **tables.origin(),
        "pairs": pairs,
        "published": text.PUBLISHED,
        "dropped": dropped,
    }
    bars = {
        f"{text.title(pair['name'])}: {row['label']}": (
            row["accuracy"],
            text.compared(pair["name"], row["name"]),
        )
        for pair in pairs
        for row in pair["rows"]
    }
    picture = plots.bars(
        bars,
        title="Students on the target's real test images",
        ours="ours",
        theirs="published (full sets, other networks)",
        scale="accuracy, %",
    )
    return tables.write(content, text.markdown(content), picture, **drawn)
