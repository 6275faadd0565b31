"""Files of tensors: what is read, what is refused, and that a pickle is not opened."""

import numpy as np
import pytest

from gan_jax.weights import files

TENSORS = {
    "a.weight": np.arange(6, dtype=np.float32).reshape(2, 3),
    "count": np.array(4),
    "half": np.float16([2]),
}


@pytest.mark.parametrize("suffix", files.ARRAYS)
def test_what_is_written_is_what_is_read(tmp_path, suffix):
    path = tmp_path / f"w{suffix}"
    path.write_bytes(files.encode(TENSORS, suffix))
    found = files.read(path)
    assert set(found) == set(TENSORS)
    for name, x in TENSORS.items():
        assert (found[name].dtype, found[name].shape) == (x.dtype, x.shape)
        np.testing.assert_array_equal(found[name], x)


def refused(path, message):
    with pytest.raises(ValueError, match=message) as error:
        files.read(path)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 300


@pytest.mark.parametrize("name", ["ffhq.pkl", "a.pickle"])
def test_a_pickle_is_refused_unopened_with_the_way_to_save_arrays(tmp_path, name):
    """There is no such file, and none is looked for."""
    refused(
        tmp_path / name, r"^a pickle runs code .* pickle.load\(.*\['G_ema'\]; numpy.savez\('weights.npz', "
    )


@pytest.mark.parametrize("suffix", files.ARRAYS)
@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_damaged_files_are_refused(tmp_path, suffix, content):
    path = tmp_path / f"w{suffix}"
    path.write_bytes(content)
    refused(path, f"^it is not a readable {suffix} of arrays$")


def test_arrays_of_objects_are_not_unpickled(tmp_path):
    np.savez(tmp_path / "w.npz", a=np.array([object()]), allow_pickle=True)
    refused(tmp_path / "w.npz", "^it is not a readable .npz of arrays$")


def test_other_files_are_refused(tmp_path):
    refused(
        tmp_path / "w.h5", r"^files of type '.h5' are not known; known: .npz, .safetensors, .pth, .pt, .ckpt$"
    )
    refused(tmp_path / "w.npz", "^cannot be read: No such file or directory$")
    (tmp_path / "none.npz").write_bytes(files.encode({}, ".npz"))
    refused(tmp_path / "none.npz", "^it holds no tensors$")
