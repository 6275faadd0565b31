"""Configurations: default fields, data sets, variants, and the checks before a run starts."""

from gan_jax.config.checks import validate
from gan_jax.config.defaults import FREE, default, model
from gan_jax.config.recipes.classifiers import classifier
from gan_jax.config.recipes.quick import quick
from gan_jax.config.sets import dataset, inline, resolve, resolved, role
from gan_jax.config.variants import apply, last, load, reference

__all__ = [
    "FREE",
    "apply",
    "classifier",
    "dataset",
    "default",
    "inline",
    "last",
    "load",
    "model",
    "quick",
    "reference",
    "resolve",
    "resolved",
    "role",
    "validate",
]
