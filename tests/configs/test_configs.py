"""Every configuration's `quick`: trains, evaluates, checkpoints, and goes on as if it had never stopped."""

import json
from pathlib import Path

import numpy as np
import pytest

from gan_jax import config
from gan_jax.runs import checkpoint, restore
from gan_jax.train import evaluate_run, train

FILES = sorted((Path(__file__).parents[2] / "configs").glob("dtn_*.py"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("configs")


def quick(path, folder, steps):
    built = config.load(f"{path}:quick")
    built.steps, built.cache_dir = steps, str(folder / "cache")
    config.validate(built)
    return built


# That of dtn_digits and that of faces are one of each kind.
QUICK = [
    pytest.param(path, marks=pytest.mark.long) if path.stem == "dtn_svhn_mnist" else path for path in FILES
]


@pytest.fixture(scope="module", params=QUICK, ids=lambda path: path.stem)
def pair(request, folder):
    """Folders and results of a run of two steps continued to four, and of one of four."""
    name = request.param.stem
    two = train(quick(request.param, folder, 2), folder / f"{name}_continued")
    before = set(files(folder / f"{name}_continued"))
    continued = train(quick(request.param, folder, 4), folder / f"{name}_continued")
    straight = train(quick(request.param, folder, 4), folder / f"{name}_straight")
    return {
        "two": two,
        "files": before,
        "continued": continued,
        "straight": straight,
        "folder": folder / name,
    }


def files(path):
    return {str(p.relative_to(path)) for p in path.rglob("*") if p.is_file()}


def place(pair, which):
    return Path(f"{pair['folder']}_{which}")


def test_two_steps_train_evaluate_and_save(pair):
    two = pair["two"]
    assert two["step"] == two["judged_step"] == 2
    assert {"config.json", "metrics.jsonl", "result.json", "curves.png"} <= pair["files"]
    assert {"samples/samples_sheet_00000002.png", "samples/final_sheet_00000002.png"} <= pair["files"]
    metrics = two["metrics"]
    watched = two["config"]["best"].removeprefix("validation/")
    assert 0 <= metrics[watched] <= 1
    assert 0 <= metrics["validation"][watched] <= 1
    assert metrics["examples"] == metrics["validation"]["examples"] == 32
    classes = two["config"]["evals"]["test"]["kind"] == "transfer"
    assert ("confusion_test.png" in pair["files"]) == ("confusion" in metrics) == classes
    assert not classes or np.sum(metrics["confusion"]) == 32


def test_checkpoints_of_both_kinds_are_there(pair):
    checkpoints = place(pair, "straight") / "checkpoints"
    assert checkpoint.newest_step(checkpoints) == 4
    for best in (False, True):
        flat, meta = checkpoint.load(checkpoints, best)
        assert meta["step"] == int(flat["step"])


def test_continuing_equals_the_straight_run(pair):
    continued, straight = pair["continued"], pair["straight"]
    assert continued["params_sha256"] == straight["params_sha256"] != pair["two"]["params_sha256"]
    assert continued["metrics"] == straight["metrics"]
    a, b = (place(pair, which) / "metrics.jsonl" for which in ("continued", "straight"))
    assert a.read_bytes() == b.read_bytes()


def test_continuing_draws_the_same_sheets(pair):
    a, b = (
        {p.name: p.read_bytes() for p in (place(pair, which) / "samples").glob("*.png")}
        for which in ("continued", "straight")
    )
    # The sheets that ended the run of two steps stay.
    ended = {name for name in a if name.startswith("final_") and name.endswith("_00000002.png")}
    assert "final_sheet_00000002.png" in ended
    assert {name: pixels for name, pixels in a.items() if name not in ended} == b


def test_records_hold_every_step_and_evaluation(pair):
    lines = (place(pair, "straight") / "metrics.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    assert [r["step"] for r in records if "eval" not in r] == [1, 2, 3, 4]
    assert [r["step"] for r in records if r.get("eval") == "validation"] == [1, 2, 3, 4]
    assert all(np.isfinite(v) for r in records for v in r.values() if not isinstance(v, str))


def test_evaluating_the_folder_again_gives_the_result_and_writes_nothing(pair):
    before = {name: (place(pair, "straight") / name).read_bytes() for name in files(place(pair, "straight"))}
    assert evaluate_run(place(pair, "straight"))["metrics"] == pair["straight"]["metrics"]
    after = {name: (place(pair, "straight") / name).read_bytes() for name in files(place(pair, "straight"))}
    assert after == before


def test_the_perceptual_function_is_that_of_the_required_run(pair):
    run = restore.load(place(pair, "straight"))
    if "f" not in run.config.requires:
        pytest.skip(f"{run.config.model.name} has no perceptual function")
    cache = Path(run.config.cache_dir)
    required = run.config.requires.f
    f = restore.load(cache / required.key(required)).state.players["classifier"].params["features"]
    if required.model.batch_norm:
        f = run.model.adopt(
            run.state, {"f": required.Classifier(restore.load(cache / required.key(required))).variables}
        )
        f = f.frozen["f"]
    np.testing.assert_equal(run.state.frozen["f"], f)
