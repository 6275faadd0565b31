"""Paths that the system refuses, for every path that a user names: one line, before any work."""

import os

import pytest

from gan_jax import data
from gan_jax.errors import CheckpointError, ConfigError, DataError, WorkdirError
from gan_jax.inference import output, sources, targets
from gan_jax.report.collect import collect
from gan_jax.runs import checkpoint

LONG = "x" * 300


@pytest.fixture
def closed(tmp_path):
    """A folder that this process may not enter."""
    folder = tmp_path / "closed"
    folder.mkdir()
    folder.chmod(0o000)
    user = os.geteuid()
    if user == 0:  # permissions do not stop root
        os.seteuid(65534)
    yield folder
    os.seteuid(user)
    folder.chmod(0o755)


@pytest.fixture(params=["closed", "long"])
def refused(request, tmp_path):
    """A path that the system refuses, and its reason."""
    if request.param == "long":
        return tmp_path / LONG, "File name too long"
    return request.getfixturevalue("closed") / "below", "Permission denied"


@pytest.mark.parametrize("name", ["", "a.npz", "a.zip", "a.zip/train"])
def test_data(refused, name):
    path, reason = refused
    for use in (data.check, lambda spec: data.load(spec, size=8)):
        with pytest.raises(DataError, match=f"cannot be read: {reason}$"):
            use({"files": {"train": str(path / name)}})
    with pytest.raises(DataError, match=f"cannot be read: {reason}$"):
        data.check({"files": {"train": str(path)}, "attributes": ("Male",), "attributes_file": str(path)})


def test_places_of_outputs_and_inputs(refused):
    path, reason = refused
    for use in (
        lambda: output.check(f"{path}.png"),
        lambda: output.check(f"{path}/"),
        lambda: targets.check(str(path), ["a.png"], [], overwrite=False),
    ):
        with pytest.raises(ConfigError, match=f"^out(put)?='.*{reason}"):
            use()
    with pytest.raises((ConfigError, DataError), match=f"cannot be read: {reason}$"):
        sources.Source.open(str(path), None)
    with pytest.raises(WorkdirError, match=f"cannot be read: {reason}$"):
        collect(path)


def test_checkpoints_that_may_not_be_read_are_not_taken_for_none(closed):
    for use in (
        lambda: checkpoint.newest_step(closed),
        lambda: checkpoint.load(closed),
        lambda: checkpoint.Checkpoints(closed, keep=1),
    ):
        with pytest.raises(CheckpointError, match=r"cannot be (read|written): .*Permission denied"):
            use()


def test_without_checkpoints_the_step_is_0(tmp_path):
    assert checkpoint.newest_step(tmp_path / "none") == 0
