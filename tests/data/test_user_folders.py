"""Folders as users have them: what `--data` takes for splits, classes and grey images."""

import logging

import pytest
from PIL import Image

from gan_jax.data import places
from gan_jax.errors import DataError


def pictures(folder, modes):
    folder.mkdir(parents=True)
    for i, mode in enumerate(modes):
        Image.new(mode, (8, 8)).save(folder / f"{i:03d}.png")


def test_parts_are_known_by_their_names_in_any_case(tmp_path):
    for name, count in (("Train", 3), ("TEST", 2)):
        pictures(tmp_path / "photos" / name, ["RGB"] * count)
    found = places.find(str(tmp_path))
    assert found.sizes == {"train": 3, "test": 2} and not found.by_folder
    assert found.fields["files"]["test"] == str(tmp_path / "photos" / "TEST")


def test_two_folders_of_one_part_are_refused(tmp_path):
    for name in ("Train", "train"):
        pictures(tmp_path / name, ["RGB"])
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("the file system does not tell the names apart")
    with pytest.raises(DataError, match="has 'Train' and 'train'; allowed: one folder 'train'"):
        places.find(str(tmp_path))


def test_images_beside_the_parts_are_counted_in_the_log(tmp_path, caplog):
    for name, count in (("train", 3), ("test", 2), ("more", 4)):
        pictures(tmp_path / name, ["RGB"] * count)
    with caplog.at_level(logging.WARNING):
        assert sum(places.find(str(tmp_path)).sizes.values()) == 5
    assert "4 images outside of test, train are not used" in caplog.text


def test_images_without_folders_of_classes_do_not_take_the_classes_of_train_away(tmp_path, caplog):
    for name, count in (("train/cat", 3), ("train/dog", 2), ("test", 4), ("val/cat", 1), ("val/dog", 1)):
        pictures(tmp_path / "pets" / name, ["RGB"] * count)
    with caplog.at_level(logging.WARNING):
        found = places.find(str(tmp_path / "pets"))
    assert (found.sizes, found.classes, found.by_folder) == ({"train": 5, "val": 2}, 2, True)
    assert set(found.fields["files"]) == set(found.blocks) == {"train", "val"}
    assert "pets: test is not used: unlike train, it has no folders of classes" in caplog.text


@pytest.mark.parametrize("colours", [0, 20])
def test_images_are_grey_only_if_those_of_the_whole_list_are(tmp_path, colours):
    pictures(tmp_path / "photos", ["L"] * 20 + ["RGB"] * colours)
    assert places.find(str(tmp_path)).channels == (3 if colours else 1)
