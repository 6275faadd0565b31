"""Runs of an earlier version resume, are judged, and translate.

`earlier/0.1.0.tar.xz` holds the folders of two `quick` runs of version 0.1.0 at step 2: DTN on the embedded
digits, and CycleGAN on cartoon faces. It also holds the runs of f and the judge that DTN requires.
"""

import json
import tarfile
from pathlib import Path

import jax
import numpy as np
import pytest

from gan_jax.inference import translate
from gan_jax.runs import required, restore
from gan_jax.train import evaluate_run, train

ARCHIVE = Path(__file__).parent / "earlier" / "0.1.0.tar.xz"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("earlier")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    return folder


def stored(runs, name, **fields):
    """The configuration stored in the folder, with the fields' present names."""
    config = restore.load_config(runs / name)
    config.cache_dir = str(runs / "cache")
    config.update(fields)
    return config


def records(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("name", ["dtn_digits", "cyclegan_horse2zebra"])
def test_a_run_of_an_earlier_version_goes_on_with_the_networks_that_are_in_the_cache(runs, name):
    before = {path.name for path in (runs / "cache").iterdir() if not path.name.startswith("features")}
    first = restore.load(runs / name)
    result = train(stored(runs, name, steps=3), runs / name)
    assert (result["step"], result["judged_step"]) == (3, 3)
    after = {path.name for path in (runs / "cache").iterdir() if not path.name.startswith("features")}
    assert before == after  # f and the judge came from the cache
    later = restore.load(runs / name)
    assert int(later.state.step) == 3
    assert set(later.state.players) == {"gen", "disc"}
    moved = jax.tree.map(lambda a, b: float(np.abs(a - b).max()), first.state.players, later.state.players)
    assert 0 < max(jax.tree.leaves(moved)) < 0.1
    names = {
        key.partition("/")[0] for record in records(runs / name) if "eval" not in record for key in record
    }
    assert names == {"step", "gen", "disc"}


def test_a_run_of_an_earlier_version_is_judged_as_it_was(runs):
    config = json.loads((runs / "dtn_digits" / "config.json").read_text())
    (runs / "dtn_digits" / "config.json").write_text(json.dumps(config | {"cache_dir": str(runs / "cache")}))
    found = evaluate_run(runs / "dtn_digits")["metrics"]
    assert found["judge_accuracy"] == pytest.approx(found["judge_accuracy"])
    assert 0 <= found["accuracy"] <= 1


def test_a_run_of_an_earlier_version_translates(runs, tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    from PIL import Image

    Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)).save(source / "a.png")
    made = translate.run(
        runs / "cyclegan_horse2zebra", input=str(source), output=str(tmp_path / "out"), direction="t2s"
    )
    assert made["images"] == 1
    assert Image.open(tmp_path / "out" / "a.png").size == (32, 32)
    assert required  # the cache is not needed to translate
