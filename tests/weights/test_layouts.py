"""Layouts of published networks: recognised by their tensors, read completely, and written as they were."""

import numpy as np
import published
import pytest

from gan_jax import config as configuration
from gan_jax import models
from gan_jax.runs import leaves
from gan_jax.weights import importing, layouts, tables

MODELS = list(published.SHAPES)


def imported(files, config=None):
    """The layout, the configuration, the model, the state from zeros and what the files lack."""
    layout, networks = layouts.recognise(files)
    built = importing.configured(layout, networks, config)
    model = models.create(built.model)
    zeros = published.zeros(model, layout.example(model, built.data.size, networks))
    state, lacking = importing.filled(layout, networks, model, zeros)
    return layout, built, model, state, lacking


@pytest.fixture(scope="module", params=MODELS)
def case(request):
    networks = published.tensors(request.param)
    return request.param, networks, imported({"weights": published.joined(networks)})


def test_the_model_and_its_fields_follow_from_the_tensors(case):
    name, _, (layout, built, _, _, lacking) = case
    assert layout.model == built.model.name == name
    expected = published.FIELDS[name]
    assert {field: built.model[field] for field in expected} == expected
    assert lacking == []
    configuration.validate(built)


def test_every_tensor_is_one_leaf(case):
    """All values differ, so that the sorted values are equal only if each tensor is read once."""
    name, networks, (_, _, _, state, _) = case
    unused = ("resample_filter", "num_batches_tracked")
    unused += ("running_mean", "running_var") if name == "stargan" else ()
    theirs, means = [], {}
    for part in networks.values():
        kept = {key: np.ravel(x) for key, x in part.items() if not key.endswith(unused)}
        means |= {key: kept.pop(key) for key in list(kept) if key.endswith(("w_avg", "noise_const"))}
        theirs += kept.values()
    flat = leaves.flatten(state)
    places = (".params.", ".ema.", ".batch_stats.", "frozen.", "memory.w_avg")
    ours = [np.ravel(x) for leaf, x in flat.items() if any(place in leaf for place in places)]
    theirs = np.concatenate([*theirs, *means.values()])
    np.testing.assert_array_equal(np.sort(np.concatenate(ours)), np.sort(theirs))


def test_what_is_written_is_what_was_read(case):
    _, networks, (layout, _, model, state, _) = case
    flat = leaves.flatten(state)
    written = tables.write(tables.of_state(layout.table(model), flat), flat)
    assert set(written) == set(networks)
    for network, part in networks.items():
        assert set(written[network]) == set(part)
        for name, x in part.items():
            assert written[network][name].shape == x.shape, name
            np.testing.assert_array_equal(written[network][name], x, err_msg=name)


FAULTS = {
    "missing": (lambda x: x.pop("main.1.bias"), r"tensor main.1.bias of G is missing, \[4\]"),
    "shape": (
        lambda x: x.update({"main.4.bias": np.zeros(3, np.float32)}),
        r"tensor main.4.bias of G has shape \[3\]; expected \[2\]",
    ),
    "foreign": (lambda x: x.update({"main.7.weight": np.zeros(3)}), "tensor main.7.weight is not part of G"),
    "not finite": (lambda x: x["main.1.bias"].fill(np.nan), "tensor main.1.bias of G is not finite"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_does_not_fit_is_named(fault):
    g = published.tensors("gan")["G"]
    change, message = FAULTS[fault]
    change(g)
    with pytest.raises(ValueError, match=f"^{message}$"):
        imported({"netG": g})


def test_a_filter_of_other_taps_is_refused():
    networks = published.tensors("stylegan2")
    networks["D"]["b8.conv1.resample_filter"] = np.full((4, 4), 1 / 16, np.float32)
    with pytest.raises(ValueError, match=r"^tensor b8.conv1.resample_filter of D has other values than"):
        imported(networks)


def test_unknown_tensors_are_refused():
    with pytest.raises(
        ValueError, match=r"^no generator of these models has tensors like fc.weight: cyclegan"
    ):
        layouts.recognise({"a": {"fc.weight": np.zeros((2, 2))}})


def test_what_a_file_lacks_keeps_its_initial_values():
    _, built, _, state, lacking = imported({"latest_net_G_B": published.tensors("cyclegan")["G_B"]})
    assert lacking == ["G_A", "D_A", "D_B"]
    assert (built.model.source_channels, built.model.target_channels) == (3, 1)
    gen = state.players["gen"].params
    assert all(x.any() for x in leaves.flatten(gen["t2s"]).values())
    assert not any(
        x.any() for x in leaves.flatten({"g": gen["s2t"], "d": state.players["disc"].params}).values()
    )


def test_a_generator_without_averages_is_its_own_average():
    networks = published.tensors("stylegan2")
    for given in ({"G": networks["G"]}, {"G_ema": networks["G"]}, {"ffhq": networks["G"]}):
        _, _, _, state, lacking = imported(given)
        assert lacking == ["D"]
        gen = state.players["gen"]
        ours = leaves.flatten(gen.params)
        for name, x in leaves.flatten(gen.ema).items():
            np.testing.assert_array_equal(x, ours[name])
        np.testing.assert_array_equal(state.memory["w_avg"], networks["G"]["mapping.w_avg"])


def test_a_configuration_keeps_what_tensors_do_not_tell_and_must_not_contradict_the_data():
    config = configuration.default()
    fields = {
        "size": 64,
        "channels": 3,
        "g_width": 8,
        "b1": 0.25,
        "g_norm": "batch",
        "discriminator": "dcgan",
    }
    config.model = configuration.model("gan", **fields)
    config.steps = 7
    networks = published.tensors("gan")
    _, built, model, _, _ = imported(networks, config)
    assert (model.size, model.g_width, built.data.size) == (16, 2, 16)
    assert (model.b1, model.g_norm, built.steps) == (0.25, "batch", 7)
    config.model.channels = 1
    with pytest.raises(ValueError, match=r"^its tensors have channels=3; the configuration has 1$"):
        imported(networks, config)
    with pytest.raises(ValueError, match=r"^its tensors are of model 'stargan', and .* model 'gan'$"):
        imported(published.tensors("stargan"), config)


def test_only_g_s_up_convolutions_are_mirrored():
    networks = published.tensors("stylegan2")
    _, _, _, state, _ = imported(networks)
    g, d = (state.players[name].params for name in ("gen", "disc"))
    for block, layer in (("b4", "conv1"), ("b8", "conv0"), ("b8", "conv1")):
        theirs = networks["G"][f"synthesis.{block}.{layer}.weight"].transpose(2, 3, 1, 0)
        ours = g["synthesis"][block][layer]["kernel"]
        np.testing.assert_array_equal(ours, np.flip(theirs, (0, 1)) if layer == "conv0" else theirs)
    np.testing.assert_array_equal(
        d["b8"]["conv1"]["kernel"], networks["D"]["b8.conv1.weight"].transpose(2, 3, 1, 0)
    )


def test_the_dense_layer_reads_maps_in_another_order():
    """The product with a map is the same, whether PyTorch flattens it as C, H, W or we as H, W, C."""
    networks = published.tensors("stylegan2")
    _, _, _, state, _ = imported(networks)
    x = np.random.default_rng(1).normal(size=(4, 4, 4)).astype(np.float32)  # H, W, C
    theirs = networks["D"]["b4.fc.weight"] @ x.transpose(2, 0, 1).ravel()
    np.testing.assert_allclose(x.ravel() @ state.players["disc"].params["b4_fc"]["kernel"], theirs, rtol=1e-5)


def test_dropout_in_residual_blocks_moves_their_second_layer():
    g = published.tensors("cyclegan")["G_A"]
    moved = {name.replace("conv_block.5", "conv_block.6"): x for name, x in g.items()}
    plain, dropped = (leaves.flatten(imported({"G": part})[3].players["gen"].params) for part in (g, moved))
    assert all(np.array_equal(x, dropped[name]) for name, x in plain.items())


def test_networks_that_nobody_published_have_no_published_names():
    model = models.create({"name": "cyclegan", "generator": "mnist_svhn"})
    with pytest.raises(ValueError, match=r"^generator='mnist_svhn' has no published names; allowed: resnet$"):
        layouts.of_model("cyclegan").table(model)


def test_labels_of_stargan_are_those_of_the_configuration_or_numbered():
    networks = published.tensors("stargan")
    assert imported(networks)[2].labels == (("label_0", "label_1", "label_2"),)
    config = configuration.default()
    config.model = configuration.model("stargan", labels=(("a", "b"),))
    with pytest.raises(ValueError, match=r"^G takes vectors of 3 labels; model.labels=.* give 2$"):
        imported(networks, config)
    config.model.labels = (("a", "b", "c"),)
    assert imported(networks, config)[2].labels == (("a", "b", "c"),)


def test_widths_that_no_rule_gives_are_refused():
    networks = published.tensors("stylegan2")
    g = networks["G"]
    g["synthesis.b8.conv1.weight"] = np.zeros((5, 5, 3, 3), np.float32)
    with pytest.raises(ValueError, match=r"^its blocks have \{4: 4, 8: 5\} channels, which no width_base"):
        imported({"G": g})


@pytest.mark.long
def test_without_a_mean_style_the_mean_of_the_generator_s_styles_is_taken():
    g = published.tensors("stylegan2")["G"]
    del g["mapping.w_avg"]
    for name in ("mapping.fc0.weight", "mapping.fc1.weight"):
        g[name] = 100 * g[name]  # the multiplier of the mapping's learning rate is 0.01
    _, _, model, state, _ = imported({"G": g})
    z = np.random.default_rng(0).normal(size=(4096, 5)).astype(np.float32)
    mean = np.asarray(model.styles(state, z))[:, 0].mean(0)
    assert np.abs(mean).max() > 0.1
    np.testing.assert_allclose(state.memory["w_avg"], mean, rtol=0.1)
