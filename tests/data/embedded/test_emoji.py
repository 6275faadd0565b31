"""Facts about the cartoon faces: fixed by a seed, drawn row by row, every attribute visible."""

import dataclasses
import functools

import levels
import numpy as np
import pytest

from gan_jax import data
from gan_jax.data.embedded.emoji import canvas as emoji_canvas
from gan_jax.data.embedded.emoji import draw as emoji_draw
from gan_jax.data.embedded.emoji import face as emoji_face
from gan_jax.data.embedded.emoji import read as emoji
from gan_jax.data.embedded.emoji.face import CHOICES, Face
from gan_jax.errors import DataError

CELEBA = """
5_o_Clock_Shadow Arched_Eyebrows Attractive Bags_Under_Eyes Bald Bangs Big_Lips Big_Nose Black_Hair
Blond_Hair Blurry Brown_Hair Bushy_Eyebrows Chubby Double_Chin Eyeglasses Goatee Gray_Hair Heavy_Makeup
High_Cheekbones Male Mouth_Slightly_Open Mustache Narrow_Eyes No_Beard Oval_Face Pale_Skin Pointy_Nose
Receding_Hairline Rosy_Cheeks Sideburns Smiling Straight_Hair Wavy_Hair Wearing_Earrings Wearing_Hat
Wearing_Lipstick Wearing_Necklace Wearing_Necktie Young
"""


SMALL_BLOCK = functools.cache(emoji._block.__wrapped__)  # keeps the blocks of the small set between tests


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(emoji, "SIZES", {"train": 40, "validation": 10, "test": 20})
    monkeypatch.setattr(emoji, "_BLOCK", 16)
    monkeypatch.setattr(emoji, "_block", SMALL_BLOCK)


@pytest.fixture(scope="module")
def faces():
    rng = np.random.default_rng(0)
    return [emoji_face.sample(rng) for _ in range(2000)]


@pytest.fixture(scope="module")
def labels(faces):
    return np.stack([emoji_face.attributes(face) for face in faces])


def pixels(face: Face) -> np.ndarray:
    return np.asarray(emoji_draw.draw(face)).astype(int)


def column(name: str) -> int:
    return emoji.ATTRIBUTES.index(name)


def test_attributes_are_celebas_by_name_and_order():
    assert list(emoji.ATTRIBUTES) == [name for name in CELEBA.split() if name in emoji.ATTRIBUTES]
    assert len(emoji.ATTRIBUTES) == 23


def test_shapes_types_and_sizes_of_the_splits(small):
    counts = [len(data.load({"name": "emoji", "split": split}, size=64)) for split in emoji.SIZES]
    assert counts == [40, 10, 20]
    columns = data.load({"name": "emoji", "split": "test"}, size=32).columns
    assert columns["image"].shape == (20, 32, 32, 3) and columns["image"].dtype == np.uint8
    assert columns["label"].shape == (20, 23) and columns["label"].dtype == np.int32
    assert set(np.unique(columns["label"])) == {0, 1}


def test_sizes_as_published():
    assert emoji.SIZES == {"train": 8000, "validation": 1000, "test": 2000}


def test_same_seed_same_bytes_and_another_seed_other_ones(small):
    first = emoji.read("train").columns
    emoji._block.cache_clear()
    again = emoji.read("train").columns
    other = emoji.read("train", seed=1).columns
    for name in ("image", "label"):
        np.testing.assert_array_equal(first[name], again[name])
    assert (first["image"] != other["image"]).any(axis=(1, 2, 3)).all()


def test_no_face_is_in_two_splits_or_twice(small):
    images = emoji.read("train+validation+test").columns["image"]
    assert len({image.tobytes() for image in images}) == 70


@pytest.mark.parametrize(
    ("split", "rows"),
    [("train[:5]", np.r_[:5]), ("train[10:35]", np.r_[10:35]), ("train[-1:]+train[16:32]", np.r_[39, 16:32])],
)
def test_slices_are_rows_of_the_split(small, split, rows):
    whole, part = emoji.read("train").columns, emoji.read(split).columns
    for name in ("image", "label"):
        np.testing.assert_array_equal(part[name], whole[name][rows])


def test_a_slice_draws_the_blocks_that_it_touches_and_no_more(small):
    emoji._block.cache_clear()
    emoji.read("train[17:30]")
    assert emoji._block.cache_info().misses == 1
    emoji.read("train[:33]")
    assert emoji._block.cache_info().misses == 3


def test_unknown_splits_and_empty_slices_are_refused(small):
    with pytest.raises(DataError, match=r"'extra' of emoji .* train \(40\), validation \(10\), test \(20\)"):
        data.check({"name": "emoji", "split": "extra"})
    with pytest.raises(DataError, match=r"'train\[5:5\]' of emoji holds no example"):
        data.load({"name": "emoji", "split": "train[5:5]"}, size=64)


def test_attributes_are_the_columns_asked_for_in_that_order(small):
    whole = emoji.read("test").columns
    spec = {"name": "emoji", "split": "test", "attributes": ("Young", "Bald")}
    data.check(spec)
    part = data.load(spec, size=64).columns
    np.testing.assert_array_equal(part["label"], whole["label"][:, [column("Young"), column("Bald")]])
    np.testing.assert_array_equal(part["image"], whole["image"])
    for function in (data.check, lambda spec: data.load(spec, size=64)):
        with pytest.raises(DataError, match=r"'Yuong' of emoji is not known; did you mean 'Young'\?"):
            function({"name": "emoji", "attributes": ("Yuong",)})


def test_labels_can_be_dropped_and_attributes_are_no_classes_to_exclude(small):
    bare = data.load({"name": "emoji", "labels": False}, size=64)
    assert set(bare.columns) == {"image"}
    words = r"cannot exclude labels \(1,\): labels are attributes, int32 \[40, 23\]; expected one class each"
    with pytest.raises(DataError, match=words):
        emoji.read("train").excluding((1,))


def test_attributes_are_neither_rare_nor_nearly_always_there(labels):
    shares = dict(zip(emoji.ATTRIBUTES, labels.mean(0), strict=True))
    assert 0.68 < shares.pop("No_Beard") < 0.78
    for name, share in shares.items():
        assert 0.09 < share < 0.61, f"{name}: {share}"


def test_what_goes_together_goes_together(labels):
    has = {name: labels[:, column(name)] == 1 for name in emoji.ATTRIBUTES}
    assert not (has["Male"] & (has["Wearing_Lipstick"] | has["Heavy_Makeup"])).any()
    assert not (~has["Male"] & (has["Mustache"] | has["Goatee"] | ~has["No_Beard"] | has["Bald"])).any()
    assert not (has["Goatee"] & has["No_Beard"]).any()
    assert not (has["Young"] & has["Gray_Hair"]).any()
    assert not (has["Bald"] & (has["Bangs"] | has["Wavy_Hair"] | has["Wearing_Hat"])).any()
    colours = np.sum([has[f"{name}_Hair"] for name in ("Black", "Blond", "Brown", "Gray")], axis=0)
    assert colours.max() == 1
    assert (
        has["Bald"][has["Male"] & ~has["Young"]].mean() > 2 * has["Bald"][has["Male"] & has["Young"]].mean()
    )


def test_factors_that_are_no_attribute_vary(faces):
    for field, choices in CHOICES.items():
        assert {getattr(face, field) for face in faces} == set(choices), field
    for field in ("width", "height", "jaw", "chin", "tilt", "scale", "eye_size", "mouth_width", "volume"):
        assert np.std([getattr(face, field) for face in faces]) > 0.02, field


def test_every_choice_of_every_factor_is_drawn_differently():
    base = Face(hair="short", hat="cap", glasses="square", beard="full", lipstick="red", freckles=True)
    for field, choices in CHOICES.items():
        start = {"parting": Face(hair="short"), "hair": Face(), "hair_colour": Face()}.get(field, base)
        drawn = {pixels(dataclasses.replace(start, **{field: choice})).tobytes() for choice in choices}
        assert len(drawn) == len(choices), field


def test_an_unknown_factor_is_refused():
    with pytest.raises(ValueError, match=r"hat='top' is not allowed; allowed: '', 'beanie', 'cap', 'brim'"):
        Face(hat="top")


# Factors that turn an attribute on or off in any face that may have it, the attribute's place in the picture
# as (left, top, right, bottom), and the least number of pixels there that change by more than 20 of 255.
def _either(field, on, off=""):
    return lambda face: {field: off if getattr(face, field) else on}


def _flip(field):
    return lambda face: {field: not getattr(face, field)}


def _colour(name):
    def change(face):
        return {"hair_colour": "red" if face.hair_colour == name else name}

    return change


def _fringe(face):
    return {"parting": "side" if face.parting == "bangs" else "bangs"}


def _waves(face):
    return {"texture": "wavy" if face.texture == "straight" else "straight"}


EYES, MOUTH, CHIN, ALL = (8, 18, 56, 46), (16, 34, 48, 56), (10, 30, 54, 64), (0, 0, 64, 64)
LOOSE = {"short", "bob", "long"}
ON_TOP = {*LOOSE, "bun", "ponytail"}
CHANGES = {
    "Arched_Eyebrows": (_flip("arched"), lambda face: True, EYES, 15),
    "Bald": (lambda face: {"hair": "bald"}, lambda face: face.hair in ON_TOP and not face.hat, ALL, 100),
    "Bangs": (_fringe, lambda face: face.hair in LOOSE and not face.hat, (2, 0, 62, 44), 40),
    "Black_Hair": (_colour("black"), lambda face: face.hair in ON_TOP, ALL, 60),
    "Blond_Hair": (_colour("blond"), lambda face: face.hair in ON_TOP, ALL, 60),
    "Brown_Hair": (_colour("brown"), lambda face: face.hair in ON_TOP, ALL, 60),
    "Bushy_Eyebrows": (_flip("bushy"), lambda face: True, EYES, 20),
    "Eyeglasses": (_either("glasses", "round"), lambda face: True, EYES, 60),
    "Goatee": (_either("beard", "goatee"), lambda face: face.male and face.beard != "full", CHIN, 30),
    "Gray_Hair": (_colour("grey"), lambda face: face.hair in ON_TOP, ALL, 60),
    "Heavy_Makeup": (_either("eye_shadow", "blue"), lambda face: not face.male, EYES, 8),
    "Male": (_flip("male"), lambda face: True, ALL, 80),
    "Mouth_Slightly_Open": (_flip("mouth_open"), lambda face: True, MOUTH, 15),
    "Mustache": (_flip("moustache"), lambda face: face.male, MOUTH, 8),
    "No_Beard": (_either("beard", "full"), lambda face: face.male, CHIN, 40),
    "Pale_Skin": (lambda face: {"skin": 0 if face.skin else 1}, lambda face: face.skin < 2, ALL, 200),
    "Rosy_Cheeks": (_flip("blush"), lambda face: True, (10, 32, 54, 50), 15),
    "Smiling": (_flip("smile"), lambda face: True, MOUTH, 8),
    "Wavy_Hair": (_waves, lambda face: face.hair in ON_TOP and not face.hat, ALL, 50),
    "Wearing_Earrings": (_either("earrings", "stud"), lambda face: True, (4, 32, 60, 56), 12),
    "Wearing_Hat": (_either("hat", "cap"), lambda face: face.hair in ON_TOP, (0, 0, 64, 44), 200),
    "Wearing_Lipstick": (_either("lipstick", "pink"), lambda face: not face.male, MOUTH, 10),
    "Young": (_flip("young"), lambda face: face.glasses != "sun", (10, 12, 54, 54), 8),
}  # fmt: skip


def test_every_attribute_has_its_change():
    assert tuple(CHANGES) == emoji.ATTRIBUTES


@levels.parametrize("name", CHANGES, kept=("Black_Hair", "Male", "Smiling"))
def test_a_label_is_to_be_seen_in_its_place(faces, name):
    change, fits, (left, top, right, bottom), least = CHANGES[name]
    chosen = [face for face in faces[:400] if fits(face)][:25]
    assert len(chosen) > 20
    for face in chosen:
        other = dataclasses.replace(face, **change(face))
        differ = emoji_face.attributes(face) != emoji_face.attributes(other)
        assert differ[column(name)]
        changed = np.abs(pixels(face) - pixels(other)).max(-1) > 20
        assert changed[top:bottom, left:right].sum() >= least, face
        assert changed.sum() == changed[top:bottom, left:right].sum(), face


def test_only_the_attribute_of_a_factor_changes_with_it():
    face = Face(male=True, hair="short")
    for name in (
        "Arched_Eyebrows",
        "Bushy_Eyebrows",
        "Eyeglasses",
        "Male",
        "Smiling",
        "Wearing_Hat",
        "Young",
    ):
        other = dataclasses.replace(face, **CHANGES[name][0](face))
        differ = emoji_face.attributes(face) != emoji_face.attributes(other)
        assert [emoji.ATTRIBUTES[k] for k in np.flatnonzero(differ)] == [name]


def test_a_tilted_face_is_the_upright_one_turned_against_the_clock():
    upright, tilted = (emoji_draw.draw(Face(tilt=tilt, ground=0)) for tilt in (0.0, 0.14))
    back = tilted.rotate(-np.degrees(0.14), resample=2, center=emoji_canvas._ORIGIN)
    inner = np.s_[16:50, 16:48]
    away = np.abs(np.asarray(back).astype(float) - np.asarray(upright))[inner].mean()
    unturned = np.abs(np.asarray(tilted).astype(float) - np.asarray(upright))[inner].mean()
    assert away < unturned / 2


def test_a_curve_passes_through_its_points_and_a_closed_one_returns():
    points = np.array([(0.0, 0.0), (2.0, 1.0), (3.0, 4.0), (1.0, 5.0)])
    for closed, count in ((False, 3 * 6 + 1), (True, 4 * 6)):
        curve = emoji_canvas.smooth(points, closed)
        assert curve.shape == (count, 2)
        np.testing.assert_allclose(curve[:: emoji_canvas._STEPS][:4], points, atol=1e-12)
    # A straight line stays straight, since the weights of every place sum to one.
    line = emoji_canvas.smooth(np.stack([np.arange(5.0), 2 * np.arange(5.0)], 1))
    np.testing.assert_allclose(line[:, 1], 2 * line[:, 0], atol=1e-12)
