"""Sheets of interpolations: their ends are samples, and their middles lie on the path."""

import numpy as np
import pytest
from PIL import Image

from gan_jax.errors import ConfigError
from gan_jax.inference import interpolate, sample


def arrays(folder, out, **options):
    told = interpolate.run(folder, out=str(out), **options)
    assert told["interpolations"] == out
    return dict(np.load(out)) | {"told": told}


@pytest.mark.long
def test_the_ends_of_a_row_are_the_samples_of_its_numbers(runs_folder, tmp_path):
    sample.run(runs_folder / "plain", out=str(tmp_path / "samples.npz"), num=8, seed=4)
    samples = np.load(tmp_path / "samples.npz")
    pairs = ["5-2", "7-7"]
    found = arrays(runs_folder / "plain", tmp_path / "paths.npz", seed=4, pairs=pairs, columns=6)
    z = found["z"].reshape(2, 6, 5)
    np.testing.assert_array_equal(z[:, [0, -1]], samples["z"][[[5, 2], [7, 7]]])
    pictures = found["image"].reshape(2, 6, 8, 8, 3).astype(int)
    assert np.abs(pictures[:, [0, -1]] - samples["image"][[[5, 2], [7, 7]]]).max() <= 1
    np.testing.assert_allclose(z[1], z[1, :1].repeat(6, 0), rtol=1e-6)


@pytest.mark.parametrize(
    ("run", "path", "taken"),
    [
        ("plain", "", "spherical"),
        ("plain", "linear", "linear"),
        ("uniform", "", "linear"),
        ("uniform", "spherical", "spherical"),
    ],
)
def test_the_path_suits_the_prior_or_is_the_one_asked_for(runs_folder, tmp_path, run, path, taken):
    found = arrays(runs_folder / run, tmp_path / "paths.npz", rows=3, columns=3, path=path)
    assert found["told"]["path"] == taken
    first, middle, last = np.moveaxis(found["z"].reshape(3, 3, 5).astype(float), 1, 0)
    straight = np.allclose(middle, (first + last) / 2, atol=1e-5)
    assert straight == (taken == "linear")
    # The middle is a combination of both ends with equal weights.
    parts = [np.linalg.lstsq(np.stack([a, b]).T, m)[0] for a, b, m in zip(first, last, middle, strict=True)]
    np.testing.assert_allclose(np.ptp(parts, axis=1), 0, atol=1e-5)


def test_a_row_keeps_its_class(runs_folder, tmp_path):
    found = arrays(runs_folder / "conditional", tmp_path / "paths.npz", rows=4, columns=2)
    assert found["label"].tolist() == [0, 0, 1, 1, 2, 2, 0, 0]


def test_a_sheet_and_a_folder_have_a_picture_for_every_point(runs_folder, tmp_path):
    interpolate.run(runs_folder / "plain", out=str(tmp_path / "sheet.png"))
    assert Image.open(tmp_path / "sheet.png").size == (10 * 10 - 2, 8 * 10 - 2)
    interpolate.run(runs_folder / "plain", out=f"{tmp_path}/made/", pairs=["3-17", "0-1"], columns=11)
    names = sorted(p.name for p in (tmp_path / "made").iterdir())
    assert len(names) == 22
    assert (names[0], names[-1]) == ("0-1_00.png", "3-17_10.png")


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"pairs": ["0-1"], "rows": 2}, "rows=2"),
        ({"pairs": ["0"]}, "pairs='0'"),
        ({"pairs": ["0-1", "a-b"]}, "such as 0-1,3-17"),
        ({"pairs": []}, "such as 0-1,3-17"),
        ({"pairs": ["0-1", "0-1"]}, "each pair once"),
        ({"pairs": ["0-1", "00-1"]}, "each pair once"),
        ({"columns": 1}, "columns=1"),
        ({"labels": ["0"]}, "labels=0"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_written(runs_folder, tmp_path, options, part):
    with pytest.raises(ConfigError, match=part):
        interpolate.run(runs_folder / "plain", out=str(tmp_path / "sheet.png"), **options)
    assert not list(tmp_path.iterdir())
