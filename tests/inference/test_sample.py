"""Samples of a run: which images they are, how they are written, and what is refused."""

import json

import numpy as np
import pytest
from PIL import Image

from gan_jax import models
from gan_jax.errors import ConfigError, WorkdirError
from gan_jax.inference import generators, sample
from gan_jax.ops.pixels import to_uint8
from gan_jax.runs import functions, restore


@pytest.fixture(scope="module")
def drawn(runs_folder, tmp_path_factory):
    """Arrays of five samples of the plain run."""
    out = tmp_path_factory.mktemp("drawn") / "five.npz"
    sample.run(runs_folder / "plain", out=str(out), num=5)
    return dict(np.load(out))


def by_hand(folder, z, label=0):
    """tanh(W z + b) with a run's own parameters, as bytes."""
    params = restore.load(folder).state.players["gen"].params
    made = np.tanh(z @ params["w"] + params["b"][label])
    return to_uint8(made.reshape(-1, 8, 8, 3))


def close(a, b):
    """Checks that bytes are equal up to rounding."""
    assert a.shape == b.shape
    assert np.abs(a.astype(int) - b.astype(int)).max() <= 1


def test_arrays_hold_latents_and_what_the_network_makes_of_them(drawn, runs_folder):
    assert set(drawn) == {"image", "z"}
    assert drawn["image"].dtype == np.uint8
    assert drawn["z"].shape == (5, 5)
    assert len(np.unique(drawn["z"])) == 25
    close(drawn["image"], by_hand(runs_folder / "plain", drawn["z"]))
    assert len(np.unique(drawn["image"].reshape(5, -1), axis=0)) == 5


def test_an_image_depends_on_its_seed_and_number_alone(drawn, runs_folder, tmp_path):
    for seed, num in ((0, 300), (1, 5)):
        sample.run(runs_folder / "plain", out=str(tmp_path / f"{seed}.npz"), num=num, seed=seed)
    more, other = (dict(np.load(tmp_path / f"{seed}.npz")) for seed in (0, 1))
    np.testing.assert_allclose(more["z"][:5], drawn["z"], rtol=1e-5, atol=1e-6)
    close(more["image"][:5], drawn["image"])
    assert not np.isclose(other["z"], drawn["z"]).any()
    assert abs(more["z"].mean()) < 0.1  # the mean of 1500 draws has the standard deviation 0.026
    assert more["z"].std() == pytest.approx(1, abs=0.1)


def test_each_part_of_many_images_has_its_own_latents_and_labels(runs_folder, monkeypatch):
    run = restore.load(runs_folder / "conditional")
    z = np.random.default_rng(0).normal(size=(5, 5)).astype(np.float32)
    label = np.array([0, 1, 2, 2, 0], np.int32)
    whole = generators.decode(run, z, label)
    monkeypatch.setattr(generators, "_PART", 2)
    monkeypatch.setattr(functions, "_BATCH", 2)
    close(generators.decode(run, z, label), whole)


def test_a_sheet_shows_the_same_images(drawn, runs_folder, tmp_path):
    told = sample.run(runs_folder / "plain", out=str(tmp_path / "sheet.png"), num=5)
    assert told == {"images": 5, "samples": tmp_path / "sheet.png"}
    sheet = np.asarray(Image.open(tmp_path / "sheet.png"))
    assert sheet.shape == (18, 28, 3)  # two rows of three, 2 pixels between
    for i, picture in enumerate(drawn["image"]):
        row, column = divmod(i, 3)
        close(sheet[10 * row : 10 * row + 8, 10 * column : 10 * column + 8], picture)
    assert (sheet[10:, 20:] == 255).all()
    assert (sheet[8:10] == 255).all()


def test_a_folder_holds_a_picture_each(drawn, runs_folder, tmp_path):
    (tmp_path / "made").mkdir()  # an empty folder may exist
    sample.run(runs_folder / "plain", out=f"{tmp_path}/made/", num=5)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["0000.png", "0001.png", "0002.png", "0003.png",
                                                           "0004.png", "made"]  # fmt: skip
    close(np.asarray(Image.open(tmp_path / "made" / "0003.png")), drawn["image"][3])


@pytest.mark.parametrize(
    ("options", "label", "rows"),
    [
        ({}, [0, 1, 2, 0, 1, 2, 0], range(7)),
        ({"labels": ["2"]}, [2] * 7, range(7)),
        ({"labels": ["2", "0"]}, [2, 0, 2, 0, 2, 0, 2], range(7)),
        ({"hold_z": True}, [0, 1, 2, 0, 1, 2, 0], [0, 0, 0, 1, 1, 1, 2]),
        ({"hold_z": True, "labels": ["1", "2"]}, [1, 2, 1, 2, 1, 2, 1], [0, 0, 1, 1, 2, 2, 3]),
    ],
)
def test_classes_come_in_turn(runs_folder, tmp_path, options, label, rows):
    folder, out = runs_folder / "conditional", tmp_path / "seven.npz"
    sample.run(folder, out=str(out), num=7, **options)
    found = dict(np.load(out))
    assert found["label"].tolist() == label
    z = generators.latents(models.create(restore.load_config(folder).model), 0, np.array(list(rows)))
    np.testing.assert_array_equal(found["z"], z)
    close(found["image"], by_hand(folder, z, label))


@pytest.mark.parametrize(
    ("options", "latents"),
    [
        ({}, [[0, 1, 2, 3], [0, 1, 2, 3], [0, 1, 2, None]]),
        ({"hold_z": False}, [[0, 3, 6, 9], [1, 4, 7, 10], [2, 5, 8, None]]),
    ],
    ids=["one a column", "each its own"],
)
def test_a_sheet_has_a_row_for_each_class_and_one_latent_down_each_column(
    runs_folder, tmp_path, options, latents
):
    folder, out = runs_folder / "conditional", tmp_path / "sheet.png"
    sample.run(folder, out=str(out), num=11, **options)
    sheet = np.asarray(Image.open(out))
    pitch = 3 * 8 + 2  # small images are enlarged
    assert len(sheet) == 3 * pitch - 2
    titles, sheet = np.split(sheet, [-(4 * pitch - 2)], axis=1)
    assert all((titles[pitch * row : pitch * row + 24] < 128).any() for row in range(3))
    z = generators.latents(models.create(restore.load_config(folder).model), 0, np.arange(11))
    for row, numbers in enumerate(latents):
        for column, number in enumerate(numbers):
            cell = sheet[pitch * row :, pitch * column :][:24:3, :24:3]
            white = np.full((1, 8, 8, 3), 255, np.uint8)
            want = white if number is None else by_hand(folder, z[[number]], row)
            close(cell, want[0])


def test_a_sheet_of_given_columns_has_the_classes_in_turn(runs_folder, tmp_path):
    folder = runs_folder / "conditional"
    sample.run(folder, out=str(tmp_path / "sheet.png"), num=4, columns=2)
    sample.run(folder, out=str(tmp_path / "arrays.npz"), num=4)
    sheet, made = np.asarray(Image.open(tmp_path / "sheet.png")), np.load(tmp_path / "arrays.npz")["image"]
    for i, picture in enumerate(made):
        row, column = divmod(i, 2)
        close(sheet[10 * row : 10 * row + 8, 10 * column : 10 * column + 8], picture)


def test_labels_that_name_no_class_are_refused_before_anything_is_drawn(runs_folder):
    run, plain = restore.load(runs_folder / "conditional"), restore.load(runs_folder / "plain")
    z = np.zeros((3, 5), np.float32)
    assert functions.decode(run, z, [0, 1, 2]).shape == (3, 8, 8, 3)
    for label, message in {
        (0, 3, 1): "label=3 is not allowed; allowed: 0 to 2",
        (0, 1, -1): "label=-1 is not allowed; allowed: 0 to 2",
        (0, 2**32, 1): "label=4294967296 is not allowed; allowed: 0 to 2",
        (0, 1): r"label is int64 \[2\]; allowed: integers \[3\], one for each z",
        (0.0, 1.0, 2.0): r"label is float64 \[3\]; allowed: integers \[3\]",
    }.items():
        with pytest.raises(ConfigError, match=f"^{message}"):
            functions.decode(run, z, np.array(label))
    with pytest.raises(ConfigError, match=r"^label is for conditional models; this one knows no classes$"):
        functions.decode(plain, z, np.zeros(3, np.int32))


def test_nothing_of_the_run_changes(runs_folder, tmp_path):
    before = {p: p.stat().st_mtime_ns for p in (runs_folder / "plain").rglob("*")}
    sample.run(runs_folder / "plain", out=str(tmp_path / "sheet.png"), num=2)
    assert {p: p.stat().st_mtime_ns for p in (runs_folder / "plain").rglob("*")} == before


# Run, options, and what the message must contain.
REFUSED = {
    "labels of none": ("plain", {"labels": ["1"]}, ["labels=1", "no classes"]),
    "a label too large": ("conditional", {"labels": ["1", "3"]}, ["'3'", "0 to 2"]),
    "no number": ("conditional", {"labels": ["cat"]}, ["'cat'", "0 to 2"]),
    "no label": ("conditional", {"labels": []}, ["0 to 2"]),
    "no classes": ("plain", {"hold_z": True}, ["hold_z=True", "no classes"]),
    "two widths": ("conditional", {"hold_z": True, "columns": 2}, ["hold_z=True", "columns"]),
    "unknown features": ("plain", {"nearest": 1, "features": "vgg"}, ["'vgg'", "pixels, judge"]),
    "features of no neighbours": ("plain", {"features": "judge"}, ["features='judge'", "needs nearest"]),
    "too many": ("plain", {"nearest": 41}, ["nearest=41", "1 to 40"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_wrong_options_are_refused_before_anything_is_written(runs_folder, tmp_path, name):
    run, options, parts = REFUSED[name]
    with pytest.raises(ConfigError) as refusal:
        sample.run(runs_folder / run, out=str(tmp_path / "sheet.png"), **options)
    for part in parts:
        assert part in str(refusal.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("out", ["a.npz", "made/"])
def test_only_a_sheet_has_columns(runs_folder, tmp_path, out):
    with pytest.raises(ConfigError, match=r"^columns=2 is for a sheet; out='.*' is none$"):
        sample.run(runs_folder / "plain", out=f"{tmp_path}/{out}", columns=2)
    assert not list(tmp_path.iterdir())


def test_a_run_without_data_has_no_neighbours_to_show(runs_folder, tmp_path):
    config = json.loads((runs_folder / "plain" / "config.json").read_text())
    config["data"]["roles"] = {}  # as in an imported run
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(
        ConfigError, match=r"^nearest=1 is not allowed; allowed: 0, since this run has no train"
    ):
        sample.run(tmp_path, out=str(tmp_path / "a.png"), nearest=1)


def test_images_of_two_channels_are_no_pictures(runs_folder, tmp_path):
    config = json.loads((runs_folder / "plain" / "config.json").read_text())
    config["model"]["channels"] = 2
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ConfigError, match=r"out='sheet.png' cannot show images of 2 channels; allowed: .npz"):
        sample.run(tmp_path, out=str(tmp_path / "sheet.png"))


def test_a_run_that_makes_nothing_of_noise_is_named(runs_folder, tmp_path):
    (judge,) = (runs_folder / "cache").iterdir()
    with pytest.raises(
        WorkdirError, match=r"run 'judge' of model 'classifier', which predicts labels of images"
    ):
        sample.run(judge, out=str(tmp_path / "sheet.png"))
    dtn = tmp_path / "dtn"
    dtn.mkdir()
    (dtn / "config.json").write_text(
        json.dumps({"name": "pets", "model": {"name": "dtn"}, "data": {}, "requires": {}})
    )
    with pytest.raises(
        WorkdirError, match=r"run 'pets' of model 'dtn', which turns images into images.*linear"
    ):
        sample.run(dtn, out=str(tmp_path / "sheet.png"))
