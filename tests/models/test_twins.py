"""The benchmarks' PyTorch twins compute our steps: equal parameters and draws give equal losses."""

import sys
from pathlib import Path
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import levels
import numpy as np
import optax
import programs
import pytest
from playing import drawn

from gan_jax import models
from gan_jax.game import devices
from gan_jax.models.shared import optimizers
from gan_jax.networks.layers.normalisation import BatchNorm

torch = pytest.importorskip("torch")
sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
import torch_gans  # noqa: E402
import torch_growing  # noqa: E402
import torch_translation  # noqa: E402
from twins import CRITIC, B, W, copy, images, labels, mirrored, same_draws  # noqa: E402

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


@levels.parametrize("name", CASES)
def test_twin_has_our_losses_updates_and_sizes(name, monkeypatch):
    fields, make_batch, _ = CASES[name]
    model, batch, order = models.create(fields), make_batch(), {}

    def start(key):
        state = model.init(key, batch)
        order.update({player: dict(p.params) for player, p in state.players.items()})
        return state

    state = drawn(jax.eval_shape(start, jax.random.key(0)))
    key = jax.random.key(1)
    same_draws(monkeypatch)
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


def test_batch_norm_has_torchs_outputs_and_running_statistics():
    x = np.random.default_rng(4).normal(2, 3, (2, 3, 3, 5)).astype(np.float32)
    layer, theirs = BatchNorm(True), torch.nn.BatchNorm2d(5)
    with programs.whole():
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
