"""The results as a page of Markdown."""

from typing import Any

_KINDS = ("losses", "mu", "nu", "trace", "batch_stats", "params", "ema", "memory", "frozen")


def page(content: dict[str, Any]) -> str:
    """The page for the content of a record."""
    lines = ["# The accelerator check", "", *_machine(content["machine"])]
    for part, written in _WRITTEN.items():
        rows = content.get(part, {})
        whole = {name: row for name, row in rows.items() if "error" not in row}
        if rows:
            lines += ["", *written(whole)]
            lines += [f"- `{name}` failed: {row['error']}" for name, row in rows.items() if "error" in row]
    return "\n".join(lines) + "\n"


def _machine(facts: dict[str, Any]) -> list[str]:
    products = ", ".join(f"{name} {rate / 1e12:.3g}" for name, rate in facts["products"].items())
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    torch, host = facts["torch"], facts["hardware"]
    beside = f"PyTorch {torch['version']} on {torch['cuda'] or 'the CPU'}" if torch else "No PyTorch"
    return [
        f"{facts['kind']} ({facts['platform']}), {host['cores']} cores of {host['processor']}.",
        f"Matrix products in TFLOP/s: {products}. Memory: {facts['bandwidth'] / 1e9:.4g} GB/s.",
        f"{versions}. {beside}. Commit {facts['commit']}.",
    ]  # fmt: skip


def _equal(rows: dict[str, Any]) -> list[str]:
    found = {kind for row in rows.values() for kind in row["relative_difference"]}
    kinds = [kind for kind in _KINDS if kind in found]
    kinds += sorted(found - {*_KINDS, "step", "count"})
    text = (
        "One iteration from equal states, float32 with the highest precision of products. Each figure is the "
        "largest absolute difference from the CPU over the largest absolute value among one player's arrays "
        "of that kind. `mu`, `nu` and `trace` are an optimiser's moments of the gradients. A gradient of "
        "rounding noise moves a parameter by up to the learning rate either way."
    )
    table = [["model", "largest", *kinds, "parameters"]]
    for name, row in rows.items():
        differences = row["relative_difference"]
        told = [f"{differences[kind]:.1e}" if kind in differences else "" for kind in kinds]
        table.append([name, f"{max(differences.values()):.1e}", *told, f"{row['parameters']:,}"])
    return ["## Equal steps", "", text, "", *_table(table)]


def _times(rows: dict[str, Any]) -> list[str]:
    text = (
        "Median of the turns of each side; every step reads its losses. The roofline is the longer one of "
        "operations over the measured rate of products and bytes over the measured bandwidth."
    )
    head = ["step", "side", "ms", "images/s", "share of the roofline", "bound", "GB beside the state"]
    head += ["time over the best twin's"]
    table = [head]
    for name, row in rows.items():
        twins = [v["seconds"] for side, v in row["sides"].items() if side.startswith("torch")]
        for side, v in row["sides"].items():
            ours = "roofline_share" in v
            told = [f"{v['roofline_share']:.0%}", v["bound"]] if ours else ["", ""]
            told += [f"{v['temporary_gigabytes']:.3g}" if "temporary_gigabytes" in v else ""]
            ratio = f"{v['seconds'] / min(twins):.2f}" if ours and twins else ""
            figures = [f"{1000 * v['seconds']:.3g}", f"{v['images_per_second']:,.0f}"]
            table.append([name, side, *figures, *told, ratio])
        table += [[name, side, reason, *[""] * 5] for side, reason in row.get("failed", {}).items()]
    return ["## Times of steps", "", text, "", *_table(table)]


def _pipeline(rows: dict[str, Any]) -> list[str]:
    text = (
        "Batches of random rows of a mapped file, in images/s: gathered on the host, then also placed on the "
        "device as bytes. The last figure is what the fastest of our steps of that size reads."
    )
    table = [["images", "batch", "gathered", "placed", "read by a step"]]
    for name, row in rows.items():
        needed = f"{row['needed_per_second']:,.0f}" if "needed_per_second" in row else ""
        rates = [f"{row[key]:,.0f}" for key in ("gathered_per_second", "images_per_second")]
        table.append([name, str(row["batch"]), *rates, needed])
    return ["## The input pipeline", "", text, "", *_table(table)]


def _trainings(rows: dict[str, Any]) -> list[str]:
    lines = ["## Short trainings"]
    for name, row in rows.items():
        scores = ", ".join(f"{key} {value:.4g}" for key, value in row["metrics"].items())
        end = "cut by its time" if row["cut"] else "whole"
        lines += ["", f"### {name}", "", f"Step {row['step']} ({end}), {row['seconds']:.0f} s. {scores}", ""]
        lines += [f"`{row['command']}`", "", *(f"![{sheet}]({sheet})" for sheet in row["sheets"])]
    return lines


def _table(rows: list[list[str]]) -> list[str]:
    head, *rest = rows
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rest)]


_WRITTEN = {"equal": _equal, "times": _times, "pipeline": _pipeline, "trainings": _trainings}
