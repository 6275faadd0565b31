"""What both sides of a comparison with a PyTorch twin need: equal draws and equal parameters.

Only files that are listed in `beside_torch` may import this.
"""

import jax
import jax.numpy as jnp
import numpy as np
import torch

torch.set_num_threads(1)  # for such small networks, threads mostly wait for each other

W, B, CRITIC = 4, 4, 2


def images(*shape):
    return np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)


def labels():
    return np.random.default_rng(1).integers(2, size=(CRITIC * B, 5)).astype(np.int32)


def noise(*shape):
    return np.random.default_rng(2).normal(size=shape).astype(np.float32)


def weights(*shape):
    return np.random.default_rng(3).uniform(size=shape).astype(np.float32)


def same_draws(monkeypatch):
    """Makes both sides draw the same numbers, which depend only on the shape. Permutations reverse."""
    monkeypatch.setattr(jax.random, "normal", lambda key, shape, *rest: jnp.asarray(noise(*shape)))
    monkeypatch.setattr(jax.random, "uniform", lambda key, shape, *rest: jnp.asarray(weights(*shape)))
    monkeypatch.setattr(jax.random, "permutation", lambda key, x: x[::-1])
    monkeypatch.setattr(torch, "randn", lambda *shape: torch.tensor(noise(*shape)))
    monkeypatch.setattr(torch, "rand", lambda *shape: torch.tensor(weights(*shape)))
    monkeypatch.setattr(torch, "randperm", lambda n: torch.arange(n).flip(0))
    monkeypatch.setattr(torch, "randint", lambda high, shape: torch.tensor(labels()))


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
