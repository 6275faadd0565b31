"""The table of digit adaptation: what it keeps and refuses, its text, and one pair made as a user does."""

import json

import numpy as np
import pytest
from experimenting import below, experiment, told, untouched
from PIL import Image

from gan_jax import data

PAIR, NAMES = "svhn_mnist", ["mnist_usps", "usps_mnist", "svhn_mnist", "mnist_mnist_m"]
ROWS = ["source_only", "cyclegan", "dtn", "target_only"]

KNOWN = """
import copy, json, sys
from pathlib import Path
sys.path.insert(0, "experiments")
import digit_adaptation as d
import digit_adaptation_text as text
import domain_adaptation
import earlier
import tables
from absl import flags

from gan_jax.errors import GanJaxError

out = Path(sys.argv[1])

def parsed(*given):
    for name in ("pairs", "quick", "config", "variant", "out", "student", "directions", "cyclegan", "seeds",
                 "steps", "cyclegan_seeds", "cyclegan_steps"):
        flags.FLAGS[name].unparse()
    flags.FLAGS(["domain_adaptation", *given])

def refused(*given):
    parsed(*given)
    try:
        domain_adaptation.main()
    except GanJaxError as error:
        return str(error)

parsed("--seeds=3", f"--workdir={out}")
configs = d.configurations("svhn_mnist", "quick", 2, 0)
runs = []

def translate(config, folder, result, direction, given):
    # Every translation is grey, of the level 10 (CycleGAN) or 20 (DTN) plus the seed.
    level = {"cyclegan": 10, "dtn": 20}[config.model.name] + config.seed
    paths = {part: out / f"{config.model.name}{config.seed}_{part}.npz" for part in given}
    for part, (pictures, labels) in given.items():
        d.students.store(paths[part], d.np.full((*pictures.shape[:3], 1), level, "uint8"), labels)
    return paths

def learn(row, kind, config, title, roles, seed):
    learnt, tested = (d.students.read(config, role, False)[0] for role in roles)
    runs.append([title.rpartition("quick_")[2], seed, list(learnt.shape), int(learnt[0].max()), list(tested.shape)])
    row.setdefault("accuracy", []).append(seed)
    return None, None, lambda pictures: d.np.full(len(pictures), pictures[0, 0, 0, 0] % 10)

d.adaptation_runs.translate, d.adaptation_runs.learn = translate, learn
tables.run = lambda config: (out, {"seed": config.seed, "seconds": 1, "params_sha256": "x", "device": {}})
d.f_alone = lambda config, tested: len(tested[0])
content, sheet = d.column("svhn_mnist", configs)
tested = d.read_all(configs)["cyclegan"]["test"][1].tolist()
plumbing = {"runs": runs, "kept": content["labels_kept"], "rows": [row["accuracy"] for row in content["rows"]],
            "tested": tested, "f_alone": content["f_alone"], "seeds": content["seeds"]}

parsed()
facts = {name: d.facts(d.configurations(name, "part", 1, 0)) for name in d.PAIRS}
trained = []
d.read_all = lambda configs: None
d.column = lambda name, configs: trained.append(name) or ({**held[name], "new": True}, b"sheet")
held = {
    name: {
        "name": name, "source": ["S"], "target": ["T", "tests"], "examples": {"cyclegan": 5, "target": 6},
        "tested": 7, "commonest_label": 10 + place, "seeds": {"students": 2, "translators": 1},
        "rows": [{"name": row, "label": label, "accuracy": [20.0 + place + 10 * n, 22.0 + place + 10 * n]}
                 for n, (row, label) in enumerate(text.ROWS.items())],
        "labels_kept": {"cyclegan": [70.0 + place], "dtn": [80.0 + place]}, "f_alone": 60.0 + place,
        **facts[name],
    }
    for place, name in enumerate(d.PAIRS)
}

def rerun(change, *given):
    # OUT.json has two pairs, and a third one that is none. `change` changes the first pair's configurations.
    first = copy.deepcopy(held["mnist_usps"])
    change(first["config"])
    others = [held["svhn_mnist"], {"name": "mnist_svhn", "config": {}}]
    (out / "t.json").write_text(json.dumps({"pairs": [first, *others]}))
    for name in ("mnist_usps", "svhn_mnist"):
        (out / f"t_{name}.png").write_bytes(b"old")
    parsed(f"--out={out / 't'}", "--pairs=usps_mnist", *given)
    del trained[:]
    domain_adaptation.main()
    content = json.loads((out / "t.json").read_text())
    names = {pair["name"]: pair.get("new", False) for pair in content["pairs"]}
    return [names, trained[:], content["dropped"], sorted(path.name for path in out.glob("t_*.png"))]

def elsewhere(config):
    config["dtn"] |= {"cache_dir": "there", "tensorboard": True}

def other(config):
    config["dtn"]["steps"] += 1
    config["student"]["model"]["widths"] = [1]

found = {"plumbing": plumbing, "same": rerun(elsewhere), "other": rerun(other), "steps": rerun(elsewhere, "--steps=9")}
found["text"] = (out / "t.md").read_text()
(out / "t.json").write_text('{"tables": []}')
found["damaged"] = refused(f"--out={out / 't'}", "--pairs=usps_mnist")
found["refused"] = [refused(*given) for given in (
    ["--pairs=mnist_ups"], ["--pairs="], ["--pairs=mnist_usps", "--student=fcn"], ["--pairs=mnist_usps", "--config=x.py"],
    ["--pairs=mnist_usps", "--quick", "--variant=part"], ["--variant=part"], ["--pairs=mnist_usps", "--cyclegan_seeds=2"])]
found["whole"] = text.markdown({"pairs": list(held.values()), "dropped": {}})
found["compared"] = [[text.compared(name, row) for row in text.ROWS] for name in d.PAIRS]
print(json.dumps(found))
"""  # noqa: E501


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    return told(KNOWN, tmp_path_factory.mktemp("known"))


@pytest.mark.long
def test_pairs_stay_while_their_configurations_do_and_are_dropped_with_a_reason(known):
    names, trained, dropped, sheets = known["same"]
    assert names == {"mnist_usps": False, "usps_mnist": True, "svhn_mnist": False}
    assert trained == ["usps_mnist"]
    gone = {"mnist_svhn": "there is no row of this name"}
    assert dropped == gone
    assert sheets == [f"t_{name}.png" for name in ("mnist_usps", "svhn_mnist", "usps_mnist")]
    names, _, dropped, sheets = known["other"]
    assert names == {"usps_mnist": True, "svhn_mnist": False}
    assert dropped == gone | {"mnist_usps": "it has another configuration now: dtn, student"}
    assert sheets == ["t_svhn_mnist.png", "t_usps_mnist.png"]
    names, _, dropped, _ = known["steps"]
    assert names == {"usps_mnist": True}
    assert dropped["svhn_mnist"] == "it has another configuration now: student"
    assert f"Dropped column `svhn_mnist`: {dropped['svhn_mnist']}." in known["text"].splitlines()


def test_wrong_flags_and_files_are_refused_in_one_line(known):
    words = [
        "pairs: 'mnist_ups' is not known; did you mean 'mnist_usps'?",
        "pairs: none is given; known: mnist_usps, usps_mnist, svhn_mnist, mnist_mnist_m",
        "student='fcn' is not allowed beside --pairs",
        "config='x.py' is not allowed beside --pairs",
        "variant='part' is not allowed beside --quick, which is one",
        "variant='part' is for --pairs",
        "cyclegan_seeds=2 is not allowed; allowed: 0 to seeds=1",
    ]
    for message, expected in zip(known["refused"], words, strict=True):
        assert message.startswith(expected) and "\n" not in message
    assert "t.json is not a table of this experiment: " in known["damaged"]


def test_every_student_gets_the_images_of_its_row_and_of_its_seed(known):
    """Without training: grey levels mark translations, and students are records of what they read."""
    found = known["plumbing"]
    runs = {(row, seed): rest for row, seed, *rest in found["runs"]}
    assert set(runs) == {(row, seed) for row in ROWS for seed in range(3)}
    for (row, seed), (learnt, level, tested) in runs.items():
        # Grey transfers get the three channels that the other images of the pair have.
        assert (learnt, tested) == ([64, 32, 32, 3], [32, 32, 32, 3])
        if row in ("cyclegan", "dtn"):
            # Two seeds of the translators serve three of the students in turn.
            assert level == {"cyclegan": 10, "dtn": 20}[row] + seed % 2
    assert found["rows"] == [[0, 1, 2]] * 4
    # The recorded student sees the last figure of the level, here the translator's seed.
    share = [round(100 * found["tested"].count(seed) / 32, 2) for seed in (0, 1, 0)]
    assert found["kept"] == {"cyclegan": share, "dtn": share}
    assert (found["f_alone"], found["seeds"]) == (32, {"students": 3, "translators": 2})


def cells(text, first):
    """The cells of the only line of a Markdown table that begins with the cell `first`."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    (line,) = [line for line in lines if line[0] == first]
    return line[1:]


def test_figures_stand_under_their_pairs_beside_the_published_ones(known):
    text = known["whole"]
    titles = ["MNIST to USPS", "USPS to MNIST", "SVHN to MNIST", "MNIST to MNIST-M"]
    assert cells(text, "trained on") == cells(text, "published") == titles
    for place, label in enumerate(
        ["source only", "CycleGAN pixels", "DTN, the transferred training set", "target only"]
    ):
        low = [20 + 10 * place + pair for pair in range(4)]
        assert cells(text, label) == [f"{n + 1}.00 ({n}.00 to {n + 2}.00)" for n in low]
    assert cells(text, "label kept by DTN") == ["80.00", "81.00", "82.00", "83.00"]
    assert cells(text, "f alone") == ["60.00", "61.00", "62.00", "63.00"]
    cycada, ganin = "(Hoffman et al. 2018, Table 2)", "(Ganin et al. 2016, Table 2)"
    assert cells(text, f"CyCADA, pixels only {cycada}") == ["95.6", "96.4", "70.3", "-"]
    assert cells(text, f"ADDA {cycada}") == ["89.4", "90.1", "76.0", "-"]
    assert cells(text, f"DANN {ganin}") == ["-", "-", "73.85", "76.66"]
    assert known["compared"] == [
        [82.2, 95.6, None, 96.3],
        [69.6, 96.4, None, 99.2],
        [67.1, 70.3, 84.4, 99.2],
        [52.25, None, None, 95.96],
    ]
    # A table of some pairs has their figures only.
    assert cells(known["text"], "trained on") == ["USPS to MNIST"]
    assert "Ganin et al. 2016, Table 2" not in known["text"]


def start(folder):
    return experiment("domain_adaptation", "--quick", f"--pairs={PAIR}", **below(folder))


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """The folder of one pair at its smallest, its entry in OUT.json, and what the program printed."""
    folder = tmp_path_factory.mktemp("digits")
    process = start(folder)
    assert process.returncode == 0, process.stderr
    (found,) = json.loads((folder / "out.json").read_text())["pairs"]
    return folder, found, process.stdout


@pytest.mark.nightly
def test_students_of_a_pair_learn_what_their_rows_say_and_are_scored_on_the_target(done):
    folder, found, printed = done
    assert [row["name"] for row in found["rows"]] == ROWS
    source = data.load({"name": "digits_street", "split": "validation[:64]"}, size=32).columns
    learnt = {}
    for row in found["rows"]:
        path = folder / "runs" / f"cyclegan_digit_pairs_{PAIR}_quick_{row['name']}_seed0" / "result.json"
        result = json.loads(path.read_text())
        assert row["accuracy"] == [round(100 * result["metrics"]["accuracy"], 2)]
        tested = result["config"]["evals"]["test"]["roles"]["image"]
        assert (tested["name"], tested["split"], tested["channels"]) == (
            "digits_plain",
            "validation[-32:]",
            3,
        )
        learnt[row["name"]] = result["config"]["data"]["roles"]["image"]
    assert learnt["source_only"]["name"] == "digits_street"
    assert learnt["target_only"]["name"] == "digits_plain"
    for kind, channels in (("cyclegan", 3), ("dtn", 1)):
        assert learnt[kind]["channels"] == 3  # grey transfers get three channels, as the target's images
        stem = learnt[kind]["files"]["train"]
        assert f"{kind}_digit_pairs_{PAIR}_quick_seed0_" in stem
        with np.load(stem) as stored:
            np.testing.assert_array_equal(stored["label"], source["label"])
            assert stored["image"].shape == (64, 32, 32, channels)
    assert (folder / "out.md").read_text().strip() == printed.strip()
    with Image.open(folder / f"out_{PAIR}.png") as picture:
        assert picture.size == (12 * 32 * 2, 4 * (32 * 2 + 22))
    assert 0 <= found["f_alone"] <= 100


@pytest.mark.nightly
def test_the_same_command_trains_and_translates_nothing_again(done):
    folder, found, _ = done
    before = untouched(folder / "runs")
    assert start(folder).returncode == 0
    assert untouched(folder / "runs") == before
    (again,) = json.loads((folder / "out.json").read_text())["pairs"]
    assert again == found
