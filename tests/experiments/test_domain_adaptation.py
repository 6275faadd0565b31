"""Domain adaptation at its smallest: scores, kept labels, and going on after a stop."""

import json

import levels
import numpy as np
import pytest
from experimenting import below, experiment, untouched
from PIL import Image

from gan_jax import data
from gan_jax.metrics import segmentation
from gan_jax.ops.pixels import to_uint8
from gan_jax.runs import functions, restore


def start(place, *given):
    return experiment("domain_adaptation", "--quick", *given, **below(place))


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """The folder of the finished experiment on the embedded scenes, and what the program printed."""
    folder = tmp_path_factory.mktemp("adaptation")
    process = start(folder, "--student=fcn")
    assert process.returncode == 0, process.stderr
    assert "source to target: 32 of 32 images translated" in process.stderr  # the images of the test set
    return folder, process.stdout


NAMES = ("pixel_accuracy", "class_accuracy", "class_iou")


def table(folder):
    return json.loads((folder / "out.json").read_text())


def run_of(folder, row):
    return folder / "runs" / f"cyclegan_scenes_quick_s2t_{row}_seed0"


def result(folder, row):
    return json.loads((run_of(folder, row) / "result.json").read_text())


@pytest.mark.nightly
def test_rows_are_the_students_own_scores_on_the_targets_test_images(done):
    folder, printed = done
    (found,) = table(folder)["tables"]
    assert [row["name"] for row in found["rows"]] == ["source_only", "cyclegan", "oracle"]
    learnt = []
    for row in found["rows"]:
        one = result(folder, row["name"])
        assert [row[name] for name in NAMES] == [[round(100 * one["metrics"][name], 2)] for name in NAMES]
        assert one["config"]["evals"]["test"]["roles"]["image"]["name"] == "scenes_real"
        assert one["config"]["evals"]["test"]["roles"]["image"]["split"] == "validation[-32:]"
        assert (one["step"], one["config"]["seed"], one["config"]["batch_size"]) == (2, 0, 8)
        learnt.append(one["config"]["data"]["roles"]["image"])
    assert [role["name"] for role in learnt] == ["scenes_game", "", "scenes_real"]
    assert learnt[1]["files"]["train"].startswith(str(folder / "runs" / "translated"))
    assert (folder / "out.md").read_text().strip() == printed.strip()
    assert str(folder) not in json.dumps(table(folder)["tables"])
    with Image.open(folder / "out.png") as picture:
        assert picture.width == 12 * 32 * 2


@pytest.mark.nightly
def test_translated_images_are_cyclegans_with_the_labels_of_their_sources(done):
    folder, _ = done
    cyclegan = restore.load(folder / "runs" / "cyclegan_scenes_quick_seed0")
    sha = cyclegan.result["params_sha256"][:12]
    for part, split in (("train", "validation[:64]"), ("test", "validation[-32:]")):
        source = data.load({"name": "scenes_game", "split": split}, size=32).columns
        path = folder / "runs" / "translated" / f"cyclegan_scenes_quick_seed0_{sha}_s2t_{part}.npz"
        with np.load(path) as stored:
            np.testing.assert_array_equal(stored["label"], source["label"])
            expected = to_uint8(functions.generate(cyclegan, {"source": source["image"]})["target"])
            assert stored["image"].dtype == np.uint8
            assert np.abs(stored["image"].astype(int) - expected).max() <= 1  # compiled differently
    oracle = restore.load(run_of(folder, "oracle"))
    with np.load(path) as stored:
        counts = segmentation.confusion(stored["label"], functions.predictor(oracle)(stored["image"]), 11)
    scores = segmentation.scores(counts)
    kept = table(folder)["tables"][0]["labels_kept"]
    assert [kept[name][0] for name in NAMES] == pytest.approx([100 * scores[n] for n in NAMES], abs=0.1)


@pytest.mark.nightly
def test_published_figures_are_beside_ours_with_what_they_are(done):
    folder, printed = done
    assert table(folder)["published"] == {
        "oracle (real images)": [60.3, 93.1],
        "game images only": [17.9, 54.0],
        "FCNs in the wild (+6.0)": [27.1, None],
        "game images, by CycleGAN (+16.9)": [34.8, 82.8],
    }
    assert "prints 17.9, 34.8 and 60.3 as mean\nIoU" in printed


@pytest.mark.nightly
def test_it_goes_on_where_it_stopped(done):
    """After one translation and one student are deleted, only these are made again, with the same result."""
    folder, _ = done
    before, rows = untouched(folder / "runs"), table(folder)["tables"]
    (run_of(folder, "cyclegan") / "result.json").unlink()
    (lost,) = (folder / "runs" / "translated").glob("*_test.npz")
    lost.unlink()
    process = start(folder, "--student=fcn")
    assert process.returncode == 0, process.stderr
    again = table(folder)["tables"]
    for one in (*rows[0]["rows"], *again[0]["rows"]):
        one["runs"] = [run["params_sha256"] for run in one["runs"]]
    assert again == rows
    changed = {path for path, time in untouched(folder / "runs").items() if before[path] != time}
    assert not [path for path in changed if path.name.endswith("_train.npz")]
    places = {path.relative_to(folder / "runs").parts[0] for path in changed}
    assert places == {"translated", run_of(folder, "cyclegan").name}


@pytest.mark.nightly
def test_a_student_of_classes_is_taught_digits_the_other_way_round(tmp_path):
    process = start(tmp_path, "--directions=t2s", "--steps=3")
    assert process.returncode == 0, process.stderr
    content = table(tmp_path)
    (found,) = content["tables"]
    assert found["source"][0] == "digits_plain [validation[:64]]"
    assert found["target"] == ["digits_street [validation[:64]]", "digits_street [validation[-32:]]"]
    assert (content["student"], content["steps"], content["cyclegan_steps"]) == ("classifier", 3, 2)
    for row in found["rows"]:
        path = tmp_path / "runs" / f"cyclegan_svhn_mnist_part_quick_t2s_{row['name']}_seed0" / "result.json"
        one = json.loads(path.read_text())
        assert row["accuracy"] == [round(100 * one["metrics"]["accuracy"], 2)]
        assert one["config"]["model"]["schedule_steps"] == 3
    labels = data.load({"name": "digits_street", "split": "validation[-32:]"}, size=32).columns["label"]
    assert found["commonest_label"] == round(100 * np.bincount(labels).max() / 32, 2)
    assert 0 <= found["labels_kept"]["accuracy"][0] <= 100
    assert content["published"] == {}  # the figures are of segmentation
    assert "ublished" not in (tmp_path / "out.md").read_text()


@levels.parametrize(
    ("flags", "code", "words"),
    [
        (["--student=fcn", "--cyclegan=configs/cyclegan_svhn_mnist.py"], 1,
         "has labels of shape [64]; this student needs maps [N, H, W]"),
        (["--cyclegan=configs/pix2pix_scenes.py"], 2, "is a configuration of pix2pix; allowed: cyclegan"),
        (["--directions=back"], 2, "directions: 'back' is not allowed; allowed: s2t, t2s"),
        (["--directions=s2t,s2t"], 2, "directions: 's2t' is given twice; allowed: once"),
    ],
    ids=["labels", "model", "direction", "twice"],
)  # fmt: skip
def test_what_cannot_run_is_refused_in_one_line_before_any_training(tmp_path, flags, code, words):
    process = start(tmp_path, *flags)
    assert process.returncode == code
    (line,) = [line for line in process.stderr.splitlines() if line.startswith("domain_adaptation:")]
    assert words in line
    assert not (tmp_path / "runs").exists()
