"""Rectangles: how pictures get their size, which models take them, and a run from training to translation."""

import functools
import json
from pathlib import Path

import jax
import levels
import numpy as np
import pytest
from PIL import Image

from gan_jax import api, arguments, config, data, models
from gan_jax.config import following, own_data
from gan_jax.data.pixels.framing import Framing
from gan_jax.data.pixels.views import View, draw
from gan_jax.errors import ConfigError, DataError
from gan_jax.game import devices
from gan_jax.networks.translation import discogan
from gan_jax.runs import restore
from gan_jax.train import train

CONFIGS = Path(__file__).parents[1] / "configs"


def made(name, width, height):
    found = config.load(f"{CONFIGS / name}.py:quick")
    following.resize(found, width, height)
    return found


@pytest.mark.parametrize(
    ("fit", "picture", "box"),
    [
        ("crop", (90, 40), (15, 0, 75, 40)),
        ("square", (90, 40), (15, 0, 75, 40)),
        ("crop", (90, 90), (0, 15, 90, 75)),
        ("squeeze", (90, 40), (0, 0, 90, 40)),
        ("width", (90, 90), (0, 15, 90, 75)),
        ("width", (90, 40), (0, 0, 90, 40)),  # too few rows, so they are stretched
    ],
)
def test_the_used_part_has_the_aspect_ratio_of_the_result_or_is_stretched(fit, picture, box):
    framing = Framing(8, resize=fit, width=12)
    assert framing.box(*picture) == box
    assert framing.apply(Image.new("RGB", picture)).size == (12, 8)
    assert Framing(8, resize=fit, width=8).box(*picture) == Framing(8, resize=fit).box(*picture)


def test_a_random_crop_moves_by_its_own_room_in_each_direction():
    pixels = np.arange(10 * 15).reshape(1, 10, 15, 1).repeat(200, 0)
    seen = View(8, width=12).window(pixels, draw(0, "a", 0, 200))
    assert seen.shape == (200, 8, 12, 1)
    tops, lefts = np.divmod(seen[:, 0, 0, 0], 15)
    assert set(tops) == {0, 1, 2} and set(lefts) == {0, 1, 2, 3}
    middle = View(8, width=12).window(pixels[:1])
    assert middle[0, 0, 0, 0] == 15 + 1


def test_size_names_width_and_height():
    assert arguments._sides("64") == (64, 64)
    assert arguments._sides("256x192") == (256, 192)
    for wrong in ("256x", "x8", "3", "8x3", "5000", "64 x 64", "-8"):
        with pytest.raises(ConfigError, match=rf"^size='{wrong}' is not allowed; allowed: 4 to 4096 pixels"):
            arguments._sides(wrong)


@levels.parametrize("name", ["pix2pix", "cyclegan", "discogan", "stargan", "diat"])
def test_networks_of_translation_take_rectangles(name):
    found = made(name, 48, 32)
    config.validate(found)
    model = models.create(found.model)
    roles = {role: [[32, 48, 3], "uint8"] for role in found.data.roles}
    label = {f"{role}_label": [[5], "int32"] for role in roles} if model.takes_requests else {}
    example = {**roles, **label}
    state = restore.abstract_state(model, example)
    batch = {k: np.zeros((4, *shape), np.float32) for k, (shape, _) in roles.items()}
    batch |= {k: np.zeros((4, *shape), np.int32) for k, (shape, _) in label.items()}
    count = jax.local_device_count()
    shapes = jax.tree.map(lambda x: jax.ShapeDtypeStruct((count, *x.shape), x.dtype), (state, batch))
    step = devices.pmap_step(model.train_step, 0)
    for phase in dict.fromkeys((*model.phases(0), *model.phases(1))):
        traced = functools.partial(lambda phase, *args: step(*args, devices.clock(0, 0, True), phase), phase)
        after, metrics = jax.eval_shape(traced, *shapes)
        assert jax.tree.structure(after) == jax.tree.structure(shapes[0])
        assert metrics


@pytest.mark.parametrize("name", ["dcgan", "vae", "dtn", "stylegan2_celeba", "adain"])
def test_other_models_say_that_they_take_squares(name):
    found = made(name, 48, 32)
    with pytest.raises(ConfigError, match=r"^(requires\..*)?data.width=48 is not allowed with data.size=32"):
        config.validate(found)


@pytest.mark.parametrize(
    ("name", "sides", "fields", "message"),
    [
        ("pix2pix", (48, 36), {"levels": 3}, "levels=3 is not allowed; allowed: levels that halve 36 pixels"),
        ("cyclegan", (50, 32), {}, "size=50 is not allowed; allowed: multiples of 4"),
        ("discogan", (64, 48), {}, "size=48 is not allowed; allowed: 16, 32, 64, 128, ..."),
        ("discogan", (72, 64), {}, "width=72 is not allowed; allowed: multiples of 16"),
        ("discogan", (96, 64), {"bottleneck": 100}, "model 'discogan' takes squares with these fields"),
    ],
)
def test_a_side_that_the_layers_do_not_halve_is_refused(name, sides, fields, message):
    found = config.load(f"{CONFIGS / name}.py")
    following.resize(found, *sides)
    found.model.update(fields)
    with pytest.raises(ConfigError, match=message):
        config.validate(found)


def test_the_discriminator_of_discogan_has_a_logit_for_each_place_of_the_longer_side():
    network = discogan.Discriminator(2, levels=3)

    def logits(height, width):
        images = np.zeros((3, height, width, 3), np.float32)
        made = jax.eval_shape(lambda: network.init_with_output(jax.random.key(0), images, True))
        return made[0][0].shape

    assert (logits(32, 32), logits(32, 48), logits(64, 32)) == ((3, 1), (3, 3), (3, 5))


@pytest.mark.long
def test_a_run_on_wide_photographs_trains_is_scored_and_translates(tmp_path):
    rng = np.random.default_rng(0)
    for role in ("source", "target"):
        (tmp_path / role).mkdir()
        for i in range(12):
            pixels = rng.integers(0, 256, (40 + i, 70, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / role / f"{i}.png")
    found = made("cyclegan", 48, 32)
    own_data.use(found, f"source={tmp_path / 'source'},target={tmp_path / 'target'}")
    following.fit(found, "width")
    with found.unlocked():
        found.data.load_size, found.batch_size, found.cache_dir = 36, 2, ""
    read = data.load(
        config.resolve(found.data.roles.source, found.data.sets), size=32, width=48, load_size=36
    )
    assert read.columns["image"].shape[1:] == (36, 54, 3)
    train(found, tmp_path / "run")
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert result["metrics"]
    run = api.load(tmp_path / "run")
    assert run._run.example["source"][0] == [32, 48, 3]
    assert run.translate(np.zeros((2, 32, 48, 3), np.uint8)).shape == (2, 32, 48, 3)
    with Image.open(next((tmp_path / "run" / "samples").glob("*.png"))) as sheet:
        # One image that was held out and its translations, two ways, with gaps; titles stand at the left.
        assert sheet.size[1] == 6 * 32 + 4 * 2 + 12 and sheet.size[0] > 48


def test_a_model_of_squares_refuses_images_that_keep_their_aspect_ratio_in_one_line(tmp_path):
    (tmp_path / "photos").mkdir()
    for k in range(4):
        Image.fromarray(np.full((96, 70, 3), k, np.uint8)).save(tmp_path / "photos" / f"{k}.png")
    found = config.load(f"{CONFIGS}/dcgan.py:quick")
    with found.unlocked():
        found.evals, found.requires, found.best, found.checkpoint_rule = {}, {}, "", "last"
        role = config.inline(files={"train": str(tmp_path / "photos")}, resize="fit", labels=False)
        found.data.roles = {"image": role}
    config.validate(found)
    size = found.data.size
    words = (
        rf"^data.roles: size={size} is not allowed; allowed: squares, not {round(size * 70 / 96)} x {size} "
    )
    with pytest.raises(DataError, match=words):
        train(found, tmp_path / "run")


@pytest.mark.parametrize("name", ["gan", "icgan", "pggan", "stylegan", "stylegan2", "vae"])
def test_models_of_squares_refuse_rectangles(name):
    model = models.create(config.model(name))
    model.check(models.Inputs(model.size))
    model.check(models.Inputs(model.size, width=model.size))
    with pytest.raises(ValueError, match=rf"^size={model.size} is not allowed; allowed: squares, not 7 x "):
        model.check(models.Inputs(model.size, width=7))
