"""Fixtures for sources of images."""

from pathlib import Path

import pytest


@pytest.fixture(params=["faces", "faces.zip"])
def place(request, tmp_path) -> Path:
    """Where a test puts its images: a folder, and in turn a zip."""
    return tmp_path / request.param
