"""StarGAN's table at its smallest: it writes what was measured, and goes on where it stopped."""

import json

import pytest
from experimenting import below, experiment, untouched
from PIL import Image


def errors(folder, *flags):
    return experiment("stargan_errors", "--quick", *flags, **below(folder, "errors"))


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """The folder of the finished experiment on two of its rows, and the printed text."""
    folder = tmp_path_factory.mktemp("stargan")
    process = errors(folder, "--rows=celeba,single")
    assert process.returncode == 0, process.stderr
    return folder, process.stdout


@pytest.mark.nightly
def test_the_figures_are_those_of_the_runs_and_of_the_paper(done):
    folder, _ = done
    table = json.loads((folder / "errors.json").read_text())
    runs = {p.parent.name: json.loads(p.read_text()) for p in (folder / "runs").glob("*/result.json")}
    names = ["stargan_celeba_quick_seed0", "stargan_joint_quick_single_seed0"]
    assert sorted(runs) == names
    for row, name in zip(table["rows"], names, strict=True):
        metrics = runs[name]["metrics"]
        assert row["metrics"] == [metrics]
        assert row["error"] == [round(100 * metrics["error"], 2)]
        assert metrics["error"] == pytest.approx(1 - metrics["accuracy"])
        assert set(metrics["per_target"]) == {
            label for part in row["config"]["model"]["labels"] for label in part
        }
    published = {name: (one["error"], one["networks"]) for name, one in table["paper"].items()}
    assert published == {
        "DIAT": (4.1, 7), "CycleGAN": (5.99, 14), "IcGAN": (8.07, 1), "StarGAN": (2.12, 1),
        "real images": (0.45, None),
    }  # fmt: skip


@pytest.mark.nightly
def test_parameters_are_counted(done):
    folder, _ = done
    table = json.loads((folder / "errors.json").read_text())
    assert table["published_parameters"] == 53_226_560
    # G's layers have widths 4, 8 and 16. Their norms have scales and shifts.
    norms = 2 * (4 + 8 + 16) + 2 * 32 + 2 * (8 + 4)
    inner = 16 * (4 * 8 + 8 * 16) + 2 * 9 * 16 * 16 + 16 * (16 * 8 + 8 * 4) + 49 * 4 * 3
    # D has three strided layers with biases, and a head that tells real images from fakes. The head that
    # tells the labels covers the 4x4 map that these layers make of 32 pixels.
    d = 16 * (3 * 4 + 4 * 8 + 8 * 16) + (4 + 8 + 16) + 9 * 16
    expected = [49 * (3 + n) * 4 + inner + norms + d + 4 * 4 * 16 * n for n in (5, 10)]
    assert [row["parameters"] for row in table["rows"]] == expected


@pytest.mark.nightly
def test_the_markdown_is_what_is_printed_and_the_picture_opens(done):
    folder, printed = done
    text = (folder / "errors.md").read_text()
    assert printed.strip() == text.strip()
    assert "| paper: CycleGAN | RaFD | 5.99 | | | | 52.6M x 14 |" in text
    assert "those of the published StarGAN: 53,226,560." in text
    table = json.loads((folder / "errors.json").read_text())
    young = table["rows"][0]["metrics"][0]["per_target"]["Young"]
    assert f"| Young | 32 | {100 * young['error']:.2f} % |" in text
    with Image.open(folder / "errors.png") as picture:
        picture.load()


@pytest.mark.nightly
def test_the_same_command_trains_nothing_twice(done):
    folder, printed = done
    before = untouched(folder / "runs")
    again = errors(folder, "--rows=celeba,single")
    assert again.returncode == 0, again.stderr
    assert again.stdout == printed
    assert untouched(folder / "runs") == before


@pytest.mark.long
def test_an_unknown_row_ends_in_one_line(tmp_path):
    process = errors(tmp_path, "--rows=joined")
    assert process.returncode == 2
    (line,) = process.stderr.strip().splitlines()
    assert line.startswith("stargan_errors: rows: 'joined' is not known; did you mean 'joint'?")
