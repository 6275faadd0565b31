"""Networks from their shapes: parameter counts, and variables without compiled initialisation."""

import math

import jax
import numpy as np

from gan_jax.networks.generation import catalogue

# Sizes that networks ask for; 16 for all others.
SIZES = {"mlp_toy": 1, "cgan_conv": 28, "wgan": 28, "good_resnet": 64}
SIZES |= dict.fromkeys(("grid_resnet", "resnet", "sn_resnet", "acgan"), 32)


def count(tree):
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(tree))


def variables(module, *inputs):
    """Shapes of a module's variables for inputs of the given shapes; nothing is computed."""

    def start(*inputs):
        keys = {"params": jax.random.key(0), "dropout": jax.random.key(1)}
        return module.init(keys, *inputs[:1], False, *inputs[1:])

    return jax.eval_shape(start, *(jax.ShapeDtypeStruct(shape, np.float32) for shape in inputs))


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def filled(tree, seed=0):
    """Random variables of these shapes: kernels of unit gain, scales and deviations around one."""
    rng = np.random.default_rng(seed)

    def value(path, leaf):
        draw = rng.normal(size=leaf.shape)
        if path[-1].key in ("scale", "scales", "var"):
            draw = 1 + 0.1 * np.abs(draw)
        elif path[0].key == "batch_stats" and path[1].key == "u":
            draw /= np.linalg.norm(draw)
        else:
            draw *= math.prod(leaf.shape[:-1]) ** -0.5 if leaf.ndim > 1 else 0.1
        return np.asarray(draw, np.float32)

    return jax.tree.map_with_path(value, tree)


def drawn(module, *inputs, **options):
    """Random variables of a module called with these arguments."""

    def start():
        keys = {"params": jax.random.key(0), "dropout": jax.random.key(1)}
        return module.init(keys, *inputs, **options)

    return filled(jax.eval_shape(start))


def split(tree):
    """The numbers of kernel entries, of biases, and of norms' scales and shifts."""
    found = {"kernels": 0, "biases": 0, "norms": 0}
    for path, leaf in jax.tree.leaves_with_path(tree):
        names = [part.key for part in path]
        normal = any("norm" in name for name in names)
        kind = "norms" if normal else "biases" if names[-1] == "bias" else "kernels"
        found[kind] += math.prod(leaf.shape)
    return tuple(found.values())


def generator(name, z_dim, **asked):
    """Shapes of the variables of a generator of vectors [1, z_dim]."""
    return variables(catalogue.generator(name, **asked), (1, z_dim))


def discriminator(name, condition=0, **asked):
    """Shapes of the variables of a discriminator with this number of conditions."""
    image = (1, asked["size"], asked["size"], asked.get("channels", 1))
    inputs = [image, (1, condition)] if condition else [image]
    return variables(catalogue.discriminator(name, **asked), *inputs)


def asked(name):
    """A small form of the network `name`."""
    small = {"size": SIZES.get(name, 16), "channels": 2 if name == "mlp_toy" else 1}
    small["width"] = 16 if "mlp" in name else 4
    return small | ({"blocks": (1, 0, 0, 1)} if name == "grid_resnet" else {})
