"""Blocks that are computed again in the backward pass: the same results, and less that is kept."""

import functools

import jax
import jax.numpy as jnp
import levels
import numpy as np
import pytest

from gan_jax.networks.generation import acgan, stylegan2
from gan_jax.networks.translation import resnet_generator, unet
from gan_jax.ops import remat

IMAGES = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype(np.float32)
# Network and inputs: batch norm with dropout outside of blocks, residual blocks, skips, and blocks of several
# inputs and results.
NETWORKS = {
    "acgan": (acgan.ACGANDiscriminator((4, 4)), (IMAGES, True)),
    "resnet_generator": (resnet_generator.Generator(4, 1, 1, norm="batch"), (IMAGES, True)),
    "unet": (unet.Generator(4, 3), (IMAGES, True, True)),
    "stylegan2": (stylegan2.Synthesis(8, width_base=32), (np.ones((2, 4, 5), np.float32),)),
}


def squares(network, inputs, others, params):
    """The sum of squares of a network's results, and the running statistics afterwards."""
    variables, rngs = {**others, "params": params}, {"dropout": jax.random.key(1)}
    out, new = network.apply(variables, *inputs, rngs=rngs, mutable=["batch_stats"])
    return jnp.square(out).sum(), new


def kept(loss, params):
    """The numbers that wait for the backward pass."""
    waiting = jax.eval_shape(lambda params: jax.vjp(loss, params, has_aux=True)[1], params)
    return sum(leaf.size for leaf in jax.tree.leaves(waiting))


@levels.parametrize("name", NETWORKS, kept=("acgan",))
def test_results_slopes_and_statistics_are_the_same_and_less_is_kept(name):
    network, inputs = NETWORKS[name]
    keys = {"params": jax.random.key(0), "dropout": jax.random.key(1)}
    variables = jax.jit(network.init, static_argnums=range(2, 1 + len(inputs)))(keys, *inputs)
    params, others = variables.pop("params"), variables

    def measured():
        # A function of its own, since jax keeps what it has traced of a function.
        loss = functools.partial(squares, network, inputs, others)
        return jax.jit(jax.value_and_grad(loss, has_aux=True))(params), kept(loss, params)

    expected, all_of_it = measured()
    with remat.over():
        found, little = measured()
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), found, expected)
    assert little < 0.9 * all_of_it


@pytest.mark.long
def test_of_a_deep_network_the_inputs_of_its_blocks_are_kept():
    blocks, pixels = 16, 32 * 32
    network, inputs = resnet_generator.Generator(4, blocks, 1), (np.ones((2, 64, 64, 3), np.float32), True)
    params = jax.eval_shape(lambda key: network.init(key, *inputs), jax.random.key(0))["params"]
    shallow = network.clone(blocks=0)
    few = {name: leaf for name, leaf in params.items() if not name.startswith("block")}
    with remat.over():
        more = kept(functools.partial(squares, network, inputs, {}), params) - kept(
            functools.partial(squares, shallow, inputs, {}), few
        )
    weights = sum(x.size for x in jax.tree.leaves(params)) - sum(x.size for x in jax.tree.leaves(few))
    assert blocks * 2 * pixels * 8 <= more <= blocks * 2 * pixels * 8 + 2 * weights
