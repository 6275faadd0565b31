"""Nearest training images: a copy is found at distance 0, and the images shown are those found."""

import json

import numpy as np
import pytest
from PIL import Image

from gan_jax.errors import WorkdirError
from gan_jax.inference import nearest, sample


@pytest.fixture(scope="module")
def known(runs_folder):
    return np.load(runs_folder / "noise.npz")["image"]


def test_of_a_copy_the_nearest_is_the_original_at_distance_nought(runs_folder, known):
    memory = nearest.load(runs_folder / "plain", 3)
    found = memory.find(known[[7, 31]])
    assert found.rows[:, 0].tolist() == [7, 31]
    assert found.distances[:, 0].tolist() == [0, 0]
    np.testing.assert_array_equal(found.images[:, 0], known[[7, 31]])


def test_distances_are_root_mean_squares_of_grey_levels(runs_folder, known):
    memory = nearest.load(runs_folder / "plain", 40)
    query = np.full((1, 8, 8, 3), 128, np.uint8)
    found = memory.find(query)
    wanted = np.sqrt(np.square(known.astype(float) - 128).mean((1, 2, 3)))
    np.testing.assert_allclose(found.distances[0], np.sort(wanted), rtol=1e-12)
    assert found.rows[0].tolist() == np.argsort(wanted).tolist()
    assert memory.unit == "grey levels per pixel"


def test_each_part_of_many_images_has_its_own_features(known, monkeypatch):
    class Flat:
        def apply(self, method, batch):
            assert method == "embed"
            pictures = batch["image"]
            return pictures.reshape(len(pictures), -1).astype(np.float32)

    monkeypatch.setattr(nearest, "_EMBEDDED", 3)
    found = nearest.Memory(known, 1, Flat()).find(known[::-1])
    assert found.rows[:, 0].tolist() == list(range(len(known)))[::-1]
    assert not found.distances.any()


def test_features_are_those_of_a_required_classifier(runs_folder, known):
    memory = nearest.load(runs_folder / "plain", 2, "judge")
    found = memory.find(known[[7]])
    assert found.rows[0, 0] == 7
    assert found.distances[0, 0] == pytest.approx(0, abs=1e-5)
    described = memory._network.apply("embed", {"image": known})
    wanted = np.sort(np.linalg.norm(described - described[7], axis=1))[1]
    assert found.distances[0, 1] == pytest.approx(wanted, rel=1e-4)
    assert memory.unit == "between features"


def test_an_unfinished_classifier_is_named(runs_folder, tmp_path):
    config = json.loads((runs_folder / "plain" / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"cache_dir": str(tmp_path / "empty")}))
    with pytest.raises(
        WorkdirError, match=r"^judge, which run 'linear' requires, is not finished in .*/empty/"
    ):
        nearest.load(tmp_path, 1, "judge")


def test_a_sheet_shows_each_sample_beside_its_neighbours(runs_folder, known, tmp_path):
    told = sample.run(runs_folder / "plain", out=str(tmp_path / "a.npz"), num=4, nearest=2)
    arrays = np.load(tmp_path / "a.npz")
    assert arrays["neighbour"].shape == arrays["distance"].shape == (4, 2)
    median = told["median distance of the nearest, grey levels per pixel"]
    assert median == np.median(arrays["distance"][:, 0]) > 0
    sample.run(runs_folder / "plain", out=str(tmp_path / "a.png"), num=4, nearest=2, columns=1)
    sheet = np.asarray(Image.open(tmp_path / "a.png"))
    assert sheet.shape == (4 * 10 - 2, 3 * 8 + 4, 3)
    for i, rows in enumerate(arrays["neighbour"]):
        row = sheet[10 * i : 10 * i + 8]
        assert np.abs(row[:, :8].astype(int) - arrays["image"][i]).max() <= 1
        assert (row[:, 8:12] == 255).all()
        np.testing.assert_array_equal(row[:, 12:], np.concatenate(known[rows], axis=1))
