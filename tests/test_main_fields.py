"""Every field of a configuration on the command line: wrong values are refused."""

import sys
import unittest.mock
from pathlib import Path

import levels
import looked_up
import pytest
from absl import flags
from ml_collections import config_flags

from gan_jax import config as configuration
from gan_jax.errors import ConfigError

DIGITS = str(Path(__file__).parents[1] / "configs" / "dtn_digits.py")

ANY_TEXT = ("name", "cache_dir", "data_dir", "manual_dir", "compilation_cache", "init", "store")
ANY_SPLIT = ("split",)  # checked when the data are read
# A huge `every` means never, a huge `num` all images, and a huge `store_above` that no set is stored.
ANY_SIZE = ("every", "num", "store_above")


def _leaves(config, prefix=""):
    for name, value in config.items():
        if hasattr(value, "items"):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _wrong(value):
    """Texts of wrong values for a field that has the value `value`, by kind."""
    if isinstance(value, bool):
        return {"type": "perhaps", "nan": "nan", "huge": "1000000000000"}
    if isinstance(value, int):
        return {"type": "many", "nan": "nan", "inf": "inf", "fraction": "2.5",
                "negative": "-1", "huge": "1000000000000"}  # fmt: skip
    if isinstance(value, float):
        return {"type": "many", "nan": "nan", "inf": "inf", "negative": "-1", "huge": "1e12"}
    if isinstance(value, tuple):
        return {"type": "many", "nan": "(nan,)", "negative": "(-1,)", "word": "('many',)"}
    return {"word": "blorp"}


# Parts with the same fields: the code that checks the second one also checks the first one.
ALIKE = {
    "requires.judge.": "requires.f.",
    "data.sets.plain.": "data.sets.street.",
    "data.roles.target.": "data.roles.source.",
    "evals.samples.roles.": "evals.test.roles.",
    "evals.validation.": "evals.test.",
}


def _group(name):
    """The first part of a field's name, or `others` if a part like its own has the field as well."""
    alike = any(name.startswith(part) and name.replace(part, ALIKE[part]) in _ALL for part in ALIKE)
    return "others" if alike and not name.endswith(".steps") else name.split(".")[0]


_ALL = dict(_leaves(configuration.load(DIGITS)))
# The judge's fields are those of f. Other fields of `others` are in a long test.
FIELDS = {
    name: value
    for name, value in _ALL.items()
    if _group(name) != "others" or not name.startswith("requires.judge.")
}
GROUPS = sorted({_group(name) for name in FIELDS})


@pytest.fixture(scope="module", autouse=True)
def lookups():
    with looked_up.once():
        yield


@levels.parametrize("group", GROUPS, kept=[group for group in GROUPS if group not in ("requires", "others")])
def test_every_field_refuses_what_is_wrong_for_it(group):
    group = {name: value for name, value in FIELDS.items() if _group(name) == group}
    refused = [name for name, value in group.items() if _refused(name, str(value))]
    assert refused == []  # each field's own value
    accepted = [
        f"{name}={text} ({kind})"
        for name, value in group.items()
        for kind, text in _wrong(value).items()
        if not _refused(name, text) and not _allowed(name, kind)
    ]
    assert accepted == []


def _allowed(name, kind):
    last = name.split(".")[-1]
    if kind == "huge":
        return last in ANY_SIZE
    return kind == "word" and last in ANY_TEXT + ANY_SPLIT


def _refused(name, text):
    """Whether the command line refuses `--config.<name>=<text>`, by the same code as main."""
    values = flags.FlagValues()
    holder = config_flags.DEFINE_config_file("config", None, flag_values=values)
    # config_flags looks for overrides in sys.argv itself.
    argv = ["main.py", f"--config={DIGITS}", f"--config.{name}={text}"]
    try:
        with unittest.mock.patch.object(sys, "argv", argv):
            values(argv)
        configuration.validate(holder.value)
    except (ConfigError, flags.Error, AttributeError, KeyError, TypeError, ValueError):
        return True
    return False
