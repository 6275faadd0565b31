"""Layers with an equalised learning rate (Karras et al. 2018, section 4.1).

A kernel starts as a draw of N(0, 1), and each use multiplies the kernel by `gain / sqrt(fan_in)`. The layers
start with the scale of He's initial values. Adam then moves all kernels at one relative rate, whatever their
fan-in is.
"""

import math

import flax.linen as nn
import jax
import jax.numpy as jnp

from gan_jax.networks.layers.basic import biased, upsample
from gan_jax.networks.layers.convolutions import conv
from gan_jax.networks.layers.resampling import blur, fir_down
from gan_jax.ops.precision import factors

SLOPE = 0.2  # of every leaky ReLU of progressive GAN, StyleGAN and StyleGAN2


def leaky_relu(x: jax.Array, gain: float = 1.0) -> jax.Array:
    """`gain max(x, 0.2 x)`. With gain sqrt(2), x from N(0, 1) gives a second moment of 1.04."""
    return gain * jnp.maximum(x, SLOPE * x)


class Dense(nn.Module):
    """A dense layer with an equalised learning rate: [..., C] -> [..., D].

    The output is `c x W + m b` with `c = m gain / sqrt(C)`. The multiplier m of the learning rate leaves the
    initial function as it is, because W starts from N(0, 1 / m^2). A step of Adam changes the effective
    parameters by m times the step at m = 1 (StyleGAN's mapping network has m = 0.01).

    Attributes:
      features: D.
      gain: factor of the kernel.
      multiplier: m.
      use_bias: whether there is a bias.
      bias_init: the effective initial bias.
      exact: whether the layer computes in float32 under every policy of `ops.precision`.
    """

    features: int
    gain: float = 1.0
    multiplier: float = 1.0
    use_bias: bool = True
    bias_init: float = 0.0
    exact: bool = False

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Applies the layer."""
        shape = (x.shape[-1], self.features)
        kernel = self.param("kernel", nn.initializers.normal(1 / self.multiplier), shape)
        kernel = kernel * (self.gain * self.multiplier / math.sqrt(x.shape[-1]))
        x, kernel = factors(x, kernel, exact=self.exact)
        x = x @ kernel
        if self.use_bias:
            start = nn.initializers.constant(self.bias_init / self.multiplier)
            bias = self.multiplier * self.param("bias", start, (self.features,))
            x = x + bias.astype(x.dtype)
        return x


class Conv(nn.Module):
    """A convolution with an equalised learning rate: [B, H, W, C] -> [B, h, w, D].

    The output is `c (x * W) + b` with `c = gain / sqrt(k^2 C)` and W from N(0, 1).

    Attributes:
      features: D.
      kernel_size: k.
      gain: factor of the kernel.
      use_bias: whether there is a bias.
      resample: 'none', h = H; 'down', the filter [1, 3, 3, 1] and stride 2, h = H / 2; 'up', `upsample`
        before the convolution, h = 2 H; 'blurred_up', the same with the filter [1, 2, 1] after it.
    """

    features: int
    kernel_size: int = 3
    gain: float = 1.0
    use_bias: bool = True
    resample: str = "none"

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Applies the layer."""
        k, depth = self.kernel_size, x.shape[-1]
        kernel = self.param("kernel", nn.initializers.normal(1.0), (k, k, depth, self.features))
        x, kernel = factors(x, kernel * (self.gain / math.sqrt(k * k * depth)))
        if self.resample == "down" and k == 1:
            x = conv(fir_down(x), kernel)
        elif self.resample == "down":
            # One filter of 4 and one kernel of 3 with stride 2: padding (2, 2) on an even side.
            x = conv(blur(x, (1, 3, 3, 1), (2, 2)), kernel, 2, 0)
        elif self.resample == "up" or self.resample == "blurred_up":
            x = conv(upsample(x), kernel)
            x = blur(x, (1, 2, 1), (1, 1)) if self.resample == "blurred_up" else x
        else:
            x = conv(x, kernel)
        return biased(self, x) if self.use_bias else x
