"""The PyTorch twins of StyleGAN2 and AdaIN compute our steps, see `test_twins`."""

import sys
from pathlib import Path

import growth
import jax
import numpy as np
import optax
import pytest
from playing import drawn

from gan_jax import models
from gan_jax.game import devices
from gan_jax.networks.recognition import vgg

torch = pytest.importorskip("torch")
sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
import torch_adain  # noqa: E402
import torch_stylegan2  # noqa: E402
from twins import B, W, copy, images, same_draws  # noqa: E402

STYLES = {
    "mapping_layers": 2,
    "style_mixing": 0.0,
    "r1_weight": 0.5,
    "r1_every": 2,
    "pl_weight": 2.0,
    "pl_every": 2,
    "learning_rate": 1e-2,
}


@pytest.mark.parametrize(
    "form",
    [pytest.param("slices", marks=pytest.mark.long), pytest.param("library", marks=pytest.mark.nightly)],
)
def test_the_twin_of_stylegan2_has_our_losses_in_every_phase(form, monkeypatch):
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
    same_draws(monkeypatch)
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


@pytest.mark.long
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
