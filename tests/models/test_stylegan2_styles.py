"""StyleGAN2's styles: what they mix, which images they give, and which layers they reach."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from stylegan2_states import initial, model

from gan_jax.game import devices
from gan_jax.networks.generation import stylegan2 as networks


@functools.cache
def styling(m):
    return jax.jit(lambda params, key: m._draw_styles(params, key, 3, None))


def styles_of(m, seed=0):
    return styling(m)(initial(model()).players["gen"].params, jax.random.key(seed))


def test_mixing_changes_the_styles_from_one_layer_on_for_the_whole_batch():
    always, never = model(style_mixing=1.0), model(style_mixing=0.0)
    layers = always.num_styles
    plain, mean = (np.asarray(x) for x in styles_of(never))
    assert np.all(plain == plain[:, :1])
    np.testing.assert_allclose(plain[:, 0].mean(0), mean, rtol=1e-5)
    cuts = set()
    for seed in range(12):
        ws, mean = (np.asarray(x) for x in styles_of(always, seed))
        changes = np.any(ws[:, 1:] != ws[:, :-1], -1)
        assert changes.sum(1).tolist() == [1, 1, 1]
        assert np.all(changes == changes[:1])
        cuts.add(int(changes[0].argmax()) + 1)
        np.testing.assert_allclose(ws[:, 0].mean(0), mean, rtol=1e-5)
    assert cuts <= set(range(1, layers))
    assert len(cuts) > 2


@pytest.mark.long
def test_an_image_is_that_of_its_latent_in_every_batch_and_on_every_device():
    m = model()
    state = initial(m)
    z = np.random.default_rng(0).normal(size=(5, m.z_dim)).astype(np.float32)
    drawn = devices.pmap_apply(lambda s, batch, rng: m.decode(s, **batch))
    whole = drawn(devices.replicate(state), {"z": z})
    moved = drawn(devices.replicate(state), {"z": z[[3, 1]]})
    np.testing.assert_allclose(moved, whole[[3, 1]], atol=1e-5)
    assert np.abs(whole[0] - whole[1]).max() > 1e-3
    made = devices.pmap_apply(m.generate)(devices.replicate(state), {"image": z}, 0)["image"]
    assert (
        np.abs(
            made - devices.pmap_apply(m.generate)(devices.replicate(state), {"image": z}, 1)["image"]
        ).max()
        > 0
    )


def test_the_kernels_of_a_style_are_those_of_its_convolution_and_of_the_colours():
    m = model(size=16)
    kernels = m.affine_kernels(initial(m))
    assert [len(found) for found in kernels] == [1, 2, 1, 2, 1, 1]
    # A style that moves in the null space of its kernels changes nothing.
    state = initial(m)
    ws = jnp.asarray(np.random.default_rng(0).normal(size=(1, 6, m.w_dim)), jnp.float32)
    draw = jax.jit(lambda ws: m.synthesise(state, ws))
    image = draw(ws)
    for layer in (0, 3):
        whole = np.concatenate(kernels[layer], 1)
        blind = np.linalg.svd(whole)[0][:, -1] if whole.shape[1] < m.w_dim else None
        if blind is not None:
            np.testing.assert_allclose(draw(ws.at[:, layer].add(blind)), image, atol=1e-4)
        assert np.abs(draw(ws.at[:, layer].add(whole[:, 0])) - image).max() > 1e-3


def test_a_conditional_model_gives_every_class_its_own_style():
    m = model(num_classes=3, augment="none")
    state = initial(m)
    z = np.ones((3, m.z_dim), np.float32)
    ws = jax.jit(m.styles)(state, z, np.arange(3))
    assert ws.shape == (3, networks.num_styles(8), m.w_dim)
    assert np.abs(ws[0] - ws[1]).max() > 1e-3
    with pytest.raises(ValueError, match="needs a label for every z"):
        m.styles(state, z)


@pytest.mark.long
def test_maps_are_those_of_each_sides_last_convolution_without_noise():
    m = model(size=16)
    state = initial(m)
    ws = np.ones((3, m.num_styles, m.w_dim), np.float32)
    shapes = jax.eval_shape(m.maps, state, ws)
    assert {side: x.shape for side, x in shapes.items()} == {
        4: (3, 4, 4, 4),
        8: (3, 8, 8, 4),
        16: (3, 16, 16, 2),
    }
    assert m.styled_sides == [4, 8, 16]
    block = networks.StyledConv(4, name="conv1")
    own = state.players["gen"].eval_variables["params"]["synthesis"]["b4"]
    start = np.broadcast_to(own["const"], (3, 4, 4, 4))
    expected = block.apply({"params": own["conv1"]}, start, ws[:, 0], None)
    np.testing.assert_allclose(jax.jit(m.maps)(state, ws)[4], expected, rtol=1e-4, atol=1e-5)
