"""Which cases of a parametrised test `make test` runs."""

import pytest


def parametrize(names, cases, kept=(), **options):
    """`pytest.mark.parametrize` with one case, or a few, in `make test`; the others are marked `long`.

    Args:
      names: as of `pytest.mark.parametrize`.
      cases: likewise; no `pytest.param`.
      kept: the first values of the cases that are not long; of the first case alone if empty.
      **options: as of `pytest.mark.parametrize`.
    """
    single = isinstance(names, str) and "," not in names
    values = [(case,) if single else tuple(case) for case in cases]
    kept = tuple(kept) or values[0][:1]
    first = [value[0] for value in values]
    assert all(value in first for value in kept), f"{names}: {kept} are not all among {first}"
    marks = [() if value in kept else pytest.mark.long for value in first]
    chosen = [pytest.param(*value, marks=mark) for value, mark in zip(values, marks, strict=True)]
    return pytest.mark.parametrize(names, chosen, **options)
