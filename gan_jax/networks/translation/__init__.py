"""Networks that turn images into images, and the networks that judge these images."""

from gan_jax import lazy

__getattr__ = lazy.modules(__name__)
