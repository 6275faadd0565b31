"""Layers that several networks share."""

from gan_jax import lazy

__getattr__ = lazy.modules(__name__)
