"""Tensors of tiny published networks: names and shapes as the authors' PyTorch code has them."""

import jax
import numpy as np

from gan_jax.runs import restore


def conv(name, *shape, bias=True):
    """A convolution's kernel and bias."""
    return {f"{name}.weight": shape} | ({f"{name}.bias": shape[:1]} if bias else {})


def batch_norm(name, count):
    parts = ("weight", "bias", "running_mean", "running_var")
    return {f"{name}.{part}": (count,) for part in parts} | {f"{name}.num_batches_tracked": ()}


def _dcgan():
    g = conv("main.0", 5, 4, 4, 4, bias=False) | batch_norm("main.1", 4)
    g |= conv("main.3", 4, 2, 4, 4, bias=False) | batch_norm("main.4", 2)
    g |= conv("main.6", 2, 3, 4, 4, bias=False)
    d = conv("main.0", 2, 3, 4, 4, bias=False) | conv("main.2", 4, 2, 4, 4, bias=False)
    d |= batch_norm("main.3", 4) | conv("main.5", 1, 4, 4, 4, bias=False)
    return {"G": g, "D": d}


def _cyclegan():
    def g(given, drawn):
        found = conv("model.1", 2, given, 7, 7) | conv("model.4", 4, 2, 3, 3) | conv("model.7", 8, 4, 3, 3)
        found |= conv("model.10.conv_block.1", 8, 8, 3, 3) | conv("model.10.conv_block.5", 8, 8, 3, 3)
        found |= {"model.11.weight": (8, 4, 3, 3), "model.11.bias": (4,)}
        found |= {"model.14.weight": (4, 2, 3, 3), "model.14.bias": (2,)}
        return found | conv("model.18", drawn, 2, 7, 7)

    def d(given):
        found = conv("model.0", 2, given, 4, 4) | conv("model.2", 4, 2, 4, 4)
        return found | conv("model.5", 8, 4, 4, 4) | conv("model.8", 1, 8, 4, 4)

    return {"G_A": g(3, 1), "G_B": g(1, 3), "D_A": d(1), "D_B": d(3)}


def _pix2pix():
    inner, innermost = "model.model.1.model", "model.model.1.model.3.model"
    g = conv("model.model.0", 2, 3, 4, 4, bias=False)
    g |= conv(f"{inner}.1", 4, 2, 4, 4, bias=False) | batch_norm(f"{inner}.2", 4)
    g |= conv(f"{innermost}.1", 8, 4, 4, 4, bias=False)
    g |= conv(f"{innermost}.3", 8, 4, 4, 4, bias=False) | batch_norm(f"{innermost}.4", 4)
    g |= conv(f"{inner}.5", 8, 2, 4, 4, bias=False) | batch_norm(f"{inner}.6", 2)
    g |= {"model.model.3.weight": (4, 1, 4, 4), "model.model.3.bias": (1,)}
    d = conv("model.0", 2, 4, 4, 4) | conv("model.2", 4, 2, 4, 4, bias=False) | batch_norm("model.3", 4)
    return {"G": g, "D": d | conv("model.5", 1, 4, 4, 4)}


def _stargan():
    g = conv("main.0", 2, 6, 7, 7, bias=False) | batch_norm("main.1", 2)
    g |= conv("main.3", 4, 2, 4, 4, bias=False) | batch_norm("main.4", 4)
    g |= conv("main.6", 8, 4, 4, 4, bias=False) | batch_norm("main.7", 8)
    for i in (0, 3):
        g |= conv(f"main.9.main.{i}", 8, 8, 3, 3, bias=False) | batch_norm(f"main.9.main.{i + 1}", 8)
    g |= conv("main.10", 8, 4, 4, 4, bias=False) | batch_norm("main.11", 4)
    g |= conv("main.13", 4, 2, 4, 4, bias=False) | batch_norm("main.14", 2)
    g |= conv("main.16", 3, 2, 7, 7, bias=False)
    d = conv("main.0", 2, 3, 4, 4) | conv("main.2", 4, 2, 4, 4)
    d |= conv("conv1", 1, 4, 3, 3, bias=False) | conv("conv2", 3, 4, 2, 2, bias=False)
    return {"G": g, "D": d}


def _stylegan2():
    def styled(name, out, given, k=3):
        found = conv(name, out, given, k, k) | conv(f"{name}.affine", given, 3)
        side = int(name.split(".")[1][1:])
        noise = {f"{name}.noise_strength": (), f"{name}.noise_const": (side, side)}
        return found | ({} if k == 1 else {**noise, **fir(name)})

    def fir(*names):
        return {f"{name}.resample_filter": (4, 4) for name in names}

    g = conv("mapping.fc0", 3, 5) | conv("mapping.fc1", 3, 3) | {"mapping.w_avg": (3,)}
    g |= {"synthesis.b4.const": (4, 4, 4)} | fir("synthesis.b4", "synthesis.b8")
    g |= styled("synthesis.b4.conv1", 4, 4) | styled("synthesis.b4.torgb", 3, 4, 1)
    g |= styled("synthesis.b8.conv0", 2, 4) | styled("synthesis.b8.conv1", 2, 2)
    g |= styled("synthesis.b8.torgb", 3, 2, 1)
    d = conv("b8.fromrgb", 2, 3, 1, 1) | conv("b8.conv0", 2, 2, 3, 3) | conv("b8.conv1", 4, 2, 3, 3)
    d |= conv("b8.skip", 4, 2, 1, 1, bias=False) | conv("b4.conv", 4, 5, 3, 3)
    d |= conv("b4.fc", 4, 64) | conv("b4.out", 1, 4)
    d |= fir("b8", "b8.fromrgb", "b8.conv0", "b8.conv1", "b8.skip", "b4.conv")
    return {"G": g, "G_ema": g, "D": d}


SHAPES = {
    "gan": _dcgan(),
    "cyclegan": _cyclegan(),
    "pix2pix": _pix2pix(),
    "stargan": _stargan(),
    "stylegan2": _stylegan2(),
}
# The fields that these tensors tell.
FIELDS = {
    "gan": {"size": 16, "channels": 3, "z_dim": 5, "g_width": 2, "d_width": 2, "generator": "dcgan"},
    "cyclegan": {
        **{"g_width": 2, "blocks": 1, "downs": 2, "norm": "instance", "d_width": 2, "d_layers": 2},
        **{"source_channels": 3, "target_channels": 1},
    },
    "pix2pix": {
        **{"g_width": 2, "levels": 3, "skips": True, "target_channels": 1, "d_width": 2, "d_layers": 1},
        **{"condition": True, "dropped": "pytorch"},
    },
    "stargan": {"g_width": 2, "g_blocks": 1, "d_width": 2, "d_downs": 2, "channels": 3},
    "stylegan2": {
        **{"size": 8, "channels": 3, "z_dim": 5, "w_dim": 3, "width_base": 16, "width_max": 4},
        **{"mapping_layers": 2, "g_architecture": "skip", "d_architecture": "residual", "num_classes": 0},
    },
}
# Tensors whose values are fixed: filters, and what the authors' layers do not use.
_FIXED = {"num_batches_tracked": np.array(0), "resample_filter": np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64}


def tensors(model):
    """Random tensors of a model's networks, all values different but those that are fixed."""
    rng = np.random.default_rng(0)
    means = {}  # the mean style and the noise maps are the same in G and its average

    def tensor(name, shape):
        last = name.rpartition(".")[2]
        if last in _FIXED:
            return _FIXED[last].astype(np.float32 if last == "resample_filter" else np.int64)
        if model == "stargan" and last in ("running_mean", "running_var"):
            return np.full(shape, last == "running_var", np.float32)
        new = rng.uniform(size=shape).astype(np.float32)
        return means.setdefault(name, new) if last in ("w_avg", "noise_const") else new

    return {
        network: {name: tensor(name, shape) for name, shape in shapes.items()}
        for network, shapes in SHAPES[model].items()
    }


def joined(networks):
    """One dict of tensors, whose names begin with the network's."""
    return {f"{network}.{name}": x for network, part in networks.items() for name, x in part.items()}


def zeros(model, description):
    """A state of zeros with the shapes of the model's."""
    shapes = restore.abstract_state(model, description)
    return jax.tree.map(lambda x: np.zeros(x.shape, x.dtype), shapes)
