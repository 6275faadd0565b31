"""Two CPU devices for every test, so that each step goes through the mapped one; and what tests skip."""

import os

# Before jax is imported: neither can be changed afterwards. Steps run a few times each, so that what
# counts is how long they compile.
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2 --xla_backend_optimization_level=0"

import pytest


def pytest_collection_modifyitems(items):
    """Tests on real data run only where their folder is named."""
    if os.environ.get("GAN_JAX_DATA"):
        return
    skip = pytest.mark.skip(reason="needs GAN_JAX_DATA, the folder of svhn/ and mnist/")
    for item in items:
        if "real_data" in item.keywords:
            item.add_marker(skip)
