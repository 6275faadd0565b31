"""A user's own folders in place of a configuration's data sets, and the fields that follow from them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_jax import config, data
from gan_jax.config import following, own_data
from gan_jax.data import splits
from gan_jax.errors import ConfigError, DataError

CONFIGS = Path(__file__).parents[2] / "configs"


def pictures(folder, count, mode="RGB"):
    """Writes pictures 000.png and so on, each of one shade."""
    folder.mkdir(parents=True)
    for i in range(count):
        Image.new(mode, (8, 8), i if mode == "L" else (i, 2 * i, 9)).save(folder / f"{i:03d}.png")
    return folder


def made(name, *places, **roles):
    file, _, variants = name.partition(":")
    found = config.load(f"{CONFIGS}/{file}.py:{variants}")
    named = ",".join(f"{role}={place}" for role, place in roles.items())
    own_data.use(found, named or str(places[0]))
    config.validate(found)
    return found


def rows(split, sizes):
    """The numbers of the rows of a split's expression."""
    return [row for _, part in splits.parse(split, sizes, "test") for row in range(part.start, part.stop)]


def loaded(found, role):
    return data.load(config.resolve(role, found.data.sets), size=8)


def test_the_last_tenth_is_held_out_of_training_and_only_it_is_scored(tmp_path):
    found = made("dcgan", pictures(tmp_path / "photos", 30))
    learned = loaded(found, found.data.roles.image).columns["image"][:, 0, 0, 0]
    scored = loaded(found, found.evals.samples.roles.image).columns["image"][:, 0, 0, 0]
    assert learned.tolist() == list(range(27)) and scored.tolist() == [27, 28, 29]
    assert found.name == "dcgan_photos" and found.is_locked


def test_at_most_2000_images_are_held_out(tmp_path, monkeypatch):
    place = data.places.find(str(pictures(tmp_path / "photos", 3)))
    object.__setattr__(place, "sizes", {"train": 50_000})
    monkeypatch.setattr(data.places, "find", lambda *args, **kwargs: place)
    found = made("dcgan", "photos")
    assert found.data.roles.image.split == "train[0:48000]"
    assert found.evals.samples.roles.image.split == "train[48000:50000]"


def test_an_npz_of_keras_layout_is_learned_whole_and_scored_on_its_test_images(tmp_path):
    shades = {"x_train": np.arange(30), "x_test": np.arange(100, 104)}
    arrays = {
        k: np.broadcast_to(v[:, None, None], (len(v), 8, 8)).astype(np.uint8) for k, v in shades.items()
    }
    np.savez(tmp_path / "set.npz", **arrays, y_train=np.arange(30) % 3, y_test=np.arange(4) % 3)
    place = data.places.find(str(tmp_path / "set.npz"))
    assert (dict(place.sizes), place.channels, place.classes) == ({"train": 30, "test": 4}, 1, 3)
    found = made("dcgan", tmp_path / "set.npz")
    learned, scored = (loaded(found, r) for r in (found.data.roles.image, found.evals.samples.roles.image))
    assert learned.columns["image"][:, 0, 0, 0].tolist() == list(range(30))
    assert scored.columns["image"][:, 0, 0, 0].tolist() == [100, 101, 102, 103]


@pytest.mark.parametrize("validation", [False, True])
def test_each_class_gives_its_last_tenth(tmp_path, validation):
    pictures(tmp_path / "flowers/rose", 20)
    pictures(tmp_path / "flowers/tulip", 30)
    name = "dtn_digits" if validation else "dtn"
    found = made(name, source=tmp_path / "flowers", target=tmp_path / "flowers")
    f, tests = found.requires.f, found.evals
    parts = [
        f.data.roles.image,
        *([tests.validation.roles.source] if validation else []),
        tests.test.roles.source,
    ]
    chosen = [rows(part.split, {"train": 50}) for part in parts]
    assert sorted(row for part in chosen for row in part) == list(range(50))  # each image in one part
    assert chosen[0] == [*range(18), *range(20, 47)]
    label = loaded(found, parts[-1]).columns["label"]
    assert np.bincount(label).tolist() == ([1, 2] if validation else [2, 3])
    assert f.model.num_classes == found.requires.judge.model.num_classes == 2
    assert found.requires.judge.data.roles.image.split == f.data.roles.image.split


def test_parts_of_a_folder_are_used_as_they_are(tmp_path):
    for part, count in {"train": 5, "val": 2, "test": 3}.items():
        pictures(tmp_path / "photos" / part, count)
    found = made("dcgan", tmp_path)  # the folder has one sub-folder, which stands for it
    assert found.data.roles.image.split == "train"
    assert found.evals.samples.roles.image.split == "test"
    assert len(loaded(found, found.data.roles.image)) == 5
    assert len(loaded(found, found.evals.samples.roles.image)) == 3


def test_training_images_that_scores_compare_with_are_training_images(tmp_path):
    for name in "ab":
        pictures(tmp_path / name, 50)
    roles = made("dcgan_mnist", tmp_path).evals.test.roles
    assert roles.reference.split == "train[0:45]+train[50:95]"
    assert roles.image.split == "train[45:50]+train[95:100]"


def test_two_domains_in_one_folder(tmp_path):
    for part, count in {"trainA": 4, "trainB": 5, "testA": 2, "testB": 3}.items():
        pictures(tmp_path / part, count)
    found = made("cyclegan", tmp_path)
    counts = [
        len(loaded(found, role)) for role in (*found.data.roles.values(), *found.evals.test.roles.values())
    ]
    assert counts == [4, 5, 2, 3]


def test_pairs_beside_each_other_and_in_two_folders(tmp_path):
    sheet = Image.new("RGB", (16, 8), (10, 10, 10))
    sheet.paste((200, 200, 200), (8, 0, 16, 8))
    (tmp_path / "pairs").mkdir()
    for i in range(10):
        sheet.save(tmp_path / f"pairs/{i}.png")
    found = made("pix2pix", tmp_path / "pairs")
    shades = [loaded(found, role).columns["image"].mean() for role in found.data.roles.values()]
    assert shades == [10, 200]
    two = made("pix2pix", source=pictures(tmp_path / "a", 10), target=pictures(tmp_path / "b", 10))
    assert not any("side" in role for role in two.data.roles.values())
    assert [len(loaded(two, role)) for role in two.data.roles.values()] == [9, 9]


def test_grey_images_stay_grey(tmp_path):
    found = made("dcgan", pictures(tmp_path / "scans", 10, "L"))
    assert found.model.channels == 1
    assert loaded(found, found.data.roles.image).columns["image"].shape[-1] == 1
    photos = pictures(tmp_path / "photos", 10)
    two = made("discogan", source=tmp_path / "scans", target=photos)
    assert (two.model.source_channels, two.model.target_channels) == (1, 3)
    identity = made("cyclegan", source=tmp_path / "scans", target=photos)  # needs equal channels
    assert (identity.model.source_channels, identity.model.target_channels) == (3, 3)
    assert loaded(identity, identity.data.roles.source).columns["image"].shape[-1] == 3


def test_what_needs_labels_is_left_out_without_them(tmp_path, caplog):
    caplog.set_level("INFO")
    found = made("dcgan_mnist", pictures(tmp_path / "photos", 20))
    assert not found.requires and list(found.evals) == ["samples"]
    assert "the required run judge is left out" in caplog.text
    pictures(tmp_path / "animals/cat", 10)
    pictures(tmp_path / "animals/dog", 10)
    half = made("dtn_digits", source=tmp_path / "animals", target=tmp_path / "photos")
    assert list(half.requires) == ["f"] and list(half.evals) == ["samples"]
    assert (half.best, half.checkpoint_rule) == ("", "last")


def test_attributes_that_only_a_score_reads_are_left_out_where_the_images_have_none(tmp_path, caplog):
    caplog.set_level("INFO")
    for name in ("photos", "classes/cat", "classes/dog"):
        pictures(tmp_path / name, 20)
    for place in (tmp_path / "photos", tmp_path / "classes", "digits_plain"):
        found = made("pggan_celeba", place)
        assert not found.requires and list(found.evals) == ["samples"]
        assert not found.data.sets.image.get("attributes") and not found.data.sets.image.get("classes")
    assert "the required run judge is left out" in caplog.text
    (tmp_path / "photos/attributes.csv").write_text("file,Male\n000.png,1\n")
    assert list(made("pggan_celeba", tmp_path / "photos").requires) == ["judge"]
    assert list(made("pggan_celeba", "emoji").requires) == ["judge"]
    pictures(tmp_path / "bare", 20)
    with pytest.raises(DataError, match=r"no attributes\.csv"):
        loaded(kept := made("stargan", tmp_path / "bare"), kept.data.roles.a)


def test_a_score_whose_weights_are_missing_is_refused_and_not_left_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where the file of weights is looked for
    found = config.load(f"{CONFIGS}/dcgan.py:inception")
    own_data.use(found, str(pictures(tmp_path / "photos", 20)))
    with pytest.raises(ConfigError, match=r"^evals\.test\.weights='pt_inception-.*' cannot be read"):
        config.validate(found)


def test_a_model_of_classes_learns_the_folders(tmp_path):
    for name in ("2", "10", "x"):
        pictures(tmp_path / "shapes" / name, 4)
    found = made("cgan", tmp_path / "shapes")
    assert found.model.num_classes == found.evals.samples.classes == 3
    assert found.requires.judge.model.num_classes == 3
    assert found.requires.judge.name == f"judge_{found.name.partition('_')[2]}"


def test_only_the_named_role_changes(tmp_path):
    found = made("dtn_digits", target=pictures(tmp_path / "drawings", 20))
    assert found.data.roles.source.set == "street" and found.data.roles.target.set == "target"
    assert set(found.data.sets) == {"street", "target"}


@pytest.mark.parametrize(
    ("name", "place", "message"),
    [
        ("cyclegan", "{photos}", "is one place for the roles source, target; allowed: source=PLACE,target="),
        ("cgan", "{photos}", "has no labels, which role 'image' needs"),
        ("dtn", "source={photos},target={photos}", "has no labels, which the required run 'f' learns"),
        ("dcgan", "source={photos}", "role 'source' is not known; known: image"),
        ("dcgan", "{few}", "has 1 images; allowed: 2 or more"),
        ("cyclegan", "source={photos},source={photos}", "allowed: each role once"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(tmp_path, name, place, message):
    where = {"photos": pictures(tmp_path / "photos", 20), "few": pictures(tmp_path / "few", 1)}
    with pytest.raises(ConfigError) as error:
        made(name, place.format(**where))
    assert message in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("place", ["./nothing", "nothing.zip", "nothing/", "nothing_of_that_name"])
def test_a_missing_place_is_named(place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=f"^data='{place}': there is no such file"):
        made("dcgan", place)


def test_places_are_relative_to_the_working_folder_and_then_to_the_folder_of_files(tmp_path, monkeypatch):
    pictures(tmp_path / "here/photos", 20)
    pictures(tmp_path / "files/photos", 30)
    pictures(tmp_path / "files/others", 40)
    monkeypatch.setenv("GAN_JAX_DATA", str(tmp_path / "files"))
    monkeypatch.chdir(tmp_path / "here")
    assert made("dcgan", "photos").data.roles.image.split == "train[0:18]"
    assert made("dcgan", "others").data.roles.image.split == "train[0:36]"


def test_a_folder_with_the_name_of_an_embedded_set_is_not_mistaken_for_it(tmp_path, monkeypatch):
    pictures(tmp_path / "paintings", 20)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"^data='paintings' is the name of an embedded .*'\./paintings'"):
        made("dcgan", "paintings")
    for place in ("./paintings", "paintings/"):
        assert made("dcgan", place).data.sets.image.files.train == str(tmp_path / "paintings")


def test_an_embedded_set_has_parts_of_its_own():
    found = made("dcgan", "digits_plain")
    assert (found.data.roles.image.split, found.model.channels) == ("train", 1)
    assert found.evals.samples.roles.image.split == "test"


@pytest.mark.parametrize(
    ("name", "size", "fields"),
    [
        ("dcgan", 32, {"data.size": 32, "model.size": 32}),
        ("pix2pix", 256, {"data.size": 256, "data.load_size": 286, "model.levels": 8}),
        ("pix2pix", 96, {"model.levels": 5}),
        ("stargan", 48, {"model.d_downs": 4, "requires.judge.data.size": 48}),
        ("dtn", 64, {"model.g_widths": (128, 64, 32, 16), "model.d_widths": (32, 64, 128, 128)}),
        ("dtn", 16, {"model.g_widths": (64, 32), "requires.f.data.size": 16}),
    ],
)
def test_fields_follow_from_the_size(name, size, fields):
    found = config.load(f"{CONFIGS}/{name}.py")
    following.resize(found, size, size)
    config.validate(found)
    flat = {key: _get(found, key) for key in fields}
    assert flat == fields


def _get(found, name):
    for key in name.split("."):
        found = found[key]
    return found


def test_attributes_are_changed_wherever_they_are_repeated():
    found = config.load(f"{CONFIGS}/stargan.py")
    following.request(found, ("Male", "Smiling"))
    config.validate(found)
    names = ("Male", "Smiling")
    assert found.model.labels == found.evals.test.labels == found.evals.samples.labels == (names,)
    assert found.data.sets.images.attributes == found.requires.judge.evals.test.attributes == names
    assert found.requires.judge.model.num_classes == 2
    with pytest.raises(
        ConfigError, match="attributes=Male is not allowed for 'dcgan': it uses no attributes"
    ):
        following.request(config.load(f"{CONFIGS}/dcgan.py"), ("Male",))


@pytest.mark.parametrize(("name", "roles"), [("dcgan", ("image",)), ("cyclegan", ("source", "target"))])
def test_a_place_of_two_domains_is_not_taken_for_one(tmp_path, name, roles):
    """Of such a place, a single role would otherwise learn from the first part, testA."""
    for part in ("testA", "testB", "trainA", "trainB"):
        pictures(tmp_path / "both" / part, 4)
    places = dict.fromkeys(roles, pictures(tmp_path / "one", 4)) | {roles[0]: tmp_path / "both"}
    with pytest.raises(
        ConfigError, match=f"parts testA, testB, trainA, trainB for role '{roles[0]}'; allowed"
    ):
        made(name, **places)
