"""Renders sections as one HTML page that needs no other file, no network and no script."""

import base64
import html
import json
import math
from collections.abc import Callable, Sequence
from typing import Any

from gan_jax import __version__
from gan_jax.drawing import pages
from gan_jax.report.view import Section


def render(title: str, sections: Sequence[Section]) -> bytes:
    """The page as UTF-8; all values from JSON are escaped."""
    filters: dict[str, Callable[..., str]] = {
        "exact": _exact,
        "json_text": _json_text,
        "shown": _shown,
        "svg_uri": _svg_uri,
    }
    shown = [picture for section in sections for picture in (*section.sheets, *section.pictures)]
    reduced = any(picture.is_large for picture in shown)
    values = {"title": title, "sections": sections, "reduced": reduced, "version": __version__}
    return pages.render("page.html", ["gan_jax.report"], values, filters)


def _exact(value: Any) -> str:
    """A number with all its digits."""
    return json.dumps(value)


def _json_text(text: str) -> str:
    """Markup of preformatted text. Its many quotes stay as they are, which makes a page much smaller."""
    return html.escape(text, quote=False)


def _shown(value: Any, unit: str = "plain") -> str:
    """A number or other scalar, rounded for readers; `unit` is as in `view.Row`."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int) and unit == "plain":
        return str(value)
    if isinstance(value, str) or not math.isfinite(value):
        return str(value)
    if unit == "plain":
        return f"{value:.6g}"
    return f"{100 * value if unit == 'fraction' else value:.2f}"


def _svg_uri(content: bytes) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(content).decode()}"
