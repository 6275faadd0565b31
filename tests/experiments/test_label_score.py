"""The FCN score at its smallest: one FCN's scores of real and of generated photographs make its rows."""

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

NAMES = ("pixel_accuracy", "class_accuracy", "class_iou")
SCENES = "configs/pix2pix_scenes.py"
TRANSLATORS = ("configs/pix2pix_scenes.py:l1", "configs/cyclegan_scenes.py:labels")


def start(place, *given, translators=TRANSLATORS):
    chosen = [f"--translator={name}" for name in translators]
    return experiment("label_score", "--quick", *chosen, *given, **below(place))


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """The folder of the finished experiment, and what the program printed."""
    folder = tmp_path_factory.mktemp("score")
    process = start(folder)
    assert process.returncode == 0, process.stderr
    return folder, process.stdout


def table(folder):
    return json.loads((folder / "out.json").read_text())


@pytest.mark.nightly
def test_the_ground_truth_is_the_fcns_own_score(done):
    folder, printed = done
    content = table(folder)
    names = ["ground_truth", "pix2pix_scenes_l1_quick", "cyclegan_scenes_labels_quick"]
    assert [row["name"] for row in content["rows"]] == names
    fcn = json.loads((folder / "runs" / "fcn_of_pix2pix_scenes_l1_quick_seed0" / "result.json").read_text())
    truth = content["rows"][0]
    assert [truth[name] for name in NAMES] == [[round(100 * fcn["metrics"][name], 2)] for name in NAMES]
    assert (content["fcn"]["params_sha256"], content["steps"]) == (fcn["params_sha256"], 2)
    assert (folder / "out.md").read_text().strip() == printed.strip()
    with Image.open(folder / "out.png") as picture:
        assert picture.width == 12 * 32 * 2


@pytest.mark.nightly
def test_a_translators_row_is_what_the_fcn_sees_in_its_photographs(done):
    folder, _ = done
    row = table(folder)["rows"][2]
    role = {"name": "scenes_real", "split": "validation[-32:]", "derive": "palette"}
    source = data.load(role, size=32).columns
    drawn = functions.generate(
        restore.load(folder / "runs" / f"{row['name']}_seed0"), {"source": source["image"]}
    )
    sees = functions.predictor(restore.load(folder / "runs" / "fcn_of_pix2pix_scenes_l1_quick_seed0"))
    counts = segmentation.confusion(source["label"], sees(to_uint8(drawn["target"])), 11)
    scores = segmentation.scores(counts)
    assert [row[name][0] for name in NAMES] == pytest.approx([100 * scores[n] for n in NAMES], abs=0.1)
    expected = [None if iou is None else 100 * iou for iou in scores["per_class_iou"]]
    assert row["per_class_iou"] == pytest.approx(expected, abs=0.5)
    shares = [100 * (source["label"] == k).mean() for k in range(11)]
    assert list(table(folder)["classes"].values()) == pytest.approx(shares, abs=0.01)
    assert f"| 10 | {shares[10]:.2f} | " in (folder / "out.md").read_text()


@pytest.mark.nightly
def test_published_figures_are_those_of_the_papers(done):
    published = table(done[0])["published"]
    assert published["pix2pix: L1+cGAN"] == [0.66, 0.23, 0.17]
    assert published["pix2pix: ground truth"] == [0.80, 0.26, 0.21]
    assert published["CycleGAN"] == [0.52, 0.17, 0.11]
    assert published["CycleGAN: GAN + backward cycle"] == [0.39, 0.14, 0.06]
    assert np.shape(list(published.values())) == (12, 3)


@pytest.mark.nightly
def test_again_nothing_is_trained(done):
    folder, printed = done
    before = untouched(folder / "runs")
    process = start(folder)
    assert process.returncode == 0, process.stderr
    assert process.stdout == printed
    assert untouched(folder / "runs") == before


@levels.parametrize(
    ("given", "words"),
    [
        ([SCENES, SCENES], "translator='configs/pix2pix_scenes.py' is given twice"),
        (["configs/dtn_digits.py"], "is a configuration of dtn; allowed: pix2pix, cyclegan"),
        ([SCENES, "configs/cyclegan_svhn_mnist.py"], "are tested on other photographs"),
        ([SCENES, "--fcn=configs/fcn_facades.py"], "fcn='configs/fcn_facades.py' is tested on other photog"),
    ],
    ids=["twice", "model", "test", "fcn"],
)
def test_what_cannot_run_is_refused_in_one_line(tmp_path, given, words):
    flags = [name for name in given if name.startswith("--")]
    process = start(tmp_path, *flags, translators=[name for name in given if name not in flags])
    assert process.returncode == 2
    (line,) = process.stderr.strip().splitlines()
    assert words in line
    assert not (tmp_path / "runs").exists()
