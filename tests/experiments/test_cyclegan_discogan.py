"""The comparison of CycleGAN and DiscoGAN at its smallest: it writes what its runs measured."""

import json

import pytest
from experimenting import below, experiment, untouched
from PIL import Image


def start(place, *given):
    return experiment("cyclegan_discogan", *given, **below(place))


@pytest.mark.nightly
def test_both_models_learn_from_the_same_images_and_are_put_beside_each_other(tmp_path):
    process = start(tmp_path, "--quick")
    assert process.returncode == 0, process.stderr
    content = json.loads((tmp_path / "out.json").read_text())
    text = (tmp_path / "out.md").read_text()
    assert text.strip() == process.stdout.strip()
    cyclegan, discogan = content["rows"]
    assert cyclegan["config"]["data"]["roles"] == discogan["config"]["data"]["roles"]
    assert cyclegan["config"]["evals"] == discogan["config"]["evals"]
    for row, name in ((cyclegan, "CycleGAN"), (discogan, "DiscoGAN")):
        result = json.loads(
            (tmp_path / "runs" / f"{row['config']['name']}_seed0" / "result.json").read_text()
        )
        assert row["params_sha256"] == result["params_sha256"]
        assert row["cycle_source"] == round(result["metrics"]["cycle_source"], 3)
        line = next(line for line in text.splitlines() if line.startswith(f"| {name} |"))
        counts = [int(cell.replace(",", "")) for cell in line.split(" | ")[1:3]]
        assert counts == [row["parameters"]["gen"], row["parameters"]["disc"]]
    with Image.open(tmp_path / "out.png") as picture:
        assert picture.width == 12 * 32 * 2
    before = untouched(tmp_path / "runs")
    assert start(tmp_path, "--quick").returncode == 0
    assert untouched(tmp_path / "runs") == before


def test_a_configuration_of_another_model_is_refused_in_one_line(tmp_path):
    process = start(tmp_path, "--discogan=configs/dtn_digits.py")
    assert process.returncode == 2
    (line,) = process.stderr.strip().splitlines()
    found = "discogan='configs/dtn_digits.py' is a configuration of dtn"
    assert line == f"cyclegan_discogan: {found}; allowed: discogan"
