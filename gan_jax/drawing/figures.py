"""Figures of matplotlib that need no display, and their bytes: equal figures make equal bytes."""

import io
from typing import Any

DPI = 100  # pixels an inch


def new(width: float, height: float, rows: int = 1) -> tuple[Any, Any]:
    """A figure of width x height inches, and its axes: `rows` of them below each other.

    `rows=0` makes no axes, and leaves the layout to the caller.
    """
    # The object-oriented interface: no display, and no state shared with a user's own figures.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure((width, height), layout="constrained" if rows else None)
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, 1, squeeze=False)[:, 0] if rows else []


def png(figure: Any) -> bytes:
    """The figure at 100 pixels an inch."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()


def svg(figure: Any) -> bytes:
    """The figure with a transparent background."""
    buffer = io.BytesIO()
    # No date, and names of clip paths that follow from what they clip: equal records, equal bytes.
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return buffer.getvalue()
