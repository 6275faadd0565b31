"""Models, evaluators and data sets outside the package: by file, by import path and by entry point."""

import hashlib
import json
import os
import shutil
import sys
from pathlib import Path

import forking
import numpy as np
import pytest

from gan_jax import config as configuration
from gan_jax import data, evaluation, models, plugins
from gan_jax.config import listing
from gan_jax.config.own_code import contents, located
from gan_jax.errors import ConfigError, DataError, WorkdirError
from gan_jax.inference import sample, translate
from gan_jax.runs import restore
from gan_jax.train import evaluate_run, train

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "tiny_hinge.py"
RECOLOUR = Path(__file__).parent / "inference" / "models" / "recolour.py"

STRIPES = '''"""Ten images of stripes in each split."""

import numpy as np

SPLITS = ("train", "test")


def read(split):
    image = np.zeros((10, 16, 16, 1), np.uint8)
    image[:, ::2] = 200 if split == "train" else 100
    image[:, 0, 0, 0] = np.arange(10)
    return {"image": image, "label": np.arange(10)}
'''
BRIGHTNESS = '''"""The mean grey level of generated images and of the images of the role."""

METRICS = ("made",)


def evaluate(apply, batches, networks, *, factor: float = 1.0):
    """Mean levels.

    Args:
      apply: the model.
      batches: `image`.
      networks: none.
      factor: of the level.
    """
    (batch,) = batches
    made = apply({"image": batch["image"]})["image"]
    return {"made": factor * float(made.mean()), "real": float(batch["image"].mean())}
'''


def example(steps=2, **fields):
    config = configuration.load(f"{EXAMPLE}:quick")
    with config.unlocked():
        config.steps, config.tensorboard = steps, False
        config.update(fields)
    return config


@pytest.fixture(scope="module")
def run(tmp_path_factory, shared_programs):
    """The folder of the example's run of two steps, judged by an evaluator and on data of one's own."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "stripes.py").write_text(STRIPES)
    (folder / "brightness.py").write_text(BRIGHTNESS)
    config = example()
    with config.unlocked():
        config.data.sets.stripes = configuration.dataset("stripes.py")
        roles = {"image": configuration.role("stripes[train[8:]+test[:2]]")}
        config.evals.test = {"kind": "brightness.py", "every": 1, "factor": 2.0, "roles": roles}
        config.best = "test/made"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)  # where the relative paths begin
        configuration.validate(config)
        train(config, folder / "run")
    return folder / "run"


@pytest.mark.long
def test_a_run_knows_its_own_code_by_absolute_paths(run):
    stored = json.loads((run / "config.json").read_text())
    assert stored["model"]["name"] == str(EXAMPLE)
    assert stored["evals"]["test"]["kind"] == str(run.parent / "brightness.py")
    assert stored["data"]["sets"]["stripes"]["name"] == str(run.parent / "stripes.py")
    config = configuration.load(f"{EXAMPLE}:quick")
    assert located(config) is not config
    plain = configuration.load(f"{ROOT / 'configs' / 'dcgan_mnist.py'}:quick")
    assert located(plain) is plain


def test_an_evaluator_of_one_s_own_judges_data_of_one_s_own(run):
    metrics = json.loads((run / "result.json").read_text())["metrics"]
    # Half of the rows are stripes. In each image the first pixel of the first stripe has the image's number.
    levels = [(200 * 127 + 8) / 256, (200 * 127 + 9) / 256, (100 * 127 + 0) / 256, (100 * 127 + 1) / 256]
    assert metrics["real"] == pytest.approx(np.mean(levels))
    assert -2 <= metrics["made"] <= 2
    assert evaluate_run(run)["metrics"] == pytest.approx(metrics)


def test_a_finished_run_is_scored_again_after_its_evaluator_was_edited(run, tmp_path):
    shutil.copytree(run, tmp_path / "run")
    before = json.loads((run / "result.json").read_text())
    assert before["code"]["model.name"] == hashlib.sha256(EXAMPLE.read_bytes()).hexdigest()
    config, file = restore.stored_config(tmp_path / "run"), run.parent / "brightness.py"
    try:
        file.write_text(BRIGHTNESS.replace('"real": ', '"real": 3 * '))
        plugins._run.cache_clear()  # as in another process
        after = train(config, tmp_path / "run")
    finally:
        file.write_text(BRIGHTNESS)
        plugins._run.cache_clear()
    assert after["params_sha256"] == before["params_sha256"]
    assert after["metrics"]["real"] == pytest.approx(3 * before["metrics"]["real"])


def test_a_run_is_resumed_and_equals_one_without_a_stop(run, tmp_path):
    shutil.copytree(run, tmp_path / "resumed")
    config = restore.stored_config(tmp_path / "resumed")
    config.steps = 4
    resumed = train(config, tmp_path / "resumed")
    straight = train(example(4), tmp_path / "straight")
    assert resumed["step"] == straight["step"] == 4
    assert resumed["params_sha256"] == straight["params_sha256"]
    assert resumed["params_sha256"] != json.loads((run / "result.json").read_text())["params_sha256"]


@pytest.mark.long
def test_another_process_in_another_folder_samples_it(run, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    done = forking.run(
        "-m", "gan_jax.main", f"--workdir={run}", "--mode=sample", "--num=5", "--out=s.npz",
        cwd=tmp_path / "elsewhere", env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    sample.run(run, out=str(tmp_path / "here.npz"), num=5)
    found, here = (np.load(path) for path in (tmp_path / "elsewhere" / "s.npz", tmp_path / "here.npz"))
    assert found["image"].shape == (5, 16, 16, 1)
    np.testing.assert_allclose(found["image"].astype(int), here["image"], atol=1)


def test_a_model_of_one_s_own_translates(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (8, 8, 8, 3), np.uint8)
    np.savez(tmp_path / "noise.npz", image=images)
    config = configuration.default()
    config.name, config.model = "mine", configuration.model(str(RECOLOUR))
    config.data.size, config.data.manual_dir = 8, str(tmp_path)
    for role in ("source", "target"):
        config.data.roles[role] = configuration.inline(files={"train": "noise.npz"})
    config.batch_size, config.steps, config.tensorboard = 8, 0, False
    train(config, tmp_path / "run")
    picture = str(ROOT / "docs" / "emoji.png")
    told = translate.run(tmp_path / "run", input=picture, output=str(tmp_path / "out"))
    assert told["images"] == 1


# --- other ways of naming code ------------------------------------------------------------------------


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package with the example as `my_package.tiny`, offered as the entry points `tiny` and `stripes`."""
    package = tmp_path / "my_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    shutil.copy(EXAMPLE, package / "tiny.py")
    (package / "stripes.py").write_text(STRIPES)
    (package / "brightness.py").write_text(BRIGHTNESS)
    (package / "broken.py").write_text("import no_such_module_of_theirs\n")
    about = tmp_path / "my_package-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.0\n")
    groups = {"models": "tiny", "data": "stripes", "evaluators": "brightness"}
    entries = [f"[gan_jax.{group}]\n{name} = my_package.{name}" for group, name in groups.items()]
    (about / "entry_points.txt").write_text("\n".join(entries) + "\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    plugins._entries.cache_clear()
    yield
    plugins._entries.cache_clear()
    for name in [name for name in sys.modules if name.split(".")[0] == "my_package"]:
        del sys.modules[name]


@pytest.mark.parametrize("start", ["my_package.", ""])
def test_an_import_path_and_an_entry_point_name_the_same(installed, start):
    fields = configuration.model(f"{start}tiny", width=8)
    assert models.create(fields).width == 8
    assert models.model_class(f"{start}tiny").__module__ == "my_package.tiny"
    code = hashlib.sha256(EXAMPLE.read_bytes()).hexdigest()
    assert contents({"model": {"name": f"{start}tiny"}}) == {"model.name": code}
    assert evaluation.evaluator(f"{start}brightness").__module__ == "my_package.brightness"
    with pytest.raises(ConfigError, match=r"^factr is no field of '\S*brightness'; fields: .*factor$"):
        evaluation.options({"kind": f"{start}brightness", "factr": 1.0})
    spec = configuration.inline(f"{start}stripes", "train[5:]+test[:5]")
    data.check(spec)
    read = data.load(spec, size=8)
    assert read.columns["image"].shape == (10, 8, 8, 1)
    assert read.columns["label"].tolist() == [5, 6, 7, 8, 9, 0, 1, 2, 3, 4]
    assert data.preview(spec, size=8).count == 10
    assert len(data.load({**spec, "split": "all"}, size=8)) == 20


def test_entry_points_are_listed(installed):
    found = dict(listing.sections())
    models_, kinds, sets = (
        found[title] for title in found if title.startswith(("Models", "Evaluators", "Data sets"))
    )
    assert models_["tiny"] == kinds["brightness"] == sets["stripes"] == "from an installed package"
    with pytest.raises(ConfigError, match=r"^model.name='tyni' is not known; known: adain, .*, vae, tiny$"):
        models.create({"name": "tyni"})


def test_errors_in_one_s_own_code_are_not_hidden(installed, tmp_path):
    with pytest.raises(ModuleNotFoundError, match="no_such_module_of_theirs"):
        models.model_class("my_package.broken")
    (tmp_path / "wrong.py").write_text("undefined_name\n")
    for _ in range(2):  # a module that failed is not kept
        with pytest.raises(NameError, match="undefined_name"):
            models.model_class(str(tmp_path / "wrong.py"))


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda here: models.model_class("nowhere.py"),
            ConfigError,
            r"^model.name='nowhere.py' cannot be read",
        ),
        (
            lambda here: models.model_class("no_package.tiny"),
            ConfigError,
            r"^model.name='no_package.tiny' cannot be imported: No module named 'no_package'$",
        ),
        (
            lambda here: models.model_class(f"{here}/stripes.py"),
            ConfigError,
            r"stripes.py' defines no Model$",
        ),
        (
            lambda here: data.check(configuration.inline(f"{here}/stripes.py", "val")),
            DataError,
            r"^split 'val' of \S+stripes.py: no split 'val'; splits there: train, test$",
        ),
        (
            lambda here: data.check(configuration.inline(f"{here}/stripes.py", attributes=("Male",))),
            ConfigError,
            r"^attributes=\('Male',\): name='\S+stripes.py' has no attributes$",
        ),
        (
            lambda here: data.load(configuration.inline(f"{here}/floats.py"), size=8),
            DataError,
            r"^\S+floats.py\[train\]: images are float64 \[2, 3\]; expected uint8",
        ),
        (
            lambda here: data.check(configuration.inline(f"{here}/no_splits.py")),
            ConfigError,
            r"^name='\S+no_splits.py' defines no SPLITS, the names of its splits$",
        ),
    ],
)
def test_code_that_is_missing_or_is_something_else_is_one_line(tmp_path, act, error, message):
    (tmp_path / "stripes.py").write_text(STRIPES)
    (tmp_path / "floats.py").write_text(
        "import numpy as np\nSPLITS = ('train',)\ndef read(split):\n    return {'image': np.zeros((2, 3))}\n"
    )
    (tmp_path / "no_splits.py").write_text("def read(split):\n    return {}\n")
    with pytest.raises(error, match=message) as caught:
        act(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_run_from_elsewhere_cannot_name_code_beside_it(run, tmp_path, monkeypatch):
    shutil.copytree(run, tmp_path / "run")
    (tmp_path / "mine.py").write_text("import pathlib\npathlib.Path('was_run').touch()\nModel = None\n")
    monkeypatch.chdir(tmp_path)
    stored = json.loads((tmp_path / "run" / "config.json").read_text())
    stored["model"]["name"] = "mine.py"
    (tmp_path / "run" / "config.json").write_text(json.dumps(stored))
    message = (
        r"config.json cannot be used: model.name='mine.py' is not allowed in a stored run; allowed: absolute"
    )
    with pytest.raises(WorkdirError, match=message):
        sample.run(tmp_path / "run", out=str(tmp_path / "s.png"))
    assert not (tmp_path / "was_run").exists()
