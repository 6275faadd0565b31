"""Networks as linen modules, sorted by purpose: generation, translation, recognition, and shared layers."""

from gan_jax import lazy

__getattr__ = lazy.modules(__name__)
