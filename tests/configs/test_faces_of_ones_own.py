"""Faces to cartoons with a user's own files: exported features, and a folder of avatars."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_jax import config, data
from gan_jax.errors import DataError
from gan_jax.train import train

FILE = Path(__file__).parents[2] / "configs" / "dtn_face_emoji.py"
KEPT = (
    *("Bangs", "Black_Hair", "Blond_Hair", "Brown_Hair", "Eyeglasses", "Gray_Hair", "Male", "No_Beard"),
    *("Smiling", "Wearing_Hat"),
)
COUNT, WIDTH = 24, 16
PHOTOS = {"name": "", "files": {"train": "celeba/img_align_celeba"}, "labels": False, "attributes": ()}


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A folder of user's files in which cartoons replace photographs and avatars."""
    monkeypatch.setenv("GAN_JAX_DATA", str(tmp_path))
    cartoons = data.load(config.inline("emoji", f"validation[:{COUNT}]", attributes=KEPT), size=32)
    rows = cartoons.columns["label"].astype(int).tolist()
    names = [f"{place:03}.png" for place in range(COUNT)]
    for folder in ("celeba/img_align_celeba", "avatars"):
        (tmp_path / folder).mkdir(parents=True)
        for name, image in zip(names, cartoons.columns["image"], strict=True):
            Image.fromarray(image).save(tmp_path / folder / name)
    with open(tmp_path / "avatars" / "attributes.csv", "w", newline="") as file:
        csv.writer(file).writerows(
            [("file", *KEPT), *([n, *row] for n, row in zip(names, rows, strict=True))]
        )
    return tmp_path


def exported(files):
    """`quick` with an f that learns the features in `files` from the photographs in `files`."""
    built = config.load(f"{FILE}:quick,exported")
    widths = (4, 4, WIDTH)
    with built.unlocked():
        built.cache_dir = str(files / "cache")
        built.model.f_widths = built.requires.f.model.widths = widths
        built.requires.f.data.roles.image.update({**PHOTOS, "split": "train[:16]"})
        built.requires.f.evals.test.roles.image.update({**PHOTOS, "split": "train[16:]"})
    config.validate(built)
    return built


@pytest.mark.long
def test_f_learns_features_that_another_network_exported(files):
    features = np.random.default_rng(0).normal(size=(COUNT, WIDTH)).astype(np.float32)
    np.save(files / "celeba/features.npy", features)
    result = train(exported(files), files / "run")
    [folder] = (files / "cache").glob("f_exported-*")
    f = json.loads((folder / "result.json").read_text())
    assert f["metrics"]["examples"] == COUNT - 16
    # DTN's network has as many features as were exported.
    assert f["config"]["model"]["objective"] == "features"
    assert result["config"]["model"]["f_widths"][-1] == WIDTH
    assert set(result["metrics"]["per_attribute"]) == set(KEPT)


@pytest.mark.parametrize(
    ("features", "words"),
    [
        (
            np.zeros((COUNT - 1, WIDTH), np.float32),
            f"features.npy: holds {COUNT - 1} rows of features; expected {COUNT}",
        ),
        (np.full((COUNT, WIDTH), np.nan, np.float32), "features.npy: 24 rows of features are not finite"),
        (
            np.zeros((COUNT, WIDTH + 1), np.float32),
            rf"image_features has shape \[{WIDTH + 1}\] .* expects \[{WIDTH}\]",
        ),
    ],
    ids=["a row too few", "not finite", "too wide"],
)
def test_features_that_do_not_fit_are_refused(files, features, words):
    np.save(files / "celeba/features.npy", features)
    with pytest.raises(DataError, match=words):
        train(exported(files), files / "run")
    assert not list(files.glob("cache/f_exported-*/result.json"))


def test_the_part_exports_features_of_its_own_photographs():
    part, own = (config.resolved(config.load(f"{FILE}:part{more}")).requires.f for more in ("", ",exported"))
    unlabelled = {"labels": False, "attributes": (), "attributes_file": ""}
    for image, other in ((f(part), f(own)) for f in (lambda f: f.data, lambda f: f.evals.test)):
        learned = image.roles.image.to_dict() | unlabelled | {"features": "celeba/features.npy"}
        assert other.roles.image.to_dict() == learned
    assert own.data.roles.image.files.train == "celeba/img_align_celeba_half_first8000.zip"


@pytest.mark.nightly
def test_avatars_of_ones_own_are_the_target_and_teach_the_judge(files):
    built = config.load(f"{FILE}:quick,avatars")
    with built.unlocked():
        built.cache_dir = str(files / "cache")
    result = train(built, files / "run")
    assert trained_on(result["config"], "target") == {"train": "avatars"}
    assert set(result["metrics"]["per_attribute"]) == set(KEPT)
    [folder] = (files / "cache").glob("judge_avatars-*")
    judge = json.loads((folder / "result.json").read_text())["config"]
    assert trained_on(judge, "image") == {"train": "avatars"}


def trained_on(stored, role):
    """The files of a role in a stored run's configuration."""
    return stored["data"]["sets"][stored["data"]["roles"][role]["set"]]["files"]
