"""Weights of FID's Inception from a state dict that PyTorch saved."""

import jax
import numpy as np
import programs
import pytest

from gan_jax.errors import ConfigError
from gan_jax.metrics import features as pretrained
from gan_jax.networks.recognition import inception
from gan_jax.networks.recognition.vgg import VGG

torch = pytest.importorskip("torch")


def test_a_state_dict_gives_the_same(tmp_path):
    rng = np.random.default_rng(0)
    tensors = {name: rng.random(shape, np.float32) for name, shape in inception.shapes().items()}
    saved = tmp_path / "pt_inception.pth"
    torch.save({name: torch.tensor(tensor) for name, tensor in tensors.items()}, saved)
    variables, _ = pretrained.read("inception", str(saved))
    jax.tree.map(np.testing.assert_array_equal, variables, inception.variables(tensors))


def refused(path, message):
    with pytest.raises(ConfigError, match=message) as error:
        pretrained.read("inception", str(path))
    assert str(error.value).startswith(f"weights={str(path)!r}")
    assert "\n" not in str(error.value)


def test_state_dicts_that_hold_no_weights_are_refused(tmp_path):
    for number, content in enumerate((b"", b"no archive", b"PK\x03\x04 cut off")):
        broken = tmp_path / f"broken{number}.pth"
        broken.write_bytes(content)
        refused(broken, r"it is not a readable PyTorch state dict \(\w+\)$")
    torch.save(torch.nn.Linear(2, 2), tmp_path / "module.pth")  # code, which is not run
    refused(tmp_path / "module.pth", r"it is not a readable PyTorch state dict \(UnpicklingError\)$")
    torch.save([1, 2], tmp_path / "list.pth")
    refused(tmp_path / "list.pth", "it holds no tensors$")


def test_a_vgg_of_torchvisions_modules_computes_the_same_from_its_state_dict(tmp_path):
    """Torch's own layers, at the places of torchvision's `features`, through relu2_1."""
    torch.manual_seed(0)
    layers = [torch.nn.Conv2d(3, 64, 3, padding=1), torch.nn.ReLU(), torch.nn.Conv2d(64, 64, 3, padding=1),
              torch.nn.ReLU(), torch.nn.MaxPool2d(2), torch.nn.Conv2d(64, 128, 3, padding=1)]  # fmt: skip
    features = torch.nn.Sequential(*layers)
    saved = {f"features.{name}": tensor for name, tensor in features.state_dict().items()}
    torch.save({**saved, "classifier.0.bias": torch.zeros(2)}, tmp_path / "vgg19.pth")
    settings, variables = pretrained.read_vgg(str(tmp_path / "vgg19.pth"), 19)
    unit = torch.rand(2, 3, 12, 14)
    mean, std = (torch.tensor(v)[:, None, None] for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
    with torch.no_grad():
        wanted = torch.relu(features((unit - mean) / std)).permute(0, 2, 3, 1).numpy()
    with programs.whole():
        found = VGG(**settings).apply(variables, unit.permute(0, 2, 3, 1).numpy() * 2 - 1)
    np.testing.assert_allclose(found["relu2_1"], wanted, atol=1e-5)
