"""Configurations as runs store them: old names, new fields, and which two compute the same."""

import json

import pytest
from ml_collections import ConfigDict

from gan_jax import config, models
from gan_jax.config import FREE
from gan_jax.errors import WorkdirError
from gan_jax.runs import required, restore, stored
from gan_jax.runs.workdir import Workdir

FILES = {"train": "a.npz", "test": "b.npz"}


def classifier(train, test, **fields):
    built = config.classifier("judge", train, test, steps=4, widths=(4, 4, 4, 8))
    built.update_from_flattened_dict({k.replace("__", "."): v for k, v in fields.items()})
    return built


def old(**fields):
    """A run as versions before data sets describe it: each role says where its images are."""
    train = config.inline(files={"train": "a.npz"}, split="train[:9]", labels=False)
    test = config.inline(files=FILES, split="test[2:]+train[9:]")
    made = json.loads(json.dumps(classifier(train, test, **fields).to_dict()))
    del made["data"]["sets"]
    return made


def new(**fields):
    """The same by a data set, whose splits have other names."""
    train, test = config.role("images[one[:9]]", labels=False), config.role("images[two[2:]+one[9:]]")
    built = classifier(train, test, **fields)
    built.data.sets.images = config.dataset(files={"one": "a.npz", "two": "b.npz"})
    return built


def test_a_run_is_the_same_whether_its_roles_are_inline_or_name_a_set():
    assert stored.canonical(old()) == stored.canonical(new().to_dict())
    assert required.key(new()) == required.key(ConfigDict(stored.completed(old())))


@pytest.mark.parametrize(
    "fields",
    [{"name": "other"}, {"tensorboard": True}, {"data__manual_dir": "elsewhere"}, {"checkpoint_every": 1}],
    ids=lambda fields: next(iter(fields)),
)
def test_names_and_ways_of_reporting_are_no_part_of_what_is_computed(fields):
    assert stored.canonical(new(**fields).to_dict()) == stored.canonical(old())


@pytest.mark.parametrize(
    "fields",
    [
        {"steps": 5},
        {"seed": 1},
        {"model__dropout": 0.5},
        {"data__size": 16},
        {"data__roles__image__exclude": (3,)},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_what_is_computed_differs(fields):
    assert stored.canonical(new(**fields).to_dict()) != stored.canonical(old())


def test_label_maps_that_no_role_reads_are_no_part_of_what_is_computed():
    """A run therefore goes on after its data set has got label maps."""
    fields = {"label_classes": 2, "label_side": "right", "label_colours": ((0, 0, 0), (9, 9, 9))}

    def built(label_maps, **of_role):
        made = classifier(*(config.role("images", **of_role) for _ in range(2)))
        more = {"label_maps": FILES, "class_names": ("a", "b"), **fields} if label_maps else {}
        made.data.sets.images = config.dataset(files=FILES, side="left", **more)
        return made.to_dict()

    for compared in (stored.canonical, stored.comparable):
        assert compared(built(True, labels=False)) == compared(built(False, labels=False))
        for read in ({"labels": True}, {"labels": False, "derive": "palette"}):
            assert compared(built(True, **read)) != compared(built(False, **read))


def test_fields_with_their_defaults_are_left_out_of_the_canonical_form():
    found = stored.canonical(new().to_dict())
    assert found["model"] == {"name": "classifier", "widths": [4, 4, 4, 8], "schedule_steps": 4}
    assert found["data"] == {"roles": {"image": {"split": "a.npz[:9]", "labels": False}}}
    assert found["evals"]["test"]["roles"] == {"image": {"split": "b.npz[2:]+a.npz[9:]"}}
    assert set(found) == {"model", "data", "evals", "requires", "steps"}


@pytest.fixture
def renames(monkeypatch):
    """A field of the classifier that had another name, and one that went."""
    monkeypatch.setitem(stored.RENAMES, "classifier", {"stages": ("widths",), "colour": ()})


def aged(content):
    content["model"]["stages"] = content["model"].pop("widths")
    content["model"]["colour"] = 1.0
    return content


def test_fields_of_models_are_read_by_their_old_names_wherever_they_stand(renames, tmp_path):
    content = aged(old(seed=3))
    content["requires"]["start"] = aged(old())
    Workdir(tmp_path).write_json("config.json", content)
    found = restore.load_config(tmp_path)
    for run in (found, found.requires.start):
        assert run.model.widths == [4, 4, 4, 8]
        assert not {"stages", "colour"} & set(run.model)
        assert models.create(run.model)
    Workdir(tmp_path).append({"step": 1})
    Workdir(tmp_path).check(_requiring(seed=3).to_dict(), FREE, stored.comparable)


def test_fields_of_other_models_keep_their_names(renames):
    content = {"model": {"name": "unknown", "stages": 1}}
    assert stored.renamed(content) == content


def _requiring(**fields):
    built = new(**fields)
    built.requires.start = new()
    built.requires.start.data.sets = {}
    return built


def test_a_folder_of_an_older_run_is_recognised_and_another_refused_by_its_values(tmp_path):
    folder = Workdir(tmp_path)
    folder.write_json("config.json", old())
    folder.append({"step": 1})
    folder.check(new(steps=9, tensorboard=True).to_dict(), FREE, stored.comparable)
    with pytest.raises(WorkdirError, match=r"\(model.learning_rate: 0.001 there, 0.002 now\)"):
        folder.check(new(model__learning_rate=2e-3).to_dict(), FREE, stored.comparable)
    with pytest.raises(WorkdirError, match=r"split: 'a.npz\[:9\]' there, 'a.npz\[:8\]' now\)"):
        folder.check(new(data__roles__image__split="one[:8]").to_dict(), FREE, stored.comparable)


@pytest.fixture
def ensured(monkeypatch, tmp_path):
    """Which folder of a cache `ensure` takes for a run; nothing is trained."""
    monkeypatch.setattr(required, "load", lambda path: path)
    monkeypatch.setattr(required, required_run(), lambda path: path)

    def ensure(wanted=None):
        built = config.default()
        built.requires.judge = wanted or new()
        built.cache_dir = str(tmp_path)
        asked = []
        found = required.ensure(built, lambda run, path, wait: asked.append(path))
        assert asked == [found["judge"]]
        return found["judge"]

    return ensure


def required_run():
    """The name of the class that a finished run is handed over as."""
    return next(name for name in ("RequiredRun", "Classifier") if hasattr(required, name))


def stored_run(path, content, finished=True):
    folder = Workdir(path)
    folder.write_json("config.json", content)
    if finished:
        folder.write_json("result.json", {"step": 4})
    return path


def test_a_required_run_of_an_older_version_is_found_by_what_it_computes(ensured, tmp_path):
    assert ensured() == tmp_path / required.key(new())
    stored_run(tmp_path / "judge-0other", old(seed=1))
    stored_run(tmp_path / "another-0", old())
    (tmp_path / "judge-0empty").mkdir()
    assert ensured() == tmp_path / required.key(new())
    begun = stored_run(tmp_path / "judge-1begun", old(), finished=False)
    assert ensured() == begun
    finished = stored_run(tmp_path / "judge-2finished", old())
    assert ensured() == finished
    assert ensured(new(seed=1)) == tmp_path / "judge-0other"


def test_a_folder_of_the_runs_own_key_comes_first(ensured, tmp_path):
    stored_run(tmp_path / "judge-0", old())
    own = stored_run(tmp_path / required.key(new()), new().to_dict(), finished=False)
    assert ensured() == own


def test_how_a_required_run_is_evaluated_is_no_part_of_its_key():
    changed = _requiring()
    changed.evals.test.every = 2
    changed.requires.start.evals.test.every = 2
    assert required.key(changed) == required.key(_requiring())


def test_a_field_that_comes_later_with_a_default_changes_no_key(monkeypatch):
    before = required.key(new())
    fields = stored.model_fields("classifier").to_dict()
    monkeypatch.setattr(stored, "model_fields", lambda name: ConfigDict({**fields, "later": 0.5}))
    assert required.key(new()) == before
    assert stored.completed(old())["model"]["later"] == 0.5


def test_a_field_that_became_two_gives_both_its_value():
    content = {"model": {"name": "discogan", "width": 8}}
    assert stored.renamed(content)["model"] == {"name": "discogan", "g_width": 8, "d_width": 8}
