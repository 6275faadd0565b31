"""Configurations: variants, messages, and every configuration of the project."""

import functools
import itertools
from pathlib import Path

import jax
import pytest

from gan_jax import config, data, models
from gan_jax.ablation import TABLE_1
from gan_jax.errors import ConfigError
from gan_jax.models import dtn

FOLDER = Path(__file__).parents[1] / "configs"
FILES = sorted(FOLDER.glob("*.py"))
ROWS = ["dtn", "no_tid", "no_const", "no_f", "no_adversary", "neither", "original", "baseline"]
BESIDE = [
    *("one_domain_f", "mse", "slow_d", "normalised_d", "no_average", "constant_rates", "last_checkpoint"),
    *("wide_d", "fast_g", "double_weights", "half_weights", "scaled_mse"),
]
VARIANTS = {
    "dtn_digits": [*ROWS, "quick", "reverse"],
    "dtn_face_emoji": [*ROWS, "part", "avatars", "exported", "quick"],
    "dtn_svhn_mnist": [*ROWS, *BESIDE, "best", "part", "paper", "reverse", "quick"],
}
EVERY = [(path, v) for path in FILES for v in ("", *VARIANTS[path.stem])]


def valid(**fields):
    built = config.default()
    built.model = config.model("dtn")
    built.update_from_flattened_dict({k.replace("__", "."): v for k, v in fields.items()})
    return built


def refusal(built):
    with pytest.raises(ConfigError) as error:
        config.validate(built)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_the_variants_listed_here_are_those_that_a_file_knows():
    for path in FILES:
        with pytest.raises(ConfigError) as error:
            config.load(f"{path}:no_such")
        known = str(error.value).partition("known: ")[2].split(", ")
        assert sorted(known) == sorted(VARIANTS[path.stem])


@pytest.mark.parametrize(("path", "variant"), EVERY, ids=lambda x: getattr(x, "stem", x))
def test_every_variant_builds_validates_and_is_locked(path, variant):
    built = config.load(f"{path}:{variant}")
    config.validate(built)
    assert built.is_locked
    assert built.name == (f"{path.stem}_{variant}" if variant else path.stem)
    with pytest.raises((KeyError, AttributeError)):
        built.no_such_field = 1
    assert models.create(built.model)


@pytest.mark.parametrize(
    ("path", "row"), list(itertools.product(FILES, ROWS)), ids=lambda x: getattr(x, "stem", x)
)
def test_a_row_combines_with_quick_and_changes_what_table_1_says(path, row):
    built = config.load(f"{path}:{row},quick")
    config.validate(built)
    plain = config.load(f"{path}:quick").to_dict()["model"]
    changed = {f"model.{k}": v for k, v in built.to_dict()["model"].items() if v != plain[k]}
    expected = dict(TABLE_1[row][0])
    expected.pop("steps", None)
    assert changed == expected


def test_table_1_has_the_papers_rows_in_order():
    assert list(config.table_1()) == ROWS
    published = [value for _, value in TABLE_1.values()]
    assert published == [90.66, 88.40, 74.55, 36.90, 34.70, 5.28, 40.06, 13.71]
    assert config.table_1() == {name: change for name, (change, _) in TABLE_1.items()}


@pytest.mark.parametrize(("path", "variant"), EVERY, ids=lambda x: getattr(x, "stem", x))
def test_no_label_is_asked_for_by_a_training_role_of_dtn(path, variant):
    roles = config.load(f"{path}:{variant}").data.roles
    assert set(roles) == {"source", "target"}
    assert [spec.labels for spec in roles.values()] == [False, False]


@pytest.mark.parametrize("path", FILES, ids=lambda x: x.stem)
def test_no_label_column_reaches_the_step(path):
    # The same roles as the run's, from embedded sets. `exclude` reads classes and drops them.
    roles = config.load(f"{path}:quick").data.roles
    loaded = {}
    for name, spec in roles.items():
        fields = {**spec.to_dict(), "split": "validation[:64]"}
        classes = data.load({**fields, "labels": True}, size=32).columns["label"].ndim == 1
        fields["exclude"] = (3,) if classes else ()
        loaded[name] = data.load(fields, size=32)
        kept = data.load({**fields, "labels": True}, size=32)
        assert len(kept) == len(loaded[name])
        if classes:
            assert 3 not in kept.columns["label"]
            assert 0 < len(kept) < 64
    stream = data.stream(loaded, 4, seed=0)
    batch = next(stream)
    stream.close()
    assert set(batch) == {"source", "target"}


def test_the_evaluated_images_of_the_full_run_are_not_trained_on():
    built = config.load(f"{FOLDER / 'dtn_svhn_mnist.py'}")
    assert built.data.roles.source.split == "extra"
    assert built.evals.test.roles.source.split == "test"
    assert built.evals.validation.roles.source.split == "train[-5000:]"
    assert built.requires.f.data.roles.image.split == "extra+train[:-5000]"


def test_the_part_scores_2000_rows_that_nothing_learned_from():
    built = config.load(f"{FOLDER / 'dtn_svhn_mnist.py'}:part")
    learned = {built.data.roles.source.split, built.requires.f.data.roles.image.split}
    assert learned == {"test[:8000]+train"}
    assert built.evals.test.roles.source.split == "test[8000:]"
    assert (built.checkpoint_rule, built.best) == ("best", "validation/accuracy")
    assert built.evals.validation.roles.source.split == "train"


def test_the_paper_size_of_faces_is_the_papers():
    model = models.create(config.load(f"{FOLDER / 'dtn_face_emoji.py'}").model)
    assert (model.alpha, model.beta, model.gamma) == (100, 1, 0.05)
    assert model.g.size == 64
    images = jax.ShapeDtypeStruct((1, 152, 152, 3), "float32")
    players = jax.eval_shape(model.init, jax.random.key(0), {"source": images, "target": images}).players
    counts = {k: sum(x.size for x in jax.tree.leaves(p.params)) for k, p in players.items()}
    assert counts == {"g": 5204739, "disc": 11161987}


@pytest.mark.parametrize("variant", ["", "part"])
def test_no_tested_face_was_learned_from_and_the_labels_of_the_trained_ones_are_not_f_s(variant):
    built = config.load(f"{FOLDER / 'dtn_face_emoji.py'}:{variant}")
    first, last = ("182637", "162770") if not variant else ("7000", "7000")
    assert built.evals.test.roles.source.split == f"train[{first}:]"
    learned = [built.data.roles.source, built.requires.f.data.roles.image]
    ends = [int(spec.split.removesuffix("]").rpartition(":")[2]) for spec in learned]
    assert max(ends) == int(last) <= int(first)
    if not variant:
        assert [spec.split for spec in learned] == ["train[:100000]", "train[100000:162770]"]


# --- apply ---------------------------------------------------------------------------------------


def test_variants_apply_in_order_and_name_the_run():
    variants = {"a": {"seed": 1, "steps": 5}, "b": {"seed": 2}}
    built = config.apply(valid(name="run"), "a,b", variants)
    assert (built.seed, built.steps, built.name) == (2, 5, "run_a_b")
    assert config.apply(valid(name="run"), "", variants).name == "run"
    turned = config.apply(valid(name="run"), "b,a", variants)
    assert (turned.seed, turned.steps, turned.name) == (2, 5, "run_a_b")


@pytest.mark.parametrize(
    ("file", "small"),
    [("dtn_digits", "quick"), *(("dtn_svhn_mnist", v) for v in ("part", "paper", "quick"))],
)
def test_a_row_of_table_1_keeps_its_change_beside_any_other_variant(file, small):
    for arg in (f"{{}},{small}", f"{small},{{}}"):
        for row, (change, _) in TABLE_1.items():
            fields = config.load(f"{FOLDER / file}.py:{arg.format(row)}")
            for name, value in change.items():
                assert functools.reduce(getattr, name.split("."), fields) == value


@pytest.mark.parametrize("name", BESIDE)
def test_a_line_beside_the_best_recipe_changes_it(name):
    file = FOLDER / "dtn_svhn_mnist.py"
    best, beside = (config.load(f"{file}:part,best{arg}").to_dict() for arg in ("", f",{name}"))
    assert beside.pop("name") == f"{best.pop('name')}_{name}"
    assert beside != best


def test_the_best_f_learns_from_target_images_without_their_labels():
    built = config.load(f"{FOLDER / 'dtn_svhn_mnist.py'}:part,best")
    f, start = built.requires.f, built.requires.f.requires.start
    roles = f.data.roles.to_dict()
    assert set(roles) == {"image", "unlabelled"}
    assert roles["unlabelled"] == built.data.roles.target.to_dict()
    assert roles["unlabelled"]["labels"] is False
    assert roles["unlabelled"]["split"] == "train"
    assert roles["image"] == start.data.roles.image.to_dict()
    assert (f.model.pseudo_weight, start.model.pseudo_weight) == (1.0, 0.0)
    assert f.evals.test.roles == start.evals.test.roles
    plain = config.load(f"{FOLDER / 'dtn_svhn_mnist.py'}:part,best,one_domain_f")
    assert plain.requires.f.to_dict() == start.to_dict()


def test_a_variant_may_follow_from_the_variants_before_it():
    variants = {"a": {"seed": 5}, "b": lambda built: {"steps": built.seed + 2}}
    assert config.apply(valid(), "b,a", variants).steps == 7


@pytest.mark.parametrize(
    ("arg", "house_numbers"),
    [("dtn_digits", "digits_street"), ("dtn_svhn_mnist", "svhn_cropped"), ("dtn_svhn_mnist:part", "")],
)
def test_reverse_exchanges_the_domains_and_keeps_f(arg, house_numbers):
    file, _, variant = arg.partition(":")
    forward = config.load(f"{FOLDER / file}.py:{variant}").to_dict()
    reverse = config.load(f"{FOLDER / file}.py:{variant},reverse").to_dict()
    roles, back = forward["data"]["roles"], reverse["data"]["roles"]
    assert (back["source"], back["target"]) == (roles["target"], roles["source"])
    assert back["target"]["name"] == house_numbers
    assert reverse["model"]["target_channels"] == 3
    f, judge = (reverse["requires"][name] for name in ("f", "judge"))
    assert f == forward["requires"]["f"]
    # A judge like f, but not f, which g is trained by; it reads what f reads.
    assert judge == f | {"name": judge["name"], "seed": 1} != f
    scored = reverse["evals"]["test"]["roles"]["source"]
    assert scored == forward["requires"]["judge"]["evals"]["test"]["roles"]["image"]
    assert reverse["evals"]["validation"]["roles"]["source"] == back["source"] | {
        "labels": True,
        "split": "train[:1000]",
    }


def test_a_size_that_the_networks_cannot_take_is_refused():
    built = valid(data__size=36)
    built.model = config.model("classifier", widths=(4,) * 5)
    assert refusal(built) == (
        "data.size=36: images of 36 pixels do not come down to one in 5 stages: 36 is no multiple of 16"
    )
    built.model.input_size = 32
    config.validate(built)


def test_an_unknown_field_of_an_evaluation_is_refused():
    built = valid()
    built.evals.test = {"kind": "sheet", "every": 0, "roles": {}, "nmu": 8}
    assert refusal(built) == "evals.test.nmu is no field of 'sheet'; fields: kind, every, num, roles"


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({}, "accuracy"),
        ({"attributes": ("Male", "Bald")}, "attributes"),
        ({"objective": "features"}, "regression"),
    ],
)
def test_a_required_classifier_is_judged_by_its_objective(fields, kind):
    built = config.classifier("f", config.role("x"), config.role("x"), steps=5, size=64, **fields)
    config.validate(built)
    assert built.evals.test.kind == kind
    assert (built.data.size, built.model.schedule_steps) == (64, 5)
    if "attributes" in fields:
        assert (built.model.objective, built.model.num_classes) == ("attributes", 2)
        assert built.evals.test.attributes == ("Male", "Bald")


def test_an_unknown_variant_is_refused_with_the_nearest_and_all_known():
    with pytest.raises(ConfigError) as error:
        config.apply(valid(), "no_tide", {"no_tid": {}, "quick": {}})
    expected = "variant 'no_tide' is not known; did you mean 'no_tid'? known: no_tid, quick"
    assert str(error.value) == expected


def test_nothing_near_suggests_nothing():
    assert config.nearest("zzz", ["no_tid", "quick"]) == "is not known; known: no_tid, quick"


def test_a_variant_cannot_make_up_a_field():
    with pytest.raises((KeyError, AttributeError)):
        config.apply(valid().lock(), "x", {"x": {"no_such_field": 1}})


def test_a_missing_file_is_refused():
    with pytest.raises(ConfigError, match=r"^no configuration file 'configs/none\.py'$"):
        config.load("configs/none.py:quick")


def test_a_model_has_every_field_and_only_known_ones():
    fields = config.model("dtn", alpha=2.0)
    assert fields.alpha == 2.0
    assert set(fields) == {"name", *dtn.Model.__dataclass_fields__}
    with pytest.raises(ConfigError, match=r"^model\.alhpa is no field of dtn: alpha, beta, "):
        config.model("dtn", alhpa=1.0)
    with pytest.raises(ConfigError, match=r"^model\.name='gan' is not known; known: classifier, dtn"):
        config.model("gan")


# --- validate ------------------------------------------------------------------------------------


def test_defaults_are_valid():
    config.validate(valid())


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("batch_size", 0, "1 to 1048576"),
        ("steps", -1, "0 to 1000000000"),
        ("seed", 2**31, "0 to 2147483647"),
        ("log_every", 0, "1 to 1000000000"),
        ("checkpoint_every", 0, "1 to 1000000000"),
        ("keep", 0, "1 to 1000000"),
        ("data.size", 3, "4 to 4096"),
        ("platform", "tpus", "'', 'cpu', 'gpu', 'tpu'"),
        ("checkpoint_rule", "first", "'last', 'best'"),
        ("log_seconds", float("nan"), "finite numbers"),
        ("model.alpha", float("inf"), "finite numbers"),
        ("model.alpha", -1.0, "0 to 1e+06"),
        ("model.encoder", "h", "f, trained, identity"),
    ],
)
def test_a_refusal_names_field_value_and_what_is_allowed(field, value, allowed):
    shown = repr(value) if isinstance(value, str) else value
    built = valid(**{field.replace(".", "__"): value})
    assert refusal(built) == f"{field}={shown} is not allowed; allowed: {allowed}"


def test_evaluations_are_checked():
    built = valid()
    built.evals.test = {"kind": "transfer", "every": -1, "roles": {}}
    assert refusal(built) == "evals.test.every=-1 is not allowed; allowed: 0 to 1000000000"
    built = valid(best="dev/accuracy")
    built.evals.test = {"kind": "transfer", "every": 1, "roles": {}}
    assert refusal(built) == "best='dev/accuracy': evaluation 'dev' is not known; known: test"


def test_the_best_rule_needs_a_metric():
    assert refusal(valid(checkpoint_rule="best")).startswith("checkpoint_rule='best' needs a metric")


def test_required_runs_are_checked_under_their_name():
    built = config.load(f"{FOLDER / 'dtn_digits.py'}:quick")
    built.requires.f.batch_size = 0
    assert refusal(built).startswith("requires.f.batch_size=0 is not allowed")


def test_unknown_model_fields_and_names_are_refused():
    built = valid()
    built.model.alhpa = 1.0
    assert refusal(built).startswith("model.alhpa is no field of this model; fields: alpha, beta")
    built = valid()
    built.model = {"name": "gan"}
    assert refusal(built) == "model.name='gan' is not known; known: classifier, dtn"
