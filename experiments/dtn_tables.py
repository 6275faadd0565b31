"""Tables of DTN's runs: rows with a run for each seed, their text and their picture."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ml_collections
import tables

from gan_jax.drawing import plots
from gan_jax.errors import ConfigError
from gan_jax.runs.workdir import Workdir

Row = dict[str, Any]


def load(*given: Any, **named: Any) -> ml_collections.ConfigDict:
    """The configuration of a DTN whose result has the figures of `facts`. Arguments are as for `tables.load`.

    Raises:
      ConfigError: naming what is wrong, such as an evaluation without a judge of classes.
    """
    config = tables.load(*given, known=["dtn"], **named)
    kind = config.evals.get("test", {}).get("kind")
    if kind != "transfer" or "judge" not in config.requires:
        found = f"config={tables.CONFIG.value!r}: evals.test.kind={kind!r} is not allowed"
        raise ConfigError(f"{found}; allowed: 'transfer', with a required run judge")
    return config


def row(
    name: str,
    label: str,
    configs: Sequence[ml_collections.ConfigDict],
    *,
    paper: float | None = None,
    folder: str = "",
    score: Callable[[Mapping[str, Any]], float] = lambda metrics: metrics["accuracy"],
) -> tuple[Row, dict[str, Any]]:
    """One row of a table: a run for each seed.

    Args:
      name: name of the row in the JSON.
      label: label of the row for readers.
      configs: one configuration for each seed.
      paper: the published figure in per cent, or None.
      folder: name of the runs' folders without the seed; the configuration's name if empty.
      score: function from a result's metrics to a share.

    Returns:
      The row, with f's accuracy on its own test images and the course of the validation, and the last result.
    """
    results = [tables.run(config, folder)[1] for config in configs]
    accuracy = [round(100 * score(result["metrics"]), 2) for result in results]
    kept = ("seed", "seconds", "judged_step", "params_sha256", "commit")
    runs = [{k: result[k] for k in kept} for result in results]
    published = {} if paper is None else {"paper": paper}
    f_accuracy = round(100 * results[-1]["metrics"]["f_accuracy"], 2)
    found = {"name": name, "label": label, **published, "accuracy": accuracy, "f_accuracy": f_accuracy}
    return found | {"validation": course(configs, folder), "runs": runs}, results[-1]


def course(
    configs: Sequence[ml_collections.ConfigDict], folder: str = "", of: str = "validation"
) -> list[dict[str, float]]:
    """Accuracies in per cent of an evaluation by step, `{"50": 91.2, ...}` for every seed's run."""
    runs = [Workdir(tables.place(config, folder), writes=False).records() for config in configs]
    return [
        {str(r["step"]): round(100 * r["accuracy"], 2) for r in records if r.get("eval") == of}
        for records in runs
    ]


def facts(config: ml_collections.ConfigDict, result: Mapping[str, Any]) -> dict[str, Any]:
    """Data and scale in words, the accuracies of f and the judge, and the origin of the figures."""
    test, model, metrics = config.evals.test.roles.source, config.model, result["metrics"]
    source = test.name or ", ".join(test.files.values())
    rule = {"last": "the last checkpoint", "best": f"the checkpoint best by {config.best}"}
    return {
        "data": f"source {source}, scored on {test.split}",
        "scale": f"{config.steps} steps of batch {config.batch_size}, f {list(model.f_widths)}, "
        f"g {list(model.g_widths)}, D {list(model.d_widths)}, {rule[config.checkpoint_rule]}",
        "seeds": tables.SEEDS.value,
        **{k: round(100 * metrics[k], 2) for k in ("f_accuracy", "judge_accuracy", "chance")},
        "device": result["device"],
        **tables.origin(),
        "config": config.to_dict(),
    }


def heading(found: Mapping[str, Any]) -> str:
    """The first lines of a table's Markdown."""
    return (
        f"Data: {found['data']}. Scale: {found['scale']}. Seeds: {found['seeds']}.\n"
        f"f on its test images {found['f_accuracy']:.2f} %, judge on real target images "
        f"{found['judge_accuracy']:.2f} %, commonest label {found['chance']:.2f} %.\n"
    )


def markdown(rows: Sequence[Row]) -> str:
    """Rows as a Markdown table: the paper's figures if there are any, ours, and f's if they differ.

    Rows that were scored after the last step, `last`, have these figures before those of the checkpoint.
    """
    published = any("paper" in row for row in rows)
    own_f = len({row["f_accuracy"] for row in rows if "f_accuracy" in row}) > 1
    scored = {"last": "last step", "accuracy": "chosen checkpoint"}
    if not all("last" in row for row in rows):
        scored = {"accuracy": "ours"}
    heads = ["paper, SVHN -> MNIST (%)"] * published
    heads += [head for name in scored.values() for head in (f"{name}, mean (%)", "lowest to highest")]
    heads += ["f (%)"] * own_f
    lines = [f"| row | {' | '.join(heads)} |", "| --- |" + " ---: |" * len(heads)]
    for row in rows:
        paper, f = (f"{row[k]:.2f}" if k in row else "" for k in ("paper", "f_accuracy"))
        cells = [paper] * published
        for values in (row[key] for key in scored):
            cells += [f"{statistics.mean(values):.2f}", f"{min(values):.2f} to {max(values):.2f}"]
        cells += [f] * own_f
        lines.append(f"| {row['label']} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def bars(rows: Sequence[Row], title: str) -> bytes:
    """Rows as a bar chart, PNG: the accuracies after the last step, where rows have them."""
    shown = {row["label"]: (row["last" if "last" in row else "accuracy"], row.get("paper")) for row in rows}
    return plots.bars(shown, title=title, ours="ours", theirs="paper (all of SVHN, other networks)")
