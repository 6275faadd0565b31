"""Runs of one file share what they compile. The data, the state and the files of each run are its own."""

import programs
import pytest


@pytest.fixture(scope="module", autouse=True)
def shared_programs():
    with programs.shared():
        yield
