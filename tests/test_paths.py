"""Paths that a user writes: `~` is the home folder, and an empty path is no path."""

import contextlib
import dataclasses
import os
import re
from pathlib import Path

import pytest

from gan_jax import paths
from gan_jax.data.sources import arrays
from gan_jax.errors import ConfigError
from gan_jax.inference import output, targets
from gan_jax.inference.sources import Source
from gan_jax.metrics import features
from gan_jax.runs.workdir import Workdir


@dataclasses.dataclass
class Use:
    """Something that takes a path, and the name of its flag or field in messages."""

    field: str
    call: object


USES = [
    Use("workdir", lambda path: Workdir(path).path),
    Use("out", lambda path: output.check(path).path),
    Use("output", lambda path: targets.check(path, [], [], False).path),
    Use("input", lambda path: Source.open(path, contextlib.ExitStack()).title),
    Use("file", lambda path: arrays.absolute(path)),
    Use("manual_dir", lambda path: arrays.absolute("x", path) if path else paths.given("manual_dir", path)),
    Use("weights", lambda path: features.read("inception", path)),
]


@pytest.mark.parametrize("use", USES, ids=lambda use: use.field)
@pytest.mark.parametrize(
    "path", ["", "~no_such_user_/x.png", "gs://bucket/x.png", "file:///x.png", "a\0b.png"]
)
def test_what_is_no_path_here_is_refused_by_its_field(use, path):
    with pytest.raises(ConfigError, match=rf"^{use.field}=.+ is not allowed[;:] ") as caught:
        use.call(path)
    assert repr(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("use", USES, ids=lambda use: use.field)
def test_a_tilde_is_the_home_folder(use, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home" / "x.png").write_bytes(b"nothing")
    if use.field == "weights":
        with pytest.raises(ConfigError) as caught:
            use.call("~/x.png")
        assert "No such file" not in str(caught.value)
    else:
        made = "~/new" if use.field == "output" else "~/x.png"
        found = use.call("~" if use.field == "manual_dir" else made)
        assert Path(found).is_relative_to(tmp_path / "home")
    assert os.listdir(tmp_path) == ["home"]


def test_other_names_stay(tmp_path):
    for name in ("a~", "./~", "a:b", "runs/x", "c:/x"):
        assert paths.given("out", name) == Path(name)
    assert re.fullmatch(r"out='' is not allowed; allowed: .+", str(_refusal("")))


def _refusal(value):
    with pytest.raises(ConfigError) as caught:
        paths.given("out", value)
    return caught.value
