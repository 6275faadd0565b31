"""A folder's name is no pattern, and a folder that cannot hold checkpoints is refused before any work."""

import re

import levels
import ml_collections
import pytest
from saving import assert_is, places, restore, save

from gan_jax.errors import WorkdirError
from gan_jax.runs import checkpoint, literal
from gan_jax.train import train


@levels.parametrize(
    "name", ["run[1]", "run*", "a**b", "?", "[a-z]", "{a,b}", "a b", "%5B", "é:#$'\"\n"], kept=("%5B",)
)
def test_checkpoints_of_any_name_come_back(tmp_path, name):
    save(tmp_path / "runs", 3)  # the name as a pattern would match these
    save(tmp_path / "run1", 4)
    folder = save(tmp_path / name, 1, 2, keep=1)
    assert places(folder / "newest") == {"2"}
    assert_is(restore(folder), 2)
    assert checkpoint.load(folder)[1] == {"note": "of 2", "step": 2}


REFUSED = ["a\\b", "gs:/bucket", "logs:/x", "\udcff"]


@pytest.mark.parametrize("name", REFUSED)
def test_a_folder_that_would_be_taken_for_another_is_refused_and_nothing_is_made(tmp_path, name):
    for use in (save, checkpoint.load):
        with pytest.raises(WorkdirError, match=r"cannot hold checkpoints: .+ is not allowed; allowed: "):
            use(tmp_path / name)
    for run, cache in ((name, "cache"), ("run", name)):
        config = ml_collections.ConfigDict({"requires": {"f": {}}, "cache_dir": str(tmp_path / cache)})
        with pytest.raises(WorkdirError, match="cannot hold checkpoints"):
            train(config, tmp_path / run)
    assert not places(tmp_path)


@pytest.mark.parametrize("path", ["/gs/run", "/s3", "/az/a/b", "/hf/a"])
def test_a_folder_that_orbax_takes_for_a_cloud_is_refused(path):
    with pytest.raises(WorkdirError, match=re.escape(f"folder {path} cannot hold checkpoints: orbax")):
        literal.checked(path)
    assert str(literal.checked(f"/tmp{path}")) == f"/tmp{path}"
