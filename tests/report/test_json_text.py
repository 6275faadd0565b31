"""JSON text on a page: the value itself, with each list or object that fits on a line of its own."""

import json

import pytest

from gan_jax.report import nodes

WIDE = {"name": "x" * 80, "widths": [32, 64, 128], "data": {"files": {}, "roles": [{"split": "train"}, {}]}}


@pytest.mark.parametrize(
    "value",
    [WIDE, [WIDE, [WIDE], {}], {'é\n"': ["&<>'" * 30, None, 1e-5, False, []]}, [], "text", 3],
    ids=repr,
)
def test_the_text_is_the_value(value):
    assert json.loads(nodes.pretty(value)) == value


def test_what_fits_on_a_line_has_one_line():
    assert nodes.pretty(WIDE).splitlines() == [
        "{",
        f'  "name": "{"x" * 80}",',
        '  "widths": [32, 64, 128],',
        '  "data": {"files": {}, "roles": [{"split": "train"}, {}]}',
        "}",
    ]


def test_what_does_not_fit_has_a_line_for_each_entry():
    assert nodes.pretty([["a" * 60, "b" * 60], 5]).splitlines() == [
        "[",
        "  [",
        f'    "{"a" * 60}",',
        f'    "{"b" * 60}"',
        "  ],",
        "  5",
        "]",
    ]
