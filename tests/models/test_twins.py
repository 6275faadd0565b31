"""The benchmarks' PyTorch twins compute our steps: equal parameters and draws give equal losses."""

import sys
from pathlib import Path
from types import SimpleNamespace

import growth
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from playing import drawn

from gan_jax import models
from gan_jax.game import devices
from gan_jax.models.shared import optimizers
from gan_jax.networks.layers.normalisation import BatchNorm
from gan_jax.networks.recognition import vgg

torch = pytest.importorskip("torch")
torch.set_num_threads(1)  # for such small networks, threads mostly wait for each other
sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

import torch_adain  # noqa: E402
import torch_gans  # noqa: E402
import torch_growing  # noqa: E402
import torch_stylegan2  # noqa: E402
import torch_translation  # noqa: E402

W, B, CRITIC = 4, 4, 2


def images(*shape):
    return np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)


def labels():
    return np.random.default_rng(1).integers(2, size=(CRITIC * B, 5)).astype(np.int32)


WGAN = {
    "generator": "wgan",
    "discriminator": "wgan",
    "size": 28,
    "z_dim": 128,
    "loss": "wasserstein",
    "gp_weight": 10.0,
    "d_steps": CRITIC,
    "g_learning_rate": 1e-4,
    "d_learning_rate": 1e-4,
    "b2": 0.9,
}
STAR = {
    "labels": (tuple("abcde"),),
    "g_width": W,
    "g_blocks": 1,
    "d_width": W,
    "d_downs": 3,
    "n_critic": CRITIC,
}
CYCLE = {"g_width": W, "d_width": W, "blocks": 1, "identity": 0.5}
GROWN = {"size": 8, "start_size": 8, "z_dim": W, "width_base": 8 * W, "width_max": W}
CASES = {  # our model's fields, its batch, the twin's module, and a function that builds the twin
    "dcgan": (
        {"name": "gan", "size": 16, "channels": 3, "g_width": W, "d_width": W},
        lambda: {"image": images(B, 16, 16, 3)},
        (torch_gans, lambda: torch_gans.dcgan(16, W, B)),
    ),
    "wgan_gp": (
        {"name": "gan", "g_width": W, "d_width": W, **WGAN},
        lambda: {"image": images(CRITIC * B, 28, 28, 1)},
        (torch_gans, lambda: torch_gans.wgan_gp(W, CRITIC, B)),
    ),
    "pggan": (
        {"name": "pggan", **GROWN},
        lambda: {"image": images(B, 8, 8, 3)},
        (torch_growing, lambda: torch_growing.pggan(8, W, 8 * W, W, B)),
    ),
    "cyclegan": (
        {"name": "cyclegan", **CYCLE},
        lambda: {"source": images(2, 32, 32, 3), "target": images(4, 32, 32, 3)[2:]},
        (torch_translation, lambda: torch_translation.cyclegan(32, W, 1, 2)),
    ),
    "stargan": (
        {"name": "stargan", **STAR},
        lambda: {"a": images(CRITIC * B, 16, 16, 3), "a_label": labels()},
        (torch_translation, lambda: torch_translation.stargan(16, W, 1, 3, CRITIC, B)),
    ),
}


def noise(*shape):
    return np.random.default_rng(2).normal(size=shape).astype(np.float32)


def weights(*shape):
    return np.random.default_rng(3).uniform(size=shape).astype(np.float32)


@pytest.fixture
def same_draws(monkeypatch):
    """Makes both sides draw the same numbers, which depend only on the shape. Permutations reverse."""

    def call():
        monkeypatch.setattr(jax.random, "normal", lambda key, shape, *rest: jnp.asarray(noise(*shape)))
        monkeypatch.setattr(jax.random, "uniform", lambda key, shape, *rest: jnp.asarray(weights(*shape)))
        monkeypatch.setattr(jax.random, "permutation", lambda key, x: x[::-1])
        monkeypatch.setattr(torch, "randn", lambda *shape: torch.tensor(noise(*shape)))
        monkeypatch.setattr(torch, "rand", lambda *shape: torch.tensor(weights(*shape)))
        monkeypatch.setattr(torch, "randperm", lambda n: torch.arange(n).flip(0))
        monkeypatch.setattr(torch, "randint", lambda high, shape: torch.tensor(labels()))

    return call


def leaves(tree, order, path=()):
    """Pairs (path, array) in the order in which the layers were made. jax itself sorts by name."""
    for name in order:
        if isinstance(order[name], dict):
            yield from leaves(tree[name], order[name], (*path, name))
        else:
            yield (*path, name), tree[name]


def mirrored(path, x):
    """Our parameter for images rotated by 180 degrees, since torch pads the other end for odd kernels."""
    if path[-2] == "project":
        return np.flip(x.reshape(-1, 4, 4, x.shape[-1] // 16), (1, 2)).reshape(x.shape)
    if path[-2:] == ("logits", "kernel"):
        return np.flip(x.reshape(4, 4, -1), (0, 1)).reshape(x.shape)
    return np.flip(x, (0, 1)) if x.ndim == 4 else x


def as_torch(path, x, module):
    """Our parameter in the layout of torch's layer."""
    if x.ndim <= 1:
        return x
    if isinstance(module, torch.nn.ConvTranspose2d):
        return np.flip(x, (0, 1)).transpose(2, 3, 0, 1)
    if isinstance(module, torch.nn.Conv2d):
        return x.transpose(3, 2, 0, 1)
    if path[-2] == "project" and x.ndim == 4:
        return x.transpose(0, 1, 3, 2).reshape(-1, x.shape[2])
    return x.reshape(-1, x.shape[-1]).T


def copy(params, order, network, change):
    """Gives torch's network our parameters, layer after layer."""
    ours = leaves(params, order)
    for module in network.modules():
        for theirs in module.parameters(recurse=False):
            path, x = next(ours)
            x = as_torch(path, change(path, np.asarray(x)), module)
            assert x.shape == tuple(theirs.shape), path
            theirs.data.copy_(torch.tensor(np.array(x, order="C")))
    assert next(ours, None) is None


def twin(name, batch, monkeypatch):
    """The twin and its networks, on our images."""
    flip = np.flip if name == "wgan_gp" else lambda x, axes: x
    given = [x for key, x in batch.items() if not key.endswith("_label")]
    ready = iter([torch.tensor(flip(x, (1, 2)).copy()).permute(0, 3, 1, 2) for x in given])
    module, make = CASES[name][2]
    kept, players = SimpleNamespace(), module.Players

    def keep(networks, *args):
        kept.networks = networks
        return players(networks, *args)

    monkeypatch.setattr(module, "Players", keep)
    monkeypatch.setattr(module, "pictures", lambda *shape: next(ready))
    return make(), kept.networks


@pytest.mark.parametrize("name", CASES)
def test_twin_has_our_losses_updates_and_sizes(name, same_draws, monkeypatch):
    fields, make_batch, _ = CASES[name]
    model, batch, order = models.create(fields), make_batch(), {}

    def start(key):
        state = model.init(key, batch)
        order.update({player: dict(p.params) for player, p in state.players.items()})
        return state

    state = drawn(jax.eval_shape(start, jax.random.key(0)))
    key = jax.random.key(1)
    same_draws()
    made, networks = twin(name, batch, monkeypatch)
    for player, network in networks.items():
        change = mirrored if name == "wgan_gp" else lambda path, x: x
        copy(state.players[player].params, order[player], network, change)
        count = sum(x.size for x in jax.tree.leaves(state.players[player].params))
        assert made.parameters[player] == count
    monkeypatch.setattr(devices, "mean", lambda tree: tree)
    step = jax.jit(lambda state: model.train_step(state, batch, key, model.phases(0)[-1]))
    for _ in range(2):
        state, metrics = step(state)
        theirs = made.step()
        ours = {loss: float(metrics[loss]) for loss in theirs}
        assert ours == pytest.approx(theirs, rel=2e-3, abs=1e-3)
    counts = {
        player: int(optax.tree.get_all_with_path(p.opt_state, "count")[0][1])
        for player, p in state.players.items()
    }
    assert made.updates() == counts


STYLES = {
    "mapping_layers": 2,
    "style_mixing": 0.0,
    "r1_weight": 0.5,
    "r1_every": 2,
    "pl_weight": 2.0,
    "pl_every": 2,
    "learning_rate": 1e-2,
}


@pytest.mark.parametrize("form", ["slices", pytest.param("library", marks=pytest.mark.nightly)])
def test_the_twin_of_stylegan2_has_our_losses_in_every_phase(form, same_draws, monkeypatch):
    model = models.create(
        {
            "name": "stylegan2",
            "size": 16,
            "z_dim": W,
            "w_dim": W,
            "width_base": 8 * W,
            "width_max": W,
            **STYLES,
        }
    )
    batch, order = {"image": images(B, 16, 16, 3)}, {}

    def start(key):
        state = model.init(key, batch)
        order.update({player: dict(p.params) for player, p in state.players.items()})
        return state

    jax.eval_shape(start, jax.random.key(0))
    state = growth.initial(model)  # also constants, biases and noise are not zero
    same_draws()
    monkeypatch.setattr(
        torch_stylegan2, "pictures", lambda *shape: torch.tensor(batch["image"]).permute(0, 3, 1, 2)
    )
    networks, players = {}, torch_stylegan2.Players

    def keep(found, *args):
        networks.update(found)
        return players(found, *args)

    monkeypatch.setattr(torch_stylegan2, "Players", keep)
    made = torch_stylegan2.stylegan2(16, W, 8 * W, W, B, form, **STYLES)
    for player, network in networks.items():
        copy(
            state.players[player].params,
            order[player],
            network,
            lambda _, x: np.reshape(x, (-1, W)) if x.ndim == 3 else x,
        )
        assert made.parameters[player] == sum(x.size for x in jax.tree.leaves(state.players[player].params))
    monkeypatch.setattr(devices, "mean", lambda tree: tree)
    step = jax.jit(model.train_step, static_argnums=3)
    for iteration in range(3):
        metrics = {}
        for phase in model.phases(iteration):
            state, told = step(state, batch, jax.random.key(1), phase)
            metrics |= told
        state = state.replace(step=state.step + 1)
        theirs = made.step()
        assert {name: float(metrics[name]) for name in theirs} == pytest.approx(theirs, rel=2e-3, abs=1e-5)
        assert ("disc/r1" in theirs, "gen/path_penalty" in theirs) == (iteration % 2 == 0,) * 2
    counts = {
        player: int(optax.tree.get_all_with_path(p.opt_state, "count")[0][1])
        for player, p in state.players.items()
    }
    assert made.updates() == counts == {"gen": 5, "disc": 5}


def test_batch_norm_has_torchs_outputs_and_running_statistics():
    x = np.random.default_rng(4).normal(2, 3, (2, 3, 3, 5)).astype(np.float32)
    layer, theirs = BatchNorm(True), torch.nn.BatchNorm2d(5)
    variables = layer.init(jax.random.key(0), x)
    for _ in range(3):
        out, new = layer.apply(variables, x, mutable=["batch_stats"])
        variables = {**variables, **new}
        expected = theirs(torch.tensor(x).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    np.testing.assert_allclose(out, expected.detach(), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(variables["batch_stats"]["mean"], theirs.running_mean, rtol=1e-5)
    np.testing.assert_allclose(variables["batch_stats"]["var"], theirs.running_var, rtol=1e-5)


def test_adagrad_moves_as_torchs():
    weight = torch.nn.Parameter(torch.zeros(3))
    optimiser, tx = torch.optim.Adagrad([weight], lr=0.1), optimizers.adagrad(0.1)
    ours = jnp.zeros(3)
    state = tx.init(ours)
    for gradient in ([3.0, 1e-5, 0.0], [-4.0, -2e-5, 1e-7]):
        weight.grad = torch.tensor(gradient)
        optimiser.step()
        step, state = tx.update(jnp.array(gradient), state, ours)
        ours = optax.apply_updates(ours, step)
    np.testing.assert_allclose(ours, weight.detach(), rtol=1e-5)


def test_the_twin_of_adain_has_our_losses_and_sizes(monkeypatch):
    model = models.create({"name": "adain", "through": "relu2_1", "depth": 16})
    batch = {"content": images(B, 16, 16, 3), "style": images(2 * B, 16, 16, 3)[B:]}
    names, leaves = vgg.convolutions(16, "relu2_1"), {"kernel": 0, "bias": 0}
    order = {
        "decoder": {name.replace("conv", "mirror"): leaves for name in reversed(names)},
        "encoder": dict.fromkeys(("input", *names), leaves),
    }
    state = drawn(jax.eval_shape(model.init, jax.random.key(0), batch))
    networks, encoder, players = {}, torch_adain.Encoder, torch_adain.Players
    ready = iter([torch.tensor(x).permute(0, 3, 1, 2) for x in batch.values()])
    monkeypatch.setattr(torch_adain, "pictures", lambda *shape: next(ready))
    monkeypatch.setattr(torch_adain, "Encoder", lambda *args: networks.setdefault("encoder", encoder(*args)))

    def keep(found, *args):
        networks.update(found)
        return players(found, *args)

    monkeypatch.setattr(torch_adain, "Players", keep)
    made = torch_adain.adain(16, 16, "relu2_1", B)
    ours = {"decoder": state.players["decoder"].params, "encoder": state.frozen["encoder"]["params"]}
    for name, params in ours.items():
        # A dense layer over channels is a convolution of one pixel.
        copy(params, order[name], networks[name], lambda _, x: x[None, None] if x.ndim == 2 else x)
        assert made.parameters[name] == sum(x.size for x in jax.tree.leaves(params))
    monkeypatch.setattr(devices, "mean", lambda tree: tree)
    step = jax.jit(lambda state: model.train_step(state, batch, jax.random.key(1), "train"))
    for _ in range(2):
        state, metrics = step(state)
        theirs = made.step()
        assert float(metrics["decoder/loss"]) == pytest.approx(theirs["decoder/loss"], rel=2e-3)
