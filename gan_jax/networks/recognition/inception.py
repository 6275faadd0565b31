"""The Inception-v3 of FID (Szegedy et al. 2016), TensorFlow's graph of 2015-12-05.

It differs from torchvision's Inception: average pools leave the padding out, the last block pools by maximum,
there are 1008 classes, and the weights are different.
"""

import functools
from collections.abc import Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from gan_jax.networks.layers.normalisation import BatchNorm
from gan_jax.ops.pixels import to_rgb

SIZE = 299  # side in pixels of the images that the network was trained on
CLASSES = 1008

# Branches of the blocks. A layer is (name, filters, height, width of the kernel) and takes the output of the
# layer before it. Layers in an inner list stand side by side.
_A = (
    [("branch1x1", 64, 1, 1)],
    [("branch5x5_1", 48, 1, 1), ("branch5x5_2", 64, 5, 5)],
    [("branch3x3dbl_1", 64, 1, 1), ("branch3x3dbl_2", 96, 3, 3), ("branch3x3dbl_3", 96, 3, 3)],
)
_B = (
    [("branch3x3", 384, 3, 3)],
    [("branch3x3dbl_1", 64, 1, 1), ("branch3x3dbl_2", 96, 3, 3), ("branch3x3dbl_3", 96, 3, 3)],
)
_D = (
    [("branch3x3_1", 192, 1, 1), ("branch3x3_2", 320, 3, 3)],
    [
        *(("branch7x7x3_1", 192, 1, 1), ("branch7x7x3_2", 192, 1, 7)),
        *(("branch7x7x3_3", 192, 7, 1), ("branch7x7x3_4", 192, 3, 3)),
    ],
)
_E = (
    [("branch1x1", 320, 1, 1)],
    [("branch3x3_1", 384, 1, 1), [("branch3x3_2a", 384, 1, 3), ("branch3x3_2b", 384, 3, 1)]],
    [
        *(("branch3x3dbl_1", 448, 1, 1), ("branch3x3dbl_2", 384, 3, 3)),
        [("branch3x3dbl_3a", 384, 1, 3), ("branch3x3dbl_3b", 384, 3, 1)],
    ],
)


def _c(width):
    return (
        [("branch1x1", 192, 1, 1)],
        [("branch7x7_1", width, 1, 1), ("branch7x7_2", width, 1, 7), ("branch7x7_3", 192, 7, 1)],
        [
            *(("branch7x7dbl_1", width, 1, 1), ("branch7x7dbl_2", width, 7, 1)),
            *(("branch7x7dbl_3", width, 1, 7), ("branch7x7dbl_4", width, 7, 1)),
            ("branch7x7dbl_5", 192, 1, 7),
        ],
    )


class ConvNorm(nn.Module):
    """Convolution without bias, batch norm with running statistics, ReLU."""

    filters: int
    kernel: tuple[int, int]
    stride: int = 1
    padding: str = "SAME"

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """[B, H, W, C] -> [B, H', W', filters]."""
        strides = (self.stride, self.stride)
        conv = nn.Conv(
            self.filters,
            self.kernel,
            strides,
            self.padding,
            use_bias=False,
            precision=jax.lax.Precision.HIGHEST,  # TF32 or bfloat16 products shift the distance
            name="conv",
        )
        return nn.relu(BatchNorm(train=False, epsilon=1e-3, name="bn")(conv(x)))


class Mixed(nn.Module):
    """Branches of convolutions and one branch of a 3x3 pool, concatenated on channels.

    Attributes:
      branches: see the tables of this module.
      pooled: filters of the convolution after the pool. With 0 the block halves the image: the pool and the
        last layer of each branch have stride 2, and no convolution follows the pool.
      pool: 'avg', the mean of the pixels within the image, or 'max'.
    """

    branches: tuple[Any, ...]
    pooled: int = 0
    pool: str = "avg"

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """[B, H, W, C] -> [B, H', W', sum of the branches' last filters]."""
        outputs = [self._branch(x, layers) for layers in self.branches]
        if not self.pooled:
            return jnp.concatenate([*outputs, nn.max_pool(x, (3, 3), (2, 2))], -1)
        if self.pool == "avg":
            x = nn.avg_pool(x, (3, 3), padding="SAME", count_include_pad=False)
        else:
            x = nn.max_pool(x, (3, 3), padding="SAME")
        return jnp.concatenate([*outputs, ConvNorm(self.pooled, (1, 1), name="branch_pool")(x)], -1)

    def _branch(self, x, layers):
        for position, layer in enumerate(layers, 1):
            halves = not self.pooled and position == len(layers)
            stride, padding = (2, "VALID") if halves else (1, "SAME")
            beside = [
                ConvNorm(filters, (height, width), stride, padding, name=name)(x)
                for name, filters, height, width in ((layer,) if isinstance(layer[0], str) else layer)
            ]
            x = jnp.concatenate(beside, -1)
        return x


class Inception(nn.Module):
    """[B, S, S, 3] in [-1, 1], S of 75 or more -> features [B, 2048], and logits [B, 1008] without bias."""

    @nn.compact
    def __call__(self, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Features and logits. The features are the last block's means over positions, 0 or more."""
        x = ConvNorm(32, (3, 3), 2, "VALID", name="Conv2d_1a_3x3")(x)
        x = ConvNorm(32, (3, 3), 1, "VALID", name="Conv2d_2a_3x3")(x)
        x = ConvNorm(64, (3, 3), name="Conv2d_2b_3x3")(x)
        x = nn.max_pool(x, (3, 3), (2, 2))
        x = ConvNorm(80, (1, 1), name="Conv2d_3b_1x1")(x)
        x = ConvNorm(192, (3, 3), 1, "VALID", name="Conv2d_4a_3x3")(x)
        x = nn.max_pool(x, (3, 3), (2, 2))
        for letter, pooled in zip("bcd", (32, 64, 64), strict=True):
            x = Mixed(_A, pooled, name=f"Mixed_5{letter}")(x)
        x = Mixed(_B, name="Mixed_6a")(x)
        for letter, width in zip("bcde", (128, 160, 160, 192), strict=True):
            x = Mixed(_c(width), 192, name=f"Mixed_6{letter}")(x)
        x = Mixed(_D, name="Mixed_7a")(x)
        x = Mixed(_E, 192, name="Mixed_7b")(x)
        x = Mixed(_E, 192, "max", name="Mixed_7c")(x)
        features = x.mean((1, 2))
        head = nn.Dense(CLASSES, use_bias=False, precision=jax.lax.Precision.HIGHEST, name="fc")
        return features, head(features)


def prepare(pictures: jax.Array) -> jax.Array:
    """Pixels as clean-fid prepares them (Parmar, Zhang, Zhu 2022, mode 'clean').

    The images are resized by bicubic interpolation with antialiasing, as in Pillow, and clipped to 0..255
    without rounding; then (x - 128) / 128. One channel is replicated to three.

    Args:
      pictures: bytes [B, H, W, 1 or 3], of any real or integer type.

    Returns:
      float32 [B, 299, 299, 3] in [-1, 1).
    """
    x = to_rgb(pictures.astype(jnp.float32))
    if x.shape[1:3] != (SIZE, SIZE):
        x = jax.image.resize(x, (len(x), SIZE, SIZE, 3), "cubic")
    return (jnp.clip(x, 0, 255) - 128) / 128


def shapes() -> dict[str, tuple[int, ...]]:
    """Names and PyTorch shapes of the tensors that `variables` needs."""
    return {name: _torch_shape(leaf.shape) for name, leaf in _leaves()}


def variables(tensors: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Variables of `Inception` from a state dict of the PyTorch ports (pytorch-fid, torch-fidelity).

    Args:
      tensors: tensors by name, such as `Mixed_5b.branch1x1.conv.weight`; kernels are OIHW. `fc.bias` and
        counts of batches are ignored.

    Raises:
      ValueError: a tensor is missing, has another shape, is not finite, or is not part of this network.
    """
    wanted = shapes()
    unused = {name for name in tensors if name == "fc.bias" or name.endswith(".num_batches_tracked")}
    for name, shape in wanted.items():
        if name not in tensors:
            raise ValueError(f"tensor {name} is missing, {list(shape)}")
        if tensors[name].shape != shape:
            raise ValueError(f"tensor {name} has shape {list(tensors[name].shape)}; expected {list(shape)}")
        if not np.isfinite(tensors[name]).all():
            raise ValueError(f"tensor {name} is not finite")
    for name in tensors:
        if name not in wanted and name not in unused:
            raise ValueError(
                f"tensor {name} is not part of FID's Inception; torchvision's weights are others"
            )
    leaves = [_from_torch(np.asarray(tensors[name], np.float32)) for name, _ in _leaves()]
    return jax.tree.unflatten(jax.tree.structure(_abstract()), leaves)


_NAMES = {"kernel": "weight", "scale": "weight", "bias": "bias", "mean": "running_mean", "var": "running_var"}


@functools.cache
def _abstract():
    # The key is made inside, since a key made outside of eval_shape would ask for a device.
    return jax.eval_shape(lambda: Inception().init(jax.random.key(0), jnp.zeros((1, SIZE, SIZE, 3))))


def _leaves():
    """PyTorch's name, and shape and dtype, of every leaf, in the order of the tree."""
    for path, leaf in jax.tree_util.tree_leaves_with_path(_abstract()):
        _, *modules, last = (key.key for key in path)
        yield ".".join([*modules, _NAMES[last]]), leaf


def _torch_shape(shape):
    # HWIO -> OIHW, and [in, out] -> [out, in].
    return (shape[3], shape[2], *shape[:2]) if len(shape) == 4 else shape[::-1]


def _from_torch(tensor):
    return tensor.transpose(2, 3, 1, 0) if tensor.ndim == 4 else tensor.T
