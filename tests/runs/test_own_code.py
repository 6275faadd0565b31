"""Runs with code of one's own: which network of the cache they take after an edit of the code."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from gan_jax import config, models, plugins
from gan_jax.config import own_code
from gan_jax.errors import ConfigError
from gan_jax.runs import required, restore, stored
from gan_jax.runs.workdir import Workdir

EXAMPLE = Path(__file__).parents[2] / "examples" / "tiny_hinge.py"
EVALUATOR = "def evaluate(apply, batches, networks):\n    return {}\n"
SET = 'SPLITS = ("train",)\n\n\ndef read(split):\n    raise AssertionError("no image is needed")\n'


def edit(path):
    """Changes a file of code as another process would see it."""
    path.write_text(path.read_text() + "# edited\n")
    plugins._run.cache_clear()


@pytest.fixture
def own(tmp_path):
    """A run with a model, an evaluator and data of one's own, which requires another run of the model."""
    shutil.copy(EXAMPLE, tmp_path / "model.py")
    shutil.copy(EXAMPLE, tmp_path / "needed.py")
    (tmp_path / "judge.py").write_text(EVALUATOR)
    (tmp_path / "set.py").write_text(SET)

    def made(name):
        built = config.default()
        built.name, built.cache_dir = "own", str(tmp_path / "cache")
        built.model = config.model(str(tmp_path / name))
        built.data.sets.mine = config.dataset(str(tmp_path / "set.py"))
        built.data.roles.image = config.role("mine")
        return built

    built = made("model.py")
    built.evals.test = {"kind": str(tmp_path / "judge.py"), "every": 0, "roles": {}}
    built.requires.start = made("needed.py")
    return built


@pytest.mark.parametrize("name", ["model.py", "needed.py", "set.py"])
def test_a_network_of_another_content_of_the_file_is_not_taken(own, tmp_path, name):
    first = required.place(own)
    Workdir(first).write_json("config.json", own.to_dict())
    Workdir(first).write_json("result.json", {"step": 1})
    assert required.place(own) == first
    edit(tmp_path / name)
    assert required.place(own) == tmp_path / "cache" / required.key(own) != first


def test_an_evaluator_changes_no_parameters_and_no_key(own, tmp_path):
    before = required.key(own)
    edit(tmp_path / "judge.py")
    assert required.key(own) == before


def test_the_key_without_code_of_ones_own_is_that_of_the_fields():
    built = config.default()
    built.name, built.model = "plain", config.model("vae")
    text = json.dumps({**stored.canonical(built.to_dict()), "requires": {}}, sort_keys=True)
    assert required.key(built) == f"plain-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def test_a_process_goes_on_with_the_code_that_it_has_run(own, tmp_path):
    before = required.key(own)
    with (tmp_path / "model.py").open("a") as file:
        file.write("# edited\n")
    assert required.key(own) == before


def test_features_by_another_code_have_another_name(own, tmp_path):
    def sha256():
        finished = {"metrics": {}, "params_sha256": "abc"}
        model = models.create(own.model)
        example = {"image": [[8, 8, 1], "float32"]}
        state = restore.initial_state(own, model, example, {})
        return required.RequiredRun(restore.Run(own, model, state, finished)).sha256

    before = sha256()
    edit(tmp_path / "model.py")
    assert sha256() != before


def test_the_code_of_each_field_is_known_by_the_content_of_its_file(own, tmp_path):
    def content(name):
        return hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()

    assert own_code.contents(own) == {
        "model.name": content("model.py"),
        "data.sets.mine.name": content("set.py"),
        "evals.test.kind": content("judge.py"),
        "requires.start.model.name": content("needed.py"),
        "requires.start.data.sets.mine.name": content("set.py"),
    }
    assert own_code.contents(config.load(f"{EXAMPLE.parents[1]}/configs/dtn_digits.py")) == {}
    (tmp_path / "needed.py").unlink()
    plugins._run.cache_clear()
    with pytest.raises(
        ConfigError, match=r"^requires.start.model.name='\S+needed.py' cannot be read: there is"
    ):
        required.place(own)
