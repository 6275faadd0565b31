"""The experiment on style-based generators: what it refuses, its table, and two runs as a user makes them."""

import json

import pytest
from experimenting import below, experiment, told
from PIL import Image

KNOWN = """
import json, sys
sys.path.insert(0, "experiments")
import style_generation as e
from absl import flags

from gan_jax.errors import GanJaxError

def refused(*given):
    flags.FLAGS.unparse_flags()
    flags.FLAGS(["style_generation", *given])
    try:
        e.loaded(e.plan())
    except GanJaxError as error:
        return str(error)
    finally:
        for name in ("runs", "config", "quick", "vgg"):
            flags.FLAGS[name].unparse()

wrong = [refused(), refused("--runs=a"), refused("--runs=a=x,a=y"), refused("--quick", "--runs=WGAN"),
         refused("--runs=a=/no/such"), refused("--runs=a=x", "--vgg=none.npz"), refused("--config=x.py")]
scores = dict.fromkeys(e.SCORES, 0.25)
row = {"name": "A", "data": "faces", "size": 32, "scored_on": "others", "prefix": "face", "steps": 10,
       "images_seen": 160, "parameters": {"gen": 7}, "judge": scores, "vgg16": None, "seconds": 90.0,
       "n_real": 5, "n_fake": 6, "judge_accuracy": 0.5,
       "measures": {"droplets": {"droplet": 1.5}, "separability_z": {"separability_z": 2.0, "constant": 3}},
       "floor": {"face_fid": 0.125, "vgg16_frechet": 0.0625}}
other = {**row, "name": "B", "size": 64, "vgg16": {**scores, "memorisation": None}}
alone = {**other, "name": "D", "data": "cats", "judge": None, "prefix": None, "judge_accuracy": None}
print(json.dumps({"wrong": wrong, "text": e.markdown([other, row, {**row, "name": "C"}]),
                  "alone": e.markdown([alone])}))
"""


@pytest.fixture(scope="module")
def known():
    return told(KNOWN)


def test_wrong_flags_and_runs_are_refused_in_one_line(known):
    none, plain, twice, unknown, missing, weights, config = known["wrong"]
    for found in (none, plain, twice):
        assert found.endswith("is not allowed; allowed: NAME=FOLDER, each name once")
    assert unknown == "runs='WGAN' is not allowed; allowed: StyleGAN2, StyleGAN, PGGAN, DCGAN"
    assert "holds no run" in missing
    assert weights.startswith("weights='none.npz' cannot be read")
    assert config == "config='x.py' is not allowed: runs have their own"


def test_each_size_has_a_table_and_what_is_not_known_is_a_dash(known):
    lines = known["text"].splitlines()
    assert [line for line in lines if line.startswith("## ")] == [
        "## faces, 32 pixels",
        "## faces, 64 pixels",
    ]
    measured = ["-", "-", "2.00 (3 constant)", "-", "1.50", "-"]
    cells = ["A", "10", "160", "1.5", "7", "0.25", *["0.250"] * 3, *measured]
    small = [f"| {' | '.join(cells)} |"]
    assert [line for line in lines if line.startswith("| A")] == small
    names = [line.split(" | ")[0] for line in lines if line.startswith("| ") and "0.25" in line]
    assert names == ["| A", "| C", "| B"]
    assert "| 0.250 | 0.250 | 0.250 | 0.25 | 0.250 | 0.250 | - |" in next(
        x for x in lines if x.startswith("| B")
    )
    widths = [line.count("|") for line in lines if line.startswith("| ")]
    assert widths == [len(cells) + 1] * 5 + [len(cells) + 5] * 4
    floors = [line.split(" | ")[5:11] for line in lines if line.startswith("| real")]
    assert floors == [["0.125", "-", "-", "-", "", ""], ["0.125", "-", "-", "-", "0.0625", "-"]]
    words = " ".join(known["text"].split())
    assert words.count("an accuracy of 0.5000") == 2
    assert words.count("features of VGG-16") == 1


def test_data_without_a_judge_have_the_scores_of_vgg_alone(known):
    lines = known["alone"].splitlines()
    (row,) = (line for line in lines if line.startswith("| D"))
    assert row.split(" | ")[5:9] == ["0.25", "0.250", "0.250", "-"]
    (floor,) = (line for line in lines if line.startswith("| real"))
    assert floor.split(" | ")[5] == "0.0625"
    assert "features of VGG-16" in " ".join(known["alone"].split())
    assert "judge" not in known["alone"]


@pytest.mark.nightly
def test_two_runs_are_scored_by_one_judge_and_shown(tmp_path):
    done = experiment("style_generation", "--quick", "--runs=StyleGAN2,PGGAN", **below(tmp_path, "table"))
    assert done.returncode == 0, done.stderr
    written = json.loads((tmp_path / "table.json").read_text())
    rows, tradeoff = written["rows"], written["tradeoff"]
    assert {name: [row["truncation"] for row in found] for name, found in tradeoff.items()} == {
        "StyleGAN2": [0.9, 1.0],
        "PGGAN": [1.0],
    }
    assert all(0 <= row["precision"] <= 1 and row["fid"] > 0 for found in tradeoff.values() for row in found)
    assert [(row["name"], row["images_seen"], row["n_fake"]) for row in rows] == [
        ("StyleGAN2", 16, 32),
        ("PGGAN", 16, 32),
    ]
    assert rows[0]["judge_sha256"] == rows[1]["judge_sha256"]
    assert rows[0]["floor"] == rows[1]["floor"]
    assert 0 <= rows[0]["judge_accuracy"] == rows[1]["judge_accuracy"] <= 1
    assert all(row["judge"]["fid"] > 0 and row["vgg16"] is None for row in rows)
    assert set(rows[1]["measures"]) == {"path_z", "separability_z"}
    assert set(rows[0]["measures"]) == {*rows[1]["measures"], "path_w", "separability_w", "droplets", "phase"}
    for name in (
        "table",
        *(
            f"table_{part}"
            for part in ("mixing", "edits", "interpolation", "projection", "stages", "tradeoff")
        ),
    ):
        with Image.open(tmp_path / f"{name}.png") as picture:
            assert min(picture.size) > 64, name
