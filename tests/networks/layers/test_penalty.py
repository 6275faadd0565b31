"""Gradient penalties through critics of this package's convolutions equal those through XLA's own."""

import counting
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from gan_jax.networks.generation import catalogue
from gan_jax.networks.layers import basic, fewer_products

LONG = pytest.mark.long
LAYOUT = ("NHWC", "HWIO", "NHWC")


def plain(x, kernel, stride=1, padding="SAME"):
    return lax.conv_general_dilated(x, kernel, (stride, stride), padding, dimension_numbers=LAYOUT)


def plain_transpose(x, kernel, stride, padding="SAME", output_padding=0):
    assert not output_padding
    return lax.conv_transpose(x, kernel, (stride, stride), padding)


def penalty(critic, x):
    slopes = jnp.sqrt(jnp.square(jax.grad(lambda x: critic(x).sum())(x)).reshape(len(x), -1).sum(-1) + 1e-12)
    return jnp.square(slopes - 1).mean()


def gradients(module, variables, x):
    """The penalty's gradient by all parameters, compiled for this call."""

    def of(params):
        return penalty(lambda x: module.apply(variables | {"params": params}, x, False), x)

    return jax.jit(jax.grad(of))(variables["params"])


@pytest.mark.parametrize(
    ("kind", "name", "asked"),
    [
        pytest.param("discriminator", "dcgan", {"size": 32, "width": 16, "norm": "layer"}, marks=LONG),
        pytest.param("discriminator", "sndcgan", {"size": 16, "width": 16, "spectral": True}, marks=LONG),
        ("discriminator", "wgan", {"size": 28, "width": 4}),
        # A generator's transposed convolutions are differentiated twice in the same way.
        ("generator", "dcgan", {"size": 32, "width": 16, "norm": "none"}),
        pytest.param("generator", "wgan", {"size": 28, "width": 4}, marks=LONG),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_second_derivatives_are_those_of_plain_convolutions(kind, name, asked, monkeypatch):
    module = getattr(catalogue, kind)(name, **asked)
    size = asked["size"]
    x = counting.normal(16, *((size, size, 1) if kind == "discriminator" else (6,)))
    variables = counting.filled(counting.variables(module, x.shape))
    used = []
    for op in ("conv", "adjoint"):
        original = getattr(fewer_products, op)
        monkeypatch.setattr(fewer_products, op, lambda *xs, f=original: (used.append(xs), f(*xs))[1])
    ours = gradients(module, variables, x)
    assert bool(used) == (name in ("dcgan", "sndcgan"))  # the sizes where fewer products pay
    monkeypatch.setattr(basic, "conv", plain)
    monkeypatch.setattr(basic, "conv_transpose", plain_transpose)
    for a, b in zip(*map(jax.tree.leaves, (ours, gradients(module, variables, x))), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=2e-4 * float(np.abs(b).max()))
    assert max(float(np.abs(g).max()) for g in jax.tree.leaves(ours)) > 1e-4


def test_the_gradient_of_a_sum_is_each_examples_own_with_layer_norm_and_not_with_batch_norm():
    x = counting.normal(3, 16, 16, 1)
    for norm, own in (("layer", True), ("batch", False)):
        module = catalogue.discriminator("dcgan", size=16, width=4, norm=norm)
        variables = counting.filled(counting.variables(module, x.shape))

        def critic(x, module=module, variables=variables):
            return module.apply(variables, x, True, mutable=["batch_stats"])[0][:, 0]

        jacobian = np.asarray(jax.jit(jax.jacrev(critic))(x))  # the gradient of a sum is the sum of its rows
        together, alone = jacobian.sum(0), np.stack([jacobian[i, i] for i in range(3)])
        error = float(np.abs(together - alone).max() / np.abs(alone).max())
        assert (error < 1e-5) == own
