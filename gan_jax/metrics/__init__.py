"""Measures as functions of arrays, one kind a file, and the pretrained network that some measures need."""

from gan_jax import lazy

__getattr__ = lazy.modules(__name__)
