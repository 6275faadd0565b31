"""A long run must not compile again, and must not accumulate memory and open files."""

import ast
import gc
import re
from pathlib import Path

import jax
import psutil
import pytest

import gan_jax
from gan_jax.models import classifier
from gan_jax.train import train

MEGABYTE = 2**20


@pytest.fixture(scope="module", autouse=True)
def cheaper_runs():
    """In place of the fixture of the folder: no programs are shared here, since these tests count them."""


@pytest.fixture
def watched(monkeypatch):
    """`watched(look)` calls `look(i)` before each iteration i, and returns the list of the results."""

    def watch(look):
        seen = []

        def phases(self, iteration):
            seen.append(look(iteration))
            return ("train",)

        monkeypatch.setattr(classifier.Model, "phases", phases)
        return seen

    return watch


def test_each_phase_is_traced_once_and_nothing_compiles_after_the_first_iteration(
    tiny, tmp_path, watched, monkeypatch
):
    traced, compiled = [], []
    honest = classifier.Model.train_step

    def train_step(self, state, batch, rng, phase):
        traced.append(phase)
        return honest(self, state, batch, rng, phase)

    def on_duration(event, duration, **_):
        if event == "/jax/core/compile/backend_compile_duration":
            compiled.append(event)

    monkeypatch.setattr(classifier.Model, "train_step", train_step)
    seen = watched(lambda i: len(compiled))
    jax.monitoring.register_event_duration_secs_listener(on_duration)
    try:
        # Every iteration is logged, saved and evaluated, and none of this may compile again.
        train(tiny(steps=6, checkpoint_every=1, **{"evals.test.every": 1}), tmp_path / "run")
    finally:
        jax.monitoring.unregister_event_duration_listener(on_duration)
    assert traced == ["train"]
    assert seen[0] < seen[1]  # the first step and evaluation compile
    assert seen[1:] == [seen[1]] * 5


@pytest.mark.long
def test_a_run_of_several_phases_traces_each_once(tiny, tmp_path, monkeypatch):
    traced = []
    honest = classifier.Model.train_step

    def train_step(self, state, batch, rng, phase):
        traced.append(phase)
        return honest(self, state, batch, rng, phase)

    monkeypatch.setattr(classifier.Model, "train_step", train_step)
    lazy = lambda self, i: ("a", "b") if i % 3 == 0 else ("a",)  # noqa: E731
    monkeypatch.setattr(classifier.Model, "phases", lazy)
    train(tiny(steps=8), tmp_path / "run")
    assert traced == ["a", "b"]


@pytest.mark.nightly
def test_memory_and_open_files_stay_flat_over_1500_steps(tiny, tmp_path, watched):
    process = psutil.Process()

    def look(iteration):
        if iteration not in (500, 1000, 1500):  # logged, so no step in flight holds metrics
            return None
        gc.collect()
        return process.num_fds(), process.memory_info().rss, len(jax.live_arrays())

    seen = watched(look)
    fields = {"steps": 1501, "checkpoint_every": 25, "log_every": 5, "evals.test.every": 50}
    train(tiny(**fields), tmp_path / "run")
    (files, memory, arrays), middle, (files_end, memory_end, arrays_end) = filter(None, seen)
    # An unfinished save holds a few open files.
    assert abs(files_end - files) <= 8
    # Memory may shrink, so only growth is limited.
    assert memory_end - memory < 32 * MEGABYTE
    assert memory_end - middle[1] < 24 * MEGABYTE
    assert (middle[2], arrays_end) == (arrays, arrays)
    kept = list((tmp_path / "run" / "checkpoints" / "newest").iterdir())
    assert len(kept) == 3


# Modules and functions that run code from data. A file without such a word need not be parsed.
MODULES = {"pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
FUNCTIONS = {"eval", "exec", "__import__"}
WORDS = re.compile(rf"\b({'|'.join(MODULES | FUNCTIONS)}|allow_pickle)\b")


def test_the_package_runs_no_code_from_data():
    """No pickle, eval, exec or np.load(allow_pickle=True). Configuration files are code by design."""
    files = {path: path.read_text() for path in sorted(Path(gan_jax.__file__).parent.rglob("*.py"))}
    suspected = {path: text for path, text in files.items() if WORDS.search(text)}
    assert suspected  # such as a file with allow_pickle=False
    found = []
    for path, text in suspected.items():
        for node in ast.walk(ast.parse(text)):
            found += [f"{path.name}:{node.lineno}: {name}" for name in _forbidden(node)]
    assert found == []


def _forbidden(node):
    if isinstance(node, ast.Import):
        yield from (a.name for a in node.names if a.name.split(".")[0] in MODULES)
    elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in MODULES:
        yield node.module
    elif isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS:
            yield node.func.id
        keywords = {k.arg: k.value for k in node.keywords}
        allowed = keywords.get("allow_pickle")
        if allowed is not None and not (isinstance(allowed, ast.Constant) and not allowed.value):
            yield "allow_pickle"


@pytest.mark.long
def test_a_finished_run_lets_go_of_its_images(tiny, tmp_path):
    def alive():
        gc.collect()
        return sum(type(thing).__name__ == "_Training" for thing in gc.get_objects())

    before = alive()
    train(tiny(), tmp_path / "run")
    assert alive() == before
