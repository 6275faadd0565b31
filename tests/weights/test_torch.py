"""PyTorch's layers and ours compute the same on a state dict; state dicts are read without running code."""

import numpy as np
import programs
import published
import pytest

from gan_jax.files import tensors
from gan_jax.runs import restore
from gan_jax.weights import exporting, importing

torch = pytest.importorskip("torch")
nn = torch.nn


class Named(nn.Module):
    """Layers under the name that the published code gives them."""

    def __init__(self, *layers):
        super().__init__()
        self.main = nn.Sequential(*layers)

    def forward(self, x):
        return self.main(x)


def network(module):
    """The network with random parameters and running statistics, in evaluation."""
    rng = np.random.default_rng(0)
    with torch.no_grad():
        for name, x in module.state_dict().items():
            if x.is_floating_point():
                low = 0.5 if name.endswith("running_var") else -0.5
                x.copy_(torch.tensor(rng.uniform(low, 1, x.shape)))
    return module.eval()


def dcgan():
    up = lambda i, o: nn.ConvTranspose2d(i, o, 4, 2, 1, bias=False)  # noqa: E731
    down = lambda i, o: nn.Conv2d(i, o, 4, 2, 1, bias=False)  # noqa: E731
    g = [nn.ConvTranspose2d(5, 4, 4, 1, 0, bias=False), nn.BatchNorm2d(4), nn.ReLU()]
    g += [up(4, 2), nn.BatchNorm2d(2), nn.ReLU(), up(2, 3), nn.Tanh()]
    d = [down(3, 2), nn.LeakyReLU(0.2), down(2, 4), nn.BatchNorm2d(4), nn.LeakyReLU(0.2)]
    return network(Named(*g)), network(Named(*d, nn.Conv2d(4, 1, 4, 1, 0, bias=False)))


def test_a_state_dict_gives_the_same_images_and_logits_and_comes_back(tmp_path):
    g, d = dcgan()
    torch.save(g.state_dict(), tmp_path / "netG_epoch_24.pth")
    torch.save(d.state_dict(), tmp_path / "netD_epoch_24.pth")
    paths = ",".join(str(tmp_path / f"net{name}_epoch_24.pth") for name in "GD")
    told = importing.run(tmp_path / "run", input=paths)
    assert (told["model"], told["networks"]) == ("gan", "G, D")
    run = restore.load(tmp_path / "run")
    rng = np.random.default_rng(1)
    z, x = rng.normal(size=(3, 5)).astype(np.float32), rng.normal(size=(3, 16, 16, 3)).astype(np.float32)
    with torch.no_grad():
        images = g(torch.tensor(z)[:, :, None, None]).permute(0, 2, 3, 1)
        logits = d(torch.tensor(x).permute(0, 3, 1, 2)).flatten()
    with programs.whole():
        np.testing.assert_allclose(run.model.decode(run.state, z), images, atol=1e-5)
        ours = run.model.d.apply(run.state.players["disc"].variables, x, False)
    np.testing.assert_allclose(ours[:, 0], logits, rtol=1e-5, atol=1e-5)
    fresh = dcgan()[0]
    back = {name: torch.tensor(tensor) for name, tensor in exporting.tensors(run, "published")["G"].items()}
    fresh.load_state_dict(back)
    assert all(torch.equal(x, g.state_dict()[name]) for name, x in fresh.state_dict().items())


def test_nested_and_half_precision_state_dicts_are_read(tmp_path):
    state = {"g": {"a": torch.ones(2, dtype=torch.bfloat16)}, "step": 3, "mean": torch.zeros(1)}
    torch.save(state, tmp_path / "w.pt")
    found = tensors.read(tmp_path / "w.pt")
    assert {name: x.dtype for name, x in found.items()} == {"g.a": np.float32, "mean": np.float32}


def test_code_in_a_state_dict_is_not_run(tmp_path):
    torch.save(nn.Linear(2, 2), tmp_path / "module.pth")
    for content in (b"", b"no archive"):
        (tmp_path / "broken.ckpt").write_bytes(content)
        with pytest.raises(ValueError, match=r"^it is not a readable PyTorch state dict \(\w+\)$"):
            tensors.read(tmp_path / "broken.ckpt")
    with pytest.raises(ValueError, match=r"^it is not a readable PyTorch state dict \(UnpicklingError\)$"):
        tensors.read(tmp_path / "module.pth")


def test_the_names_of_published_norms_are_torch_s():
    assert set(published.batch_norm("n", 2)) == {f"n.{name}" for name in nn.BatchNorm2d(2).state_dict()}


def test_parameters_that_take_gradients_are_read(tmp_path):
    layer = nn.Linear(2, 3)
    torch.save(dict(layer.named_parameters()), tmp_path / "w.pth")
    found = tensors.read(tmp_path / "w.pth")
    np.testing.assert_array_equal(found["weight"], layer.weight.detach().numpy())


def test_a_tensor_that_numpy_has_not_is_named(tmp_path):
    torch.save({"w": torch.eye(2).to_sparse()}, tmp_path / "w.pth")
    with pytest.raises(ValueError, match=r"^w is no array for numpy: ") as error:
        tensors.read(tmp_path / "w.pth")
    assert "\n" not in str(error.value)
