"""Checks of many configurations, which look up the same names and types again and again."""

import contextlib
import functools
import typing
from unittest import mock

from gan_jax import evaluation, models


@contextlib.contextmanager
def once():
    """A context in which the names of models and evaluators and the types of fields are looked up once.

    These lookups take half of the time of a check. No test of the context may add a model or an evaluator.
    """
    with (
        mock.patch.object(models, "known", functools.cache(models.known)),
        mock.patch.object(evaluation, "known", functools.cache(evaluation.known)),
        mock.patch.object(typing, "get_type_hints", functools.cache(typing.get_type_hints)),
    ):
        yield
