"""The three levels of tests, and the option that leaves out the tests that there is no time for."""

import re
import tomllib
from pathlib import Path

import levels
import pytest

ROOT = Path(__file__).parents[1]
pytest_plugins = ("pytester",)

FILE = """
import types
import deadline
import pytest

@pytest.fixture(scope="module")
def long_work():
    deadline.time = types.SimpleNamespace(time=lambda: 10.0**12)  # later than any deadline

def test_first(long_work):
    pass

def test_second(long_work):
    raise AssertionError("must not be begun")

@pytest.mark.skip(reason="another reason")
def test_third():
    pass
"""


@pytest.fixture
def begun(pytester, monkeypatch):
    """`begun(*flags)` is the result of a session of two files with three tests each."""
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).with_name("helpers")))
    pytester.makepyfile(test_a=FILE, test_b=FILE)
    return lambda *flags: pytester.runpytest_subprocess("-p", "deadline", "-p", "no:cacheprovider", *flags)


@pytest.mark.parametrize("workers", [(), ("-n", "2", "--dist", "loadfile")], ids=["one", "workers"])
def test_what_is_due_after_the_deadline_is_counted_and_is_no_failure(begun, workers):
    """The first test of a process passes the deadline. With two workers there are two such tests."""
    result = begun("--stop-starting-after=600", *workers)
    first = 2 if workers else 1
    result.assert_outcomes(passed=first, skipped=6 - first)
    assert result.ret == 0
    result.stdout.fnmatch_lines([f"not run for lack of time: {6 - first}"])


def test_after_no_seconds_no_test_is_begun(begun):
    result = begun("--stop-starting-after=0")
    result.assert_outcomes(skipped=6)
    result.stdout.fnmatch_lines(["not run for lack of time: 6"])


def test_without_the_option_all_tests_are_begun_and_no_line_is_printed(begun):
    result = begun()
    result.assert_outcomes(passed=2, failed=2, skipped=2)
    assert "lack of time" not in result.stdout.str()


def test_a_test_that_is_skipped_for_another_reason_is_not_counted(begun):
    result = begun("--stop-starting-after=600", "-k", "third")
    result.stdout.fnmatch_lines(["not run for lack of time: 0"])
    result.assert_outcomes(skipped=2)


def test_every_test_is_in_one_level_and_every_level_has_a_target():
    """`make test`, `make test-long` and `make test-all` together run every test once."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    marks = {line.partition(":")[0] for line in settings["tool"]["pytest"]["ini_options"]["markers"]}
    assert marks == {"long", "nightly", "real_data"}
    targets = re.findall(r"^\t\$\(PYTEST\) -m (?:'(.+?)'|(\w+))", (ROOT / "Makefile").read_text(), re.M)
    levels = [{"long": long, "nightly": nightly} for long in (False, True) for nightly in (False, True)]
    for level in levels:
        assert sum(eval("".join(expression), {}, level) for expression in targets) == 1, level


def marked(*arguments, **options):
    """The marks of the cases, in order, by their first value."""
    _, cases = levels.parametrize(*arguments, **options).args
    return [(case.values[0], [mark.name for mark in case.marks]) for case in cases]


def test_cases_that_are_not_kept_are_long():
    assert marked("x", ["a", "b"]) == [("a", []), ("b", ["long"])]
    assert marked("x", [(8, 8), (9, 9)], kept=[(9, 9)]) == [((8, 8), ["long"]), ((9, 9), [])]
    pairs = [({}, 1), ({"k": 2}, 3), ({}, 4)]
    assert marked(("x", "y"), pairs) == [({}, []), ({"k": 2}, ["long"]), ({}, [])]
    assert marked("x, y", pairs, kept=[{"k": 2}])[1] == ({"k": 2}, [])


def test_a_case_that_is_not_there_cannot_be_kept():
    with pytest.raises(AssertionError, match=r"x: \('c',\) are not all among \['a', 'b'\]"):
        levels.parametrize("x", ["a", "b"], kept=("c",))
