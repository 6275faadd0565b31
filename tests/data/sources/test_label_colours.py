"""Label maps in colours: one half of a noisy JPEG is the image, the other half the map of its classes."""

import io
import os

import numpy as np
import pytest
from picture_files import write
from PIL import Image

from gan_jax import data
from gan_jax.config.recipes import facades
from gan_jax.data.pixels import views
from gan_jax.data.sources import label_maps
from gan_jax.errors import ConfigError, DataError

COLOURS = ((0, 0, 222), (192, 255, 63), (255, 80, 0), (174, 0, 0))
SIDE, BLOCK = 32, 8


def blocks(count=4, seed=0):
    """Maps of blocks, as large as those that JPEG compresses one by one: uint8 [N, 32, 32]."""
    coarse = np.random.default_rng(seed).integers(0, len(COLOURS), (count, SIDE // BLOCK, SIDE // BLOCK))
    return coarse.repeat(BLOCK, 1).repeat(BLOCK, 2).astype(np.uint8)


def joined(labels, format="JPEG", maps_left=False):
    """A picture whose halves are a grey image, 60 times the label, and the map in noisy colours."""
    noise = np.random.default_rng(1).integers(-6, 7, (*labels.shape, 3))
    painted = np.clip(np.array(COLOURS)[labels] + noise, 0, 255).astype(np.uint8)
    shown = np.repeat(60 * labels[..., None], 3, -1)
    file = io.BytesIO()
    Image.fromarray(np.concatenate([painted, shown] if maps_left else [shown, painted], 1)).save(
        file, format, **({"quality": 95, "subsampling": 0} if format == "JPEG" else {})
    )
    return file.getvalue()


def spec(folder, maps, **fields):
    """The role of the images on the left, with the maps on the right of the same pictures."""
    write(folder, {f"{k}.jpg": joined(labels) for k, labels in enumerate(maps)})
    files = {"train": str(folder)}
    return {
        **{"files": files, "label_maps": files, "side": "left", "label_side": "right"},
        **{"label_classes": len(COLOURS), "label_colours": COLOURS},
        **fields,
    }


def test_the_class_of_a_pixel_is_that_of_the_nearest_colour(tmp_path):
    maps = blocks()
    columns = data.load(spec(tmp_path, maps), size=SIDE).columns
    np.testing.assert_array_equal(columns["label"], maps)
    assert columns["label"].dtype == np.int32
    assert np.abs(columns["image"][..., 0].astype(int) - 60 * maps).max() < 30  # the left half, without map


def test_the_nearest_colour_of_any_pixel_is_that_of_the_distances():
    pixels = np.random.default_rng(2).integers(0, 256, (16, 24, 3), np.uint8)
    colours = np.array(COLOURS, np.uint8)
    distances = np.linalg.norm(pixels[:, :, None].astype(float) - np.array(COLOURS), axis=-1)
    pixels[:8] = colours[1]  # so that a tenth of the picture has these colours
    distances[:8] = 1 - np.eye(len(COLOURS))[1]
    found = label_maps.nearest_colours(pixels, colours, "map")
    np.testing.assert_array_equal(found, distances.argmin(-1))
    equal = label_maps.nearest_colours(colours[None, [2, 0]], colours[[0, 2, 2, 0]], "map")
    np.testing.assert_array_equal(equal, [[1, 0]])  # the first one of equally near colours


def test_the_other_half_may_be_the_image_with_the_same_map(tmp_path):
    maps = blocks()
    target = data.load(spec(tmp_path, maps), size=SIDE)
    source = data.load(spec(tmp_path, maps, side="right"), size=SIDE)
    np.testing.assert_array_equal(source.columns["label"], target.columns["label"])
    near = np.abs(source.columns["image"].astype(int) - np.array(COLOURS)[maps]).max(-1)
    assert np.median(near) < 20


def test_maps_are_reduced_without_mixing_colours(tmp_path):
    """The mean of the first two colours would be nearer to another class, and so would borders."""
    maps = np.where(blocks() > 1, 3, 1).astype(np.uint8)
    role = spec(tmp_path, maps, crop=(28, 28))
    found = data.load(role, size=14).columns["label"]
    parts = [maps[:, 2:30, 2:30][:, i::2, j::2] for i in (0, 1) for j in (0, 1)]
    assert any(np.array_equal(found, part) for part in parts)
    assert set(np.unique(data.load(role, size=21).columns["label"])) == {1, 3}


def test_crops_and_mirrors_move_the_map_with_its_image(tmp_path):
    maps = blocks(6, seed=3)
    examples = data.load(spec(tmp_path, maps), size=24, load_size=SIDE, flip=True)
    draws = views.draw(0, "", 0, 6)
    seen = examples.gather(np.arange(6), draws)
    mirrored = draws[:, 2] >> np.uint64(63)
    assert 0 < mirrored.sum() < 6
    for row, (top, left) in enumerate((draws[:, :2] % np.uint64(SIDE - 24 + 1)).astype(int)):
        part = maps[row, top : top + 24, left : left + 24]
        np.testing.assert_array_equal(seen["label"][row], part[:, ::-1] if mirrored[row] else part)
    assert np.abs(seen["image"][..., 0].astype(int) - 60 * seen["label"]).max() < 30


def test_maps_may_lie_in_a_folder_of_their_own_in_any_format(tmp_path):
    maps = blocks(2)
    write(tmp_path / "images", {f"{k}.jpg": joined(x) for k, x in enumerate(maps)})
    write(tmp_path / "maps", {"0.png": joined(maps[0], "PNG"), "1.jpg": joined(maps[1])})
    places = {"files": {"train": str(tmp_path / "images")}, "label_maps": {"train": str(tmp_path / "maps")}}
    role = {**spec(tmp_path / "both", maps), **places}
    np.testing.assert_array_equal(data.load(role, size=SIDE).columns["label"], maps)
    with pytest.raises(DataError, match=r"has no label map of 1 of 2 images of .*such as '1\.png'"):
        data.check({**role, "label_colours": ()})


@pytest.mark.usefixtures("decoding_threads")
def test_pairs_from_a_store_keep_their_maps(tmp_path):
    maps = blocks(6, seed=4)
    store = data.Store(tmp_path / "store", above=0)
    roles = {
        name: data.load(spec(tmp_path / "files", maps, side=side), size=24, load_size=SIDE, store=store)
        for name, side in (("source", "right"), ("target", "left"))
    }
    stream = data.stream(data.together(roles), 3, seed=5, paired=True)
    for _ in range(3):
        batch = next(stream)
        np.testing.assert_array_equal(batch["source_label"], batch["target_label"])
        assert np.abs(batch["target"][..., 0].astype(int) - 60 * batch["target_label"]).max() < 45
        near = np.abs(batch["source"].astype(int) - np.array(COLOURS)[batch["source_label"]]).max(-1)
        assert np.median(near) < 20
    stream.close()


def test_a_photograph_is_no_map(tmp_path):
    """The wrong half has a nearest colour everywhere, but its pixels are far from all colours."""
    role = spec(tmp_path, blocks() % 3 + 1, label_side="left")
    with pytest.raises(DataError, match=r"0\.jpg: 0 % of its pixels are near one of label_colours") as caught:
        data.load(role, size=SIDE)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"label_side": "top"}, "label_side='top' is not allowed; allowed: '', 'left', 'right'"),
        ({"side": ""}, "label_side='right' is for images with side='left' or 'right'"),
        ({"label_maps": {}}, "label_side='right' needs label_maps"),
        ({"label_maps": {}, "label_side": ""}, r"label_colours=\(\(0, 0, 222\), .* needs label_maps"),
        ({"label_classes": 5}, "label_colours has 4 colours and label_classes=5; give equally many"),
        (
            {"label_colours": ((0, 0, 256),)},
            r"label_colours\[0\]=\(0, 0, 256\) is not allowed; allowed: \(red",
        ),
        ({"label_colours": ((0, 0, 2), (0, 0))}, r"label_colours\[1\]=\(0, 0\) is not allowed"),
        ({"label_colours": ((0, 0, 2), (0, 0, 2))}, r"label_colours\[1\]=\(0, 0, 2\) .* each colour once"),
        ({"class_names": ("a", "b")}, "class_names has 2 names and label_classes=4; give equally many"),
    ],
)
def test_fields_that_do_not_go_together_are_refused(tmp_path, fields, words):
    with pytest.raises(ConfigError, match=words) as caught:
        data.check(spec(tmp_path, blocks(1), **fields))
    assert "\n" not in str(caught.value)


@pytest.mark.long
@pytest.mark.real_data
def test_real_facades_have_their_classes():
    files = {"train": os.path.join(os.environ["GAN_JAX_DATA"], "facades/facades.zip/facades/train")}
    role = {
        **{"files": files, "label_maps": files, "side": "left", "label_side": "right", "split": "train[:8]"},
        **{"label_classes": len(facades.CLASSES), "label_colours": tuple(facades.CLASSES.values())},
    }
    columns = data.load(role, size=64).columns
    shares = np.bincount(columns["label"].ravel(), minlength=len(facades.CLASSES)) / columns["label"].size
    assert columns["label"].shape == (8, 64, 64) and columns["label"].max() < len(facades.CLASSES)
    assert list(facades.CLASSES)[int(shares.argmax())] == "facade" and 0.2 < shares.max() < 0.6
    with pytest.raises(DataError, match="of its pixels are near one of label_colours"):
        data.load({**role, "label_side": "left"}, size=64)
