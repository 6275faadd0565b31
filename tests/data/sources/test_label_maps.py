"""Label maps: they stay with their images through resizing, cropping and mirroring, and are never mixed."""

import io

import numpy as np
import pytest
from picture_files import write
from PIL import Image

from gan_jax import data
from gan_jax.data.embedded.digits import scenes
from gan_jax.data.pixels import views
from gan_jax.drawing import palette
from gan_jax.errors import ConfigError, DataError

CLASSES = 9


def indexed(pixels, mode="L"):
    file = io.BytesIO()
    picture = Image.fromarray(np.asarray(pixels, np.uint8))
    if mode == "P":
        picture = picture.convert("P")
        picture.putdata(np.asarray(pixels, np.uint8).ravel().tolist())
        picture.putpalette(np.random.default_rng(0).integers(0, 256, 768, np.uint8).tobytes())
    (picture if mode in "LP" else picture.convert(mode)).save(file, "PNG")
    return file.getvalue()


def shown(pixels):
    """A picture whose red channel is 20 times the label, so that image and map can be compared."""
    file = io.BytesIO()
    red = 20 * np.asarray(pixels, np.uint8)
    Image.fromarray(np.stack([red, red, red], -1)).save(file, "PNG")
    return file.getvalue()


def labels(count=4, side=16, seed=0):
    return np.random.default_rng(seed).integers(0, CLASSES, (count, side, side)).astype(np.uint8)


def scene(folder, maps, mode="L", **others):
    """Images and label maps below a folder, with the role that names them."""
    write(folder / "images", {f"{k}.png": shown(pixels) for k, pixels in enumerate(maps)})
    write(folder / "labels", {f"{k}.png": indexed(x, mode) for k, x in enumerate(maps)} | others)
    return role(folder)


def role(folder, **fields):
    places = {name: {"train": str(folder / place)} for name, place in
              (("files", "images"), ("label_maps", "labels"))}  # fmt: skip
    return {**places, "label_classes": CLASSES, **fields}


@pytest.mark.parametrize("mode", ["L", "P"])
def test_values_are_indices_whatever_the_palette(tmp_path, mode):
    maps = labels()
    columns = data.load(scene(tmp_path, maps, mode), size=16).columns
    np.testing.assert_array_equal(columns["label"], maps)
    assert columns["label"].dtype == np.int32
    np.testing.assert_array_equal(columns["image"][..., 0], 20 * maps)


def test_a_smaller_map_has_values_of_the_larger_one_alone(tmp_path):
    """Interpolation would give 4 between 0 and 8, and 127 beside ignored pixels."""
    maps = np.where(labels(side=40) > 4, 8, 0).astype(np.uint8)
    maps[:, :10] = 255
    for size in (24, 16):
        found = data.load(scene(tmp_path / str(size), maps), size=size).columns["label"]
        assert set(np.unique(found)) == {0, 8, 255}
    # The map is halved exactly, so one of every 2x2 pixels is taken.
    halved = data.load(scene(tmp_path / "half", maps), size=20).columns["label"]
    parts = [maps[:, i::2, j::2] for i in (0, 1) for j in (0, 1)]
    assert any(np.array_equal(halved, part) for part in parts)


def test_the_middle_square_of_an_oblong_map_is_that_of_its_image(tmp_path):
    maps = np.tile(np.arange(24, dtype=np.uint8) // 3, (1, 16, 1))
    columns = data.load(scene(tmp_path, maps), size=16).columns
    np.testing.assert_array_equal(columns["label"], maps[..., 4:20])
    np.testing.assert_array_equal(columns["image"][..., 0], 20 * columns["label"])


def test_crops_and_mirrors_move_the_map_with_its_image(tmp_path):
    maps = labels(6, 20)
    examples = data.load(scene(tmp_path, maps), size=16, load_size=20, flip=True)
    draws = views.draw(0, "", 0, 6)
    seen = examples.gather(np.arange(6), draws)
    np.testing.assert_array_equal(seen["image"][..., 0], 20 * seen["label"])
    mirrored = draws[:, 2] >> np.uint64(63)
    assert 0 < mirrored.sum() < 6
    for row, (top, left) in enumerate((draws[:, :2] % np.uint64(5)).astype(int)):
        part = maps[row, top : top + 16, left : left + 16]
        np.testing.assert_array_equal(seen["label"][row], part[:, ::-1] if mirrored[row] else part)
    middle = examples.gather(slice(None))
    np.testing.assert_array_equal(middle["label"], maps[:, 2:18, 2:18])


def test_batches_hold_map_and_image_of_one_example(tmp_path):
    examples = data.load(scene(tmp_path, labels(5, 18)), size=16, load_size=18, flip=True)
    stream = data.stream({"image": examples}, 3, seed=1)
    for _ in range(4):
        batch = next(stream)
        assert batch["image_label"].shape == (3, 16, 16)
        np.testing.assert_array_equal(batch["image"][..., 0], 20 * batch["image_label"])
    stream.close()


def test_a_map_in_its_colours_is_the_image_cropped_and_mirrored_alike(tmp_path):
    maps = labels(4, 20)
    maps[0, :5] = 255
    spec = scene(tmp_path, maps)
    painted = data.load({**spec, "derive": "palette", "labels": False}, size=16, load_size=20, flip=True)
    plain = data.load(spec, size=16, load_size=20, flip=True)
    assert set(painted.columns) == {"image"}
    draws = views.draw(3, "", 0, 4)
    expected = palette.paint(plain.gather(np.arange(4), draws)["label"])
    np.testing.assert_array_equal(painted.gather(np.arange(4), draws)["image"], expected)


def broken(tmp_path, name, content):
    spec = scene(tmp_path, labels())
    path = tmp_path / "labels" / name
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    return spec


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (indexed(np.full((16, 16), CLASSES)), r"/labels/2\.png: has label 9; allowed: 0 to 8, or 255 for"),
        (indexed(np.zeros((16, 15))), r"/labels/2\.png: has 15 x 16 pixels; expected 16 x 16, its image's"),
        (indexed(np.zeros((16, 16)), "RGB"), r"/labels/2\.png: .* mode RGB; expected a grey or palette PNG"),
        (b"no image", r"/labels/2\.png: cannot be read together with its image: not a PNG"),
        (indexed(labels()[0])[:60], r"/labels/2\.png: cannot be read together with its image: unreadable"),
    ],
    ids=["value", "size", "mode", "other", "cut off"],
)
def test_a_map_that_does_not_fit_is_refused_by_name(tmp_path, content, words):
    spec = broken(tmp_path, "2.png", content)
    with pytest.raises(DataError, match=words) as caught:
        data.load(spec, size=8)
    assert "\n" not in str(caught.value)


def test_a_missing_map_is_found_before_any_image_is_read(tmp_path):
    spec = broken(tmp_path, "2.png", None)
    for call in (data.check, lambda spec: data.load(spec, size=8)):
        with pytest.raises(DataError, match=r"has no label map of 1 of 4 images of .*such as '2\.png'$"):
            call(spec)
    spec["label_maps"] = {"train": str(tmp_path / "nowhere")}
    with pytest.raises(DataError, match=r"there is no file .*nowhere"):
        data.check(spec)


def test_maps_that_are_neither_kept_nor_shown_are_not_read(tmp_path):
    spec = broken(tmp_path, "2.png", None)
    data.check({**spec, "labels": False})
    assert set(data.load({**spec, "labels": False}, size=8).columns) == {"image"}
    with pytest.raises(DataError, match="has no label map of 1 of 4 images"):
        data.load({**spec, "labels": False, "derive": "palette"}, size=8)


def test_an_image_left_out_takes_its_map_with_it(tmp_path):
    spec = scene(tmp_path, labels())
    (tmp_path / "images" / "1.png").write_bytes(b"damaged")
    examples = data.load(spec, size=16)
    np.testing.assert_array_equal(examples.columns["label"], labels()[[0, 2, 3]])


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"classes": True}, "label_maps are given and classes=True: give only one of both"),
        ({"exclude": (1,)}, r"label_maps are given and exclude=\(1,\)"),
        ({"label_maps": {"test": "x"}}, "label_maps has splits test; expected those of files, train"),
        ({"label_classes": 256}, "label_classes=256 is not allowed; allowed: 0 to 255"),
        ({"files": {}, "name": "emoji"}, "label_maps=.* is for images from files, but name='emoji'"),
        ({"derive": "lines"}, "allowed: '', 'edges', 'grey', 'palette'"),
    ],
)
def test_fields_that_do_not_go_together_are_refused(tmp_path, fields, words):
    with pytest.raises(ConfigError, match=words):
        data.check(role(tmp_path, **fields))


def test_labels_that_are_no_maps_have_no_colours(tmp_path):
    for fields in ({"derive": "palette"}, {"label_classes": 10}):
        with pytest.raises(DataError, match="digits_plain: has no label maps, which derive='palette' and"):
            data.load({"name": "digits_plain", "split": "validation[:4]", **fields}, size=8)
    with pytest.raises(DataError, match=r"labels are maps, int32 \[4, 32, 32\]"):
        data.load({"name": "scenes_game", "split": "validation[:4]", "exclude": (1,)}, size=32)


def test_arrays_hold_maps_too(tmp_path):
    maps = labels(3, 16)
    image = np.repeat(20 * maps[..., None], 3, -1)
    np.savez(tmp_path / "a.npz", image=image, label=maps)
    spec = {"files": {"train": str(tmp_path / "a.npz")}, "split": "train", "label_classes": CLASSES}
    columns = data.load(spec, size=16).columns
    np.testing.assert_array_equal(columns["label"], maps)
    assert set(np.unique(data.load(spec, size=8).columns["label"])) <= set(np.unique(maps))
    with pytest.raises(DataError, match=r"a\.npz, example \d: has label \d; allowed: 0 to 2, or 255"):
        data.load({**spec, "label_classes": 3}, size=16)
    for label, words in (
        (maps[:, :8], r"\[3, 8, 16\]; expected integers 0 to 255, \[3, 16, 16\]"),
        (maps.astype(np.int32) + 300, "expected integers 0 to 255"),
    ):
        np.savez(tmp_path / "a.npz", image=image, label=label)
        with pytest.raises(DataError, match=words):
            data.load(spec, size=16)


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(scenes, "SIZES", {"train": 60})
    monkeypatch.setattr(scenes.digits, "SIZES", {"digits_plain": {"train": 60}})
    for cached in (scenes._make, scenes.digits._make):
        cached.cache_clear()
    yield
    for cached in (scenes._make, scenes.digits._make):
        cached.cache_clear()


def test_both_domains_show_the_same_drawings_with_the_same_maps(few):
    digits = scenes.digits.read("digits_plain", "train").columns
    game, real = (scenes.read(name, "train").columns for name in scenes.NAMES)
    np.testing.assert_array_equal(game["label"], real["label"])
    np.testing.assert_array_equal(game["image"], np.repeat(digits["image"], 3, -1))
    stroke = digits["image"][..., 0] > 127
    assert (game["label"][~stroke] == 10).all()
    expected = np.broadcast_to(digits["label"][:, None, None], stroke.shape)
    np.testing.assert_array_equal(game["label"][stroke], expected[stroke])
    assert 0.8 < (game["label"] == 10).mean() < 0.95
    # The photographs have different colours, and drawing them again gives the same ones.
    assert real["image"].shape == game["image"].shape
    assert (real["image"].std((1, 2)).min() > 1) and real["image"].mean((1, 2)).std(0).min() > 20
    scenes._make.cache_clear()
    np.testing.assert_array_equal(scenes.read("scenes_real", "train").columns["image"], real["image"])


def test_the_ink_is_where_the_map_says(few):
    """A photograph's colour changes more across the stroke than within the ground."""
    columns = scenes.read("scenes_real", "train").columns
    apart = []
    for image, label in zip(columns["image"].astype(float), columns["label"], strict=True):
        ink, ground = image[label < 10], image[label == 10]
        apart.append(np.linalg.norm(ink.mean(0) - ground.mean(0)))
    assert np.mean(np.array(apart) > 15) > 0.9


@pytest.mark.parametrize("values", [(0, 255), (0, 1, 255), (0, 1), (0,), (255,)])
def test_masks_of_0_and_255_get_a_warning_that_says_how_to_write_them(tmp_path, values, caplog):
    maps = np.resize(np.array(values, np.uint8), (2, 16, 16))
    spec = {**scene(tmp_path, maps), "label_classes": 2}
    data.load(spec, size=16)
    np.savez(tmp_path / "a.npz", image=np.zeros((2, 16, 16, 3), np.uint8), label=maps)
    data.load({"files": {"train": str(tmp_path / "a.npz")}}, size=16)
    data.load({**spec, "labels": False}, size=16)
    words = (
        "the label maps have the values 0 and 255 only, and pixels of 255 have no class and do not count; "
    )
    assert caplog.text.count(words) == (2 if values == (0, 255) else 0)
