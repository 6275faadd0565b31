"""Named arrays from .npz, .safetensors and .h5 files, and files that hold none."""

import json

import h5py
import numpy as np
import pytest

from gan_jax.files import tensors

WANTED = {
    "conv1_1.weight": np.random.default_rng(0).normal(size=(2, 3, 3, 3)).astype(np.float16),
    "conv1_1.bias": np.arange(2, dtype=np.float32),
}


def safetensors(file, found, header=None):
    """Writes the format as its specification has it: length, JSON, numbers."""
    described, body = {"__metadata__": {"format": "pt"}}, b""
    for name, (kind, array) in found.items():
        content = array.tobytes()
        offsets = [len(body), len(body) + len(content)]
        described[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": offsets}
        body += content
    text = json.dumps(header or described).encode()
    file.write_bytes(len(text).to_bytes(8, "little") + text + body)


def npz(file):
    np.savez(file, **WANTED)


def half(file):
    safetensors(file, {name: ({"f2": "F16", "f4": "F32"}[a.dtype.str[1:]], a) for name, a in WANTED.items()})


def hdf5(file):
    with h5py.File(file, "w") as archive:
        for name, array in WANTED.items():
            archive[name] = array


@pytest.mark.parametrize(("write", "suffix"), [(npz, "npz"), (half, "safetensors"), (hdf5, "h5")])
def test_every_format_gives_the_arrays_by_name(tmp_path, write, suffix):
    file = tmp_path / f"weights.{suffix}"
    write(file)
    found = tensors.read(file)
    assert set(found) == set(WANTED)
    for name, array in WANTED.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_groups_of_an_h5_are_parts_of_the_names(tmp_path):
    with h5py.File(tmp_path / "w.h5", "w") as archive:
        archive["block1/layers/conv2d/vars/0"] = np.ones(3)
    assert list(tensors.read(tmp_path / "w.h5")) == ["block1/layers/conv2d/vars/0"]


def test_texts_and_empty_entries_of_an_h5_are_left_out(tmp_path):
    with h5py.File(tmp_path / "w.h5", "w") as archive:
        archive["name"], archive["none"], archive["w"] = "a text", h5py.Empty("f4"), np.ones(3)
    assert list(tensors.read(tmp_path / "w.h5")) == ["w"]


def test_an_h5_that_declares_more_than_the_memory_holds_is_refused(tmp_path):
    with h5py.File(tmp_path / "w.h5", "w") as archive:
        archive.create_dataset("w", shape=(2**42,), chunks=(2**20,), dtype="f4")
    refused(tmp_path / "w.h5", rf"^its arrays have {2**44} bytes; allowed: {2**30}$")


def test_bfloat16_is_the_upper_half_of_a_float(tmp_path):
    values = np.array([1.0, -2.5, 3.140625], np.float32)  # exact in eight bits of precision
    upper = (values.view(np.uint32) >> 16).astype(np.uint16)
    safetensors(tmp_path / "w.safetensors", {"w": ("BF16", upper)})
    np.testing.assert_array_equal(tensors.read(tmp_path / "w.safetensors")["w"], values)


def refused(file, message):
    with pytest.raises(ValueError, match=message) as error:
        tensors.read(file)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("suffix", ["npz", "safetensors", "h5"])
@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off", b"\xff" * 64])
def test_damaged_files_are_refused(tmp_path, suffix, content):
    file = tmp_path / f"broken.{suffix}"
    file.write_bytes(content)
    refused(file, rf"^it is not a readable \.{suffix}")


@pytest.mark.parametrize("described", [
    {"dtype": "F32", "shape": [3], "data_offsets": [0, 12]},  # beyond the end
    {"dtype": "F32", "shape": [2], "data_offsets": [-4, 4]},
    {"dtype": "F32", "shape": [3], "data_offsets": [0, 8]},  # another shape
    {"dtype": "C64", "shape": [1], "data_offsets": [0, 8]},
    {"dtype": "F32", "shape": [2]},
    [],
])  # fmt: skip
def test_a_header_that_does_not_fit_its_numbers_is_refused(tmp_path, described):
    file = tmp_path / "w.safetensors"
    safetensors(file, {"w": ("F32", np.zeros(2, np.float32))}, {"w": described})
    refused(file, r"^it is not a readable \.safetensors of arrays$")


@pytest.mark.parametrize("suffix", tensors.ARRAYS)
def test_what_is_encoded_is_what_is_read(tmp_path, suffix):
    file, wanted = tmp_path / f"w{suffix}", {**WANTED, "count": np.array(4), "seen": np.array([True, False])}
    file.write_bytes(tensors.encode(wanted, suffix))
    found = tensors.read(file)
    assert {name: (x.dtype, x.shape) for name, x in found.items()} == {
        name: (x.dtype, x.shape) for name, x in wanted.items()
    }
    for name, array in wanted.items():
        np.testing.assert_array_equal(found[name], array)


def test_pickles_and_unknown_types_are_refused_without_being_opened(tmp_path):
    """There are no such files, and none is looked for."""
    for suffix in ("t7", "caffemodel"):
        refused(tmp_path / f"none.{suffix}", rf"^files of type '\.{suffix}' are not known; known: \.npz, ")
    recipe = r"^a pickle runs code .* pickle.load\(.*\['G_ema'\]; numpy.savez\('weights.npz', "
    for suffix in ("pkl", "pickle"):
        refused(tmp_path / f"none.{suffix}", recipe)


def test_arrays_of_objects_are_not_unpickled(tmp_path):
    np.savez(tmp_path / "objects.npz", w=np.array([object()], dtype=object))
    refused(tmp_path / "objects.npz", r"^it is not a readable \.npz of arrays: ")


@pytest.mark.parametrize("suffix", tensors.ARRAYS)
def test_files_without_arrays_are_refused(tmp_path, suffix):
    (tmp_path / f"none{suffix}").write_bytes(tensors.encode({}, suffix))
    refused(tmp_path / f"none{suffix}", "^it holds no tensors$")


def test_a_file_that_cannot_be_opened_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        tensors.read(tmp_path / "none.npz")
    (tmp_path / "folder.h5").mkdir()
    with pytest.raises(IsADirectoryError):
        tensors.read(tmp_path / "folder.h5")
