"""Table 1's experiment: it writes what its runs measured, and goes on where it stopped."""

import json

import pytest
from experimenting import below, experiment, python, untouched
from PIL import Image


def ablation(folder, *flags, config="configs/dtn_digits.py:quick"):
    return experiment("dtn_ablation", f"--config={config}", *flags, **below(folder, "table"))


@pytest.mark.nightly
def test_the_last_step_and_the_chosen_checkpoint_have_a_column_each(tmp_path):
    process = ablation(tmp_path, "--seeds=3", "--ablated_seeds=2", "--rows=no_const,original", "--last")
    assert process.returncode == 0, process.stderr
    assert "Seeds of the rows below DTN's own: 2." in process.stdout
    trained, original = json.loads((tmp_path / "table.json").read_text())["rows"]
    last = []
    for seed in (0, 1):
        path = tmp_path / "runs" / f"dtn_digits_quick_no_const_seed{seed}" / "metrics.jsonl"
        records = [json.loads(line) for line in path.read_text().splitlines()]
        (record,) = [r for r in records if r.get("eval") == "last"]
        assert record["step"] == max(r["step"] for r in records)
        last.append(round(100 * record["accuracy"], 2))
    assert (trained["last"], original["last"]) == (last, original["accuracy"])
    heads = "paper, SVHN -> MNIST (%) | last step, mean (%) | lowest to highest | chosen checkpoint, mean (%)"
    assert heads in process.stdout
    assert f"| 74.55 | {sum(last) / 2:.2f} | {min(last):.2f} to {max(last):.2f} | " in process.stdout


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """The folder of a finished table of two rows and two seeds, and what the program printed."""
    folder = tmp_path_factory.mktemp("ablation")
    process = ablation(folder, "--seeds=2", "--rows=no_const,original")
    assert process.returncode == 0, process.stderr
    return folder, process.stdout


@pytest.mark.long
def test_the_table_holds_what_the_runs_measured(done):
    folder, _ = done
    table = json.loads((folder / "table.json").read_text())
    assert [(row["name"], row["paper"]) for row in table["rows"]] == [
        ("no_const", 74.55),
        ("original", 40.06),
    ]
    for row in table["rows"]:
        folders = [folder / "runs" / f"dtn_digits_quick_{row['name']}_seed{seed}" for seed in (0, 1)]
        results = [json.loads((path / "result.json").read_text()) for path in folders]
        # The judge sees 32 images, so an accuracy is a multiple of 3.125 %.
        measured = [100 * result["metrics"]["accuracy"] for result in results]
        assert row["accuracy"] == pytest.approx(measured, abs=0.0051)
        assert [run["seed"] for run in row["runs"]] == [0, 1] == [result["seed"] for result in results]
        assert [run["params_sha256"] for run in row["runs"]] == [r["params_sha256"] for r in results]
    trained = table["rows"][0]["runs"]
    assert trained[0]["params_sha256"] != trained[1]["params_sha256"]
    assert table["seeds"] == 2 and "digits_street" in table["data"]


@pytest.mark.long
def test_all_rows_share_one_f_its_features_and_one_judge(done):
    folder, _ = done
    assert sorted(path.name.split("-")[0] for path in (folder / "cache").iterdir()) == [
        "f_street",
        *["features"] * 2,  # features of the source and of the target
        "judge_plain",
    ]


@pytest.mark.long
def test_the_course_is_that_of_the_records_and_a_row_that_is_not_trained_has_none(done):
    folder, _ = done
    trained, original = json.loads((folder / "table.json").read_text())["rows"]
    means = {}
    for seed, course in enumerate(trained["validation"]):
        path = folder / "runs" / f"dtn_digits_quick_no_const_seed{seed}" / "metrics.jsonl"
        records = [json.loads(line) for line in path.read_text().splitlines()]
        found = {str(r["step"]): r["accuracy"] for r in records if r.get("eval") == "validation"}
        assert found and course == {step: pytest.approx(100 * x, abs=0.0051) for step, x in found.items()}
        for step, accuracy in course.items():
            means[int(step)] = means.get(int(step), 0) + accuracy / 2
    assert original["validation"] == [{}, {}]
    cells = " | ".join(f"{means[step]:.2f}" for step in sorted(means))
    assert f"| without L_CONST | {cells} |" in (folder / "table.md").read_text()


@pytest.mark.long
def test_the_markdown_is_what_is_printed_and_the_picture_opens(done):
    folder, printed = done
    text = (folder / "table.md").read_text()
    assert printed.strip() == text.strip()
    row = json.loads((folder / "table.json").read_text())["rows"][0]["accuracy"]
    assert f"| without L_CONST | 74.55 | {sum(row) / 2:.2f} | {min(row):.2f} to {max(row):.2f} |" in text
    with Image.open(folder / "table.png") as picture:
        picture.load()


@pytest.mark.long
def test_the_same_command_trains_nothing_twice(done):
    folder, printed = done
    before = untouched(folder / "runs")
    again = ablation(folder, "--seeds=2", "--rows=no_const,original")
    assert again.returncode == 0, again.stderr
    assert again.stdout == printed
    assert untouched(folder / "runs") == before


@pytest.mark.nightly
def test_the_best_recipe_stands_beside_the_table_with_its_own_f(tmp_path):
    flags = ("--rows=", "--best", "--beside=moved,one_domain_f,wide_d")
    process = ablation(tmp_path, *flags, config="configs/dtn_svhn_mnist.py:quick")
    assert process.returncode == 0, process.stderr
    table = json.loads((tmp_path / "table.json").read_text())
    assert table["rows"] == []
    names = {part["title"]: [row["name"] for row in part["rows"]] for part in table["tables"]}
    assert names == {
        "The best recipe without each of its ingredients": ["moved", "one_domain_f"],
        "Further trials on top of the best recipe": ["wide_d"],
    }
    result = json.loads((tmp_path / "runs/dtn_svhn_mnist_best_quick_seed0/result.json").read_text())
    assert table["best"]["accuracy"] == [pytest.approx(100 * result["metrics"]["accuracy"], abs=0.0051)]
    assert result["config"]["requires"]["f"]["model"]["pseudo_weight"] == 1.0
    # The f of Table 1, the f with which `best` begins, and the f after self-training.
    trained = sorted(path.name.split("-")[0] for path in (tmp_path / "cache").iterdir())
    features = ["features"] * 6  # features of both domains by each of the three
    assert trained == ["f_svhn", "f_svhn_bent", "f_svhn_self", *features, "judge_mnist"]
    f = table["best"]["f_accuracy"]
    own = next((tmp_path / "cache").glob("f_svhn_self-*")) / "result.json"
    assert f == pytest.approx(100 * json.loads(own.read_text())["metrics"]["accuracy"], abs=0.0051)


@pytest.mark.nightly
def test_lines_beside_the_best_recipe_can_be_trained_alone(tmp_path):
    flags = ("--rows=", "--beside=short_f")
    process = ablation(tmp_path, *flags, config="configs/dtn_svhn_mnist.py:quick")
    assert process.returncode == 0, process.stderr
    table = json.loads((tmp_path / "table.json").read_text())
    assert table["rows"] == []
    assert "best" not in table
    assert [[row["name"] for row in part["rows"]] for part in table["tables"]] == [["short_f"]]
    assert process.stdout.count("| row | ours") == 1  # the table of `short_f` alone
    line = "| f of bent images for 30 passes instead of 84, with self-training |"
    assert process.stdout.count(line) == 2  # once with its accuracy, once with its validation accuracies
    with Image.open(tmp_path / "table.png") as picture:
        picture.load()


def test_an_unknown_row_is_refused_in_one_line(tmp_path):
    process = ablation(tmp_path, "--rows=no_conts")
    assert process.returncode == 2
    assert process.stderr.strip().splitlines() == [
        "dtn_ablation: rows=['no_conts'] not known; known: dtn, no_tid, no_const, no_f, no_adversary, "
        "neither, original, baseline"
    ]
    assert not (tmp_path / "runs").exists()


def test_with_the_last_step_the_lines_are_the_cures_of_the_steady_recipe(tmp_path):
    process = ablation(tmp_path, "--rows=", "--last", "--beside=mse")
    assert process.returncode == 2
    assert process.stderr.strip().splitlines() == [
        "dtn_ablation: beside=['mse'] not known; known: plain_d, short_average, no_average, plain_const, "
        "one_domain_f"
    ]
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("flag", "name"), [("--rows=dtn,no_f,dtn", "rows: 'dtn'"), ("--beside=mse,mse", "beside: 'mse'")]
)
def test_a_row_that_is_given_twice_is_refused_in_one_line(tmp_path, flag, name):
    process = ablation(tmp_path, flag)
    assert process.returncode == 2
    message = f"dtn_ablation: {name} is given twice; allowed: once"
    assert process.stderr.strip().splitlines() == [message]
    assert not (tmp_path / "runs").exists()


def test_no_row_at_all_is_refused(tmp_path):
    process = ablation(tmp_path, "--rows=")
    assert process.returncode == 2
    assert process.stderr.startswith("dtn_ablation: rows: none is given, nor --best or --beside; known: dtn,")
    assert not (tmp_path / "runs").exists()


@pytest.mark.long
def test_the_accuracy_of_f_is_a_column_where_rows_differ_in_it():
    code = """
import sys
sys.path.insert(0, "experiments")
import dtn_tables
one = {"label": "one", "paper": 90.66, "accuracy": [90.0, 92.5], "f_accuracy": 96.8}
print(dtn_tables.markdown([one, {"label": "two", "accuracy": [50.0], "f_accuracy": 96.8}]))
print(dtn_tables.markdown([one, {"label": "three", "accuracy": [50.0], "f_accuracy": 95.75}]))
"""
    process = python("-c", code)
    assert process.stderr == ""
    assert process.stdout.split("\n") == [
        "| row | paper, SVHN -> MNIST (%) | ours, mean (%) | lowest to highest |",
        "| --- | ---: | ---: | ---: |",
        "| one | 90.66 | 91.25 | 90.00 to 92.50 |",
        "| two |  | 50.00 | 50.00 to 50.00 |",
        "",
        "| row | paper, SVHN -> MNIST (%) | ours, mean (%) | lowest to highest | f (%) |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| one | 90.66 | 91.25 | 90.00 to 92.50 | 96.80 |",
        "| three |  | 50.00 | 50.00 to 50.00 | 95.75 |",
        "",
        "",
    ]
