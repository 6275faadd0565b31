"""Training's class folders number the roles of evaluations, whatever folders these have themselves."""

import pytest
from picture_files import png, write

from gan_jax import config as configuration
from gan_jax.errors import DataError
from gan_jax.runs import classes, inputs
from gan_jax.runs.workdir import Workdir


def folder(place, *names):
    return str(write(place, {f"{name}/1.png": png(9) for name in names}))


def role(path, **fields):
    return configuration.inline(files={"train": path}, **{"classes": True, "class_names": (), **fields})


def built(roles, evals=None, requires=None):
    made = configuration.default()
    made.data.size, made.data.roles = 8, roles
    made.evals = {"test": {"kind": "accuracy", "every": 0, "roles": evals or {}}}
    made.requires = requires or {}
    return made


def labels(roles):
    return {name: part.columns["label"].tolist() for name, part in roles.items()}


def test_a_role_without_one_of_the_classes_numbers_the_others_as_training_does(tmp_path):
    train, test = folder(tmp_path / "train", "a", "b", "c"), folder(tmp_path / "test", "b", "c")
    made = built({"image": role(train)}, {"image": role(test), "any": role(test, labels=False)})
    inputs.check(made)
    found = inputs.load_evaluation(made, made.evals.test.roles)
    assert found["image"].columns["label"].tolist() == [1, 2]
    assert "label" not in found["any"].columns


def test_a_class_that_training_lacks_is_refused_before_any_work(tmp_path):
    train = folder(tmp_path / "train", "a", "b")
    for names in (("a", "d"), ("d",)):
        test = folder(tmp_path / "".join(names), *names)
        made = built({"image": role(train)}, {"image": role(test)})
        for use in (inputs.check, lambda made: inputs.load_evaluation(made, made.evals.test.roles)):
            with pytest.raises(DataError, match=rf"^{test}: class d is not known; known: a, b$"):
                use(made)


def test_roles_of_training_that_share_a_class_share_the_numbers_and_others_do_not(tmp_path):
    roles = {
        "source": role(folder(tmp_path / "s", "a", "b")),
        "target": role(folder(tmp_path / "t", "b", "c")),
        "other": role(folder(tmp_path / "o", "x", "y")),
        "none": role(folder(tmp_path / "n", "b", "z"), labels=False),
    }
    made = built(roles)
    assert classes.training(made) == {
        **dict.fromkeys(("source", "target"), ("a", "b", "c")), "other": ("x", "y")
    }  # fmt: skip
    assert labels({k: v for k, v in inputs.load(made, lambda: None).items() if k != "none"}) == {
        "source": [0, 1], "target": [1, 2], "other": [0, 1]
    }  # fmt: skip


def test_a_role_may_name_its_classes_and_then_numbers_the_others(tmp_path):
    path = folder(tmp_path / "s", "a", "b")
    made = built({"image": role(path, class_names=("b", "c", "a"))}, {"image": role(path)})
    assert labels(inputs.load(made, lambda: None)) == {"image": [2, 0]}
    assert labels(inputs.load_evaluation(made, made.evals.test.roles)) == {"image": [2, 0]}


def test_the_classes_of_a_required_run_number_evaluations_and_must_have_the_same_numbers(tmp_path):
    judge = built({"image": role(folder(tmp_path / "j", "a", "b", "c"))})
    test = {"source": role(folder(tmp_path / "t", "c"))}
    alone = built({"source": role(folder(tmp_path / "s", "b"), labels=False)}, test, {"judge": judge})
    assert labels(inputs.load_evaluation(alone, alone.evals.test.roles)) == {"source": [2]}
    other = built({"source": role(folder(tmp_path / "u", "b", "c"))}, test, {"judge": judge})
    with pytest.raises(DataError, match=r"roles.source has the classes b, c, and requires.judge a, b, c: "):
        inputs.check(other)
    other.data.roles.source.class_names = ("a", "b", "c")
    inputs.check(other)
    assert labels(inputs.load(other, lambda: None)) == {"source": [1, 2]}


def test_numbers_are_in_the_order_of_their_values_and_other_names_in_that_of_letters(tmp_path):
    made = built({"image": role(folder(tmp_path / "n", "0", "2", "10", "007"))})
    assert classes.training(made) == {"image": ("0", "2", "007", "10")}
    made = built({"image": role(folder(tmp_path / "m", "2", "10", "x1"))})
    assert classes.training(made) == {"image": ("10", "2", "x1")}


def test_a_run_keeps_the_list_of_its_classes_and_goes_on_with_no_other(tmp_path):
    run, path = Workdir(tmp_path / "run"), tmp_path / "images"
    made = built({"image": role(folder(path, "2", "10")), "none": role(folder(path, "2"), labels=False)})
    classes.keep(made, run, 0)
    assert run.read_json("classes.json") == {"image": ["2", "10"]}
    classes.keep(made, run, 5)
    folder(path, "3")
    with pytest.raises(
        DataError, match=rf"^data.roles.image has the classes 2, 3, 10, but the run in {run.path} "
    ):
        classes.keep(made, run, 5)
    (run.path / "classes.json").unlink()  # a run of an earlier version, which put 10 before 2
    with pytest.raises(DataError, match="numbered 10, 2, 3; restore the folders"):
        classes.keep(made, run, 5)
    other = Workdir(tmp_path / "other")
    classes.keep(built({"image": role(folder(tmp_path / "x", "a", "b"))}), other, 5)
    assert other.read_json("classes.json") == {"image": ["a", "b"]}
    classes.keep(built({}), Workdir(tmp_path / "without"), 0)
    assert not (tmp_path / "without").exists()
