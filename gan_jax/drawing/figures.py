"""Figures of matplotlib, which need no display, and their bytes. Equal figures give equal bytes."""

import io
from typing import Any

DPI = 100  # pixels an inch


def new(width: float, height: float, rows: int = 1) -> tuple[Any, Any]:
    """A figure of width x height inches, and its axes: `rows` of them, one below the other.

    `rows=0` makes no axes and leaves the layout to the caller.
    """
    # The object-oriented interface needs no display and shares no state with a user's own figures.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure((width, height), layout="constrained" if rows else None)
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, 1, squeeze=False)[:, 0] if rows else []


def png(figure: Any) -> bytes:
    """The figure as PNG, at 100 pixels an inch."""
    buffer = io.BytesIO()
    figure.set_dpi(DPI)
    # `savefig` gives the same bytes, but draws the figure twice: once for its layout.
    figure.canvas.print_png(buffer, metadata={"Software": None})
    return buffer.getvalue()


def svg(figure: Any) -> bytes:
    """The figure as SVG, with a transparent background."""
    buffer = io.BytesIO()
    # Without a date, and with hashed names of clip paths, equal records give equal bytes.
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return buffer.getvalue()
