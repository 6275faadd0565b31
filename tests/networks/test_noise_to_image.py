"""The registry: published parameter counts, shapes and ranges of every network, and what it refuses."""

import pytest
import counting

MNIST = {"size": 28, "channels": 1}
CIFAR = {"size": 32, "channels": 3}
FACES = {"size": 64, "channels": 3}
POINTS = {"size": 1, "channels": 2}

# Name, length of z, what is asked, then kernels, biases, parameters of norms, running statistics.
GENERATORS = [
    ("mlp_lecture", 100, MNIST, (113152, 912, 0), 0),
    ("mlp_2014", 100, MNIST, (2500800, 3184, 0), 0),
    ("mlp_toy", 2, POINTS, (526336, 1538, 0), 0),
    ("mlp_grid", 128, FACES, (7143424, 14336, 0), 0),
    ("mlp_cgan", 110, MNIST, (560640, 1552, 0), 0),
    ("dcgan", 100, FACES, (3574784, 0, 1920), 1920),
    ("dcgan", 100, CIFAR, (1068032, 0, 896), 896),
    ("dcgan", 100, {"size": 32, "channels": 1}, (1065984, 0, 896), 896),
    ("dcgan", 100, MNIST, (1780736, 0, 768), 768),
    ("dcgan", 100, MNIST | {"width": 32}, (759296, 0, 384), 384),
    ("dcgan", 100, FACES | {"width": 128}, (12658432 - 3840, 0, 3840), 3840),
]


@pytest.mark.parametrize(("name", "z_dim", "asked", "params", "stats"), GENERATORS)
def test_generators_have_the_published_parameters(name, z_dim, asked, params, stats):
    variables = counting.generator(name, z_dim, **asked)
    assert counting.split(variables["params"]) == params
    assert counting.count(variables.get("batch_stats", {})) == stats
