"""What the rows of the report's index say, and pictures that the page shows reduced."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from report_page import page_of, put, result

from gan_jax.report.abouts import about

ROOT = Path(__file__).parents[2]
SCRIPT = '"""Table 7 of a paper.\n\nMore."""\nraise SystemExit("it is not run")\n'


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ({"about": "  Droplets\nof G. ", "command": "python experiments/table.py"}, "Droplets of G."),
        ({"command": "python experiments/table.py --out=x"}, "Table 7 of a paper."),
        ({"command": "python -m gan_jax.main --config=configs/mine.py:part,best"}, "Mine."),
        ({"command": "python experiments/gone.py"}, "python experiments/gone.py"),
        ({"command": "python ../outside.py"}, "python ../outside.py"),
        ({"command": "python broken.py"}, "python broken.py"),
        ({"command": "python 'half"}, "python 'half"),
        ({"a": 1, "b": 2}, "a, b"),
        (dict.fromkeys("abcdef", 0), "a, b, c, d, e ..."),
        ([1, 2], "2 values"),
        (3, "one value"),
    ],
)
def test_a_line_is_the_files_own_or_that_of_the_script_that_wrote_it(tmp_path, content, line):
    home = tmp_path / "home"
    for name, text in {
        "home/experiments/table.py": SCRIPT,
        "home/configs/mine.py": '"""Mine."""',
        "home/broken.py": "(",
        "outside.py": SCRIPT,
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert about(content, [tmp_path / "other", home]) == line


@pytest.mark.long
def test_no_row_of_the_projects_own_index_is_empty_and_the_page_is_light():
    page = page_of(ROOT / "results")
    lines = [a for tag, a in page.elements if tag == "span" and a.get("class") == "about"]
    sections = [a for tag, a in page.elements if tag == "section"]
    assert len(lines) == len(sections) > 20
    assert len(page.source) < 3e6


def test_a_run_says_what_it_was_trained_on(tmp_path):
    data = {"roles": {"image": {"set": "mine", "split": "train[:9]"}}, "sets": {"mine": {"name": "mnist"}}}
    put(tmp_path / "result.json", result(0))
    put(tmp_path / "config.json", {"model": {"name": "gan"}, "data": data})
    assert "model gan, trained on image mnist [train[:9]]" in page_of(tmp_path).text


def test_a_large_picture_is_reduced_and_a_small_one_is_whole(tmp_path):
    put(tmp_path / "a.json", {"value": 1})
    noise = np.random.default_rng(0).integers(0, 256, (300, 1920, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "a_large.png")
    Image.fromarray(noise[:8, :8]).save(tmp_path / "a_small.png")
    page = page_of(tmp_path)
    assert page.images("image/png") == [(tmp_path / "a_small.png").read_bytes()]
    (small,) = page.images("image/webp")
    with Image.open(io.BytesIO(small)) as shown:
        assert shown.size == (720, 113)
    assert "Large pictures are shown reduced" in page.text


def test_each_cell_has_the_name_of_its_column_for_narrow_screens(tmp_path):
    put(tmp_path / "a.json", {"sides": [{"ours": 1.5, "theirs": 2.5}]})
    page = page_of(tmp_path)
    assert [a.get("data-label") for tag, a in page.elements if tag == "td"] == ["ours", "theirs"]
