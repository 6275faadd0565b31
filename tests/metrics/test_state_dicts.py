"""Weights of FID's Inception from a state dict that PyTorch saved."""

import jax
import numpy as np
import pytest

from gan_jax.errors import ConfigError
from gan_jax.metrics import features as pretrained
from gan_jax.networks.recognition import inception

torch = pytest.importorskip("torch")


def test_a_state_dict_gives_the_same(tmp_path):
    rng = np.random.default_rng(0)
    tensors = {name: rng.random(shape, np.float32) for name, shape in inception.shapes().items()}
    saved = tmp_path / "pt_inception.pth"
    torch.save({name: torch.tensor(tensor) for name, tensor in tensors.items()}, saved)
    variables, _ = pretrained.read_inception(str(saved))
    jax.tree.map(np.testing.assert_array_equal, variables, inception.variables(tensors))


def refused(path, message):
    with pytest.raises(ConfigError, match=message) as error:
        pretrained.read_inception(str(path))
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
    refused(tmp_path / "list.pth", "it is not a state dict of named tensors$")
