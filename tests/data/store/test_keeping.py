"""The mode `store`: stores are listed, verified and removed."""

import os
import re

import pytest

from gan_jax.data.store import keeping
from gan_jax.errors import ConfigError, DataError
from gan_jax.files import locking
from gan_jax.inference import store as mode

pytestmark = pytest.mark.usefixtures("decoding_threads")


@pytest.fixture
def root(tmp_path):
    return tmp_path / "store"


@pytest.mark.long
def test_stores_are_listed_by_their_last_use(noise, stored, root, monkeypatch):
    assert mode.run(store=str(root)) == {"total": f"0.0 MiB in 0 stores of {root}"}
    stored(noise)
    stored(noise, size=12)
    small, large = (path for path in sorted(root.glob("noise-*"), key=size_of) if path.is_dir())
    (root / "other").mkdir()
    unfinished = root / "x.part"
    unfinished.mkdir()
    (unfinished / "images.npy").write_bytes(b"")
    os.utime(unfinished, (10**9, 10**9))
    os.utime(small / "listing.json", (10**9 + 9, 10**9 + 9))
    monkeypatch.setenv("GAN_JAX_STORE", str(root))
    lines = mode.run()
    assert [*lines] == ["x.part", small.name, large.name, "total"]
    assert re.fullmatch(rf"0\.0 MiB, 10 images of {noise}, last used 2001-09-09 \d\d:\d\d", lines[small.name])
    assert lines["x.part"].startswith("0.0 MiB, not finished, last used 2001-09-09 ")
    stored(noise)
    assert [*mode.run()] == ["x.part", large.name, small.name, "total"]


def size_of(folder):
    path = folder / "images.npy"
    return path.stat().st_size if path.exists() else 0


def test_damage_that_only_a_full_read_finds_is_named_by_its_rows(noise, stored, root):
    stored(noise)
    (name,) = (kept.name for kept in keeping.stores(root))
    assert mode.run(store=str(root), verify=name) == {"verified": f"{name}, 10 images are what was stored"}
    path = root / name / "images.npy"
    content = bytearray(path.read_bytes())
    for row in (2, 9):
        content[128 + row * 192 + 5] ^= 1
    path.write_bytes(content)
    assert len(stored(noise)) == 10  # the first look is at headers and sizes
    with pytest.raises(
        DataError, match=rf"{name} is damaged: 2 of 10 images are not .*, rows 2, 9; .*--remove"
    ):
        mode.run(store=str(root), verify=name)


def test_a_removed_store_is_gone_and_made_again(noise, stored, root):
    images = stored(noise).columns["image"]
    (name,) = (kept.name for kept in keeping.stores(root))
    assert mode.run(store=str(root), remove=name)["removed"].startswith(f"{name}, ")
    assert [path.name for path in root.iterdir()] == [f"{name}.lock"]
    assert images[:].any()  # a run that has it open goes on
    assert len(stored(noise)) == 10 and (root / name).is_dir()


def test_a_store_that_is_being_made_is_not_removed(noise, stored, root):
    stored(noise)
    (name,) = (kept.name for kept in keeping.stores(root))
    with (
        locking.held(root / f"{name}.lock", print, print),
        pytest.raises(DataError, match="is being made by"),
    ):
        mode.run(store=str(root), remove=name)
    assert len(stored(noise)) == 10


@pytest.mark.long
def test_unknown_names_and_two_wishes_are_refused(noise, stored, root):
    stored(noise)
    (name,) = (kept.name for kept in keeping.stores(root))
    with pytest.raises(ConfigError, match=rf"remove='{name[:-1]}': this store .*did you mean '{name}'"):
        mode.run(store=str(root), remove=name[:-1])
    with pytest.raises(ConfigError, match=r"verify='\.\.': this store"):
        mode.run(store=str(root), verify="..")
    with pytest.raises(ConfigError, match="are two things"):
        mode.run(store=str(root), verify=name, remove=name)
