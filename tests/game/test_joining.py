"""The start of the devices: the platform, kept programs, and what a log line tells of them."""

import jax
import pytest

from gan_jax.errors import ConfigError
from gan_jax.game import devices
from gan_jax.game.devices import joining


def test_an_absent_platform_is_refused_in_one_line(monkeypatch):
    def refuse():
        raise RuntimeError("Unknown backend\nand a long story")

    monkeypatch.setattr(jax, "devices", refuse)
    with pytest.raises(ConfigError, match=r"^platform='cpu' has no device here: Unknown backend$"):
        devices.start("cpu")


@pytest.mark.parametrize(
    ("given", "platform", "variables", "folder"),
    [
        ("", "cpu", {}, ""),
        ("", "gpu", {"HOME": "/home/me"}, "/home/me/.cache/gan_jax/programs"),
        ("", "gpu", {"HOME": "/home/me", "XDG_CACHE_HOME": "/fast"}, "/fast/gan_jax/programs"),
        ("", "tpu", {"JAX_COMPILATION_CACHE_DIR": "/jax"}, ""),
        ("none", "gpu", {}, ""),
        ("/own", "cpu", {"JAX_COMPILATION_CACHE_DIR": "/jax"}, "/own"),
    ],
)
def test_programs_are_kept_where_the_user_says_or_on_accelerators(
    given, platform, variables, folder, monkeypatch
):
    for name in ("XDG_CACHE_HOME", "JAX_COMPILATION_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert joining.programs(given, platform) == folder


def test_the_start_tells_where_programs_are_kept_and_how_exact_products_are(monkeypatch, caplog):
    changed = {}
    monkeypatch.setattr(jax.config, "update", changed.__setitem__)
    monkeypatch.setenv("JAX_DEFAULT_MATMUL_PRECISION", "highest")
    caplog.set_level("INFO", "gan_jax")
    devices.start(compilation_cache="/programs", matmul_precision="float32")
    assert caplog.messages == ["compiled programs are kept in /programs"]
    assert changed["jax_compilation_cache_dir"] == "/programs"
    assert changed["jax_default_matmul_precision"] == "float32"
    changed.clear()
    devices.start()
    assert "jax_compilation_cache_dir" not in changed
    assert changed["jax_default_matmul_precision"] == "highest"
    devices.start(compilation_cache="none")
    assert changed["jax_compilation_cache_dir"] is None
    assert len(caplog.messages) == 1
