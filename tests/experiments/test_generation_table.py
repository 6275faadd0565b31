"""The table of noise-to-image models: its plan, its arithmetic, and two rows made as a user makes them."""

import json

import numpy as np
import pytest
from experimenting import below, experiment, told, untouched
from PIL import Image

from gan_jax.runs.workdir import Workdir

COLUMNS = ["model", "data", "steps", "digit_fid", "kid", "precision", "recall", "conditional_accuracy",
           "classes_missing"]  # fmt: skip
MODELS = ["GAN", "DCGAN", "LSGAN", "WGAN-GP", "SN", "VAE", "CGAN", "ACGAN"]

KNOWN = """
import json, sys
sys.path.insert(0, "experiments")
import generation as e
from absl import flags

from gan_jax.errors import ConfigError

def refused(*given):
    flags.FLAGS.unparse_flags()
    flags.FLAGS(["generation", *given])
    try:
        e.plan()
    except ConfigError as error:
        return str(error)
    finally:
        for name in ("rows", "quick", "config", "variant"):
            flags.FLAGS[name].unparse()

wrong = [refused("--rows=gan,dtn"), refused("--config=x.py"), refused("--variant=part", "--quick")]
flags.FLAGS(["generation"])
plan = e.plan()
print(json.dumps({
    "names": [e.ROWS[name][0] for name in plan],
    "judges": [config.requires.judge.to_dict() for config in plan.values()],
    "tests": [config.evals.test.to_dict() for config in plan.values()],
    "elbo": plan["vae"].evals.elbo.kind if "vae" in plan else "",
    "conditional": [e.ROWS[name][0] for name, c in plan.items() if c.model.get("num_classes", 0)],
    "data": sorted({e.named(config.data.roles.image) for config in plan.values()}),
    "tenths": e.tenths([(step, float(step // 10)) for step in range(100)]),
    "few": e.tenths([(50, 3.0), (100, 1.0)]),
    "wrong": wrong,
}))
"""


@pytest.fixture(scope="module")
def known():
    return told(KNOWN)


def test_every_model_has_a_row_and_all_have_one_judge_and_the_same_scores(known):
    assert known["names"] == MODELS
    assert known["conditional"] == ["CGAN", "ACGAN"]
    assert known["data"] == ["mnist/train-images-idx3-ubyte.gz [train]"]
    for found in (known["judges"], known["tests"]):
        assert found == [found[0]] * len(MODELS)
    assert known["tests"][0]["kind"] == "generation"
    assert known["tests"][0]["roles"]["image"]["split"] == "test"
    assert known["elbo"] == "elbo"


def test_tenths_are_means_of_equal_parts_of_the_curve(known):
    assert known["tenths"] == list(range(10))
    assert known["few"] == [3, 1]


def test_wrong_flags_are_refused_before_anything_is_trained(known):
    rows, config, variant = known["wrong"]
    assert rows.startswith("rows='dtn' is not allowed; allowed: gan, dcgan, lsgan, wgan_gp, sn, vae, cgan, ")
    assert config.startswith("config='x.py' is not allowed: each row has its own")
    assert variant == "variant='part' is not allowed beside --quick, which is one"


def table(folder, *flags):
    process = experiment("generation", "--quick", *flags, **below(folder, "generation"))
    assert process.returncode == 0, process.stderr
    return process.stdout


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """The folder of one row, continued to two; the printed text; and the runs before and after."""
    folder = tmp_path_factory.mktemp("generation")
    table(folder, "--rows=wgan_gp")
    before = untouched(folder)
    printed = table(folder, "--rows=wgan_gp,acgan")
    return folder, printed, before


def results(folder):
    names = ("wgan_gp_mnist_quick_seed0", "acgan_mnist_quick_seed0")
    return [json.loads((folder / "runs" / name / "result.json").read_text()) for name in names]


@pytest.mark.nightly
def test_rows_have_the_columns_and_the_values_of_their_runs(done):
    folder, *_ = done
    content = json.loads((folder / "generation.json").read_text())
    assert [row["model"] for row in content["rows"]] == ["WGAN-GP", "ACGAN"]
    for row, result in zip(content["rows"], results(folder), strict=True):
        assert list(row)[: len(COLUMNS)] == COLUMNS
        metrics = result["metrics"]
        assert (row["data"], row["steps"]) == ("digits_plain [validation[:64]]", 2)
        for measure in ("fid", "is"):
            assert row[f"digit_{measure}"] == metrics[f"digit_{measure}"]
        for measure in ("kid", "precision", "recall", "density", "coverage", "memorisation"):
            assert row[measure] == metrics[f"digit_{measure}"]
        assert row["n_real"] == row["n_fake"] == sum(row["classes"]) == 32
        assert row["classes_missing"] == row["classes"].count(0)
        assert row["floor"] == metrics["floor"]
        assert row["untrained"] == metrics["untrained"]
        for key in ("seconds", "seed", "params_sha256", "commit", "command", "hardware"):
            assert row[key] == result[key]
    unconditional, conditional = content["rows"]
    assert unconditional["conditional_accuracy"] is None
    assert 0 <= conditional["conditional_accuracy"] <= 1
    assert unconditional["judge_sha256"] == conditional["judge_sha256"]
    assert unconditional["floor"] == conditional["floor"]


@pytest.mark.nightly
def test_the_critics_curve_is_its_negative_recorded_loss(done):
    folder, *_ = done
    content = json.loads((folder / "generation.json").read_text())
    records = Workdir(folder / "runs" / "wgan_gp_mnist_quick_seed0", writes=False).records()
    losses = [-record["critic/loss"] for record in records if "critic/loss" in record]
    assert content["critic"] == {"negative_loss_by_tenths": losses, "records": 2}
    with Image.open(folder / "generation_critic.png") as picture:
        assert picture.size == (800, 360)


@pytest.mark.nightly
def test_the_markdown_has_a_line_for_each_model_and_the_floor(done):
    folder, printed, _ = done
    text = (folder / "generation.md").read_text()
    assert text.strip() == printed.strip()
    content = json.loads((folder / "generation.json").read_text())
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if "|" in line]
    assert {len(line) for line in lines} == {14}
    assert [line[0] for line in lines[2:]] == ["WGAN-GP", "ACGAN", "real training images (floor)"]
    for line, row in zip(lines[2:], content["rows"], strict=False):
        assert (line[1], line[4], line[12]) == (
            "2",
            f"{row['digit_fid']:.2f}",
            str(row["classes_missing"]),
        )
    accuracy = content["rows"][1]["conditional_accuracy"]
    assert [line[11] for line in lines[2:]] == ["-", f"{100 * accuracy:.2f} %", "-"]
    assert content["command"] in text


@pytest.mark.nightly
def test_the_sheets_stand_side_by_side(done):
    folder, *_ = done
    with Image.open(folder / "generation.png") as picture:
        # A row has ten images of 28 pixels, and so has a column. Gaps are 12 pixels, titles 22.
        assert picture.size == (2 * 280 + 12, 280 + 22)
        sheet = np.asarray(picture.convert("L"))
    assert (sheet[22:, 280:292] == 255).all()
    assert (sheet[22:, :280] < 255).any()
    assert (sheet[22:, 292:] < 255).any()


@pytest.mark.nightly
def test_a_further_row_leaves_the_others_and_the_judge_alone(done):
    folder, _, before = done
    after = untouched(folder)
    kept = {path for path in before if path.parent != folder}
    assert len(kept) > 10
    assert {path: after[path] for path in kept} == {path: before[path] for path in kept}
