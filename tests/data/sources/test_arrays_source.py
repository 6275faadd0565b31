"""Files by path: written values are read back, and errors name every kind of damage."""

import gzip
import re
import struct

import numpy as np
import pytest
import scipy.io

from gan_jax import data
from gan_jax.errors import ConfigError, DataError

COUNT = 20
RNG_SEED = 0


def images(channels: int = 3) -> np.ndarray:
    rng = np.random.default_rng(RNG_SEED)
    return rng.integers(0, 256, (COUNT, 8, 8, channels), dtype=np.uint8)


def svhn_labels() -> np.ndarray:
    """Labels 1 to 10, as in SVHN."""
    return (np.arange(COUNT) % 10 + 1).astype(np.uint8)


def load(path, split="train", size=8, **spec) -> data.Examples:
    return data.load({"files": {"train": str(path)}, "split": split, **spec}, size=size)


def write_idx(folder, suffix=".gz", count=COUNT, labels=COUNT, magic=0x803, tail=b""):
    """An idx pair; returns the path of the images."""
    opener = gzip.open if suffix else open
    path = folder / f"train-images-idx3-ubyte{suffix}"
    with opener(path, "wb") as file:
        file.write(struct.pack(">4I", magic, count, 8, 8) + images(1).tobytes() + tail)
    with opener(folder / f"train-labels-idx1-ubyte{suffix}", "wb") as file:
        file.write(struct.pack(">2I", 0x801, labels) + svhn_labels().tobytes()[:labels])
    return path


@pytest.fixture
def npz(tmp_path):
    path = tmp_path / "set.npz"
    np.savez_compressed(path, image=images(), label=np.arange(COUNT))
    return path


def test_npz_round_trip(npz):
    examples = load(npz)
    np.testing.assert_array_equal(examples.columns["image"], images())
    np.testing.assert_array_equal(examples.columns["label"], np.arange(COUNT))
    assert examples.columns["label"].dtype == np.int32


def test_npz_without_labels_and_without_channel_axis(tmp_path):
    path = tmp_path / "set.npz"
    np.savez(path, image=images(1)[..., 0])
    examples = load(path)
    assert set(examples.columns) == {"image"}
    np.testing.assert_array_equal(examples.columns["image"], images(1))
    with pytest.raises(DataError, match=r"cannot exclude labels \(3,\).*no labels"):
        load(path, exclude=(3,))


def test_one_npz_of_keras_layout_holds_the_images_and_labels_of_every_split(tmp_path):
    path = tmp_path / "set.npz"
    label = np.arange(COUNT)
    columns = {"x_train": images(1)[..., 0], "y_train": label, "x_test": images(1)[:3, :, :, 0]}
    np.savez(path, **columns, y_test=label[:3] + 40)
    files = {"train": str(path), "test": str(path)}
    examples = data.load({"files": files, "split": "test[1:]+train[:2]"}, size=8)
    assert examples.columns["label"].tolist() == [41, 42, 0, 1]
    np.testing.assert_array_equal(examples.columns["image"], images(1)[[1, 2, 0, 1]])
    np.savez(path, **columns, y_test=label[:2])
    with pytest.raises(DataError, match=r"set.npz: labels are int64 \[2\]; expected .*\[3\]"):
        data.load({"files": files, "split": "test"}, size=8)
    with pytest.raises(
        DataError, match=r"holds x_train, .*; expected image and, .*label or x_val and, .*y_val$"
    ):
        data.load({"files": {"val": str(path)}, "split": "val"}, size=8)


@pytest.mark.parametrize(("zero", "compress"), [(0, True), (10, False)])
def test_mat_round_trip_with_label_10_as_digit_0_and_0_left_alone(tmp_path, zero, compress):
    path = tmp_path / "train_32x32.mat"
    label = np.where(svhn_labels() == 10, zero, svhn_labels())[:, None]
    content = {"X": images().transpose(1, 2, 3, 0), "y": label}
    scipy.io.savemat(path, content, do_compression=compress)
    examples = load(path)
    np.testing.assert_array_equal(examples.columns["image"], images())
    np.testing.assert_array_equal(examples.columns["label"], (np.arange(COUNT) + 1) % 10)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_idx_round_trip(tmp_path, suffix):
    examples = load(write_idx(tmp_path, suffix))
    np.testing.assert_array_equal(examples.columns["image"], images(1))
    np.testing.assert_array_equal(examples.columns["label"], svhn_labels())


@pytest.mark.parametrize(
    ("split", "rows"),
    [
        ("train", np.r_[:20]),
        ("train[:8]", np.r_[:8]),
        ("train[-3:]", np.r_[17:20]),
        ("train[50%:]", np.r_[10:20]),
        ("train[15:]+train[:5]", np.r_[15:20, :5]),
        ("test[2:4]+train[:2]", np.r_[22:24, :2]),
        ("all", np.r_[:40]),
    ],
)
def test_slices_are_those_of_numpy(tmp_path, split, rows):
    for part, first in (("train", 0), ("test", COUNT)):
        np.savez(tmp_path / f"{part}.npz", image=images(), label=np.arange(first, first + COUNT))
    files = {part: f"{part}.npz" for part in ("train", "test")}
    examples = data.load({"files": files, "split": split}, size=8, manual_dir=str(tmp_path))
    np.testing.assert_array_equal(examples.columns["label"], rows)


@pytest.mark.parametrize(
    ("split", "reason"),
    [
        ("valid", "there is no split 'valid'"),
        ("train[", "'train[' is not understood"),
        ("", "'' is not understood"),
        ("train[:21]", "21 is more than the 20 rows"),
        ("train[25:]", "25 is more than the 20 rows"),
    ],
)
def test_a_split_that_cannot_be_read_is_named_with_those_there_are(npz, split, reason):
    with pytest.raises(DataError) as error:
        load(npz, split=split)
    assert repr(split) in str(error.value) and reason in str(error.value)
    assert "splits there: train (20)" in str(error.value) and "\n" not in str(error.value)


def test_a_slice_without_rows_is_refused(npz):
    with pytest.raises(DataError, match=r"'train\[5:5\]' of .*set.npz holds no example"):
        load(npz, split="train[5:5]")


def test_exclude_drops_those_labels_and_labels_false_drops_the_column(npz):
    examples = load(npz, exclude=(3, 5))
    np.testing.assert_array_equal(
        examples.columns["label"], [label for label in range(COUNT) if label not in (3, 5)]
    )
    bare = load(npz, exclude=(3, 5), labels=False)
    assert set(bare.columns) == {"image"}
    np.testing.assert_array_equal(bare.columns["image"], examples.columns["image"])


def test_images_are_resized_keeping_channels_and_constant_images(tmp_path):
    path = tmp_path / "set.npz"
    values = np.arange(COUNT, dtype=np.uint8)
    np.savez(path, image=np.tile(values[:, None, None, None], (1, 5, 7, 1)))
    resized = load(path, size=16).columns["image"]
    np.testing.assert_array_equal(resized, np.broadcast_to(values[:, None, None, None], (COUNT, 16, 16, 1)))
    ramp = np.tile(np.arange(0, 256, 16, dtype=np.uint8)[None, None, :, None], (COUNT, 16, 1, 3))
    np.savez(path, image=ramp)
    halves = load(path, size=8).columns["image"][0, 4, :, 0].astype(int)
    # Antialiased halving of a ramp with step 16 gives a ramp with step 32, except at the ends.
    np.testing.assert_allclose(halves[1:-1], np.arange(8, 256, 32)[1:-1], atol=1)


def refused(path, *words, **spec):
    """Checks that the one-line message names the file and contains `words`."""
    with pytest.raises(DataError) as error:
        load(path, **spec)
    message = str(error.value)
    assert str(path) in message and "\n" not in message
    for word in words:
        assert re.search(word, message), message


def test_a_wrong_npz_is_named_with_what_was_expected(tmp_path):
    path = tmp_path / "set.npz"
    cases = [
        ({"pictures": images()}, "holds pictures; expected image"),
        ({"image": images().astype(np.float32)}, r"float32 \[20, 8, 8, 3\]; expected uint8"),
        ({"image": images()[..., :2]}, r"uint8 \[20, 8, 8, 2\]; expected uint8 .*1 or 3"),
        ({"image": images()[:0]}, r"uint8 \[0, 8, 8, 3\]; expected"),
        (
            {"image": images(), "label": np.arange(19)},
            r"labels are int64 \[19\]; expected .*\[20\]",
        ),
        (
            {"image": images(), "label": np.ones(20)},
            r"labels are float64 \[20\]; expected integers",
        ),
        ({"image": images(), "label": np.arange(20) - 1}, "expected integers 0 or more"),
        ({"image": np.array([{}] * 20)}, "Object arrays cannot be loaded"),
    ]
    for content, words in cases:
        np.savez(path, **content)
        refused(path, words)


@pytest.mark.usefixtures("scipy_thread")
def test_a_wrong_mat_is_named_with_what_was_expected(tmp_path):
    path = tmp_path / "set.mat"
    image, label = images().transpose(1, 2, 3, 0), svhn_labels()[:, None]
    cases = [
        ({"X": image}, r"holds X uint8 \[8, 8, 3, 20\]; expected .*X uint8 .* and y"),
        ({"X": image / 255, "y": label[1:]}, r"holds X double .*, y uint8 \[19, 1\]; expected .*\[N, 1\]"),
        ({"X": image, "y": label[1:]}, r"holds X uint8 .*, y uint8 \[19, 1\]; expected .*\[N, 1\]"),
        ({"X": image, "y": label / 1.0}, "y double .*expected .*y integer"),
    ]
    for content, words in cases:
        scipy.io.savemat(path, content)
        refused(path, words)


def test_a_wrong_idx_pair_is_named_with_what_was_expected(tmp_path):
    refused(write_idx(tmp_path, magic=0x801), "begins with 0x801; expected 0x803")
    refused(write_idx(tmp_path, count=21), r"holds 1280 bytes; expected 1344 for \[21, 8, 8\]")
    refused(write_idx(tmp_path, tail=b"12"), "holds 1281 bytes or more; expected 1280")
    refused(write_idx(tmp_path, labels=19), r"labels are uint8 \[19\]; expected .*\[20\]")
    path = write_idx(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte.gz").unlink()
    refused(path, "labels are missing; expected them in .*train-labels-idx1-ubyte.gz")


CUT = [(name, keep) for keep in (0, 3, 60, 0.5, 0.99) for name in ("set.npz", "train-images-idx3-ubyte.gz")]


@pytest.mark.parametrize(("name", "keep"), [*CUT, ("set.mat", 60), ("set.mat", 0.5)])
def test_a_truncated_file_is_named(tmp_path, npz, name, keep):
    image, label = images().transpose(1, 2, 3, 0), svhn_labels()[:, None]
    scipy.io.savemat(tmp_path / "set.mat", {"X": image, "y": label}, do_compression=True)
    write_idx(tmp_path)
    path = tmp_path / name
    content = path.read_bytes()
    path.write_bytes(content[: keep if isinstance(keep, int) else int(keep * len(content))])
    # From half a .mat, scipy still reads the first array, so the second one is missing.
    refused(path, "cannot be read; expected an? |holds X uint8 [^y]*; expected .* and y")


@pytest.mark.usefixtures("scipy_thread")
@pytest.mark.parametrize("name", ["set.npz", "set.mat", "train-images-idx3-ubyte.gz"])
def test_another_format_under_this_name_is_refused(tmp_path, name):
    write_idx(tmp_path)  # writes the labels that the pair needs
    path = tmp_path / name
    path.write_text("<html>404 not found</html>" * 20)
    refused(path, "cannot be read; expected an? ")


def test_an_unknown_kind_of_file_lists_those_known(tmp_path):
    path = tmp_path / "set.pickle"
    path.touch()
    refused(path, r"expected \.npz, \.mat, \.\.\.images-idx3-ubyte\[\.gz\], \.zip or a folder")


def test_a_relative_path_starts_at_manual_dir_or_else_at_gan_jax_data(npz, monkeypatch):
    spec = {"files": {"train": "set.npz"}}
    monkeypatch.delenv("GAN_JAX_DATA", raising=False)
    with pytest.raises(DataError, match=r"'set.npz' is relative.*data\.manual_dir or GAN_JAX_DATA"):
        data.load(spec, size=8)
    monkeypatch.setenv("GAN_JAX_DATA", str(npz.parent))
    assert len(data.load(spec, size=8)) == COUNT
    with pytest.raises(DataError, match=r"no file .*elsewhere/set.npz: set config.data.manual_dir"):
        data.load(spec, size=8, manual_dir="elsewhere")


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"nmae": "mnist"}, "'nmae' is not known: name, files, split, exclude, labels"),
        ({"split": "train"}, "exactly one"),
        ({"name": "mnist", "files": {"train": "x.npz"}}, "name='mnist' and files=.*exactly one"),
    ],
)
def test_a_role_is_checked_before_anything_is_read(spec, words):
    with pytest.raises(ConfigError, match=words):
        data.load(spec, size=8)
