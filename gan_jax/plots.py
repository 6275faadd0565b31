"""Plots of a run: loss curves and confusion matrices, as PNG bytes."""

import io
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np


def _figure(width: float, height: float, rows: int = 1):
    # The object-oriented interface: no display, and no state shared with a user's own figures.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure((width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, 1, squeeze=False)[:, 0]


def _png(figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100, metadata={"Software": None})
    return buffer.getvalue()


def curves(records: Iterable[Mapping[str, Any]]) -> bytes:
    """Over steps: a panel for each player's terms, each evaluation's accuracies, and all gradient norms."""
    panels: dict[str, dict[str, list[tuple[int, float]]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        for name, value in record.items():
            if name in ("step", "eval") or ("eval" in record and "accuracy" not in name):
                continue
            panel, _, term = name.rpartition("/") if "/" in name else (record.get("eval", ""), "", name)
            if term == "grad_norm":  # of another size than the losses: beside each other, players compare
                panel, term = term, panel
            panels[panel][term].append((record["step"], value))
    figure, axes = _figure(8, 2.6 * max(len(panels), 1), max(len(panels), 1))
    order = sorted(panels, key=lambda panel: panel == "grad_norm")
    for axis, panel in zip(axes, order, strict=False):
        for term, points in panels[panel].items():
            axis.plot(*zip(*points, strict=True), label=term, linewidth=1)
        axis.set_title(panel)
        axis.set_xlabel("step")
        axis.set_yscale("log" if panel == "grad_norm" else "linear")
        axis.legend(fontsize=7, ncols=3)
        axis.grid(alpha=0.3)
    return _png(figure)


def confusion(counts: list[list[int]], title: str) -> bytes:
    """Confusion matrix [K, K] of counts, rows = true label, shaded by the share of their row."""
    matrix = np.asarray(counts)
    share = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    figure, (axis,) = _figure(5.5, 5.5)
    axis.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(matrix):
        colour = "white" if share[row, column] > 0.5 else "black"
        axis.text(column, row, str(count), ha="center", va="center", fontsize=7, color=colour)
    axis.set(title=title, xlabel="predicted", ylabel="true")
    axis.set_xticks(range(len(matrix)))
    axis.set_yticks(range(len(matrix)))
    return _png(figure)


def bars(
    rows: Mapping[str, tuple[list[float], float]],
    *,
    title: str,
    ours: str,
    theirs: str,
    scale: str = "accuracy of the judge, %",
) -> bytes:
    """A bar of the mean and a dot for each value, beside one to compare with, for every row.

    Args:
      rows: label -> (our values, the other), in per cent.
      title: of the plot.
      ours: what the legend calls our values.
      theirs: what it calls the others.
      scale: what is drawn.
    """
    figure, (axis,) = _figure(8, 0.55 * len(rows) + 1.2)
    places = np.arange(len(rows))[::-1]
    for place, (values, published) in zip(places, rows.values(), strict=True):
        last = place == places[-1]
        mean = float(np.mean(values))
        axis.barh(place, mean, color="#4c78a8", alpha=0.55, label=ours if last else None)
        axis.plot(values, [place] * len(values), "o", color="#1f3f66", markersize=4)
        axis.plot(published, place, "D", color="#d62728", label=theirs if last else None)
        axis.text(101, place, f"{mean:.1f}", va="center", fontsize=9)
    axis.set_yticks(places, list(rows))
    axis.set(title=title, xlabel=scale, xlim=(0, 109))
    axis.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside lower center", ncols=2, fontsize=8)
    return _png(figure)
