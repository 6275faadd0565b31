"""The experiment on faces: it writes what it measured, and goes on where it stopped."""

import json

import pytest
from experimenting import below, experiment, untouched
from PIL import Image


def faces(folder):
    return experiment("dtn_faces", "--quick", **below(folder, "faces"))


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """The folder of the finished experiment, and what the program printed."""
    folder = tmp_path_factory.mktemp("faces")
    process = faces(folder)
    assert process.returncode == 0, process.stderr
    return folder, process.stdout


@pytest.mark.nightly
def test_the_figures_are_those_of_the_run_and_of_three_descriptors(done):
    folder, _ = done
    table = json.loads((folder / "faces.json").read_text())
    result = json.loads((folder / "runs" / "dtn_face_emoji_quick_seed0" / "result.json").read_text())
    assert table["agreement"] == result["metrics"]
    assert table["likeness"] == result["metrics"]["likeness"]
    assert table["params_sha256"] == result["params_sha256"]
    assert list(table["retrieval"]) == ["pixels", "second", "f"]
    for found in table["retrieval"].values():
        # The experiment looks for 8 of the 32 test images among the other 24.
        assert (found["probes"], found["distractors"], found["chance_mean_rank"]) == (8, 24, 13)
        assert 1 <= found["mean_rank"] <= 25
    assert table["paper"]["DTN"]["rank_1"] == pytest.approx(27 / 118, abs=5e-5)


@pytest.mark.nightly
def test_the_second_network_has_another_seed_and_other_widths(done):
    folder, _ = done
    configs = [json.loads(path.read_text()) for path in (folder / "cache").glob("*/config.json")]
    networks = {config["name"]: (config["seed"], config["model"]["widths"]) for config in configs}
    assert networks["f_faces"] == (0, [4, 4, 4, 8])
    assert networks["f_faces_second"] == (1, [6, 6, 6, 8])
    assert set(networks) == {"f_faces", "f_faces_second", "judge_emoji"}


@pytest.mark.nightly
def test_the_markdown_is_what_is_printed_and_the_picture_opens(done):
    folder, printed = done
    text = (folder / "faces.md").read_text()
    assert printed.strip() == text.strip()
    table = json.loads((folder / "faces.json").read_text())
    male = table["agreement"]["per_attribute"]["Male"]
    assert f"| Male | {100 * male['prevalence']:.1f} % | {100 * male['answered']:.1f} % |" in text
    assert f"| real target | {table['likeness']['floor']['judge_frechet']:.1f} |" in text
    assert "| paper: DTN, VGG-Face | 16.0 | 535.5 | 22.9 % | 34.8 % | 50001.0 |" in text
    with Image.open(folder / "faces.png") as picture:
        picture.load()


@pytest.mark.nightly
def test_the_same_command_trains_nothing_twice(done):
    folder, printed = done
    before = untouched(folder / "runs")
    again = faces(folder)
    assert again.returncode == 0, again.stderr
    assert again.stdout == printed
    assert untouched(folder / "runs") == before
