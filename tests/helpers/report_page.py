"""A report's page as readers see it, and folders to report on."""

import base64
import html.parser
import io
import json
import re

import numpy as np
from PIL import Image

from gan_jax import report

# A number whose text on the page is exact. A rounded one is an element `data` with the exact value.
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?(e[+-]?[0-9]+)?")
VOID = {"meta", "img", "br", "path"}
ORIGIN = {
    "command": "python -m gan_jax.main --config=configs/x.py",
    "commit": "0123abcd" * 5,
    "versions": {"python": "3.11.7", "jax": "0.10.2"},
    "hardware": {"processor": "abacus", "cores": 2},
    "device": {"platform": "cpu", "kind": "cpu", "devices": 1, "processes": 1},
}
TABLE = {
    "data": "source a, scored on test",
    "scale": "240 steps of batch 64",
    "seeds": 3,
    "chance": 9.87654321,
    "rows": [
        {
            "name": "dtn",
            "label": "DTN",
            "paper": 90.66,
            "accuracy": [92.4, 91.1, 92.7],
            "note": "as published",
        },
        {"name": "plain", "paper": None, "accuracy": [10.123456]},
        {"name": "coming", "accuracy": []},
    ],
    **ORIGIN,
}


class Page(html.parser.HTMLParser):
    """A page's elements as (tag, attributes), its text, its exact numbers and its table rows."""

    def __init__(self, content):
        super().__init__(convert_charrefs=True)
        self.elements, self.numbers, self.preformatted = [], set(), []
        self._open, self._text, self._cells = [], [], []
        self.source = content.decode()
        self.feed(self.source)
        assert not self._open, "elements that are not closed"
        self.text = " ".join("".join(self._text).split())
        self.rows = [[" ".join(cell.split()) for cell in cells] for cells in self._cells]

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag == "data":
            self.numbers.add(json.loads(dict(attrs)["value"]))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "dd":
            self._text.append(" ")
        if tag == "tr":
            self._cells.append([])
        if tag in ("td", "th"):
            self._cells[-1].append("")
        if tag == "pre":
            self.preformatted.append("")

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if "style" in self._open:
            return
        self._text.append(data)
        if {"td", "dd"} & set(self._open) and not {"data", "pre"} & set(self._open):
            words = [word.rstrip(",") for word in data.split()]
            self.numbers |= {json.loads(word) for word in words if NUMBER.fullmatch(word)}
        if "pre" in self._open:
            self.preformatted[-1] += data
        elif {"td", "th"} & set(self._open):
            self._cells[-1][-1] += data

    def attributes(self, tag, name):
        return [attrs[name] for found, attrs in self.elements if found == tag and name in attrs]

    def images(self, media_type):
        start = f"data:{media_type};base64,"
        sources = self.attributes("img", "src")
        return [base64.b64decode(s.removeprefix(start)) for s in sources if s.startswith(start)]


def leaves(value):
    if isinstance(value, dict | list):
        for child in value.values() if isinstance(value, dict) else value:
            yield from leaves(child)
    else:
        yield value


def everything(page):
    """All scalars of a page: exact numbers, and those of the JSON that it shows as text."""
    shown = [json.loads(text) for text in page.preformatted if text.startswith(("{", "["))]
    return page.numbers | set(leaves(shown))


def numbers(value):
    return {x for x in leaves(value) if isinstance(x, int | float) and not isinstance(x, bool)}


def png(path, seed=0, size=(48, 32)):
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.getvalue())
    return buffer.getvalue()


def put(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return content


def result(seed, **metrics):
    confusion = [[7 + seed, 1234], [0, 0]]
    scores = {"accuracy": 0.9 + seed / 3000, "examples": 17, "per_class": [0.123 + seed, 0.0]}
    return {
        "name": "tiny",
        "metrics": {
            **scores,
            "confusion": confusion,
            "validation": {"accuracy": 0.25, "odd": [1, [2.5]]},
            **metrics,
        },
        "seed": seed,
        "step": 4000,
        "seconds": 11.5 + seed,
        "params_sha256": f"{seed}f" * 32,
        **ORIGIN,
        "config": {"name": "tiny", "steps": 4000, "batch_size": 61, "seed": seed},
    }


def page_of(folder):
    return Page(report.build(folder))
