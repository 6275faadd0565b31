"""The file of image-to-image results: its plan, the rows that it keeps, and two rows made as a user does."""

import json

import pytest
from experimenting import below, experiment, told, untouched
from PIL import Image

EDGES, COLOUR, OLD = "pix2pix_edges", "pix2pix_colour", "stargan_celeba"
NAMES = [
    "cyclegan_horse2deer", "discogan_horse2deer", "cyclegan_cat2dog", "discogan_cat2dog",
    "cyclegan_svhn_mnist", "discogan_svhn_mnist", EDGES, COLOUR,
    "stargan_celeba", "stargan_single", "stargan_joint",
]  # fmt: skip

KNOWN = """
import json, sys
from pathlib import Path
sys.path.insert(0, "experiments")
import translation as t
import translation_rows
import translation_text
from absl import flags

from gan_jax.errors import GanJaxError

out = Path(sys.argv[1])

def parsed(*given):
    for name in ("rows", "quick", "config", "variant", "out"):
        flags.FLAGS[name].unparse()
    flags.FLAGS(["translation", *given])

def refused(ask, *given):
    parsed(*given)
    try:
        ask()
    except GanJaxError as error:
        return str(error)

parsed()
plan = {name: config.to_dict() for name, config in t.plan().items()}

def held(**changes):
    # What OUT.json holds of three rows, one of them none; `changes` are fields of the first one's config.
    rows = [{"name": name, "config": plan[name]} for name in ("pix2pix_edges", "stargan_joint")]
    rows[0] = {"name": "pix2pix_edges", "config": plan["pix2pix_edges"] | changes}
    (out / "t.json").write_text(json.dumps({"rows": [*rows, {"name": "dtn", "config": {}}]}))
    parsed(f"--out={out / 't'}")
    kept, dropped = t.earlier()
    return [*kept], dropped

same, elsewhere = held(), held(cache_dir="there", tensorboard=True)
other = held(steps=1, name="another")
(out / "t.json").write_text("[]")
damaged = refused(t.earlier, f"--out={out / 't'}")
joint = {"error": 50.0, "real_error": 40.0, "untouched_error": None, "cycle": 9.0, "examples": 4}
row = {"model": "StarGAN", "task": "expressions", "steps": 10, "batch": 2, "runs": [{"seconds": 90}],
       "parameters": {"gen": 1, "disc": 2}, **joint, "baselines": {"untranslated": {"error": 60.0}},
       "attributes": joint | {"error": 30.0, "untouched_error": 7.0, "untranslated_error": 99.0}}
digits = {**row, "model": "CycleGAN", **dict.fromkeys(translation_rows.CYCLES, 1.25),
          "accuracy": {"source_to_target": 11.0, "target_to_source": 12.0},
          "judge_accuracy": {"source_to_target": 21.0, "target_to_source": 22.0},
          "chance": {"source_to_target": 31.0, "target_to_source": 32.0},
          "baselines": {"unrelated": {"change": 5.0},
                        "untranslated": {"source_to_target": 41.0, "target_to_source": 42.0}},
          "adaptation": dict.fromkeys(("train", "test", "source_train", "source_test", "target"), 51.0)}
print(json.dumps({
    "plan": plan,
    "refused": [refused(t.plan, *given) for given in (["--rows=pix2pix_edge"], ["--config=x.py"],
                                                      ["--variant=part", "--quick"], ["--rows="])],
    "same": same, "elsewhere": elsewhere, "other": other, "damaged": damaged,
    "stargan": translation_text.stargan([row]),
    "digits": translation_text.unpaired([digits]),
}))
"""


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    return told(KNOWN, tmp_path_factory.mktemp("known"))


def test_every_row_has_a_configuration_of_its_own(known):
    plan = known["plan"]
    assert [*plan] == NAMES
    assert len({config["name"] for config in plan.values()}) == len(NAMES)
    assert all("_part" in config["name"] for config in plan.values())
    for task in ("horse2deer", "cat2dog", "svhn_mnist"):
        pair = [plan[f"{model}_{task}"] for model in ("cyclegan", "discogan")]
        assert pair[0]["data"]["roles"] == pair[1]["data"]["roles"]
        assert [config["model"]["name"] for config in pair] == ["cyclegan", "discogan"]
    assert "cat2dog" in json.dumps(plan["discogan_cat2dog"]["evals"])


def test_wrong_flags_are_refused_before_anything_is_trained(known):
    row, config, variant, none = known["refused"]
    assert row.startswith("rows: 'pix2pix_edge' is not known; did you mean 'pix2pix_edges'?")
    assert config.startswith("config='x.py' is not allowed: each row has its own")
    assert variant == "variant='part' is not allowed beside --quick, which is one"
    assert none.startswith("rows: none is given; known: cyclegan_horse2deer, ")


def test_rows_are_kept_while_their_configuration_is_and_dropped_with_a_reason(known):
    gone = {"dtn": "there is no row of this name"}
    assert known["same"] == [[EDGES, "stargan_joint"], gone]
    assert known["elsewhere"] == known["same"]
    changed = {EDGES: "it was another, with another configuration than now"}
    assert known["other"] == [["stargan_joint"], changed | gone]


def test_another_file_in_the_place_of_the_table_is_left_alone(known):
    assert "t.json is not a table of this experiment: " in known["damaged"]


def cells(text, *begin):
    """The cells of the only line of a Markdown table that begins with the cells `begin`."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    (line,) = [line for line in lines if line[: len(begin)] == list(begin)]
    return line[len(begin) :]


def test_figures_of_labels_and_of_judges_stand_under_their_headings(known):
    stargan = known["stargan"]
    head = cells(stargan, "model", "data")[3:]
    assert head == ["error (%)", "real images (%)", "untranslated (%)", "others wrong (%)", "cycle"]
    shown = ["10 x 2", "1.5", "3", "50.00", "40.00", "60.00", "-", "9.0"]
    assert cells(stargan, "StarGAN", "expressions") == shown
    others = cells(stargan, "StarGAN", "expressions, its attributes of CelebA")
    assert others == ["", "", "", "30.00", "40.00", "99.00", "7.00", "9.0"]
    digits = known["digits"]
    assert cells(digits, "model", "data", "way") == [
        "translated", "real images", "untranslated", "commonest label"
    ]  # fmt: skip
    for way, one in (("source to target", "1"), ("target to source", "2")):
        want = [f"{ten}{one}.00" for ten in (1, 2, 4, 3)]
        assert cells(digits, "CycleGAN", "expressions", way) == want
    assert cells(digits, "translations of the source's test images") == ["51.00", "79.72"]


def table(folder, *flags):
    return experiment("translation", "--quick", *flags, **below(folder))


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """The folder of one row and then of a second row beside it, the printed text, and the earlier files.

    A row of an older configuration is put into the folder between the two calls.
    """
    folder = tmp_path_factory.mktemp("translation")
    first = table(folder, f"--rows={COLOUR}")
    assert first.returncode == 0, first.stderr
    before = untouched(folder)
    content = contents(folder)
    content["rows"].append({"name": OLD, "config": {"name": "old"}})
    (folder / "out.json").write_text(json.dumps(content))
    (folder / f"out_{OLD}.png").touch()
    second = table(folder, f"--rows={EDGES}")
    assert second.returncode == 0, second.stderr
    return folder, second.stdout, before


def contents(folder):
    return json.loads((folder / "out.json").read_text())


@pytest.mark.nightly
def test_a_further_row_leaves_the_one_that_is_there_alone(done):
    folder, printed, before = done
    content = contents(folder)
    assert [row["name"] for row in content["rows"]] == [EDGES, COLOUR]
    after = untouched(folder)
    kept = {path for path in before if path.name not in ("out.json", "out.md")}
    assert folder / f"out_{COLOUR}.png" in kept
    assert {path: after[path] for path in kept} == {path: before[path] for path in kept}
    assert printed.strip() == (folder / "out.md").read_text().strip()


@pytest.mark.nightly
def test_rows_have_the_values_of_their_runs_and_baselines_beside_them(done):
    folder, printed, _ = done
    for row, baselines in zip(
        contents(folder)["rows"],
        ({"mean_image", "mean_colour"}, {"grey_copied", "mean_colour"}),
        strict=True,
    ):
        result = json.loads((folder / "runs" / f"{row['config']['name']}_seed0" / "result.json").read_text())
        for measure in ("l1", "psnr", "ssim"):
            assert row[measure] == round(result["metrics"][measure], 4)
        assert (row["steps"], row["batch"], row["examples"]) == (2, 8, 32)
        assert set(row["baselines"]) == baselines
        for found in (row["without_dropout"], *row["baselines"].values()):
            assert set(found) == {"l1", "psnr", "ssim"}
        assert row["without_dropout"] != {name: row[name] for name in row["without_dropout"]}
        assert row["runs"][0]["params_sha256"] == result["params_sha256"]
        shown = [f"{row['l1']:.2f}", f"{row['psnr']:.2f}", f"{row['ssim']:.3f}"]
        assert cells(printed, row["task"], "pix2pix, with dropout")[3:] == shown
    colour = contents(folder)["rows"][1]["baselines"]
    # Two steps learn nothing. The source shows the grey of cartoon faces but not most of their colour.
    assert colour["grey_copied"]["l1"] < contents(folder)["rows"][0]["baselines"]["mean_colour"]["l1"]


@pytest.mark.nightly
def test_every_row_has_a_picture_of_six_inputs_at_most(done):
    folder, *_ = done
    for name in (EDGES, COLOUR):
        with Image.open(folder / f"out_{name}.png") as picture:
            # There are six images of 32 pixels, doubled, and four rows below their titles.
            assert picture.size == (6 * 32 * 2, 4 * (32 * 2 + 22))


@pytest.mark.nightly
def test_a_row_of_another_configuration_is_dropped_with_its_picture_and_said_so(done):
    folder, printed, _ = done
    why = "it was old, with another configuration than now"
    assert contents(folder)["dropped"] == {OLD: why}
    assert f"Dropped row `{OLD}`: {why}." in printed.splitlines()
    assert not (folder / f"out_{OLD}.png").exists()
