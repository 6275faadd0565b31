"""StarGAN beside its rivals at its smallest: the table has what was measured; nothing is trained twice."""

import json

import pytest
from experimenting import below, experiment, untouched
from PIL import Image


def rivals(folder, *flags):
    return experiment("stargan_rivals", "--quick", *flags, **below(folder, "rivals"))


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """The folder of the finished experiment on one attribute, and the printed text."""
    folder = tmp_path_factory.mktemp("rivals")
    process = rivals(folder, "--attributes=Male")
    assert process.returncode == 0, process.stderr
    return folder, process.stdout


@pytest.mark.long
def test_the_figures_are_those_of_the_runs_and_of_the_papers(done):
    folder, printed = done
    table = json.loads((folder / "rivals.json").read_text())
    runs = {p.parent.name: json.loads(p.read_text()) for p in (folder / "runs").glob("*/result.json")}
    names = [f"{name}_celeba_quick_seed0" for name in ("stargan", "cyclegan", "diat", "icgan")]
    assert sorted(runs) == sorted(names)
    for row, name in zip(table["rows"], names, strict=True):
        metrics = runs[name]["metrics"]
        metrics = metrics.get("to_Male", metrics)
        assert (row["attribute"], row["error"], row["cycle"]) == ("Male", metrics["error"], metrics["cycle"])
        assert 0 <= row["error"] <= 1
    # All models are scored by one judge on the same faces, those who are not Male.
    for field in ("examples", "untranslated_error", "real_error"):
        assert len({row[field] for row in table["rows"]}) == 1, field
    assert [row["cycle"] is None for row in table["rows"]] == [False, False, True, False]
    assert printed.strip() == (folder / "rivals.md").read_text().strip()
    with Image.open(folder / "rivals.png") as picture:
        picture.load()


@pytest.mark.long
def test_published_parameters_are_counted_and_the_papers_stand_beside(done):
    folder, printed = done
    at = json.loads((folder / "rivals.json").read_text())["published"]["at"]
    assert at["StarGAN"] == 53_226_560  # the paper's 53.2M
    assert at["DIAT"] == at["CycleGAN"] == 7_837_699 + 44_721_088  # 52.6M
    for cell in ("| 53.2M x 1 | 2.12 |", "| 52.6M x 14 | 5.99 |", "| 52.6M x 7 | 4.10 |", "67.8M x 1 | 8.07"):
        assert cell in printed


@pytest.mark.long
def test_finished_runs_are_only_read(done):
    folder, _ = done
    before = untouched(folder / "runs")
    again = rivals(folder, "--attributes=Male", "--models=IcGAN")
    assert again.returncode == 0, again.stderr
    assert untouched(folder / "runs") == before


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--models=StarGan", "models: 'StarGan' is not known; did you mean 'StarGAN'?"),
        ("--attributes=Bald", "attributes: 'Bald' is not known"),
        ("--attributes=Male,Young,Male", "attributes: 'Male' is given twice"),
    ],
)
def test_an_unknown_name_ends_in_one_line(tmp_path, flag, message):
    process = rivals(tmp_path, flag)
    assert process.returncode == 2
    (line,) = process.stderr.strip().splitlines()
    assert line.startswith(f"stargan_rivals: {message}")
