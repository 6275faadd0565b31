"""Configurations: variants, messages, and the checks before anything starts."""

import dataclasses
from pathlib import Path

import pytest

from gan_jax import config, models
from gan_jax.errors import ConfigError, nearest
from gan_jax.models import dtn

FOLDER = Path(__file__).parents[2] / "configs"


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


@pytest.mark.parametrize("name", ["../x", "a/b", "/x", "..", ".", ".x", "a\0b", "a\nb", "é" * 101])
def test_a_name_that_leaves_its_folder_is_refused_wherever_it_stands(name):
    message = f"name={name[:80]!r} is not allowed; allowed: printable characters, no '/', 200 bytes at most"
    assert refusal(valid(name=name)).startswith(message)
    outer, inner = valid(), valid(name=name)
    outer.requires.judge = inner
    assert refusal(outer).startswith(f"requires.judge.{message}")
    if "." not in name:  # ml_collections refuses such a key
        judged = valid()
        judged.evals[name] = {"kind": "sheet", "every": 1, "roles": {}}
        assert refusal(judged).startswith(f"evals: {message}")


def test_names_of_any_script_and_with_spaces_are_names():
    config.validate(valid(name="Läufe, lr=0.1 [a\\b] 鉄"))


# --- apply ---------------------------------------------------------------------------------------


def test_variants_apply_in_order_and_name_the_run():
    def a(built):
        built.seed, built.steps = 1, 5

    def b(built):
        built.seed = 2

    built = config.apply(valid(name="run"), "a,b", a, b)
    assert (built.seed, built.steps, built.name) == (2, 5, "run_a_b")
    assert config.apply(valid(name="run"), "", a, b).name == "run"
    turned = config.apply(valid(name="run"), "b,a", a, b)
    assert (turned.seed, turned.steps, turned.name) == (1, 5, "run_b_a")
    assert config.apply(valid(name="run"), "b,b", a, b).name == "run_b"


def test_a_variant_sees_what_those_written_before_it_made():
    def a(built):
        built.seed = 5

    def b(built):
        built.steps = built.seed + 2

    assert [config.apply(valid(), arg, a, b).steps for arg in ("a,b", "b,a")] == [7, 2]


def test_variants_that_say_so_apply_last_in_the_order_written():
    def a(built):
        built.seed = 5

    @config.last
    def small(built):
        built.steps = built.seed

    @config.last
    def smaller(built):
        built.steps -= 1

    for arg in ("small,a,smaller", "a,small,smaller", "small,smaller,a"):
        built = config.apply(valid(name="run"), arg, smaller, small, a)
        assert (built.steps, built.name) == (4, "run_a_small_smaller")
    assert config.apply(valid(), "smaller,small,a", smaller, small, a).steps == 5


def test_a_variant_that_changes_nothing_is_refused_by_its_name():
    def idle(built):
        built.seed = 0

    def a(built):
        built.seed = 1

    with pytest.raises(ConfigError, match=r"^variant 'idle' changes nothing in 'run'; leave it out$"):
        config.apply(valid(name="run"), "idle,a", idle, a)
    assert config.apply(valid(name="run"), "a,idle", idle, a).seed == 0
    assert config.apply(valid(name="run"), "idle", config.reference(idle)).name == "run_idle"


def test_a_size_that_the_networks_cannot_take_is_refused():
    built = valid(data__size=36)
    built.model = config.model("classifier", widths=(4,) * 5)
    assert refusal(built) == (
        "data.size=36: images of 36 pixels do not come down to one in 5 stages: 36 is no multiple of 16"
    )
    built.model.input_size = 32
    config.validate(built)


@pytest.mark.parametrize(
    ("judge", "fields"),
    [
        ("judge", {"kind": "transfer"}),
        ("other", {"kind": "transfer", "judge": "other"}),
        ("judge", {"kind": "attribute_agreement", "attributes": ("Male",)}),
        ("seer", {"kind": "retrieval", "network": "seer"}),
        ("f", {}),
    ],
)
def test_a_run_that_tells_pixels_is_refused_where_images_are_told(judge, fields):
    built = valid()
    if fields:
        built.evals.test = {"every": 0, "roles": {"source": config.inline("digits_street")}, **fields}
    asking = "evals.test" if fields else "the model"
    built.requires[judge] = config.default()
    built.requires[judge].model = config.model("segmenter")
    assert refusal(built) == (
        f"requires.{judge}.model.name='segmenter' is not allowed, because {asking} asks the run for "
        "classes or features of whole images; allowed: classifier"
    )


def test_an_unknown_field_of_an_evaluation_is_refused():
    built = valid()
    built.evals.test = {"kind": "sheet", "every": 0, "roles": {}, "nmu": 8}
    assert (
        refusal(built)
        == "evals.test.nmu is no field of 'sheet'; fields: kind, every, num, roles, columns, classes, truth"
    )


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({}, "accuracy"),
        ({"attributes": ("Male", "Bald")}, "attributes"),
        ({"objective": "features"}, "regression"),
    ],
)
def test_a_required_classifier_is_judged_by_its_objective(fields, kind):
    built = config.classifier("f", config.inline("x"), config.inline("x"), steps=5, size=64, **fields)
    config.validate(built)
    assert built.evals.test.kind == kind
    assert (built.data.size, built.model.schedule_steps) == (64, 5)
    if "attributes" in fields:
        assert (built.model.objective, built.model.num_classes) == ("attributes", 2)
        assert built.evals.test.attributes == ("Male", "Bald")


def test_an_unknown_variant_is_refused_with_the_nearest_and_all_known():
    def no_tid(built):
        built.seed = 1

    with pytest.raises(ConfigError) as error:
        config.apply(valid(), "no_tide", no_tid, config.quick)
    expected = "variant 'no_tide' is not known; did you mean 'no_tid'? known: no_tid, quick"
    assert str(error.value) == expected


def test_a_long_list_is_cut_and_counted():
    names = [f"field_{i:02}" for i in range(60)]
    said = nearest("feild_07", names)
    assert said.startswith("is not known; did you mean 'field_07'? known: field_00, field_01, ")
    listed, end = said.partition("? known: ")[2].split(", ... ")
    assert end == "(60 in all)"
    shown = listed.split(", ")
    assert shown == names[: len(shown)]
    assert 20 < len(shown) < 30


def test_nothing_near_suggests_nothing():
    assert nearest("zzz", ["no_tid", "quick"]) == "is not known; known: no_tid, quick"


def test_a_variant_cannot_make_up_a_field():
    def x(built):
        built.step = 1

    with pytest.raises(ConfigError, match=r"^step is not known; did you mean 'steps'\? known: accumulate, "):
        config.apply(valid(), "x", x)

    def y(built):
        built.requires.judge = config.default()
        built.requires.judge.data.sizes = 1

    with pytest.raises(ConfigError, match=r"^data\.sizes is not known; did you mean 'size'\? "):
        config.apply(valid(), "y", y)


def test_a_missing_file_is_refused():
    with pytest.raises(ConfigError, match=r"^no configuration file 'configs/none\.py'$"):
        config.load("configs/none.py:quick")


def test_a_model_has_every_field_and_only_known_ones():
    fields = config.model("dtn", alpha=2.0)
    assert fields.alpha == 2.0
    assert set(fields) == {"name", *(field.name for field in dataclasses.fields(dtn.Model))}
    with pytest.raises(ConfigError, match=r"^model\.alhpa is no field of dtn: ema, warmup, "):
        config.model("dtn", alhpa=1.0)
    with pytest.raises(
        ConfigError, match=rf"^model\.name='gna' is not known; known: {', '.join(models.known())}$"
    ):
        config.model("gna")


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


def test_the_roles_of_evaluations_are_checked_like_those_of_training():
    role = config.role("digits_plain", exclude=(-1,))
    refused = "exclude=(-1,) is not allowed; allowed: labels, 0 or more"
    built = valid()
    built.data.roles.source = role
    assert refusal(built) == f"data.roles.source.{refused}"
    built = valid()
    built.evals.samples = {"kind": "sheet", "every": 1, "roles": {"source": role}}
    assert refusal(built) == f"evals.samples.roles.source.{refused}"


def test_images_may_be_loaded_at_the_size_itself_or_larger():
    for load_size in (0, 32, 36):
        config.validate(valid(data__size=32, data__load_size=load_size))


def test_the_best_rule_needs_a_metric():
    assert refusal(valid(checkpoint_rule="best")).startswith("checkpoint_rule='best' needs a metric")


def test_required_runs_are_checked_under_their_name():
    built = config.load(f"{FOLDER / 'dtn_digits.py'}:quick")
    built.requires.f.batch_size = 0
    assert refusal(built).startswith("requires.f.batch_size=0 is not allowed")


def test_unknown_model_fields_and_names_are_refused():
    built = valid()
    built.model.alhpa = 1.0
    assert refusal(built).startswith("model.alhpa is no field of this model; fields: ema, warmup, ")
    built = valid()
    built.model = {"name": "dnt"}
    assert refusal(built) == f"model.name='dnt' is not known; known: {', '.join(models.known())}"
