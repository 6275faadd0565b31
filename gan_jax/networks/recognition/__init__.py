"""Networks that recognise what an image shows: classes, a class for each pixel, features."""

from gan_jax import lazy

__getattr__ = lazy.modules(__name__)
