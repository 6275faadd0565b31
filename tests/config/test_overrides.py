"""Every field that a role, a data set or an evaluation may have can be given on the command line."""

from pathlib import Path

import pytest

from gan_jax import arguments, config
from gan_jax.config import overrides
from gan_jax.data.roles import DEFAULTS
from gan_jax.errors import ConfigError

CONFIGS = Path(__file__).parents[2] / "configs"


def changed(*args, name="gan_mnist"):
    made = config.load(f"{CONFIGS}/{name}.py")
    rest, found = overrides.separated([f"--config.{arg}" for arg in args], made)
    overrides.add(made, found)
    return made, rest


def get(made, name):
    for key in name.split("."):
        made = made[key]
    return made


@pytest.mark.parametrize(
    ("arg", "value"),
    [
        ("data.roles.image.classes=True", True),
        ("data.roles.image.channels=3", 3),
        ("data.roles.image.crop=(10,20)", (10, 20)),
        ("data.roles.image.crop=[10, 20]", (10, 20)),
        ("data.roles.image.attributes=Male,Young", ("Male", "Young")),
        ("data.roles.image.attributes=('Male',)", ("Male",)),
        ("data.roles.image.attributes_file=1", "1"),
        ("data.roles.image.resize=squeeze", "squeeze"),
        ("data.sets.images.files.train=photos/", "photos/"),
        ("data.sets.images.label_maps.train=maps", "maps"),
        ("data.sets.images.label_lists.train=list.txt", "list.txt"),
        ("data.roles.image.files.train=a=b", "a=b"),
        ("requires.judge.data.roles.image.derive=edges", "edges"),
        ("requires.judge.data.roles.image.files.train=x", "x"),
        ("evals.test.roles.image.classes=true", True),
        ("evals.test.features=inception", "inception"),
        ("evals.test.weights=x.pth", "x.pth"),
        ("evals.test.k=5", 5),
        ("evals.test.untrained=False", False),
        ("evals.test.num=9", 9),
        ("weights.inception=x.pth", "x.pth"),
    ],
)
def test_a_field_that_is_not_there_is_taken_with_its_type(arg, value):
    made, rest = changed(arg)
    found = get(made, arg.partition("=")[0])
    assert not rest and (found, type(found)) == (value, type(value))
    assert made.is_locked


@pytest.mark.parametrize("field", sorted(set(DEFAULTS) - {"name", "files", "label_lists", "label_maps"}))
def test_every_field_of_a_role_is_taken(field):
    listed = {"crop": "(1, 2)", "exclude": "(1, 2)", "label_colours": "((1, 2, 3),)"}.get(field, "a,b")
    texts = {bool: "True", int: "1", str: "x", tuple: listed}
    made, rest = changed(f"data.roles.image.{field}={texts[type(DEFAULTS[field])]}")
    assert bool(rest) == (field in ("split", "exclude", "labels"))  # these are there already
    if not rest:
        assert field in made.data.roles.image


def test_a_split_of_a_role_joins_those_of_its_set():
    made, _ = changed("data.sets.images.files.train=t", "data.roles.image.files.more=x")
    assert made.data.roles.image.files.to_dict() == {"train": "t", "more": "x"}


def test_the_command_line_hands_such_fields_on():
    file, given = f"--config={CONFIGS}/gan_mnist.py:quick", "--config.data.roles.image.channels=1"
    assert arguments._separated(["main", file, given, "--config.steps=1"]) == (
        ["main", file, "--config.steps=1"],
        [("data.roles.image.channels", 1)],
    )
    assert arguments._separated(["main", "--config=nowhere.py", given]) == (
        ["main", "--config=nowhere.py", given],
        [],
    )


@pytest.mark.parametrize(
    "arg",
    [
        "data.roles.image.clases=True",
        "data.roles.imag.classes=True",
        "evals.test.kk=3",
        "evals.tst.k=3",
        "steps=3",
    ],
)
def test_fields_that_are_there_or_that_nothing_reads_are_left_to_the_parser(arg):
    assert changed(arg)[1] == [f"--config.{arg}"]


@pytest.mark.parametrize(
    ("arg", "allowed"),
    [
        ("data.roles.image.classes=maybe", "True or False"),
        ("data.roles.image.channels=x", "a whole number"),
        ("data.roles.image.crop=10", 'a list, each item a whole number, such as "(1, 2)"'),
        ("data.roles.image.exclude=a,b", 'a list, each item a whole number, such as "(1, 2)"'),
        ("data.roles.image.exclude=(1,", 'a list, each item a whole number, such as "(1, 2)"'),
        ("evals.test.k=2.5", "a whole number"),
    ],
)
def test_a_value_of_another_type_is_refused(arg, allowed):
    name, _, text = arg.partition("=")
    with pytest.raises(ConfigError) as caught:
        changed(arg)
    assert str(caught.value) == f"config.{name}={text!r} is not allowed; allowed: {allowed}"


@pytest.mark.parametrize(
    ("name", "arg", "taken"),
    [
        ("stylegan2_celeba", "model.augment_kinds=colour,cutout", ("colour", "cutout")),
        ("stylegan2_celeba", "model.augment_kinds=colour", ("colour",)),
        ("stylegan2_celeba", "model.augment_kinds=('colour',)", ("colour",)),
        ("stylegan2_celeba", "model.augment_kinds=colour, cutout", ("colour", "cutout")),
        ("stylegan2_celeba", "model.augment_kinds=", ()),
        ("gan_mnist", "data.roles.image.exclude=3", (3,)),
        ("gan_mnist", "data.roles.image.exclude=3,4", (3, 4)),
        ("gan_mnist", "data.roles.image.exclude=[3]", (3,)),
        ("dtn_digits", "requires.f.model.widths=4,8", (4, 8)),
        ("stargan_celeba", "model.labels=('Male','Young'),", (("Male", "Young"),)),
    ],
)
def test_a_list_that_is_there_may_be_written_without_brackets(name, arg, taken):
    field = arg.partition("=")[0]
    made, rest = changed(arg, name=name)
    assert rest == [f"--config.{field}={taken!r}"] and isinstance(get(made, field), tuple)


@pytest.mark.parametrize(
    ("name", "arg", "form"),
    [
        ("stargan_celeba", "model.labels=Male,Young", "each item a list, each item a text"),
        ("stylegan2_celeba", "model.augment_kinds=('colour'", "each item a text"),
    ],
)
def test_a_list_that_is_not_understood_is_refused_with_the_fields_own_value(name, arg, form):
    field, _, text = arg.partition("=")
    own = get(config.load(f"{CONFIGS}/{name}.py"), field)
    assert own
    with pytest.raises(ConfigError) as caught:
        changed(arg, name=name)
    told = f'config.{field}={text!r} is not allowed; allowed: a list, {form}, such as "{own}"'
    assert str(caught.value) == told


def test_a_field_below_something_that_is_not_there_is_refused():
    """`--data` may have replaced the data set, or left out the evaluation, that a field belongs to."""
    found = config.default()
    for name in ("data.sets.photos.resize", "evals.test.every", "requires.judge.steps"):
        before = found.to_dict()
        with pytest.raises(ConfigError, match=f"config.{name}='x': '{name.split('.')[-2]}' "):
            overrides.add(found, [(name, "x")])
        assert found.to_dict() == before
