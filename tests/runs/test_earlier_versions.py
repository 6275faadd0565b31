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
from PIL import Image

from gan_jax.inference import translate
from gan_jax.runs import restore
from gan_jax.train import evaluate_run, train

ARCHIVE = Path(__file__).parent / "earlier" / "0.1.0.tar.xz"
pytestmark = pytest.mark.usefixtures("shared_programs")


@pytest.fixture
def runs(tmp_path):
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path, filter="data")
    for config in (tmp_path / name / "config.json" for name in ("dtn_digits", "cyclegan_horse2zebra")):
        fields = json.loads(config.read_text())
        config.write_text(json.dumps(fields | {"cache_dir": str(tmp_path / "cache")}))
    return tmp_path


def required(runs):
    return {path.name for path in (runs / "cache").iterdir() if not path.name.startswith("features")}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("dtn_digits", marks=pytest.mark.long),
        pytest.param("cyclegan_horse2zebra", marks=pytest.mark.nightly),
    ],
)
def test_a_run_of_an_earlier_version_goes_on_with_the_networks_that_are_in_the_cache(runs, name):
    in_the_cache, before = required(runs), restore.load(runs / name)
    config = restore.load_config(runs / name)
    config.steps = 3
    result = train(config, runs / name)
    assert (result["step"], result["judged_step"]) == (3, 3)
    assert required(runs) == in_the_cache  # f and the judge were found, not trained again
    after = restore.load(runs / name)
    assert (int(before.state.step), int(after.state.step)) == (2, 3)
    assert set(after.state.players) == {"gen", "disc"}
    moved = jax.tree.map(lambda a, b: np.abs(a - b).max(), before.state.players, after.state.players)
    for player in moved.values():
        assert 0 < max(jax.tree.leaves(player.params)) < 0.01  # one step of Adam
    records = [json.loads(line) for line in (runs / name / "metrics.jsonl").read_text().splitlines()]
    players = {key.partition("/")[0] for record in records if "eval" not in record for key in record}
    assert players == {"step", "gen", "disc"}


def test_a_run_of_an_earlier_version_is_judged_as_it_was(runs):
    then = json.loads((runs / "dtn_digits" / "result.json").read_text())["metrics"]
    now = evaluate_run(runs / "dtn_digits")["metrics"]
    assert now["confusion"] == then["confusion"]
    for name in ("accuracy", "judge_accuracy", "f_accuracy", "untransferred_accuracy", "chance"):
        assert now[name] == pytest.approx(then[name])


@pytest.mark.long
def test_a_run_of_an_earlier_version_translates(runs, tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    Image.fromarray(pixels).save(source / "a.png")
    place = runs / "cyclegan_horse2zebra"
    made = translate.run(place, input=str(source), output=str(tmp_path / "out"), direction="t2s")
    assert made["images"] == 1
    assert np.asarray(Image.open(tmp_path / "out" / "a.png")).std() > 0
