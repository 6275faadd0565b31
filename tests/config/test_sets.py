"""Data sets that are described once: what a role takes from its set, and which runs may use which sets."""

import pytest

from gan_jax import config
from gan_jax.config import sets
from gan_jax.errors import ConfigError

TABLE = {"attributes": ("Male",), "attributes_file": "list.txt"}
PHOTOS = config.dataset(files={"train": "photos"}, **TABLE, crop=(8, 8), embedded="emoji")


def run(**roles):
    """A run of a classifier of photographs."""
    built = config.classifier("run", config.role("photos"), config.role("photos[train[8:]]"), steps=2)
    built.data.sets.photos = PHOTOS
    built.data.roles.update(roles)
    return built


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("photos", ("photos", "train")),
        ("photos[test]", ("photos", "test")),
        ("photos[test[:8000]+train]", ("photos", "test[:8000]+train")),
        ("photos[train[63%:65%]]", ("photos", "train[63%:65%]")),
    ],
)
def test_a_role_names_a_set_and_slices_of_its_splits(place, expected):
    found = config.role(place)
    assert (found["set"], found["split"]) == expected
    assert (found["labels"], found["exclude"]) == (True, ())


@pytest.mark.parametrize("place", ["", "photos[", "photos[]", "[train]", "a b[train]"])
def test_a_place_that_cannot_be_read_is_refused(place):
    with pytest.raises(ConfigError, match="is not understood; expected SET or SET"):
        config.role(place)


def test_a_misspelt_field_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match=r"^a data set's field 'corp' is not known; did you mean 'crop'"):
        config.dataset("mnist", corp=(8, 8))
    with pytest.raises(ConfigError, match=r"^a role's field 'lables' is not known; did you mean 'labels'"):
        config.role("photos", lables=False)


def test_an_embedded_set_stands_for_itself():
    assert config.dataset("digits_plain")["embedded"] == "digits_plain"
    assert config.dataset("mnist")["embedded"] == ""


def test_a_roles_own_field_wins_over_its_sets():
    spec = config.role("photos[test]", crop=(4, 4), exclude=(3,))
    found = config.resolve(spec, {"photos": PHOTOS})
    assert (found["crop"], found["exclude"], found["split"]) == ((4, 4), (3,), "test")
    assert (found["files"], found["attributes"]) == ({"train": "photos"}, ("Male",))
    assert not {"set", "embedded"} & set(found)


def test_a_role_without_a_set_stays_as_it_is():
    spec = config.inline("mnist", "test", channels=3)
    assert config.resolve(spec, {}) == spec


def test_images_without_labels_need_no_table_of_attributes_unless_these_choose_among_them():
    tables = {
        asked: [config.resolve(config.role("photos", **fields), {"photos": PHOTOS})[k] for k in TABLE]
        for asked, fields in {
            "label": {},
            "nothing": {"labels": False},
            "some": {"labels": False, "lacking": ("Male",)},
            "own": {"labels": False, "attributes": ("Bald",)},
        }.items()
    }
    assert tables["label"] == tables["some"] == [("Male",), "list.txt"]
    assert tables["nothing"] == [(), ""]
    assert tables["own"] == [("Bald",), ""]


def requiring():
    """A run that requires a second run, which requires a third. All roles name sets of the first alone."""
    outer, middle, inner = run(), run(), run()
    middle.data.sets, inner.data.sets = {}, {}
    outer.data.sets.other = config.dataset("digits_plain")
    inner.data.roles.image = config.role("other[test]")
    middle.requires.start = inner
    outer.requires.f = middle
    return outer


def test_required_runs_of_required_runs_refer_to_the_sets_of_the_first():
    built = requiring()
    config.validate(built)
    found = config.resolved(built)
    assert found.requires.f.data.roles.image.files.train == "photos"
    assert found.requires.f.requires.start.data.roles.image.name == "digits_plain"
    assert found.requires.f.requires.start.evals.test.roles.image.split == "train[8:]"
    assert [len(place.data.sets) for place in (found, found.requires.f, found.requires.f.requires.start)] == [
        0,
        0,
        0,
    ]
    assert built.data.roles.image.set == "photos"  # a copy, so the original stays


def test_a_required_run_inherits_the_sets_that_it_uses_and_keeps_its_own():
    built = requiring()
    built.data.sets.unused = config.dataset("emoji")
    middle, inner = built.requires.f, built.requires.f.requires.start
    sets.inherit(built, middle)
    assert set(middle.data.sets) == {"photos", "other"}
    sets.inherit(middle, inner)
    assert set(inner.data.sets) == {"photos", "other"}
    built = requiring()
    built.requires.f.data.sets.photos = config.dataset("mnist")
    sets.inherit(built, built.requires.f)
    assert built.requires.f.data.sets.photos.name == "mnist"


@pytest.mark.parametrize(
    ("place", "where"),
    [
        (lambda built: built.data.roles, "data.roles.image"),
        (lambda built: built.evals.test.roles, "evals.test.roles.image"),
        (lambda built: built.requires.f.data.roles, "requires.f.data.roles.image"),
        (lambda built: built.requires.f.requires.start.evals.test.roles, "requires.f.requires.start.evals."),
    ],
)
def test_an_unknown_set_is_refused_with_the_nearest(place, where):
    built = requiring()
    place(built).image.set = "photo"
    with pytest.raises(ConfigError) as error:
        config.validate(built)
    assert str(error.value).startswith(where)
    assert "set='photo' is not known; did you mean 'photos'? known: other, photos" in str(error.value)


def test_what_a_set_and_a_role_say_together_is_checked():
    built = run()
    built.data.sets.photos.derive = "edgy"
    with pytest.raises(ConfigError, match=r"^data\.roles\.image: a role's derive='edgy' is not allowed"):
        config.validate(built)
    built = run()
    built.data.sets.photos.embedded = "emojis"
    with pytest.raises(ConfigError, match=r"^data\.sets\.photos\.embedded='emojis' is not known; did you"):
        config.validate(built)
