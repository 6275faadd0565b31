"""Networks of these tests are compiled whole."""

import programs
import pytest


@pytest.fixture(scope="module", autouse=True)
def whole_programs():
    with programs.whole():
        yield
