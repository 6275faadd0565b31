"""The experiment on vector arithmetic: with a known answer, and as a user runs it."""

import json

import pytest
from experimenting import below, experiment, told, untouched
from PIL import Image

# A generator and classifier in one. The first two dimensions of z are the attributes.
KNOWN = """
import json, sys
import numpy as np
sys.path.insert(0, "experiments")
sys.argv = ["latent_arithmetic", "--trials=200"]
import latent_arithmetic as e
from absl import flags

flags.FLAGS(sys.argv)

class Linear:
    def logits(self, z):
        return 4 * z[..., :2]

rng = np.random.default_rng(0)
z = rng.normal(size=(20_000, 100))
pools = {name: e.surest(Linear().logits(z), concept, 100) for name, concept in e.CONCEPTS.items()}
rows = e.measure(Linear(), z, pools, (3, 30), rng)
signs = {name: np.where(concept, 1, -1) for name, concept in e.CONCEPTS.items()}
print(json.dumps({
    "drawn": e.shares(Linear().logits(z)[:, None]),
    "weakest": {name: (signs[name] * z[rows, :2]).min() for name, rows in pools.items()},
    "rows": {f"{row['n']} {row['latent']}": row for row in rows},
    "names": e.ROWS,
}))
"""


@pytest.fixture(scope="module")
def known():
    return told(KNOWN)


@pytest.mark.long
def test_of_independent_attributes_a_quarter_has_both_by_chance(known):
    drawn = known["drawn"]
    # With 20 000 draws the standard deviation is 0.0035 for a half and 0.0031 for a quarter.
    assert drawn["glasses"] == pytest.approx(0.5, abs=0.015)
    assert drawn["woman"] == pytest.approx(0.5, abs=0.015)
    assert drawn["both"] == pytest.approx(0.25, abs=0.015)
    assert drawn["both_standard_error"] == pytest.approx(0.0031, rel=0.02)
    assert drawn["images"] == 20_000


def test_the_surest_are_sure_of_both_attributes(known):
    # The experiment takes 0.5 % of 20 000 draws. P(both > 1) is 2.5 %.
    assert all(weakest > 1 for weakest in known["weakest"].values())


@pytest.mark.parametrize("n", [3, 30])
def test_the_arithmetic_finds_what_no_term_shows(known, n):
    result, scaled, *terms, chance = (known["rows"][f"{n} {name}"] for name in known["names"])
    assert result["images"] == 200 * 9
    for row in (result, scaled):
        assert row["both"] > 0.99
    for row in terms:
        assert row["both"] == 0
    assert [row["glasses"] for row in terms] == [1, 0, 0]
    assert [row["woman"] for row in terms] == [0, 0, 1]
    # An average of n latents is at least 1.5 from the border. The standard deviation of the difference of two
    # averages is sqrt(2 / n).
    assert chance["both"] < 0.1


def faces(folder):
    return experiment("latent_arithmetic", "--quick", "--draws=120", "--trials=2", **below(folder, "faces"))


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """The folder of the finished experiment, and what the program printed."""
    folder = tmp_path_factory.mktemp("arithmetic")
    process = faces(folder)
    assert process.returncode == 0, process.stderr
    return folder, process.stdout


@pytest.mark.nightly
def test_every_row_is_measured_by_a_classifier_of_the_same_faces(done):
    folder, _ = done
    table = json.loads((folder / "faces.json").read_text())
    (judge,) = (json.loads(path.read_text()) for path in (folder / "cache").glob("*/result.json"))
    known = judge["metrics"]["per_attribute"]
    assert table["balanced_accuracy"] == {k: known[k]["balanced_accuracy"] for k in ("Eyeglasses", "Male")}
    assert sum(table["concepts"].values()) == pytest.approx(1)
    assert [len(numbers) for numbers in table["surest"].values()] == [3, 3, 3]
    for name, share in table["kept"].items():
        assert share * 8 in range(9)
        assert share * 8 <= 120 * table["concepts"][name] + 1e-6
    drawn, *rows = table["rows"]
    assert drawn["both"] == pytest.approx(table["concepts"]["woman with glasses"])
    assert (drawn["n"], drawn["images"]) == (0, 120)
    assert [(row["n"], row["images"]) for row in rows] == [(3, 18)] * 6 + [(6, 18)] * 6
    assert table["data"] == "emoji [validation[:64]], at 32 pixels"


@pytest.mark.nightly
def test_the_markdown_is_what_is_printed_and_the_sheet_opens(done):
    folder, printed = done
    text = (folder / "faces.md").read_text()
    assert printed.strip() == text.strip()
    row = json.loads((folder / "faces.json").read_text())["rows"][1]
    shares = f"{100 * row['glasses']:.1f} % | {100 * row['woman']:.1f} % | {100 * row['both']:.1f} %"
    assert f"| 3 | man with glasses - man without glasses + woman without glasses | {shares}" in text
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


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--config=configs/cgan_mnist.py"], "config='configs/cgan_mnist.py' is of model 'gan'"),
        (
            ["--classifier=configs/dtn_face_emoji.py:part,exported"],
            "classifier='configs/dtn_face_emoji.py:part,exported' tells no attributes; needed:",
        ),
        (
            ["--classifier=configs/stargan_celeba.py:part"],
            "classifier='configs/stargan_celeba.py:part' tells Black_Hair,",
        ),
        (["--classifier=configs/acgan_mnist.py"], "classifier='configs/acgan_mnist.py' has none of"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_anything_is_trained(tmp_path, flags, message):
    process = experiment("latent_arithmetic", *flags, **below(tmp_path))
    assert process.returncode == 2
    assert process.stderr.strip().splitlines()[-1].startswith(f"latent_arithmetic: {message}")
    assert not (tmp_path / "runs").exists()
