"""When the program asks for large pages of memory."""

import platform

import jax
import pytest

from gan_jax.game import devices
from gan_jax.game.devices import pages

MADVISE = "always [madvise] never\n"


@pytest.mark.parametrize(
    ("switch", "library", "backend", "variable", "wanted"),
    [
        (MADVISE, ("glibc", "2.35"), "cpu", None, True),
        (MADVISE, ("glibc", "2.36"), "cpu", "glibc.malloc.check=1", True),
        (MADVISE, ("glibc", "2.36"), "cpu", "glibc.malloc.hugetlb=1", False),
        (MADVISE, ("glibc", "2.36"), "cpu", "glibc.malloc.hugetlb=0", False),  # the user's choice
        (MADVISE, ("glibc", "2.9"), "cpu", None, False),  # older than 2.35
        (MADVISE, ("", ""), "cpu", None, False),  # musl or macOS
        (MADVISE, ("glibc", "2.36"), "gpu", None, False),
        ("[always] madvise never\n", ("glibc", "2.36"), "cpu", None, False),  # pages are large anyway
        ("always madvise [never]\n", ("glibc", "2.36"), "cpu", None, False),
        (None, ("glibc", "2.36"), "cpu", None, False),  # no such file
    ],
)
def test_large_pages_are_wanted_where_they_change_something(
    switch, library, backend, variable, wanted, monkeypatch, tmp_path
):
    if switch is not None:
        (tmp_path / "enabled").write_text(switch)
    monkeypatch.setattr(pages, "_SWITCH", tmp_path / "enabled")
    monkeypatch.setattr(platform, "libc_ver", lambda: library)
    monkeypatch.setattr(jax, "default_backend", lambda: backend)
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    if variable:
        monkeypatch.setenv("GLIBC_TUNABLES", variable)
    assert devices.wanted_pages() == ("GLIBC_TUNABLES=glibc.malloc.hugetlb=1" if wanted else "")
