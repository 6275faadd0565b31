"""Configurations: default fields, variants, and the checks before anything starts."""

from gan_jax.config.checks import validate
from gan_jax.config.defaults import FREE, QUICK, default, model, role
from gan_jax.config.recipes.classifiers import classifier
from gan_jax.config.variants import apply, load

__all__ = ["FREE", "QUICK", "apply", "classifier", "default", "load", "model", "role", "validate"]
