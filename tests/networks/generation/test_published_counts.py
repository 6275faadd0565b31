"""Every published parameter count of the noise-to-image networks, from shapes alone."""

import counting
import pytest

from gan_jax.networks.generation.presets import DISCRIMINATORS, GENERATORS

MNIST = {"size": 28, "channels": 1}
CIFAR = {"size": 32, "channels": 3}
FACES = {"size": 64, "channels": 3}
GREY = {"size": 32, "channels": 1}
POINTS = {"size": 1, "channels": 2}

# Other forms of the networks below.
OTHER_G = [
    ("cgan_conv", 100, MNIST, 6731328, (6731328, 0, 0), 14720),
    ("dcgan", 100, CIFAR, 1068928, (1068032, 0, 896), 896),
    ("dcgan", 100, GREY, 1066880, (1065984, 0, 896), 896),
    ("dcgan", 100, MNIST, 1781504, (1780736, 0, 768), 768),
    ("dcgan", 110, MNIST | {"width": 32}, 822400, (822016, 0, 384), 384),
    ("dcgan", 100, FACES | {"width": 128}, 12658432, (12654592, 0, 3840), 3840),
    ("wgan", 128, CIFAR | {"width": 64}, 1565955, (1553088, 4291, 8576), 8576),
    ("grid_dcgan", 128, FACES | {"norm": "none"}, 5362819, (5354176, 8643, 0), 0),
    ("resnet", 128, CIFAR, 1204483, (1199488, 3203, 1792), 1792),
    ("acgan", 110, CIFAR, 2994051, (2987040, 6435, 576), 576),
]

# Name, length of z, request; parameters: all, kernels, biases, norms'; running statistics.
PUBLISHED_G = [
    ("mlp_lecture", 100, MNIST, 114064, (113152, 912, 0), 0),
    ("mlp_2014", 100, MNIST, 2503984, (2500800, 3184, 0), 0),
    ("mlp_toy", 2, POINTS, 527874, (526336, 1538, 0), 0),
    ("mlp_cgan", 110, MNIST, 562192, (560640, 1552, 0), 0),
    ("mirza", 110, MNIST | {"num_classes": 10}, 2413984, (2410800, 3184, 0), 0),
    ("cgan_conv", 110, MNIST | {"num_classes": 10}, 6820538, (6820538, 0, 0), 14720),
    ("dcgan", 100, FACES, 3576704, (3574784, 0, 1920), 1920),
    ("dcgan", 100, MNIST | {"width": 32}, 759680, (759296, 0, 384), 384),
    ("dcgan", 100, FACES | {"width": 128, "kernel_size": 5}, 18855040, (18851200, 0, 3840), 3840),
    ("wgan", 128, MNIST, 1554177, (1549888, 4289, 0), 0),
    ("wgan", 128, MNIST | {"norm": "batch"}, 1562753, (1549888, 4289, 8576), 8576),
    ("wgan", 128, CIFAR, 5179907, (5154176, 8579, 17152), 17152),
    ("grid_dcgan", 128, FACES, 5364739, (5354176, 8643, 1920), 1920),
    ("grid_constant", 128, FACES, 444291, (443072, 1219, 0), 0),
    ("grid_mlp", 128, FACES, 7157760, (7143424, 14336, 0), 0),
    ("grid_gated", 128, FACES, 10724675, (10703552, 17283, 3840), 3840),
    ("grid_tanh", 128, FACES, 5364739, (5354176, 8643, 1920), 1920),
    ("grid_resnet", 128, FACES, 9189587, (9160032, 16755, 12800), 12800),
    ("resnet", 138, CIFAR | {"num_classes": 10}, 1218307, (1199488, 3203, 15616), 1792),
    ("good_resnet", 128, FACES, 8540483, None, None),
    ("sndcgan", 128, CIFAR, 3828739, (3802816, 8643, 17280), 17280),
    ("sn_resnet", 128, CIFAR, 4276739, (4266752, 6403, 3584), 3584),
    ("acgan", 110, {"size": 128, "channels": 3}, 16531971, (16480320, 49987, 1664), 1664),
    *(pytest.param(*case, marks=pytest.mark.long) for case in OTHER_G),
]

OTHER_D = [
    ("cgan_conv", 0, MNIST, 6629952, (6629952, 0, 0), 2304),
    ("dcgan", 0, CIFAR, 663296, (662528, 0, 768), 768),
    ("dcgan", 0, GREY, 661248, (660480, 0, 768), 768),
    ("dcgan", 0, MNIST, 138624, (138368, 0, 256), 256),
    ("dcgan", 0, MNIST | {"width": 32}, 36544, (36416, 0, 128), 128),
    ("dcgan", 0, FACES | {"width": 128}, 11036160, (11032576, 0, 3584), 3584),
    ("wgan", 0, CIFAR, 4114689, (4113792, 897, 0), 0),
    ("wgan", 0, CIFAR | {"norm": "batch"}, 4116225, (4113792, 897, 1536), 1536),
    ("wgan", 0, CIFAR | {"width": 64}, 1033345, (1032896, 449, 0), 0),
    ("grid_dcgan", 0, FACES | {"norm": "layer"}, 4316545, (4313792, 961, 1792), 0),
    ("grid_gated", 0, FACES | {"norm": "layer"}, 8624897, (8619392, 1921, 3584), 0),
    ("grid_resnet", 0, FACES | {"norm": "layer"}, 7618801, (7597408, 7633, 13760), 0),
    ("resnet", 0, CIFAR, 1053825, (1052544, 1281, 0), 0),
    ("sndcgan", 0, CIFAR, 2935873, (2934464, 1409, 0), 0),
    ("sn_resnet", 0, CIFAR, 1053824, (1052544, 1280, 0), 0),
    ("acgan", 0, CIFAR | {"classes": 11}, 1664875, (1661872, 1019, 1984), 1984),
]

# Name, conditions, request; counts as above.
PUBLISHED_D = [
    ("mlp_lecture", 0, MNIST, 100609, (100480, 129, 0), 0),
    ("mlp_2014", 0, MNIST, 1231441, (1229040, 2401, 0), 0),
    ("mlp_toy", 0, POINTS, 527361, (525824, 1537, 0), 0),
    ("mlp_cgan", 10, MNIST, 538625, (537856, 769, 0), 0),
    ("mirza", 10, MNIST, 1224351, (1221940, 2411, 0), 0),
    ("cgan_conv", 10, MNIST, 6688202, (6688202, 0, 0), 2304),
    ("dcgan", 0, FACES, 2765568, (2763776, 0, 1792), 1792),
    ("dcgan", 0, MNIST | {"width": 32, "classes": 11}, 67914, (67776, 10, 128), 128),
    ("dcgan", 0, FACES | {"width": 128, "kernel_size": 5}, 17232768, (17229184, 0, 3584), 3584),
    ("wgan", 0, MNIST, 1030145, (1029696, 449, 0), 0),
    ("wgan", 0, MNIST | {"norm": "batch"}, 1030913, (1029696, 449, 768), 768),
    ("grid_dcgan", 0, FACES, 4316545, (4313792, 961, 1792), 1792),
    ("grid_dcgan", 0, FACES | {"norm": "none"}, 4314753, (4313792, 961, 0), 0),
    ("grid_gated", 0, FACES, 8624897, (8619392, 1921, 3584), 3584),
    ("grid_tanh", 0, FACES, 4316545, (4313792, 961, 1792), 1792),
    ("grid_resnet", 0, FACES, 7618801, (7597408, 7633, 13760), 13760),
    ("resnet", 0, CIFAR | {"classes": 11}, 1055115, (1053824, 1291, 0), 0),
    ("good_resnet", 0, FACES, 7491841, None, 0),
    ("sndcgan", 0, CIFAR | {"spectral": True}, 2935873, (2934464, 1409, 0), 1409),
    ("sn_resnet", 10, CIFAR, 1055104, (1053824, 1280, 0), 0),
    ("acgan", 0, {"size": 128, "channels": 3, "classes": 11}, 3016555, (3013552, 1019, 1984), 1984),
    *(pytest.param(*case, marks=pytest.mark.long) for case in OTHER_D),
]


def _check(variables, total, params, stats):
    """Checks all parameters, their kinds, and running statistics; None means only the total is published."""
    assert counting.count(variables["params"]) == total
    assert params in (None, counting.split(variables["params"]))
    assert stats in (None, counting.count(variables.get("batch_stats", {})))


@pytest.mark.parametrize(("name", "z_dim", "asked", "total", "params", "stats"), PUBLISHED_G)
def test_generators_have_the_published_parameters(name, z_dim, asked, total, params, stats):
    _check(counting.generator(name, z_dim, **asked), total, params, stats)


@pytest.mark.parametrize(("name", "condition", "asked", "total", "params", "stats"), PUBLISHED_D)
def test_discriminators_have_the_published_parameters(name, condition, asked, total, params, stats):
    _check(counting.discriminator(name, condition, **asked), total, params, stats)


def test_every_published_network_but_the_projects_own_is_counted():
    assert {name for name, *_ in PUBLISHED_G[: -len(OTHER_G)]} == set(GENERATORS) - {"mlp"}
    assert {name for name, *_ in PUBLISHED_D[: -len(OTHER_D)]} == set(DISCRIMINATORS) - {"mlp"}
