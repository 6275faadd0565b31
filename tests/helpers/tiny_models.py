"""The tiny models of tests/inference/models, as models like those of the package."""

import contextlib
from pathlib import Path

import pytest

from gan_jax import models

_MODELS = str(Path(__file__).parents[1] / "inference" / "models")


@contextlib.contextmanager
def known():
    """Makes the tiny models known by their names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "__path__", [*models.__path__, _MODELS])
        yield
