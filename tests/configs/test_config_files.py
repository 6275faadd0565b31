"""The configurations of the project: their variants, and the data on which each network learns."""

import functools
import itertools
from pathlib import Path

import jax
import pytest

from gan_jax import config, data, models
from gan_jax.config.recipes import table_1
from gan_jax.config.recipes.digit_pairs import PAIRS
from gan_jax.config.recipes.table_1 import TABLE_1
from gan_jax.config.variants import known
from gan_jax.errors import ConfigError

FOLDER = Path(__file__).parents[2] / "configs"
FILES = sorted(FOLDER.glob("dtn_*.py"))
ROWS = ["dtn", "no_tid", "no_const", "no_f", "no_adversary", "neither", "original", "baseline"]
OF_BEST = ["plain_const", "one_domain_f", "unbent_f", "short_f"]  # these change only `best` and `steady`
OF_STEADY = ["plain_d", "short_average"]  # these change only `steady`
BESIDE = [
    *OF_BEST,
    *("mse", "slow_d", "normalised_d", "no_average", "constant_rates", "last_checkpoint"),
    *("wide_d", "fast_g", "double_weights", "half_weights", "scaled_mse"),
]
RECIPES = ["moved", "best", "steady", "patient"]
VARIANTS = {
    "dtn_digit_pairs": [*PAIRS, "part", "quick"],
    "dtn_digits": [*ROWS, "quick", "reverse"],
    "dtn_face_emoji": [*ROWS, "part", "avatars", "exported", "quick"],
    "dtn_svhn_mnist": [*ROWS, *BESIDE, *OF_STEADY, *RECIPES, "part", "paper", "reverse", "quick"],
}
WITH_ROWS = [path for path in FILES if "dtn" in VARIANTS[path.stem]]
BASES = dict.fromkeys(OF_BEST, "best,") | dict.fromkeys(OF_STEADY, "steady,")
EVERY = [(path, BASES.get(v, "") + v) for path in FILES for v in ("", *VARIANTS[path.stem])]


def resolved(arg):
    """A configuration of this folder whose roles are resolved."""
    file, _, variants = arg.partition(":")
    return config.resolved(config.load(f"{FOLDER / file}.py:{variants}"))


def test_the_patient_recipe_has_the_same_schedule_over_four_times_the_steps():
    usual, patient = (config.load(f"{FOLDER / 'dtn_svhn_mnist.py'}:part,steady{v}") for v in ("", ",patient"))
    for name in ("steps", "checkpoint_every"):
        assert patient[name] == 4 * usual[name]
    for name in ("decay_start", "decay_end"):
        assert patient.model[name] == 4 * usual.model[name]
    assert (patient.model.e_batch_norm, usual.model.e_batch_norm) == (True, False)
    assert patient.model.d_learning_rate < usual.model.d_learning_rate
    assert patient.checkpoint_rule == "last" and patient.requires.to_dict() == usual.requires.to_dict()


def test_the_variants_listed_here_are_those_that_a_file_knows():
    for path in FILES:
        assert sorted(known(str(path))) == sorted(VARIANTS[path.stem])


@pytest.mark.parametrize(("path", "variant"), EVERY, ids=lambda x: getattr(x, "stem", x))
def test_every_variant_builds_validates_and_is_locked(path, variant):
    built = config.load(f"{path}:{variant}")
    config.validate(built)
    assert built.is_locked
    assert built.name == "_".join(filter(None, [path.stem, *variant.split(",")]))
    with pytest.raises((KeyError, AttributeError)):
        built.no_such_field = 1
    assert models.create(built.model)


@pytest.mark.parametrize(
    ("path", "row"), list(itertools.product(WITH_ROWS, ROWS)), ids=lambda x: getattr(x, "stem", x)
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
    rows = table_1.rows()
    assert [row.__name__ for row in rows] == list(TABLE_1) == ROWS
    published = [value for _, value in TABLE_1.values()]
    assert published == [90.66, 88.40, 74.55, 36.90, 34.70, 5.28, 40.06, 13.71]
    for row, (change, _) in zip(rows, TABLE_1.values(), strict=True):
        built = config.load(f"{FOLDER / 'dtn_digits.py'}")
        with built.unlocked():
            row(built)
        plain = config.load(f"{FOLDER / 'dtn_digits.py'}")
        plain.update_from_flattened_dict(change)
        assert built.to_dict() == plain.to_dict()


@pytest.mark.parametrize(("path", "variant"), EVERY, ids=lambda x: getattr(x, "stem", x))
def test_no_label_is_asked_for_by_a_training_role_of_dtn(path, variant):
    roles = resolved(f"{path.stem}:{variant}").data.roles
    assert set(roles) == {"source", "target"}
    assert [spec.labels for spec in roles.values()] == [False, False]


@pytest.mark.parametrize("path", FILES, ids=lambda x: x.stem)
def test_no_label_column_reaches_the_step(path):
    # The run's roles with embedded sets. `exclude` reads classes and then drops them.
    roles = resolved(f"{path.stem}:quick").data.roles
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
    assert counts == {"gen": 5204739, "disc": 11161987}


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


@pytest.mark.parametrize(
    ("recipe", "name"),
    [*(("best", name) for name in BESIDE), *(("steady", n) for n in (*OF_STEADY, *OF_BEST, "no_average"))],
)
def test_a_line_beside_a_recipe_changes_it(recipe, name):
    file = FOLDER / "dtn_svhn_mnist.py"
    plain, beside = (config.load(f"{file}:part,{recipe}{arg}").to_dict() for arg in ("", f",{name}"))
    assert beside.pop("name") == f"{plain.pop('name')}_{name}"
    assert beside != plain


def test_without_both_cures_the_steady_recipe_is_the_best_one_after_its_last_step():
    file = FOLDER / "dtn_svhn_mnist.py"
    both = config.load(f"{file}:part,steady,plain_d,short_average").to_dict()
    best = config.load(f"{file}:part,best,last_checkpoint").to_dict()
    assert {**both, "name": best["name"]} == best


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


def test_the_steady_recipe_is_the_best_one_with_batch_norm_in_d_and_a_longer_average_at_its_last_step():
    file = FOLDER / "dtn_svhn_mnist.py"
    best, steady = (config.load(f"{file}:part,{variant}").to_dict() for variant in ("best", "steady"))
    assert [(c["model"].pop("d_batch_norm"), c["model"].pop("d_init")) for c in (steady, best)] == [
        (True, "normal"),
        (False, "lecun"),
    ]
    assert (steady.pop("checkpoint_rule"), best.pop("checkpoint_rule")) == ("last", "best")
    averaged = [(c["model"].pop("ema"), c["model"].pop("decay_start")) for c in (steady, best)]
    assert averaged == [(0.99, 100), (0.98, 150)]
    assert {**steady, "name": best["name"]} == best
    with pytest.raises(ConfigError, match="variant 'best' changes nothing"):
        config.load(f"{file}:part,steady,best")


def test_lines_without_an_ingredient_of_f_change_that_alone():
    """The f of `best` has bent images, 84 epochs and self-training. Each row leaves out one of the three."""
    file = FOLDER / "dtn_svhn_mnist.py"
    plain, best, unbent, short = (
        config.load(f"{file}:part{arg}").requires.f.to_dict()
        for arg in ("", ",best", ",best,unbent_f", ",best,short_f")
    )
    start = best["requires"]["start"]
    bent = {name for name, value in start["model"].items() if value != plain["model"][name]}
    assert bent == {"dropout", "weight_decay", "scale", "shear", "elastic", "ink", "schedule_steps"}

    for ours, of_best in ((unbent, best), (unbent["requires"]["start"], start)):
        changed = {name for name, value in ours["model"].items() if value != of_best["model"][name]}
        assert changed == bent - {"schedule_steps"}
        assert all(ours["model"][name] == plain["model"][name] for name in changed)
    assert (unbent["requires"]["start"]["steps"], start["steps"], plain["steps"]) == (5964, 5964, 2130)

    assert short.pop("requires")["start"] == start | {
        "steps": plain["steps"],
        "model": start["model"] | {"schedule_steps": plain["model"]["schedule_steps"]},
    }
    del best["requires"]
    assert short == best


def test_moved_is_best_but_for_its_f():
    file = FOLDER / "dtn_svhn_mnist.py"
    part, moved, best = (config.load(f"{file}:part{arg}").to_dict() for arg in ("", ",moved", ",best"))
    assert moved["requires"] == part["requires"]
    assert best.pop("requires")["judge"] == moved.pop("requires")["judge"]
    assert {**moved, "name": best["name"]} == best


@pytest.mark.parametrize(
    ("arg", "house_numbers"),
    [("dtn_digits", "digits_street"), ("dtn_svhn_mnist", "svhn_cropped"), ("dtn_svhn_mnist:part", "")],
)
def test_reverse_exchanges_the_domains_and_keeps_f(arg, house_numbers):
    file, _, variant = arg.partition(":")
    forward = resolved(arg).to_dict()
    reverse = resolved(f"{file}:{variant},reverse").to_dict()
    roles, back = forward["data"]["roles"], reverse["data"]["roles"]
    assert (back["source"], back["target"]) == (roles["target"], roles["source"])
    assert back["target"]["name"] == house_numbers
    assert reverse["model"]["target_channels"] == 3
    f, judge = (reverse["requires"][name] for name in ("f", "judge"))
    assert f == forward["requires"]["f"]
    # The judge has the architecture and the images of f. It is not f, because f trains g.
    assert judge == f | {"name": judge["name"], "seed": 1} != f
    scored = reverse["evals"]["test"]["roles"]["source"]
    assert scored == forward["requires"]["judge"]["evals"]["test"]["roles"]["image"]
    assert reverse["evals"]["validation"]["roles"]["source"] == back["source"] | {
        "labels": True,
        "split": "train[:1000]",
    }
