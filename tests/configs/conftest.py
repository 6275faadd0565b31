"""Runs of one file share what they compile, and checks of configurations what they look up."""

import looked_up
import pytest


@pytest.fixture(scope="module", autouse=True)
def share(shared_programs):
    """Every file of this folder takes the fixture."""
    with looked_up.once():
        yield
