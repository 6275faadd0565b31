"""Weights of FID's Inception from a seed, by numpy's legacy generator, whose stream never changes."""

import numpy as np


def draw(shapes, seed=0):
    """Tensors that keep activations near one: kernels scaled by fan-in, norm scales and variances near 1."""
    rng = np.random.RandomState(seed)
    tensors = {}
    for name in sorted(shapes):
        noise = rng.standard_normal(shapes[name]).astype(np.float32)
        if name.endswith(("bn.weight", "running_var")):
            tensors[name] = np.exp(0.2 * noise).astype(np.float32)
        elif noise.ndim == 1:
            tensors[name] = 0.1 * noise
        else:
            tensors[name] = noise * np.float32(np.sqrt(2 / np.prod(noise.shape[1:])))
    return tensors
