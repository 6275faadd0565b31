"""A report is one page that holds every number and picture of a folder and refers to nothing outside."""

import json
import re
from pathlib import Path

import pytest
from report_page import TABLE, everything, leaves, numbers, page_of, png, put, result

from gan_jax import report

ROOT = Path(__file__).parents[2]


@pytest.fixture
def results(tmp_path):
    """A folder with a table, three seeds of a run, a file of unknown layout, and pictures."""
    folder = tmp_path / "results"
    put(folder / "table.json", TABLE)
    put(folder / "speed.json", {"sides": {"a": {"s": 0.7358166}, "b": {"s": 0.9086979}}, "ratio": 0.81})
    for seed in range(3):
        put(folder / "tiny" / f"seed_{seed}.json", result(seed))
    return folder


@pytest.fixture
def run(tmp_path):
    """The folder of a finished run."""
    folder = tmp_path / "run"
    put(folder / "result.json", result(0))
    put(folder / "config.json", result(0)["config"])
    lines = [
        {"step": 1, "g/loss": 3.0},
        {"step": 2, "g/loss": 2.0},
        {"step": 2, "eval": "validation", "accuracy": 0.4},
    ]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "lock").write_text("1\n")
    return folder


def test_every_number_of_every_file_is_on_the_page(results):
    page = page_of(results)
    for path in results.rglob("*.json"):
        content = json.loads(path.read_text())
        assert numbers(content) <= everything(page), path.name
        for text in {x for x in leaves(content) if isinstance(x, str)}:
            assert text in page.text, text


@pytest.mark.long
def test_the_projects_own_results_lose_no_number():
    page = page_of(ROOT / "results")
    files = list((ROOT / "results").rglob("*.json"))
    assert len(files) >= 7
    for path in files:
        assert numbers(json.loads(path.read_text())) <= everything(page), path.name


def test_ours_stand_beside_the_papers(results):
    rows = page_of(results).rows
    assert [
        "",
        "paper, %",
        "ours, mean, %",
        "lowest to highest",
        "0100 %",
        "run 1",
        "run 2",
        "run 3",
        "note",
    ] in rows
    assert [
        "DTN dtn",
        "90.66",
        "92.07",
        "91.10 to 92.70",
        "",
        "92.40",
        "91.10",
        "92.70",
        "as published",
    ] in rows
    assert ["plain", "", "10.12", "", "", "10.12", "", "", ""] in rows
    assert ["coming", "", "", "", "", "", "", "", ""] in rows
    # The contents list a table by its first row and a run by its accuracy.
    about = TABLE["command"]  # it names no script
    assert [f"table {about}", "DTN", "90.66", "92.07", "91.10 to 92.70", "3"] in rows
    assert [f"tiny {about}", "accuracy", "", "90.03", "90.00 to 90.07", "3"] in rows
    assert ["speed sides, ratio", "", "", "", "", ""] in rows


def test_the_best_and_further_tables_are_tables_too(tmp_path):
    runs = [{"seed": 4, "seconds": 1.5}, {"seed": 6, "seconds": 2.5}]
    best = {"label": "all together", "accuracy": [95.5, 96.5], "paper": 90.66, "runs": runs}
    more = {
        "title": "Table 3",
        "weight": 0.125,
        "rows": [{"name": "no 3", "accuracy": [61.25], "paper": "36.5 or so"}],
    }
    put(tmp_path / "x.json", {**TABLE, "best": best, "tables": [more], "f_accuracy": 98.7})
    page = page_of(tmp_path)
    assert ["all together", "90.66", "96.00", "95.50 to 96.50", "", "95.50", "96.50"] in page.rows
    assert ["row", "seed", "seconds"] in page.rows
    assert ["all together", "6", "2.5"] in page.rows
    assert ["no 3", "36.5 or so", "61.25", ""] in page.rows
    assert "Table 3" in page.text and "weight 0.125" in page.text and "f_accuracy 98.7" in page.text


def test_seeds_of_one_run_are_one_section_that_says_where_each_comes_from(results):
    page = page_of(results)
    assert ["accuracy", "90.03 %", "90.00 to 90.07", "90.00", "90.03", "90.07"] in page.rows
    assert ["seed", "seconds", "params_sha256"] in page.rows
    assert ["2", "13.5", "2f" * 32] in page.rows
    assert page.text.count("Configuration, seed") == 3
    assert page.text.count("abacus") == 2  # once for all seeds, once for the table


def test_confusion_matrices_are_tables_shaded_by_the_share_of_their_row(results):
    page = page_of(results)
    assert ["0", "7", "1234", "12.30"] in page.rows and ["1", "0", "0", "0.00"] in page.rows
    shares = [float(style.removeprefix("--share:")) for style in page.attributes("td", "style")]
    wanted = [share for seed in range(3) for share in ((7 + seed) / (1241 + seed), 1234 / (1241 + seed))]
    assert shares == pytest.approx(wanted, abs=5e-4)


def test_pictures_are_the_files_bytes_and_stand_where_they_belong(results):
    wanted = [
        png(results / "table.png", 1),
        png(results / "tiny" / "sheet.png", 2),
        png(results / "other.png", 3),
        png(results / "pictures" / "far.png", 4),
    ]
    png(results / "tiny" / "confusion_test.png", 5)  # a plot of numbers that the page draws itself
    png(results / "again.png", 3)  # the same picture twice
    put(results / "listing.json", {"pictures": ["pictures/far.png"], "value": 3})
    page = page_of(results)
    assert sorted(page.images("image/png")) == sorted(wanted)
    places = [
        page.source.index(name) for name in (">table.png", 'id="s2"', ">tiny/sheet.png", 'id="s3"', "far.png")
    ]
    assert places == sorted(places)
    sheet = next(a for tag, a in page.elements if tag == "img" and a["alt"] == "tiny/sheet.png")
    assert (int(sheet["width"]), int(sheet["height"])) == (48 * 21, 32 * 21)  # whole pixels, at most 1024
    assert ".sheet img { image-rendering: pixelated; }" in page.source


def test_plots_are_shown_where_their_numbers_are_not_known(results):
    put(results / "other" / "result.json", result(0, confusion="lost"))
    shown = [
        png(results / "other" / name, seed) for seed, name in enumerate(["confusion_test.png", "curves.png"])
    ]
    assert sorted(page_of(results).images("image/png")) == sorted(shown)


def test_a_runs_page_has_curves_sheets_and_configuration(run):
    sheets = [png(run / "samples" / f"samples_sheet_{step:08d}.png", step) for step in range(20)]
    png(run / "curves.png", 99)
    page = page_of(run)
    assert page.attributes("img", "alt")[:2] == ["g over steps", "validation over steps"]
    drawn = page.images("image/svg+xml")
    assert len(drawn) == 2 and all(b"<svg" in svg for svg in drawn)
    shown = page.images("image/png")
    assert len(shown) == 6 and shown[0] == sheets[0] and shown[-1] == sheets[-1] and set(shown) < set(sheets)
    assert "6 of 20" in page.text
    assert json.loads(page.preformatted[-1]) == json.loads((run / "config.json").read_text())
    assert numbers(result(0)) <= everything(page)
    assert page.attributes("a", "href") == []  # one section needs no contents


def test_a_run_in_progress_shows_its_last_evaluation(run):
    (run / "result.json").unlink()
    with open(run / "metrics.jsonl", "a") as file:
        file.write('{"step": 3, "eval": "validation", "accuracy": 0.625, "examples": 8}\n{"step": 4, "g/lo')
    page = page_of(run)
    assert "In progress: step 3 of 4000" in page.text and "validation, step 3" in page.text
    assert ["accuracy", "62.50 %"] in page.rows
    assert json.loads(page.preformatted[0])["batch_size"] == 61
    (run / "metrics.jsonl").unlink()
    assert "In progress: step 0 of 4000" in page_of(run).text


def test_runs_below_a_folder_of_runs_are_found_but_nothing_inside_them(run):
    put(run / "checkpoints" / "meta.json", {"inner": 123456})
    put(run.parent / ".hidden" / "x.json", {"hidden": 1})
    page = page_of(run.parent)
    assert "run/result.json" in page.text and "inner" not in page.text and "hidden" not in page.text


@pytest.mark.parametrize(
    "content",
    [
        [1.5, "two", None, True],
        [[1, 2, 3], [4, 5], []],
        [{"a": 1}, {"b": {"c": [2, {"d": 3}]}}],
        "a text",
        12345678901234567890,
        {},
        [],
        {"rows": "none", "tables": [{"rows": []}], "best": {"accuracy": []}, "metrics": 3},
        {"rows": [{"name": "x", "accuracy": "high", "seed": 77}]},
        {"config": [5], "pictures": {"a": 6}, "versions": 7, "commit": None},
        {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {"i": 8.5}}}}}}}}},
        {"a": {"b/c": 1, "b": {"c": 2}}, "d": {"b/c": 3, "b": {"c": 4}}},
        {"a": {"b": {"c": 5}, "e": {}}, "d": {"b": None, "e": {str(n): n for n in range(60, 80)}}},
        {
            "metrics": {"test": {"accuracy": 0.5}, "accuracy": 7, "confusion": [[1, 2]], "per_class": "?"},
            "config": 9,
        },
    ],
    ids=repr,
)
def test_any_layout_is_shown(tmp_path, content):
    put(tmp_path / "strange.json", content)
    page = page_of(tmp_path)
    assert numbers(content) <= everything(page)
    for text in {x for x in leaves(content) if isinstance(x, str)}:
        assert text in page.text


def test_scalars_of_an_object_within_a_table_have_cells_of_their_own(tmp_path):
    hats, beards = ({"auc": x, "judge": {"auc": x + 1, "n": 7}} for x in (0.25, 0.75))
    put(tmp_path / "objects.json", {"each": {"hats": hats, "beards": beards}})
    put(tmp_path / "lists.json", {"each": [hats, beards]})
    rows = page_of(tmp_path).rows
    for row in (["auc", "0.25", "0.75"], ["judge/auc", "1.25", "1.75"], ["judge/n", "7", "7"]):
        assert row in rows
    for row in (["auc", "judge/auc", "judge/n"], ["0.25", "1.25", "7"], ["0.75", "1.75", "7"]):
        assert row in rows


def test_names_from_files_are_text(results):
    evil = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7 * 7 }}'
    row = {"name": evil, "label": f"label {evil}", "accuracy": [1.0], evil: evil}
    put(results / "evil.json", {"data": evil, "rows": [row], "command": evil, evil: {evil: [evil]}})
    put(results / "deep.json", {"a": {"b": {"c": {"d": {"e": {"f": {"g": [evil]}}}}}}})
    put(results / "tiny" / "evil.json", {**result(0), "name": evil, "config": {"name": evil}})
    png(results / "<b onload=x>.png")
    page = page_of(results)
    assert page.text.count(evil) + page.text.count(json.dumps(evil)[1:-1]) >= 11
    assert not [tag for tag, _ in page.elements if tag in ("script", "b")]
    assert not [name for _, attrs in page.elements for name in attrs if name.startswith("on")]
    assert all(source.startswith("data:image/") for source in page.attributes("img", "src"))


def test_the_page_refers_to_nothing_outside_itself(run, results):
    png(run / "samples" / "final_sheet_00000002.png")
    for folder in (run, results):
        page = page_of(folder)
        tags = {tag for tag, _ in page.elements}
        assert not tags & {"script", "link", "iframe", "object", "embed", "base", "form"}
        assert all(source.startswith("data:image/") for source in page.attributes("img", "src"))
        anchors = [f"#{name}" for name in page.attributes("section", "id")]
        assert page.attributes("a", "href") == (anchors if len(anchors) > 1 else [])
        assert not re.search(r"https?://|file://|url\(|@import|srcset", page.source)
        assert "default-src 'none'" in page.attributes("meta", "content")[1]
        assert str(folder.parent) not in page.source


def test_the_same_folder_makes_the_same_bytes(results):
    assert report.build(results) == report.build(results)


def test_half_a_surrogate_pair_does_not_stop_the_page(tmp_path):
    (tmp_path / "x.json").write_text('{"name": "half \\ud800 pair", "value": 4.5}')
    assert page_of(tmp_path).numbers == {4.5}


def test_only_a_rounded_number_carries_all_its_digits_beside_its_text(tmp_path):
    put(tmp_path / "x.json", {"count": 12, "half": 0.5, "third": 1 / 3})
    page = page_of(tmp_path)
    assert page.attributes("data", "value") == [json.dumps(1 / 3)]
    assert page.numbers == {12, 0.5, 1 / 3}


def test_what_a_run_is_trained_on_is_what_its_roles_sets_say(tmp_path):
    content = result(0)
    sets = {"digits": {"name": "mnist", "files": {}}, "photos": {"name": "", "files": {"train": "a.zip"}}}
    roles = {"source": {"set": "photos", "split": "train[:9]"}, "target": {"set": "digits", "split": "test"}}
    inline = {"image": {"name": "svhn_cropped", "files": {}, "split": "extra"}}
    content["config"] |= {"data": {"sets": sets, "roles": roles}, "evals": {"test": {"roles": inline}}}
    put(tmp_path / "run" / "result.json", content)
    text = page_of(tmp_path).text
    assert "source a.zip [train[:9]], target mnist [test]" in text
    assert "image svhn_cropped [extra]" in text
