"""Scores of pictures against others: runs in place of pictures, the cache, and what is refused."""

import json
import logging
import types

import numpy as np
import pytest
from picture_files import encoded as png
from PIL import Image
from scored import folder, noise

from gan_jax.errors import ConfigError, DataError, WorkdirError
from gan_jax.inference import describing, pictures, sample, score
from gan_jax.runs import restore


def test_a_run_stands_for_its_samples_and_gives_the_reference_their_form(runs_folder, judge, tmp_path):
    plain = runs_folder / "plain"
    sample.run(plain, out=str(tmp_path / "drawn.npz"), num=20, seed=4)
    wide = noise(20, 3, shape=(16, 24, 3))
    square = np.stack([np.asarray(Image.fromarray(x[:, 4:20]).resize((8, 8), 2)) for x in wide])
    np.savez(tmp_path / "square.npz", image=square)
    options = {"features": judge, "cache": ""}
    by_files = score.run(input=str(tmp_path / "drawn.npz"), reference=str(tmp_path / "square.npz"), **options)
    reference = folder(tmp_path / "wide", wide)
    assert score.run(input=str(plain), reference=reference, seed=4, **options) == by_files
    fewer = score.run(input=reference, reference=str(plain), seed=4, num=10, **options)
    assert (fewer["n_input"], fewer["n_reference"]) == (20, 10)


@pytest.mark.parametrize("truncation", [1.0, 0.5])
def test_samples_with_styles_are_scored_as_sample_draws_them(runs_folder, judge, sets, tmp_path, truncation):
    styled, file = runs_folder / "styled", tmp_path / "scores.json"
    sample.run(styled, out=str(tmp_path / "drawn.npz"), num=20, truncation=truncation)
    options = {"reference": sets[0][1], "features": judge, "cache": ""}
    by_file = score.run(input=str(tmp_path / "drawn.npz"), **options)
    found = score.run(input=str(styled), truncation=truncation, num=20, out=str(file), **options)
    assert found == {**by_file, "scores": file}
    assert json.loads(file.read_text())["truncation"] == truncation


@pytest.mark.parametrize("spec", [{}, {"resize": "fit"}, {"resize": "squeeze"}])
def test_pictures_get_the_form_of_training_images_that_are_rectangles(spec):
    config = types.SimpleNamespace(data=types.SimpleNamespace(roles={"image": spec}))
    run = types.SimpleNamespace(example={"image": [[8, 12, 3], "uint8"]}, config=config)
    wide = noise(1, 3, shape=(16, 24, 3))[0]
    expected = np.asarray(Image.fromarray(wide).resize((12, 8), Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(pictures.as_trained(run)(wide), expected)


def test_the_reference_is_described_once_for_each_content(judge, tmp_path, monkeypatch):
    described, whole = [], describing.Describer.__call__

    def noted(self, pictures):
        described.append(pictures.flag)
        return whole(self, pictures)

    monkeypatch.setattr(describing.Describer, "__call__", noted)
    ours, real = folder(tmp_path / "a", noise(8, 0)), folder(tmp_path / "b", noise(8, 1))
    options = {"input": ours, "reference": real, "features": judge, "cache": str(tmp_path / "cache")}
    first = score.run(**options)
    assert score.run(**options) == first
    assert described == ["reference", "input", "input"]
    (tmp_path / "b" / "000.png").write_bytes(png(noise(1, 2)[0]))
    assert score.run(**options) != first
    assert described[3:] == ["reference", "input"]


def test_a_file_keeps_the_scores_and_what_they_are_of(judge, sets, tmp_path):
    ours, real = sets[0]
    found = score.run(input=ours, reference=real, features=judge, cache="", out=str(tmp_path / "s.json"))
    kept = score.Workdir(tmp_path).read_json("s.json")
    assert found.pop("scores") == tmp_path / "s.json"
    assert {name: kept[name] for name in found} == found
    assert (kept["input"], kept["reference"], kept["features"]) == (ours, real, judge)
    assert kept["features_sha256"] == restore.load(judge).result["params_sha256"]
    assert "seed" not in kept


# --- what is refused ------------------------------------------------------------------------------


def test_pictures_that_cannot_be_read_are_left_out_and_counted(judge, sets, tmp_path, caplog):
    place = tmp_path / "some"
    folder(place, noise(8, 0))
    (place / "damaged.png").write_bytes(b"no picture")
    with caplog.at_level(logging.WARNING):
        found = score.run(input=str(place), reference=sets[0][1], features=judge, cache="")
    assert found["n_input"] == 8
    assert "input: 1 of 9 pictures are left out: 1 not an image (damaged.png)" in caplog.text
    for number in range(3):
        (place / f"00{number}.png").write_bytes(b"no picture")
    message = r"^input: 5 of 9 pictures of \S+some can be used; 6 or more are needed: 4 not an image \("
    with pytest.raises(DataError, match=message):
        score.run(input=str(place), reference=sets[0][1], features=judge, cache="")


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        (
            {"features": "inceptoin"},
            ConfigError,
            r"^features='inceptoin' is not known; did you mean 'inception'",
        ),
        ({"features": "inception"}, ConfigError, r"^weights='' is not allowed with features='inception'"),
        (
            {"features": "inception", "weights": "/none.pth"},
            ConfigError,
            r"^weights='/none.pth' cannot be read: No such file",
        ),
        (
            {"weights": "w.pth"},
            ConfigError,
            r"^weights='w.pth' is for features='inception', 'vgg16', 'vgg19'$",
        ),
        ({"features": "{plain}"}, WorkdirError, r"model 'linear'; --features needs the run of a classifier$"),
        ({"input": "{here}/none"}, ConfigError, r"^input='\S+none' does not exist; allowed: a folder, a zip"),
        ({"reference": "{here}/few"}, DataError, r"^reference: \S+few has 5 pictures; 6 or more are needed$"),
        (
            {"input": "{here}/w.npz"},
            DataError,
            r"w.npz: holds x; expected image and, optionally, label or x_all and",
        ),
        ({"num": 9}, ConfigError, r"^num=9 is for the samples of a run; input and reference are none$"),
        (
            {"seed": 10**8},
            ConfigError,
            r"^seed=100000000 is for the samples of a run; input and reference are none$",
        ),
        (
            {"truncation": 0.5},
            ConfigError,
            r"^truncation=0.5 is for the samples of a run; input and reference are none$",
        ),
        (
            {"input": "{plain}", "truncation": 0.5},
            ConfigError,
            r"^truncation=0.5 needs a model with styles, such as .*; this run's model has none$",
        ),
        (
            {"input": "{styled}", "truncation": 3.0},
            ConfigError,
            r"^truncation=3 is not allowed; allowed: -2 to 2$",
        ),
        ({"out": "/proc/a.json"}, ConfigError, r"^out='/proc/a.json': /proc cannot be written: "),
        ({"input": "{plain}", "num": 5}, ConfigError, r"^num=5 is not allowed; allowed: 6 or more$"),
        ({"input": "{judge}"}, WorkdirError, r"model 'classifier', which predicts labels"),
        (
            {"out": "scores.txt"},
            ConfigError,
            r"^out='scores.txt' is not allowed; allowed: a file ending in .json",
        ),
    ],
)
def test_bad_input_is_refused_before_any_network_is_loaded(
    fields, error, message, runs_folder, judge, sets, tmp_path, monkeypatch
):
    monkeypatch.setattr(describing, "_of_run", None)
    folder(tmp_path / "few", noise(5, 0))
    np.savez(tmp_path / "w.npz", x=np.zeros(3))
    places = {
        "plain": runs_folder / "plain",
        "styled": runs_folder / "styled",
        "judge": judge,
        "here": tmp_path,
    }
    given = {"input": sets[0][0], "reference": sets[0][1], "features": judge, "cache": "", **fields}
    given = {name: v.format(**places) if isinstance(v, str) else v for name, v in given.items()}
    with pytest.raises(error, match=message) as caught:
        score.run(**given)
    assert "\n" not in str(caught.value)
