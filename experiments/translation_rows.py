"""The measures, baselines and picture of one trained row of experiments/translation.py."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import dtn_adaptation
import ml_collections
import numpy as np
import tables

from gan_jax import data, evaluation
from gan_jax.drawing import sheets
from gan_jax.metrics import baselines, similarity
from gan_jax.ops.labels import LabelSets
from gan_jax.ops.pixels import to_rgb, to_uint8
from gan_jax.runs import functions, inputs, restore

COLUMNS = 12  # images in each row of a sheet
FACES = 6  # the same for images of persons
STARGAN_FACES = 3  # images of each set; each has a row with all targets
WAYS = {"source": ("source_to_target", "target"), "target": ("target_to_source", "source")}
CYCLES = ("cycle_source", "cycle_target", "change_source", "change_target")
LEVELS = 127.5  # grey levels of 255 in one unit of [-1, 1]

Measures = dict[str, Any]
Sheets = dict[str, np.ndarray]  # title -> images uint8 [N, S, S, C]


def of_kind(config: ml_collections.ConfigDict, kind: str) -> list[str]:
    """Names of the final evaluations of a kind, `test` first."""
    names = [name for name, spec in config.evals.items() if spec.kind == kind and not spec.every]
    return sorted(names, key=lambda name: name != "test")


def values(metrics: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The values of an evaluation by its name; those of `test` are at the top level of a result."""
    return metrics if name == "test" else metrics[name]


def percent(share: float) -> float:
    """A share in per cent."""
    return round(100 * share, 2)


def rounded(found: Mapping[str, float | None]) -> dict[str, float | None]:
    """Figures rounded to four digits."""
    return {name: None if value is None else round(value, 4) for name, value in found.items()}


def unpaired(config: ml_collections.ConfigDict, run: restore.Run, metrics: Mapping[str, Any]) -> Measures:
    """The cycle, a judge's accuracy in each direction that has a judge, and Table 2 of DTN."""
    (name,) = of_kind(config, "cycle")
    tested = pictures(config, config.evals[name].roles)
    count = min(map(len, tested.values()))
    unrelated = similarity.difference(tested["source"][:count], tested["target"][:count])
    found: Measures = {
        **rounded({measure: values(metrics, name)[measure] for measure in CYCLES}),
        "baselines": {"unrelated": {"change": round(unrelated, 4)}},
    }
    judged = [(config.evals[name], values(metrics, name)) for name in of_kind(config, "transfer")]
    if judged:
        found |= {"accuracy": {}, "judge_accuracy": {}, "chance": {}}
        found["baselines"]["untranslated"] = {}
    for spec, one in judged:
        way, _ = WAYS[spec.get("given", "source")]
        for measure in ("accuracy", "judge_accuracy", "chance"):
            found[measure][way] = percent(one[measure])
        found["baselines"]["untranslated"][way] = percent(one["untransferred_accuracy"])
    if judged:
        accuracies, _ = dtn_adaptation.adapt(config, run)
        found["adaptation"] = {reference: percent(share) for reference, share in accuracies.items()}
    return found


def paired(config: ml_collections.ConfigDict, run: restore.Run, metrics: Mapping[str, Any]) -> Measures:
    """L1, PSNR and SSIM of test pairs, with and without dropout, and of baselines without a network."""
    tested, learned = pictures(config, config.evals.test.roles), pictures(config, config.data.roles)
    target = tested["target"]
    quiet = to_uint8(functions.generate(silent(run), {"source": tested["source"]})["target"])
    known = trivial(config.data.roles.source.derive, tested["source"], learned)
    return {
        **rounded({measure: metrics[measure] for measure in ("l1", "psnr", "ssim")}),
        "without_dropout": rounded(similarity.measures(quiet, target)),
        "between_draws": round(metrics["between_draws"], 4),
        "examples": metrics["examples"],
        "baselines": {name: rounded(similarity.measures(made, target)) for name, made in known.items()},
    }


def trivial(derive: str, source: np.ndarray, learned: Mapping[str, np.ndarray]) -> Sheets:
    """Baselines of a task, each as images for every source; the task follows from how sources are derived."""
    if derive == "grey":
        return {
            "grey_copied": baselines.grey_copied(source),
            "mean_colour": baselines.mean_chroma(source, learned["source"], learned["target"]),
        }
    return {
        "mean_image": baselines.mean_image(learned["target"], len(source)),
        "mean_colour": baselines.mean_colour(learned["target"], len(source)),
    }


def silent(run: restore.Run) -> restore.Run:
    """A pix2pix run whose generator does not use dropout."""
    model: Any = run.model
    return dataclasses.replace(run, model=dataclasses.replace(model, test_dropout=False))


def stargan(config: ml_collections.ConfigDict, run: restore.Run, metrics: Mapping[str, Any]) -> Measures:
    """Errors of a ResNet-18 on synthesised images, its errors on real images, and the cycle."""
    del run
    found = {name: labelled(values(metrics, name)) for name in of_kind(config, "label_errors")}
    test = found.pop("test")
    untranslated = {"untranslated": {"error": test.pop("untranslated_error")}}
    return {**test, **found, "baselines": untranslated}


def labelled(found: Mapping[str, Any]) -> Measures:
    """Shares of one evaluation of labels in per cent, and its cycle in grey levels of 255."""
    shares = ("error", "untouched_error", "real_error", "untranslated_error")
    errors = {name: None if found[name] is None else percent(found[name]) for name in shares}
    return {**errors, "cycle": round(LEVELS * found["cycle_l1"], 4), "examples": found["examples"]}


def pictures(config: ml_collections.ConfigDict, roles: Mapping[str, Any]) -> Sheets:
    """Images of every role, uint8, as they are scored: neither cropped nor mirrored at random."""
    return {role: found.columns["image"] for role, found in inputs.load_evaluation(config, roles).items()}


def sheet_unpaired(config: ml_collections.ConfigDict, run: restore.Run) -> bytes:
    """Test images of both domains, their translations, and the translations back."""
    (name,) = of_kind(config, "cycle")
    given = {role: x[:COLUMNS] for role, x in pictures(config, config.evals[name].roles).items()}
    generate = functions.generator(run)
    there = generate(given)
    back = generate(there)
    drawn = {}
    for role, (_, into) in WAYS.items():
        drawn[f"{tables.describe(role, config.evals[name].roles[role])}, translated, and back"] = (
            np.concatenate([to_rgb(to_uint8(x)) for x in (given[role], there[into], back[role])])
        )
    return sheets.panels(drawn, columns=min(map(len, given.values())))


def sheet_paired(config: ml_collections.ConfigDict, run: restore.Run) -> bytes:
    """Test sources, their translations with and without dropout, and targets."""
    given = {role: x[:FACES] for role, x in pictures(config, config.evals.test.roles).items()}
    made = {
        title: functions.generate(one, {"source": given["source"]})["target"]
        for title, one in (("translations", run), ("without dropout", silent(run)))
    }
    drawn = {"sources": given["source"], **made, "targets": given["target"]}
    return sheets.panels({title: to_rgb(to_uint8(x)) for title, x in drawn.items()}, columns=FACES)


def sheet_stargan(config: ml_collections.ConfigDict, run: restore.Run) -> bytes:
    """A few faces, each beside its translations for every label."""
    generate, drawn = functions.generator(run), {}
    for spec in (spec for spec in config.evals.values() if spec.kind == "label_sheet"):
        options = evaluation.options(spec)
        batch = next(iter(data.epoch(inputs.load_evaluation(config, spec.roles), STARGAN_FACES)))
        sets = LabelSets(options["labels"], options["exclusive"])
        asking = {name: options[name] for name in ("given", "wrong_mask") if name in options}
        asked = sets.requests(batch["source_label"], options.get("asked", "a"), **asking)
        made = np.stack([[to_rgb(to_uint8(generate({"source": batch["source"], "label": vector})["target"]))
                          for vector in vectors] for vectors in asked.values()])  # fmt: skip
        below = "; below each row the wrong mask" if options.get("wrong_mask") else ""
        source = np.broadcast_to(to_rgb(to_uint8(batch["source"])), (1, *made.shape[1:]))
        rows = np.concatenate([source, made]).transpose(2, 1, 0, 3, 4, 5)  # image, mask, column, H, W, 3
        drawn[f"{' | '.join(['input', *asked])}{below}"] = rows.reshape(-1, *made.shape[3:])
    return sheets.panels(drawn, columns=1 + len(asked))


FAMILIES = {  # functions that measure and draw a row
    "unpaired": (unpaired, sheet_unpaired),
    "paired": (paired, sheet_paired),
    "stargan": (stargan, sheet_stargan),
}
