"""Every field has a meaning, which is read from where the field is defined; lists of what there is."""

import ast
import dataclasses
import textwrap
from pathlib import Path

import pytest

from gan_jax import config as configuration
from gan_jax import evaluation, models
from gan_jax.config import fields, listing, meanings
from gan_jax.data import roles
from gan_jax.data.embedded import catalogue
from gan_jax.errors import ConfigError

ROOT = Path(__file__).parents[2]
DIGITS = str(ROOT / "configs" / "dtn_digits.py")


def unexplained(found):
    return [field.name for field in found if not field.meaning.strip() or not field.allowed.strip()]


def test_every_field_of_a_configuration_has_a_meaning_and_a_range():
    found = fields.of_run()
    assert not unexplained(found)
    leaves = {name for name, _ in configuration.checks._leaves(configuration.default())}
    assert {field.name for field in found} == leaves
    allowed = {field.name: field.allowed for field in found}
    assert allowed["batch_size"] == "1 to 1048576"
    assert allowed["data.kind"] == "'unpaired', 'paired'"
    assert allowed["tensorboard"] == "True or False"


@pytest.mark.parametrize("name", models.known())
def test_every_field_of_a_model_has_a_meaning_and_a_range(name):
    found = fields.of_model({"name": name})
    assert not unexplained(found)
    assert [field.name for field in found][1:] == [
        f"model.{field.name}" for field in dataclasses.fields(models.model_class(name))
    ]


@pytest.mark.parametrize("kind", evaluation.known())
def test_every_field_of_an_evaluator_has_a_meaning(kind):
    found = fields.of_evaluation({"kind": kind, "every": 3})
    assert not unexplained(found)
    assert found[1][:2] == ("every", 3)


def test_every_field_of_a_role_and_of_a_data_set_has_a_meaning():
    found = fields.of_images({"split": "test"})
    assert not unexplained(found)
    assert [field.name for field in found] == ["set", "embedded", *roles.DEFAULTS]
    known = {field.name: field for field in found}
    assert (known["split"].value, known["split"].default) == ("test", "train")
    assert known["having"].meaning == known["lacking"].meaning
    assert known["side"].meaning.startswith("'left' or 'right' half of two images")


def test_the_range_of_a_model_s_field_is_that_of_its_check():
    allowed = {field.name: field.allowed for field in fields.of_model({"name": "gan", "labels": "none"})}
    assert allowed["model.ema"] == "0 to 0.999999"
    assert allowed["model.labels"] == "none, input, auxiliary"
    for value in (-0.1, 1.0):
        with pytest.raises(ConfigError, match=r"model\.ema=.* 0 to 0\.999999"):
            models.create({"name": "gan", "ema": value})
    assert allowed["model.spectral"] == "True or False"  # which nothing but its type limits


class Shown:
    first: int = 1  # of the same line
    second: tuple = (
        2,  # inside
    )
    # and below
    # this
    third: int = 3
    fourth: int = 4  # last


def test_a_comment_belongs_to_the_field_on_whose_line_it_begins():
    wanted = {"first": "of the same line", "second": "inside and below this", "third": ""}
    assert {name: meanings.beside(Shown)[name] for name in wanted} == wanted


class Above:
    # what the next line means
    # in two lines
    value: int = 1
    bare: int = 2


def test_comments_above_a_field_are_its_own():
    assert meanings.beside(Above) == {"value": "what the next line means in two lines", "bare": ""}


def test_arguments_are_read_from_the_docstring():
    def function(one, *, two, **three):
        """Title.

        Args:
          one: the first
            in two lines.
          two: `a`: nested.
          **three: more.

        Returns:
          four: no argument.
        """

    wanted = {"one": "the first in two lines.", "two": "`a`: nested.", "three": "more."}
    assert meanings.arguments(function) == wanted
    assert meanings.entries("Text. `a`: is. `b`, `c`: are `d`. Also.") == {
        "a": "is.",
        "b": "are `d`. Also.",
        "c": "are `d`. Also.",
    }


def test_the_text_of_fields_can_be_given_back_on_the_command_line():
    config = configuration.load(f"{DIGITS}:quick")
    lines = list(fields.lines(config))
    assert all("\n" not in line for line in lines)
    values = dict(
        line.removeprefix("--config.").split("  # ")[0].split("=", 1)
        for line in lines
        if line.startswith("--config.")
    )
    assert ast.literal_eval(values["model.g_widths"]) == (8, 8, 4) == config.model.g_widths
    assert ast.literal_eval(values["evals.samples.num"]) == 16
    assert ast.literal_eval(values["data.roles.source.set"]) == "street"
    assert ast.literal_eval(values["requires.f.model.dropout"]) == 0.2
    assert "requires.f.seed" not in values  # it has its default
    (alpha,) = (line for line in lines if line.startswith("--config.model.alpha="))
    assert alpha == "--config.model.alpha=10.0  # weight of L_CONST, eq. 5 (default 15.0; 0 to 1e+06)"


# --- lists ----------------------------------------------------------------------------------------


def test_all_there_is_has_a_line(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # without a folder of configurations, those of the checkout are listed
    sections = dict(listing.sections())
    empty = {title: [n for n, text in names.items() if not text] for title, names in sections.items()}
    assert not any(empty.values()), empty
    found, known, _, kinds, sets = sections.values()
    assert {Path(name).name for name in found} == {path.name for path in (ROOT / "configs").glob("*.py")}
    assert found[DIGITS].startswith("DTN from the embedded house numbers to the embedded handwriting.")
    assert list(known) == models.known()
    assert tuple(kinds) == evaluation.known()
    assert set(catalogue.NAMES) < set(sets)
    text = "\n".join(listing.lines())
    for names in sections.values():
        assert all(f"  {name} " in text for name in names)


def test_one_s_own_configurations_are_listed_without_running_them(monkeypatch, tmp_path):
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "mine.py").write_text('"""Faces.\n\nMore."""\nraise RuntimeError\n')
    monkeypatch.chdir(tmp_path)
    assert listing.configurations() == {"configs/mine.py": "Faces."}


def test_variants_are_those_that_the_configuration_takes():
    found = listing.variants_of(DIGITS)
    assert set(found) >= {"quick", "reverse", "no_tid"}
    assert found["quick"].startswith("Two steps of every part")
    for name, text in found.items():
        assert text.endswith(".")
        configuration.load(f"{DIGITS}:{name}")
    assert f"  {'reverse':<12}  Reverses DTN's direction" in "\n".join(listing.lines(DIGITS))


def test_a_configuration_that_begins_with_another_one_has_its_own_variants(tmp_path):
    (tmp_path / "mine.py").write_text(
        textwrap.dedent(f"""
        from gan_jax.config import apply, load

        def get_config(arg=""):
            config = load({DIGITS!r}).unlock()
            return apply(config, arg, longer)

        def longer(config):
            '''More steps.'''
            config.steps = 9
        """)
    )
    assert listing.variants_of(str(tmp_path / "mine.py")) == {"longer": "More steps."}
