"""What Gatys' model looks with: VGG, a classifier, random filters; and what it refuses before any work."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gan_jax.models import Inputs, classifier, gatys
from gan_jax.networks.recognition import vgg
from gan_jax.ops import gram


def model(**fields):
    return gatys.Model(**{"sizes": (3,), "filters": 4, "content_layers": ("scales",), **fields})


@pytest.mark.long
def test_scaling_by_filters_is_normalising_the_weights():
    network = vgg.VGG(19, "average", through="relu2_1")
    x = jax.random.uniform(jax.random.key(2), (1, 12, 16, 3), minval=-1)
    variables = network.init(jax.random.key(0), x)
    new, _ = vgg.normalise_activations(network, variables, x, gram.FLOOR)
    layers = ("relu1_1", "relu2_1")
    maps = network.apply(variables, x, layers)
    scales = gram.scales([maps], "filter")
    for layer, wanted in network.apply(new, x, layers).items():
        np.testing.assert_allclose(maps[layer] / scales[layer], wanted, rtol=1e-3, atol=1e-4)
    assert gram.scales([maps], "none") == dict.fromkeys(layers, 1.0)
    layer_scale = gram.scales([maps, maps], "layer")["relu2_1"]
    assert float((maps["relu2_1"] / layer_scale).mean()) == pytest.approx(1, rel=1e-5)


class Weights:
    """Replaces a network from a file."""

    def __init__(self, name, variables):
        self.variables = {name: variables}


@pytest.mark.long
def test_vggs_weights_come_from_the_file_as_far_as_the_layers_need():
    m = gatys.Model(perception="vgg16", content_layers=("relu2_1",), style_layers=("relu1_1", "conv2_2"))
    assert m.network.through == "conv2_2"
    x = jnp.zeros((1, 16, 16, 3))
    variables = vgg.VGG(16, through="relu3_1").init(jax.random.key(1), x)
    state = jax.eval_shape(m.init, jax.random.key(0), {"content": x, "style": x})
    found = m.adopt(state, {"vgg16": Weights("vgg16", variables)}, {}).frozen["features"]["params"]
    assert set(found) == {"input", "conv1_1", "conv1_2", "conv2_1", "conv2_2"}
    np.testing.assert_array_equal(found["conv2_2"]["kernel"], variables["params"]["conv2_2"]["kernel"])


@pytest.mark.long
def test_a_classifiers_stages_are_its_convolutions_with_batch_norm_folded_in():
    m = gatys.Model(perception="classifier", f_widths=(4, 4, 6, 8))
    f = classifier.Model(widths=(4, 4, 6, 8), batch_norm=True)
    given = {"image": np.zeros((1, 32, 32, 3), np.float32), "image_label": np.zeros(1, np.int32)}
    variables = f.init(jax.random.key(0), given).players["classifier"].variables
    x = jax.random.uniform(jax.random.key(1), (2, 32, 32, 3))
    state = m.init(jax.random.key(0), {"content": x, "style": x})
    state = m.adopt(state, {"classifier": Weights("classifier", variables)}, {})
    maps = m.network.apply(state.frozen["features"], x)
    assert {name: found.shape[1:] for name, found in maps.items()} == {
        "stage_1": (32, 32, 4), "stage_2": (16, 16, 4), "stage_3": (8, 8, 6), "stage_4": (4, 4, 8),
    }  # fmt: skip
    wanted = f.body.apply({name: tree["features"] for name, tree in variables.items()}, x)
    np.testing.assert_allclose(maps["stage_4"].max((1, 2)), wanted, atol=1e-4)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"perception": "vgg"}, r"^perception='vgg' is not allowed; allowed: vgg16, vgg19, random"),
        ({"style_layers": ("conv9_1",)}, r"^style_layers=\('conv9_1',\) is not allowed; allowed: some of"),
        ({"style_layer_weights": (1.0, 1.0)}, r"^style_layer_weights=.* allowed: \(\), or 1 numbers of 0 or"),
        ({"style_mix": (0.0, 0.0)}, r"^style_mix=\(0.0, 0.0\) is not allowed"),
        ({"sizes": (4,)}, r"^sizes=\(4,\) is not allowed; allowed: odd numbers$"),
        ({"learning_rate": 0.0}, r"^learning_rate=0.0 is not allowed; allowed: above 0, to 10$"),
        ({"loss": "sum"}, r"^loss='sum' is not allowed; allowed: paper, notebook, neural_style$"),
    ],
)  # fmt: skip
def test_wrong_fields_are_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        model(**fields)


def test_networks_that_are_not_there_are_refused_before_any_work():
    m = gatys.Model(perception="vgg19")
    with pytest.raises(ValueError, match=r"^perception='vgg19' .*: random, or vgg19 among the .* weights$"):
        m.check(Inputs(64, networks=("vgg16",)))
    m.check(Inputs(64, networks=("vgg19",)))
    m.check(Inputs(64))


def test_wrong_pictures_are_refused():
    m = gatys.Model(perception="vgg19", levels=2)
    x = {name: jnp.zeros((1, 31, 40, 3)) for name in ("content", "style")}
    with pytest.raises(ValueError, match=r"^images of 15 x 20 pixels are too small for layer relu5_1; .* 16"):
        m.init(jax.random.key(0), x)
    with pytest.raises(ValueError, match=r"^the batch has no 'style'; it has content$"):
        model().init(jax.random.key(0), {"content": x["content"]})
    with pytest.raises(ValueError, match=r"^style_mix=\(1.0, 1.0\) is not allowed; allowed: \(\), or 1 nu"):
        model(style_mix=(1.0, 1.0)).init(jax.random.key(0), x)


def test_regions_that_a_picture_lacks_are_refused():
    labels = np.zeros((1, 4, 4), np.int32)
    m = model(regions=2)
    with pytest.raises(ValueError, match=r"^regions=2 needs label maps of content; it has none$"):
        m.check(Inputs(16, columns={"style_label": labels}))
    with pytest.raises(ValueError, match=r"^content_label=\[0\] is not allowed; allowed: all of 0 to 1, an"):
        m.check(Inputs(16, columns={"content_label": labels, "style_label": labels}))
