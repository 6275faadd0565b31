"""Plots of runs that are written as their values, since a plot takes half a second to draw."""

import types
from unittest import mock

import numpy as np

from gan_jax.drawing import plots
from gan_jax.runs import result


def plots_of_runs():
    """A context in which a run of this process writes what its plots show in the place of the plots.

    `tests/drawing` draws plots. A run in a process of its own draws its plots, as that of the notebook does.
    """
    told = types.SimpleNamespace(
        curves=lambda records: repr(plots._panels(records)).encode(),
        confusion=lambda counts, title: repr((np.asarray(counts).tolist(), title)).encode(),
    )
    return mock.patch.object(result, "plots", told)
