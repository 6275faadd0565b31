"""Reading the weights of FID's Inception: both formats, and files that are not these weights."""

import hashlib
import importlib.util
import sys

import jax
import numpy as np
import pytest

from gan_jax.errors import ConfigError
from gan_jax.metrics import features as pretrained
from gan_jax.networks.recognition import inception
from gan_jax.ops.pixels import to_float


@pytest.fixture(scope="module")
def tensors():
    rng = np.random.default_rng(0)
    return {name: rng.random(shape, np.float32) for name, shape in inception.shapes().items()}


@pytest.fixture(scope="module")
def path(tensors, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "inception.npz"
    np.savez(path, **tensors)
    return str(path)


def test_an_npz_gives_the_networks_variables_and_the_files_hash(path, tensors):
    variables, sha256 = pretrained.read_inception(path)
    jax.tree.map(np.testing.assert_array_equal, variables, inception.variables(tensors))
    with open(path, "rb") as file:
        assert sha256 == hashlib.sha256(file.read()).hexdigest()


def test_the_network_sees_bytes_and_gives_features_and_logits(path):
    variables, _ = pretrained.read_inception(path)
    bytes_ = {"image": np.zeros((3, 8, 8, 1), np.uint8)}
    features, logits = jax.eval_shape(lambda: pretrained._describe(variables, bytes_, None))
    assert (features.shape, logits.shape) == ((3, 2048), (3, 1008))


def test_images_are_described_in_parts_whatever_their_type(path, monkeypatch):
    def describe(variables, batch, rng):  # replaces the network, which takes long to compile
        assert batch["image"].dtype == np.uint8
        flat = batch["image"].reshape(len(batch["image"]), -1).astype(np.float32)
        return flat * variables["params"]["fc"]["kernel"][0, 0], flat[:, :2]

    monkeypatch.setattr(pretrained, "_BATCH", 2)
    monkeypatch.setattr(pretrained, "_describe", describe)
    network = pretrained.load_inception.__wrapped__(path)
    variables, sha256 = pretrained.read_inception(path)
    assert network.sha256 == sha256
    pictures = np.random.default_rng(0).integers(0, 256, (5, 2, 3, 1)).astype(np.uint8)
    features, logits = network.apply("describe", {"image": pictures})
    wanted = pictures.reshape(5, 6).astype(np.float32)
    np.testing.assert_allclose(features, wanted * variables["params"]["fc"]["kernel"][0, 0], rtol=1e-6)
    np.testing.assert_array_equal(logits, wanted[:, :2])
    floats = np.asarray(to_float(pictures)) + 0.003  # less than half a byte
    np.testing.assert_array_equal(network.apply("embed", {"image": floats}), features)


def refused(path, message):
    with pytest.raises(ConfigError, match=message) as error:
        pretrained.read_inception(str(path))
    assert str(error.value).startswith(f"weights={str(path)!r}")
    assert "\n" not in str(error.value)


def test_a_missing_file_is_named_and_not_downloaded(tmp_path):
    refused(
        tmp_path / "w.pth",
        r"cannot be read: No such file or directory; expected pt_inception-2015-12-05-6726",
    )
    refused(tmp_path, r"cannot be read: Is a directory; .* it is not downloaded$")


def test_files_that_hold_no_weights_are_refused(tmp_path, tensors):
    (tmp_path / "weights.pt").write_bytes(b"?")
    refused(tmp_path / "weights.pt", r"files of type '.pt' are not known; known: .pth, .npz$")
    for number, content in enumerate((b"", b"no archive", b"PK\x03\x04 cut off")):
        broken = tmp_path / f"broken{number}.npz"
        broken.write_bytes(content)
        refused(broken, "it is not a readable .npz of arrays: ")
    np.savez(tmp_path / "objects.npz", fc=np.array([{}], dtype=object))
    refused(tmp_path / "objects.npz", "it is not a readable .npz of arrays: ")
    np.savez(tmp_path / "part.npz", **{"fc.weight": tensors["fc.weight"]})
    refused(tmp_path / "part.npz", r"tensor \S+ is missing, \[")


def test_without_pytorch_the_message_says_what_to_install(tmp_path, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "torch" else found(name))
    monkeypatch.setitem(sys.modules, "torch", None)
    (tmp_path / "w.pth").write_bytes(b"?")
    refused(tmp_path / "w.pth", r"reading a .pth needs PyTorch: pip install 'gan_jax\[inception\]'$")
