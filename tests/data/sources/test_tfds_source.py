"""tfds by name: prepared sets are read, obtainable sets are prepared, other names fail at once."""

import gzip
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import prepared_sets
import pytest
import tensorflow_datasets as tfds
from prepared_sets import faces

from gan_jax import data
from gan_jax.data.sources import tfds as tfds_source
from gan_jax.data.sources import tfds_rows
from gan_jax.errors import DataError

MNIST = ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz",
         "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")  # fmt: skip

GIVEN = os.environ.get("GAN_JAX_DATA", "")


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    monkeypatch.delenv("GAN_JAX_DATA", raising=False)
    monkeypatch.setattr(tfds_source, "_reachable", lambda url: False)


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (30, 8, 8, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory, images) -> Path:
    """A folder with the prepared set `tiny`: 30 examples of train, in array_record."""
    folder = tmp_path_factory.mktemp("prepared")
    rows = [(row, {"image": image, "label": row % 10}) for row, image in enumerate(images)]
    features = {
        "image": tfds.features.Image(shape=(8, 8, 3)),
        "label": tfds.features.ClassLabel(num_classes=10),
    }
    return prepared_sets.prepared(folder, "tiny", features, rows)


def load(folder, name="tiny", split="train", size=8, **options) -> data.Examples:
    return data.load({"name": name, "split": split}, size=size, data_dir=str(folder), **options)


def refused(folder, *words, **options):
    with pytest.raises(DataError) as error:
        load(folder, **options)
    message = str(error.value)
    assert "\n" not in message
    for word in words:
        assert word in message, message


def test_a_prepared_set_is_read_whole_and_in_slices(prepared, images):
    examples = load(prepared)
    np.testing.assert_array_equal(examples.columns["image"], images)
    np.testing.assert_array_equal(examples.columns["label"], np.arange(30) % 10)
    assert examples.columns["label"].dtype == np.int32
    part = load(prepared, split="train[20:]+train[:10%]")
    np.testing.assert_array_equal(part.columns["image"], images[[*range(20, 30), 0, 1, 2]])
    assert load(prepared, size=16).columns["image"].shape == (30, 16, 16, 3)


@pytest.mark.parametrize("file_format", ["array_record", "tfrecord"])
def test_attributes_of_a_set_are_its_label(tmp_path, file_format):
    folder = faces(tmp_path, file_format)
    spec = {"name": "faces", "attributes": ("Young", "Male"), "crop": (10, 10)}
    data.check(spec, data_dir=str(folder))
    columns = data.load(spec, size=8, data_dir=str(folder)).columns
    np.testing.assert_array_equal(columns["label"], [[0, 0], [0, 1], [0, 0], [0, 1], [1, 0], [1, 1]])
    assert columns["label"].dtype == np.int32
    assert columns["image"][:, 4, 4, 0].tolist() == list(range(6))
    assert set(load(folder, "faces").columns) == {"image"}
    for function in (data.check, lambda spec, **place: data.load(spec, size=8, **place)):
        with pytest.raises(DataError, match=r"'Mael' of data set 'faces' is not known; did you mean 'Male'"):
            function({**spec, "attributes": ("Mael",)}, data_dir=str(folder))


def test_a_set_without_attributes_is_named(prepared):
    with pytest.raises(DataError, match=r"'tiny' has no attributes; its features are image, label$"):
        data.check({"name": "tiny", "attributes": ("Male",)}, data_dir=str(prepared))


def test_celeb_a_of_tfds_has_the_attributes_and_the_shape_that_are_read():
    features = tfds.builder("celeb_a").info.features
    assert features["image"].shape == (218, 178, 3) and len(features["attributes"]) == 40
    assert {"Male", "Young", "Black_Hair", "Eyeglasses"} <= set(features["attributes"])


def test_splits_and_images_of_different_sizes_are_those_of_cycle_gan(tmp_path):
    """The set has cycle_gan's layout: splits trainA to testB, images of any size, a label for each side."""
    known = tfds.builder("cycle_gan/horse2zebra").info.features
    assert known["image"].shape[-1] == 3 and set(known) == {"image", "label"}
    rows = {
        split: [
            (k, {"image": np.full((8 + k, 16, 3), 10 * k, np.uint8), "label": place % 2}) for k in range(3)
        ]
        for place, split in enumerate(("trainA", "trainB", "testA", "testB"))
    }
    features = {
        "image": tfds.features.Image(shape=(None, None, 3)),
        "label": tfds.features.ClassLabel(num_classes=2),
    }
    tfds.dataset_builders.store_as_tfds_dataset(
        name="pairs",
        version="1.0.0",
        features=tfds.features.FeaturesDict(features),
        split_datasets=rows,
        data_dir=tmp_path,
        file_format="tfrecord",
        disable_shuffling=True,
    )
    for side, split in enumerate(("trainA", "trainB")):
        columns = load(tmp_path, "pairs", split).columns
        assert columns["image"].shape == (3, 8, 8, 3) and columns["label"].tolist() == [side] * 3
        assert columns["image"][:, 4, 4, 0].tolist() == [0, 10, 20]
    both = {"name": "pairs", "split": "testA+testB", "labels": False, "side": "right", "channels": 1}
    assert data.load(both, size=8, data_dir=str(tmp_path)).columns["image"].shape == (6, 8, 8, 1)


def test_an_unknown_split_is_named_with_those_there_are(prepared):
    refused(prepared, "'tset'", "'tiny'", "train (30)", split="tset")


def test_a_set_that_does_not_fit_in_memory_is_refused(prepared, monkeypatch):
    monkeypatch.setattr(tfds_rows, "MAX_BYTES", 30 * 8 * 8 * 3 - 1)
    refused(prepared, "30 images of 8 x 8", "take a part by its split")
    assert len(load(prepared, split="train[:29]")) == 29


def test_a_damaged_prepared_set_is_named(tmp_path, images):
    folder = tmp_path / "tiny" / "1.0.0"
    tfds.dataset_builders.store_as_tfds_dataset(
        name="tiny",
        version="1.0.0",
        features=tfds.features.FeaturesDict({"image": tfds.features.Image(shape=(8, 8, 3))}),
        split_datasets={"train": [(row, {"image": image}) for row, image in enumerate(images)]},
        data_dir=tmp_path,
        file_format="array_record",
    )
    assert set(load(tmp_path).columns) == {"image"}
    (shard,) = folder.glob("*array_record*")
    content = shard.read_bytes()
    shard.write_bytes(content[: len(content) // 2])
    refused(tmp_path, str(folder), "is not a complete prepared data set")
    shard.unlink()
    refused(tmp_path, str(folder), "is not a complete prepared data set")


def test_a_name_that_is_not_known_gets_the_nearest(tmp_path):
    refused(tmp_path, "'mnits'", "did you mean mnist", "digits_street", name="mnits")
    refused(tmp_path, "'digits_stret'", "did you mean digits_street", name="digits_stret")
    refused(tmp_path, "'mnist:1.0.0'", "only: 3.0.1", name="mnist:1.0.0")


@pytest.mark.parametrize("name", ["mnist", "svhn_cropped"])
def test_a_set_neither_prepared_nor_reachable_names_the_ways_on(tmp_path, name):
    refused(
        tmp_path, repr(name), str(tmp_path / name), "no manual_dir is given", "cannot be reached",
        "config.data.data_dir", "config.data.manual_dir", "GAN_JAX_DATA",
        "config.data.sets.<set>.files", "configs/dtn_digits.py", name=name,
    )  # fmt: skip
    assert not list(tmp_path.iterdir())


def test_only_files_that_are_missing_are_asked_for(tmp_path):
    sizes = {info.filename: int(info.size) for info in tfds.builder("mnist").url_infos.values()}
    for name in MNIST[:3]:
        (tmp_path / name).write_bytes(bytes(sizes[name]))
    with pytest.raises(DataError, match=rf"not in {tmp_path}, .* folder with {MNIST[3]};"):
        load(tmp_path / "prepared", name="mnist", manual_dir=str(tmp_path))


def test_a_part_of_an_official_file_is_refused_by_its_size(tmp_path):
    (tmp_path / "test_32x32.mat").write_bytes(bytes(1000))
    refused(
        tmp_path / "prepared", str(tmp_path / "test_32x32.mat"),
        "has 1000 bytes; expected 64275384", "config.data.sets.<set>.files",
        name="svhn_cropped", manual_dir=str(tmp_path),
    )  # fmt: skip


def test_official_files_of_wrong_content_are_refused_and_leave_no_data_set(tmp_path):
    for info in tfds.builder("mnist").url_infos.values():
        (tmp_path / info.filename).write_bytes(bytes(int(info.size)))
    folder = tmp_path / "prepared"
    refused(folder, "'mnist' cannot be prepared in", "wrong checksum", name="mnist",
            manual_dir=str(tmp_path))  # fmt: skip
    assert not tfds.builder("mnist", data_dir=folder).is_prepared()


def test_what_an_interrupted_preparation_leaves_is_no_data_set(tmp_path, prepared):
    half = tmp_path / "mnist" / "incomplete.ABCDEF_3.0.1"
    half.mkdir(parents=True)
    for path in (prepared / "tiny" / "1.0.0").iterdir():
        (half / path.name).write_bytes(path.read_bytes())
    refused(tmp_path, "is not prepared in", name="mnist")
    (tmp_path / "mnist" / "3.0.1").mkdir()
    refused(tmp_path, "3.0.1 is not a complete prepared data set", name="mnist")


def test_the_probe_says_no_where_nobody_listens_and_where_the_answer_is_an_error(monkeypatch):
    monkeypatch.undo()
    monkeypatch.setenv("NO_PROXY", "*")
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{server.getsockname()[1]}/file"
        assert not tfds_source._reachable(url)
        # Connections now succeed, but the server never answers.
        monkeypatch.setattr(tfds_source, "_PROBE_SECONDS", 0.2)
        server.listen()
        assert not tfds_source._reachable(url)


def test_a_set_by_name_is_refused_in_one_line_where_tfds_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(DataError) as error:
        data.check({"name": "mnist"})
    start = "data set 'mnist' needs tensorflow-datasets: "
    assert str(error.value).startswith(start) and "\n" not in str(error.value)


def test_importing_the_package_loads_none_of_the_heavy_libraries():
    heavy = ("jax", "tensorflow", "tensorflow_datasets", "sklearn", "matplotlib", "scipy.io")
    program = f"import sys, gan_jax.data; print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.long
@pytest.mark.real_data
@pytest.mark.skipif(not GIVEN, reason="GAN_JAX_DATA is not set")
def test_official_files_on_disk_are_prepared_without_a_download(tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_JAX_DATA", GIVEN)
    maker = type(tfds.builder("mnist"))
    whole = maker._generate_examples

    def few(self, num_examples, **paths):
        """The files are checked whole. To write all of their images would take most of the test's time."""
        return whole(self, min(num_examples, 500), **paths)

    monkeypatch.setattr(maker, "_generate_examples", few)
    examples = load(tmp_path, name="mnist", split="test", size=28)
    with gzip.open(Path(GIVEN, "mnist", "t10k-images-idx3-ubyte.gz")) as file:
        _, count, height, width = struct.unpack(">4I", file.read(16))
        official = np.frombuffer(file.read(), np.uint8).reshape(count, height, width)[:500]
    found = examples.columns["image"][..., 0]
    assert {image.tobytes() for image in found} == {image.tobytes() for image in official}
