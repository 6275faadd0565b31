"""Every configuration: its shortened run can be built, checked and traced. Some train, stop and go on."""

import functools
import json
from pathlib import Path

import jax
import levels
import numpy as np
import pytest
from ml_collections import ConfigDict

from gan_jax import config, data, models
from gan_jax.data.embedded import catalogue
from gan_jax.game import devices
from gan_jax.runs import checkpoint, inputs, required, restore, stored
from gan_jax.train import evaluate_run, train

FOLDER = Path(__file__).parents[2] / "configs"
FILES = sorted(FOLDER.glob("*.py"))
# The configuration that this file runs for each model. Other files of this folder run the other models.
RUNS = {"dtn": "dtn_digits", "stargan": "stargan_celeba"}
NIGHTLY = ("stargan_joint",)
ELSEWHERE = {"adain", "gan", "gatys", "pggan", "stylegan", "stylegan2", "vae", "cyclegan", "discogan"}
ELSEWHERE |= {"pix2pix", "icgan", "diat"}
ELSEWHERE |= {"segmenter", "classifier"}

# The configurations for images of one's own that have the variant `small`.
OWN_IMAGES = ("acgan", "cgan", "cyclegan", "dcgan", "diat", "discogan", "icgan", "pix2pix", "sngan")
OWN_IMAGES += ("stargan", "wgan_gp")


def quick(path):
    built = config.load(f"{path}:quick")
    config.validate(built)
    return built


def parts(built, place=""):
    """Every part of a configuration and its place."""
    yield place, built
    for name, value in built.items():
        if isinstance(value, ConfigDict):
            yield from parts(value, f"{place}.{name}")


# --- every configuration -------------------------------------------------------------------------


def test_every_model_is_run_by_some_configuration():
    assert {quick(path).model.name for path in FILES} | {"classifier"} == set(models.known())
    assert RUNS.keys() | ELSEWHERE == set(models.known())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_configuration_is_valid_and_its_parts_are_its_own(path):
    built = config.load(str(path))
    config.validate(built)
    assert built.is_locked
    assert built.name == path.stem
    assert models.create(built.model)
    # A field of the command line would change a part in both of its places.
    places = [id(part) for _, part in parts(built)]
    assert len(places) == len(set(places))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_another_data_set_is_one_change(path):
    """Training, evaluations and required runs follow the change, because no role has files of its own."""
    built = config.load(str(path))
    with built.unlocked():
        for name in built.data.sets:
            built.data.sets[name] = config.dataset(f"my_{name}")
    found = config.resolved(built)
    roles = [spec for place, spec in parts(found) if place.split(".")[-2:-1] == ["roles"]]
    assert {spec.name for spec in roles} <= {f"my_{name}" for name in built.data.sets}
    assert not any(spec.files for spec in roles)
    assert roles


@pytest.mark.parametrize("name", OWN_IMAGES)
def test_small_reaches_its_first_step_and_its_last_soon(name):
    whole, small = (config.load(f"{FOLDER / name}.py:{variant}") for variant in ("", "small"))
    assert small.steps <= whole.steps // 4 and small.batch_size <= min(32, whole.batch_size)
    assert set(small.requires) == set(whole.requires)
    for judge in small.requires.values():
        # Images seen, and their pixels: more than this takes minutes on two cores.
        assert judge.steps * judge.batch_size * judge.model.input_size**2 <= 400 * 128 * 32**2
        assert judge.model.schedule_steps == judge.steps


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_its_stored_form_is_read_as_it_was(path):
    built = config.load(str(path))
    content = json.loads(json.dumps(built.to_dict()))
    assert stored.canonical(content) == stored.canonical(built.to_dict())
    # The configuration as earlier versions stored it: each role has the fields of its data set.
    inline = stored.whole(content)
    assert inline["data"]["sets"] == {}
    assert stored.canonical(inline) == stored.canonical(content)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_quick_needs_no_file_and_is_checked_with_what_it_requires(path):
    built = quick(path)
    for run in (built, *(required.inherit(built, needed) for needed in built.requires.values())):
        roles = [spec for place, spec in parts(config.resolved(run)) if place.split(".")[-2:-1] == ["roles"]]
        assert {spec.name for spec in roles} <= set(catalogue.NAMES)
        assert not any(spec.files for spec in roles)
        inputs.check(run)
        devices.check_batch_size(run.batch_size)


@pytest.fixture(scope="module")
def traced_before():
    """Structures of models whose steps were traced."""
    return set()


@levels.parametrize("path", FILES, kept=[FOLDER / "gan_mnist.py"], ids=lambda path: path.stem)
def test_each_step_of_quick_is_traced(path, traced_before):
    built = quick(path)
    model = models.create(built.model)
    batch = next(data.epoch(inputs.load(built, lambda: None), 2 * model.batches))
    batch = {k: np.zeros(v.shape, "float32" if v.dtype == np.uint8 else v.dtype) for k, v in batch.items()}
    state = jax.eval_shape(model.init, jax.random.key(0), batch)
    count = jax.local_device_count()
    shapes = jax.tree.map(lambda x: jax.ShapeDtypeStruct((count, *x.shape), x.dtype), (state, batch))
    # Numbers of the model change no call of a step. One configuration of each structure is traced.
    structure = json.dumps([{k: v for k, v in built.model.items() if isinstance(v, str | bool)}, [*batch]])
    if structure in traced_before:
        return
    traced_before.add(structure)
    step = devices.pmap_step(model.train_step, built.seed)
    for phase in dict.fromkeys(model.phases(0)):
        traced = functools.partial(_step, step, phase)
        after, metrics = jax.eval_shape(traced, *shapes)
        assert jax.tree.structure(after) == jax.tree.structure(shapes[0])
        assert metrics
        assert all(value.shape == (count,) for value in metrics.values())


def _step(step, phase, state, batch):
    return step(state, batch, devices.clock(0, 0, True), phase)


# --- one run of a model --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("configs")


def shortened(name, folder, steps):
    built = quick(FOLDER / f"{name}.py")
    built.steps, built.cache_dir = steps, str(folder / "cache")
    if built.model.name == "stargan":
        with built.unlocked():
            built.evals.validation.every = 2
            # The judge of the stages' few layers is traced in a third of the time of a ResNet.
            built.requires.judge.model.update(architecture="stages", widths=(4, 4, 4, 8))
        config.validate(built)
    return built


@pytest.fixture(
    scope="module",
    params=[
        *(pytest.param(name, marks=pytest.mark.long) for name in RUNS.values()),
        *(pytest.param(name, marks=pytest.mark.nightly) for name in NIGHTLY),
    ],
)
def pair(request, folder):
    """Folders and results of two runs: one of two steps that went on to four, and one of four at once."""
    name = request.param
    two = train(shortened(name, folder, 2), folder / f"{name}_continued")
    before = set(files(folder / f"{name}_continued"))
    continued = train(shortened(name, folder, 4), folder / f"{name}_continued")
    straight = train(shortened(name, folder, 4), folder / f"{name}_straight")
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


def sheets(pair):
    """Evaluations that draw a sheet, and the names of their last sheets."""
    return ["samples", "wrong_mask"] if "wrong_mask" in pair["two"]["config"]["evals"] else ["samples"]


def test_two_steps_train_evaluate_and_save(pair):
    two = pair["two"]
    assert two["step"] == two["judged_step"] == 2
    assert {"config.json", "metrics.jsonl", "result.json", "curves.png"} <= pair["files"]
    for name in sheets(pair):
        assert any(p.startswith(f"samples/{name}") and p.endswith("_00000002.png") for p in pair["files"])
    assert any(p.startswith("samples/final_") and "sheet" in p for p in pair["files"])
    metrics = two["metrics"]
    watched = two["config"]["best"].removeprefix("validation/")
    assert 0 <= metrics[watched] <= 1
    assert 0 <= metrics["validation"][watched] <= 1
    classes = two["config"]["evals"]["test"]["kind"] == "transfer"
    assert ("confusion_test.png" in pair["files"]) == ("confusion" in metrics) == classes
    if classes:
        assert metrics["examples"] == metrics["validation"]["examples"] == 32 == np.sum(metrics["confusion"])


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
    # The last sheets of the run of two steps stay.
    ended = {name for name in a if name.startswith("final_") and name.endswith("_00000002.png")}
    assert ended
    assert {name: pixels for name, pixels in a.items() if name not in ended} == b


def test_records_hold_every_step_and_evaluation(pair):
    lines = (place(pair, "straight") / "metrics.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    assert [r["step"] for r in records if "eval" not in r] == [1, 2, 3, 4]
    every = pair["straight"]["config"]["evals"]["validation"]["every"]
    assert [r["step"] for r in records if r.get("eval") == "validation"] == [*range(every, 5, every)]
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
    wanted = run.config.requires.f
    network = required.RequiredRun(restore.load(cache / required.key(wanted)))
    f = network.variables["classifier"]["params"]["features"]
    if wanted.model.batch_norm:
        f = run.model.adopt(run.state, {"f": network}, {}).frozen["f"]
    np.testing.assert_equal(run.state.frozen["f"], f)
