"""Runs of one file share what they compile."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def share(shared_programs):
    """Every file of this folder takes the fixture."""
