"""Adversarial image generation and image-to-image translation in JAX and Flax."""

__version__ = "0.1.0"
