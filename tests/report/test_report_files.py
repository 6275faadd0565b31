"""Reports on damaged folders, and the command: an error is one line and leaves no page."""

import os
import re
from pathlib import Path

import forking
import levels
import pytest
from report_page import TABLE, png, put, result

from gan_jax import report
from gan_jax.errors import WorkdirError
from gan_jax.report.collect import collect

ROOT = Path(__file__).parents[2]


@pytest.fixture
def results(tmp_path):
    """A folder with a table, a run's result and a file of unknown layout."""
    put(tmp_path / "results" / "table.json", TABLE)
    put(tmp_path / "results" / "speed.json", {"ratio": 0.81})
    put(tmp_path / "results" / "tiny" / "seed_1.json", result(1))
    return tmp_path / "results"


def damage_json(folder):
    (folder / "tiny" / "seed_1.json").write_text('{"metrics": {"accu')
    return "seed_1.json cannot be read"


def damage_encoding(folder):
    (folder / "speed.json").write_bytes(b'{"a": "\xff"}')
    return "speed.json cannot be read"


def damage_nesting(folder):
    (folder / "speed.json").write_text("[" * 100_000)
    return "speed.json cannot be read"


def damage_depth(folder):
    (folder / "speed.json").write_text("[" * 60 + "]" * 60)
    return "speed.json cannot be read: it nests 60 levels; allowed: 50"


def damage_picture(folder):
    content = png(folder / "table.png")
    (folder / "table.png").write_bytes(content[: len(content) // 2])
    return "table.png cannot be read: it is not an intact picture"


def damage_listing(folder):
    png(folder.parent / "outside.png")
    put(folder / "table.json", {**TABLE, "pictures": ["../outside.png"]})
    return "pictures='../outside.png' is missing or not allowed; allowed: .png, .jpg, .jpeg files below"


def damage_run(folder):
    put(folder / "run" / "config.json", ["no object"])
    return "config.json cannot be read: it is not a JSON object"


def damage_records(folder):
    put(folder / "run" / "config.json", {})
    (folder / "run" / "metrics.jsonl").write_text('{"step": 1, "g/loss": 1.0}\n{"step": 2, "g/loss": null}\n')
    return "line 2 of"


@pytest.mark.parametrize(
    "damage",
    [
        *(damage_json, damage_encoding, damage_nesting, damage_depth),
        *(damage_picture, damage_listing, damage_run, damage_records),
    ],
)
def test_what_is_damaged_is_named_and_no_page_is_left(results, damage):
    out = results.parent / "page.html"
    message = damage(results)
    with pytest.raises(WorkdirError, match=re.escape(message)) as caught:
        report.write(results, out)
    assert "\n" not in str(caught.value) and not out.exists()


def test_a_page_that_cannot_be_written_leaves_nothing(results):
    (results.parent / "taken").mkdir()
    with pytest.raises(WorkdirError, match="taken could not be written"):
        report.write(results, results.parent / "taken")
    assert sorted(path.name for path in results.parent.iterdir()) == ["results", "taken"]


def command(cwd, *args):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return forking.run("-m", "gan_jax.report", *args, cwd=cwd, env=environment)


def test_the_command_writes_the_page_into_the_folder_or_where_it_is_told(results):
    assert command(results.parent, "results").stdout == "report: results/report.html\n"
    assert command(results.parent, "results", "--out=new/page.html").stdout == "report: new/page.html\n"
    written = (results / "report.html").read_bytes()
    assert written == (results.parent / "new" / "page.html").read_bytes() == report.build(results)


@levels.parametrize(
    ("args", "code", "message"),
    [
        ([], 2, "one folder is needed, 0 given; see --help"),
        (["results", "more"], 2, "one folder is needed, 2 given; see --help"),
        (["results", "--outt=x"], 2, "Unknown command line flag 'outt'. Did you mean: out ?"),
        (["nowhere"], 1, "nowhere is not a folder"),
        (["empty"], 1, "empty holds neither a run (config.json) nor results (*.json)"),
        (["damaged"], 1, "damaged/x.json cannot be read: Expecting value: line 1 column 1 (char 0)"),
    ],
)
def test_a_refusal_is_one_line(tmp_path, args, code, message):
    (tmp_path / "empty").mkdir()
    png(tmp_path / "empty" / "picture.png")
    put(tmp_path / "results" / "x.json", TABLE)
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "x.json").write_text("")
    process = command(tmp_path, *args)
    assert (process.returncode, process.stdout) == (code, "")
    assert process.stderr == f"gan_jax.report: {message}\n"
    assert not list(tmp_path.rglob("*.html"))


def test_linked_folders_are_in_the_report_and_a_link_back_ends(results):
    put(results / "shelf" / "far.json", {"ratio": 0.5})
    (results / "linked").symlink_to(results / "shelf")
    (results / "shelf" / "back").symlink_to(results)
    assert [group.place for group in collect(results)] == ["", "", "linked", "shelf", "tiny"]


def test_a_link_that_leads_out_of_the_folder_is_refused(results, tmp_path):
    put(tmp_path / "elsewhere" / "far.json", {"ratio": 0.5})
    (results / "linked").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(WorkdirError, match=r"a link in its path leads out of .*far\.json$"):
        collect(results)
