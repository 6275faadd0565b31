"""Fixtures for sources of images."""

from pathlib import Path

import pytest


@pytest.fixture(params=["faces", "faces.zip"])
def place(request, tmp_path) -> Path:
    """Where a test puts its images: once a folder, once a zip."""
    return tmp_path / request.param
