"""Networks that turn noise into images, and the networks that judge these images."""

from gan_jax import lazy

__getattr__ = lazy.modules(__name__)
