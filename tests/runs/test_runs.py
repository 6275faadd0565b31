"""Names of computations, required runs, and functions of finished runs."""

import jax
import numpy as np
import pytest
from playing import drawn

from gan_jax import config, models
from gan_jax.errors import ConfigError, WorkdirError
from gan_jax.runs import required, restore, stored
from gan_jax.runs.workdir import Workdir


def classifier(**fields):
    train = config.inline("digits_plain", "train")
    built = config.classifier(
        "judge", train, config.inline("digits_plain", "test"), steps=4, widths=(4, 4, 4, 8)
    )
    built.update_from_flattened_dict({k.replace("__", "."): v for k, v in fields.items()})
    return built


@pytest.mark.parametrize(
    "fields",
    [
        {"model__learning_rate": 2e-3},
        {"model__widths": (4, 4, 4, 4)},
        {"steps": 5},
        {"seed": 1},
        {"batch_size": 64},
        {"data__size": 16},
        {"data__roles__image__split": "train[:100]"},
        {"data__roles__image__exclude": (3,)},
        {"checkpoint_rule": "best"},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_the_key_changes_with_what_is_computed(fields):
    assert required.key(classifier(**fields)) != required.key(classifier())


@pytest.mark.parametrize(
    "fields",
    [
        {"log_every": 7},
        {"log_seconds": 1.0},
        {"checkpoint_every": 3},
        {"keep": 1},
        {"tensorboard": True},
        {"platform": "cpu"},
        {"cache_dir": "elsewhere"},
        {"compilation_cache": "programs"},
        {"debug_nans": True},
        {"data__data_dir": "sets"},
        {"data__manual_dir": "files"},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_the_key_ignores_reporting_and_paths(fields):
    assert required.key(classifier(**fields)) == required.key(classifier())


def test_the_key_begins_with_the_name_and_is_stable():
    name, _, digest = required.key(classifier()).rpartition("-")
    assert name == "judge"
    assert len(digest) == 12
    assert int(digest, 16) >= 0


def test_an_example_has_the_described_shapes_and_floats_for_bytes():
    batch = {"image": np.zeros((7, 32, 32, 1), np.uint8), "image_label": np.zeros(7, np.int32)}
    description = restore.describe(batch)
    assert description == {"image": [[32, 32, 1], "uint8"], "image_label": [[], "int32"]}
    example = restore.example(description)
    assert {k: (v.shape, v.dtype.name) for k, v in example.items()} == {
        "image": ((1, 32, 32, 1), "float32"),
        "image_label": ((1,), "int32"),
    }
    shapes = restore.abstract_state(models.create(classifier().model), description)
    assert shapes.players["classifier"].params["head"]["kernel"].shape == (8, 10)


def test_the_state_before_training_follows_from_the_seed():
    description = {"image": [[32, 32, 1], "uint8"], "image_label": [[], "int32"]}
    heads = []
    for seed in (3, 3, 4):
        built = classifier(seed=seed)
        state = restore.initial_state(built, models.create(built.model), description, {})
        heads.append(np.asarray(state.players["classifier"].params["head"]["kernel"]))
    np.testing.assert_array_equal(heads[0], heads[1])
    assert not np.isin(heads[2], heads[0]).any()


def test_an_empty_folder_holds_no_run(tmp_path):
    with pytest.raises(WorkdirError, match=r"holds no run: it has no config\.json$"):
        restore.load(tmp_path)


def test_an_unfinished_run_is_no_network():
    built = classifier()
    unfinished = restore.Run(built, models.create(built.model), None, None)
    with pytest.raises(WorkdirError, match=r"^run judge is not finished$"):
        required.RequiredRun(unfinished)


@pytest.mark.parametrize(
    ("metrics", "accuracy"), [({"accuracy": 0.75}, 0.75), ({"cosine_similarity": 0.5}, None)]
)
def test_a_finished_run_is_a_network_with_the_figures_of_its_result(metrics, accuracy):
    built = classifier(model__objective="classes" if accuracy else "features")
    model = models.create(built.model)
    column = {"image_label": np.zeros(1, np.int32)} if accuracy else {"image_features": np.zeros((1, 8))}
    pictures = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 1), np.uint8)
    example = {"image": np.zeros((1, 32, 32, 1), np.float32), **column}
    state = drawn(jax.eval_shape(model.init, jax.random.key(0), example))
    finished = {"metrics": metrics, "params_sha256": "abc"}
    network = required.RequiredRun(restore.Run(built, model, state, finished))
    assert (network.metrics, network.sha256) == (metrics, "abc")
    assert set(network.variables) == {"classifier"}
    assert network.apply("embed", {"image": pictures}).shape == (3, 8)
    assert network.apply("predict", {"image": pictures}).shape == (3, 10 if accuracy else 8)
    floats = pictures.astype(np.float32) / 127.5 - 1
    from_floats, from_bytes = (network.apply("embed", {"image": x}) for x in (floats, pictures))
    np.testing.assert_allclose(from_floats, from_bytes, rtol=1e-5, atol=1e-6)


@pytest.fixture
def trained(monkeypatch):
    """The calls by which `ensure` trains, with stand-ins for everything that needs a trained run."""
    calls = []
    monkeypatch.setattr(required, "load", lambda path: path)
    monkeypatch.setattr(required, "RequiredRun", lambda path: path)

    def train(asked, path, wait):
        calls.append((asked, path, wait))

    return calls, train


def test_required_runs_are_trained_in_the_cache_under_their_keys(trained, tmp_path):
    calls, train = trained
    built = config.default()
    built.requires.judge = classifier()
    built.cache_dir, built.platform = str(tmp_path), "cpu"
    built.data.manual_dir = "/data"
    found = required.ensure(built, train)
    ((asked, path, wait),) = calls
    assert path == tmp_path / required.key(classifier()) == found["judge"]
    assert wait
    assert (asked.platform, asked.data.manual_dir) == ("cpu", "/data")
    assert built.requires.judge.platform == ""


def test_a_required_runs_own_folder_comes_first(trained):
    calls, train = trained
    built = config.default()
    built.requires.judge = classifier(data__manual_dir="own")
    built.data.manual_dir = "passed on"
    required.ensure(built, train)
    assert calls[0][0].data.manual_dir == "own"


def older(built):
    """A configuration as stored by a version without some fields of the data and without the rate."""
    old = built.to_dict()
    for content in (old, *old["requires"].values()):
        for name in ("kind", "load_size", "flip"):
            del content["data"][name]
        del content["model"]["learning_rate"]
    return old


def test_a_run_stored_before_a_field_was_known_has_its_default(tmp_path):
    built = classifier(model__widths=(4, 4, 4, 4))
    built.requires.judge = classifier()
    Workdir(tmp_path).write_json("config.json", older(built))
    found = restore.load_config(tmp_path)
    for completed in (found, found.requires.judge):
        assert (completed.data.kind, completed.data.load_size, completed.data.flip) == ("unpaired", 0, False)
        assert completed.model.learning_rate == built.model.learning_rate
    assert (found.data.size, list(found.model.widths)) == (built.data.size, [4, 4, 4, 4])


def test_a_run_stored_before_a_field_was_known_goes_on_where_that_has_its_default(tmp_path):
    folder = Workdir(tmp_path)
    folder.write_json("config.json", older(classifier()))
    folder.append({"step": 1})
    folder.check(classifier().to_dict(), (), stored.comparable)
    message = r"holds another run \(model.learning_rate: 0.001 there, 0.002 now\)"
    with pytest.raises(WorkdirError, match=message):
        folder.check(classifier(model__learning_rate=2e-3).to_dict(), (), stored.comparable)


def test_a_stored_configuration_of_another_kind_is_compared_as_it_is():
    assert stored.completed({"steps": 1})["steps"] == 1
    assert stored.completed({"model": {"name": "unknown"}})["model"] == {"name": "unknown"}


def test_a_file_of_weights_is_required_as_a_run_is(trained, monkeypatch):
    calls, train = trained
    asked = []
    monkeypatch.setattr(required.features, "load", lambda name, path: asked.append((name, path)) or name)
    built = config.default()
    built.weights.inception = "w.npz"
    assert required.ensure(built, train) == {"inception": "inception"}
    assert required.required(built, "inception") == "inception"
    assert asked == [("inception", "w.npz")] * 2
    assert not calls


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("inception", r"^weights\.inception: weights='none\.npz' cannot be read: No such file"),
        (
            "vgg99",
            r"^weights\.vgg99: no network 'vgg99' has its weights in a file; known: inception, vgg16, vgg19,",
        ),
    ],
)
def test_weights_that_cannot_be_read_are_refused_before_any_work(name, words):
    built = classifier()
    built.weights[name] = "none.npz"
    with pytest.raises(ConfigError, match=words):
        config.validate(built)
