"""Plots of a run: curves, confusion matrices, bars and points, as PNG bytes, SVG bytes or pixels."""

import textwrap
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from gan_jax.drawing import figures


def _panels(records: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, list[tuple[int, float]]]]:
    """Panel -> term -> [(step, value)]: a panel for each player and evaluation, and one of gradient norms."""
    panels: dict[str, dict[str, list[tuple[int, float]]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        for name, value in record.items():
            if name in ("step", "eval") or ("eval" in record and "accuracy" not in name):
                continue
            panel, _, term = name.rpartition("/") if "/" in name else (record.get("eval", ""), "", name)
            if term == "grad_norm":  # one panel of its own scale compares the players
                panel, term = term, panel
            panels[panel][term].append((record["step"], value))
    return {panel: panels[panel] for panel in sorted(panels, key=lambda panel: panel == "grad_norm")}


def _draw(axis, panel: str, terms: Mapping[str, list[tuple[int, float]]]) -> None:
    for term, points in terms.items():
        # A line through one point is invisible.
        axis.plot(*zip(*points, strict=True), "" if len(points) > 1 else ".", label=term, linewidth=1)
    axis.set_title(panel, parse_math=False)
    axis.set_xlabel("step")
    axis.set_yscale("log" if panel == "grad_norm" else "linear")
    axis.grid(alpha=0.3)


def curves(records: Iterable[Mapping[str, Any]]) -> bytes:
    """Curves over steps: each player's terms, each evaluation's accuracies, and all gradient norms.

    Each player and each evaluation has its own panel; the gradient norms share the last one.
    """
    panels = _panels(records)
    figure, axes = figures.new(8, 2.6 * max(len(panels), 1), max(len(panels), 1))
    for axis, (panel, terms) in zip(axes, panels.items(), strict=False):
        _draw(axis, panel, terms)
        axis.legend(fontsize=7, ncols=3)
    return figures.png(figure)


def curve_panels(records: Iterable[Mapping[str, Any]]) -> dict[str, bytes]:
    """The panels of `curves` one by one, as SVG, for pages with a light or a dark theme.

    The background is transparent, and the greys are readable on white and on black.
    """
    from matplotlib import rc_context
    from matplotlib.rcsetup import cycler

    colours = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color", "grid.color")
    lines = cycler(
        color=["#3f8fd4", "#e07b2c", "#3a9d62", "#d8534c", "#9474cc", "#a37a55", "#d168ad", "#8b8b8b"]
    )
    style: Any = dict.fromkeys(colours, "#7d7d7d") | {"svg.hashsalt": "gan_jax", "axes.prop_cycle": lines}
    drawn = {}
    with rc_context(style):
        for panel, terms in _panels(records).items():
            figure, (axis,) = figures.new(4.8, 3.2)
            _draw(axis, panel, terms)
            legend = figure.legend(loc="outside lower center", fontsize=8, ncols=2, frameon=False)
            for text in legend.get_texts():
                text.set_parse_math(False)
            drawn[panel] = figures.svg(figure)
    return drawn


def trend(points: Sequence[tuple[int, float]], *, title: str, scale: str) -> bytes:
    """Values over steps and, for 20 values or more, their moving mean over a tenth of the curve.

    Args:
      points: (step, value) in order, at least one.
      title: title of the plot.
      scale: label of the vertical axis.
    """
    steps, values = np.asarray(points, np.float64).T
    window = max(len(points) // 10, 1)
    figure, (axis,) = figures.new(8, 3.6)
    axis.plot(steps, values, "" if len(points) > 1 else ".", alpha=0.4, linewidth=1, label="as recorded")
    if window > 1:
        mean = np.convolve(values, np.full(window, 1 / window), "valid")
        axis.plot(steps[window - 1 :], mean, color="#1f3f66", label=f"mean of the last {window} records")
    axis.set(title=title, xlabel="step", ylabel=scale)
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8)
    return figures.png(figure)


def confusion(counts: list[list[int]], title: str) -> bytes:
    """Confusion matrix [K, K] of counts, rows = true label, each shaded by its share of the row."""
    matrix = np.asarray(counts)
    share = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    figure, (axis,) = figures.new(5.5, 5.5)
    axis.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(matrix):
        colour = "white" if share[row, column] > 0.5 else "black"
        text = axis.text(column, row, str(count), ha="center", va="center", fontsize=7, color=colour)
        text.set_in_layout(False)  # it lies inside the axes, and measuring a hundred texts is slow
    axis.set(title=title, xlabel="predicted", ylabel="true")
    axis.set_xticks(range(len(matrix)))
    axis.set_yticks(range(len(matrix)))
    return figures.png(figure)


def bars(
    rows: Mapping[str, tuple[list[float], float | None]],
    *,
    title: str,
    ours: str,
    theirs: str,
    scale: str = "accuracy of the judge, %",
) -> bytes:
    """Bars of each row's mean, with a dot for each value and a mark for one value to compare with.

    Args:
      rows: label -> (our values, the other value or None), in per cent.
      title: title of the plot; long ones are broken into lines.
      ours: legend of our values.
      theirs: legend of the other values, if there are any.
      scale: label of the horizontal axis.
    """
    figure, (axis,) = figures.new(8, 0.55 * len(rows) + 1.2)
    places = np.arange(len(rows))[::-1]
    for place, (values, _) in zip(places, rows.values(), strict=True):
        last = place == places[-1]
        mean = float(np.mean(values))
        axis.barh(place, mean, color="#4c78a8", alpha=0.55, label=ours if last else None)
        axis.plot(values, [place] * len(values), "o", color="#1f3f66", markersize=4)
        axis.text(101, place, f"{mean:.1f}", va="center", fontsize=9)
    compared = [(other, place) for (_, other), place in zip(rows.values(), places, strict=True)
                if other is not None]  # fmt: skip
    if compared:
        axis.plot(*zip(*compared, strict=True), "D", color="#d62728", label=theirs)
    axis.set_yticks(places, list(rows))
    figure.suptitle(textwrap.fill(title, 90), fontsize=10)
    axis.set(xlabel=scale, xlim=(0, 109))
    axis.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside lower center", ncols=2, fontsize=8)
    return figures.png(figure)


def tradeoffs(curves: Mapping[str, Sequence[tuple[float, float, str]]], *, across: str, up: str) -> bytes:
    """Curves through named points; a curve of one point is a diamond.

    Args:
      curves: legend -> points (x, y, text beside the point). The text of a single point is left out.
      across: label of the horizontal axis.
      up: label of the vertical axis.
    """
    figure, (axis,) = figures.new(8, 5)
    for name, points in curves.items():
        x, y, texts = zip(*points, strict=True)
        alone = len(points) == 1
        axis.plot(x, y, "D" if alone else "o-", label=name, linewidth=1, markersize=8 if alone else 4)
        for place, text in zip([] if alone else zip(x, y, strict=True), texts, strict=False):
            axis.annotate(text, place, (4, 4), textcoords="offset points", fontsize=7)
    axis.set(xlabel=across, ylabel=up)
    axis.grid(alpha=0.3)
    legend = axis.legend(fontsize=8)
    for text in legend.get_texts():
        text.set_parse_math(False)
    return figures.png(figure)


def scatter(points: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Points [N, 2] coloured by class [N], with a legend, as pixels uint8 [700, 800, 3].

    The points are drawn in a random order, so that no class always lies on top. The order depends on N only.
    """
    from matplotlib import colormaps

    figure, (axis,) = figures.new(8, 7)
    classes, codes = np.unique(labels, return_inverse=True)
    colours = colormaps["tab10" if len(classes) <= 10 else "hsv"](np.arange(len(classes)) / len(classes))
    order = np.random.default_rng(0).permutation(len(points))
    axis.scatter(*points[order].T, c=colours[codes[order]], s=6, linewidths=0)
    for name, colour in zip(classes, colours, strict=True):
        axis.plot([], [], "o", color=colour, label=str(name))
    axis.set_aspect("equal", adjustable="datalim")
    axis.grid(alpha=0.3)
    figure.legend(loc="outside right upper")
    figure.set_dpi(figures.DPI)
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3].copy()
