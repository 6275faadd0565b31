"""`quick`: embedded data, few images, tiny networks and two steps, also in required runs."""

import pytest

from gan_jax import config, models
from gan_jax.config.recipes import quick


def run():
    """A translator of photographs, with a judge that is trained on images of another set."""
    built = config.default()
    built.model = config.model("cyclegan", identity=0.5)
    built.batch_size = 1
    built.data.sets.photos = config.dataset(
        files={"train": "photos"},
        attributes=("Male",),
        attributes_file="list.txt",
        crop=(8, 8),
        channels=1,
        embedded="emoji",
    )
    built.data.sets.own = config.dataset(files={"train": "own"})
    built.data.size, built.data.load_size = 256, 286
    built.data.roles.source = config.role("photos[train[:9000]]", having=("Male",))
    built.data.roles.target = config.role("own[train[5:]]")
    roles = {"source": config.role("photos[test]"), "target": config.role("photos[test]", lacking=("Male",))}
    built.evals.test = {"kind": "cycle", "every": 0, "roles": roles}
    built.evals.samples = {"kind": "sheet", "every": 500, "num": 64, "roles": roles}
    built.best, built.checkpoint_rule = "test/cycle", "best"
    train, test = config.role("photos"), config.role("photos[test]")
    built.requires.judge = config.classifier("judge", train, test, steps=500, size=128, input_size=64)
    built.requires.judge.requires.start = config.classifier("start", train, test, steps=400)
    return built


@pytest.fixture
def small():
    return config.apply(run(), "quick", config.quick)


def test_a_set_is_replaced_by_its_stand_in_and_keeps_what_is_not_of_its_files(small):
    photos = small.data.sets.photos
    assert (photos.name, photos.files.to_dict(), photos.attributes_file) == ("emoji", {}, "")
    assert (photos.crop, photos.channels, photos.attributes) == ((), 1, ("Male",))


def test_a_role_loses_its_fields_of_replaced_files_alone():
    built = run()
    built.data.sets.drawn = config.dataset("emoji")
    built.data.sets.photos.update(label_maps={"train": "maps"}, label_side="right", side="left")
    for name in ("photos", "drawn", "own"):
        built.data.roles[name] = config.role(name, side="right")
    small = config.apply(built, "quick", config.quick)
    sides = [small.data.roles[name].get("side", "") for name in ("photos", "drawn", "own")]
    assert sides == ["", "right", "right"]
    photos = small.data.sets.photos
    assert (photos.label_maps.to_dict(), photos.label_side, photos.side) == ({}, "", "")


def test_a_set_without_a_stand_in_stays_and_its_roles_too(small):
    assert small.data.sets.own.to_dict() == run().data.sets.own.to_dict()
    assert small.data.roles.target.split == "train[5:]"


def test_roles_read_a_few_images_and_more_where_some_are_left_out(small):
    assert small.data.roles.source.split == quick.OF_SOME_LEARNED
    for name in ("test", "samples"):
        roles = small.evals[name].roles
        assert (roles.source.split, roles.target.split) == (quick.SCORED, quick.OF_SOME_SCORED)
    for judge in (small.requires.judge, small.requires.judge.requires.start):
        assert judge.data.roles.image.split == quick.LEARNED
        assert judge.evals.test.roles.image.split == quick.SCORED


def test_networks_are_tiny_and_nothing_grows(small):
    tiny = models.model_class("cyclegan").TINY
    assert {name: small.model[name] for name in tiny} == tiny
    assert small.model.identity == 0.5
    judge = small.requires.judge
    assert (judge.model.widths, judge.model.input_size) == ((4, 4, 4, 8), 32)
    assert judge.requires.start.model.input_size == 0
    assert [run.data.size for run in (small, judge, judge.requires.start)] == [32, 32, 32]
    assert small.data.load_size == 36
    built = run()
    built.model.blocks = 0
    assert config.apply(built, "quick", config.quick).model.blocks == 0


def test_two_steps_are_evaluated_and_kept_one_by_one(small):
    assert (small.steps, small.batch_size, small.requires.judge.steps) == (2, 8, 2)
    assert (small.evals.test.every, small.evals.samples.every, small.evals.samples.num) == (1, 2, 16)
    assert (small.checkpoint_rule, small.checkpoint_every, small.log_every) == ("last", 1, 1)
    built = run()
    built.steps = 0
    assert config.apply(built, "quick", config.quick).steps == 0


def test_what_is_trained_beside_generated_images_is_not_what_they_are_scored_on():
    built = run()
    roles = {name: config.role("photos[test]") for name in ("image", "reference")}
    built.evals.scores = {"kind": "generation", "every": 0, "roles": roles}
    config.quick(built)
    roles = built.evals.scores.roles
    assert (roles.image.split, roles.reference.split) == (quick.SCORED, quick.LEARNED)
