"""How cost grows: the program at its smallest, and its judgement of growth."""

import importlib.util
import json
import os
from pathlib import Path

import forking
import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "benchmarks" / "growth.py"


@pytest.fixture(scope="module")
def growth():
    spec = importlib.util.spec_from_file_location("benchmarks_growth", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_growth_is_judged_from_row_to_row(growth):
    found = [{"size": size, "step": size**power} for size, power in ((1, 1), (10, 1), (100, 1.5))]
    assert growth.exponents(found, "step") == pytest.approx([1, 2])
    rows = [{**row, **dict.fromkeys(("first", "start", "peak_mib"), 1.0)} for row in found]
    assert growth.worse({"images": rows}) == ["step grows as images^2.00 up to 100"]
    assert growth.worse({"images": rows[:2]}) == []


@pytest.mark.long
def test_the_smallest_form_measures_every_axis(tmp_path, growth):
    done = forking.run(
        str(PROGRAM), "--quick", f"--json={tmp_path / 'growth.json'}",
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "growth.json").read_text())
    assert {"seed", "command", "commit", "versions", "hardware"} <= set(figures)
    for name, rows in figures["axes"].items():
        assert [row["size"] for row in rows] == sorted({row["size"] for row in rows})
        for cost in growth.AXES[name].costs:
            assert all(row[cost] > 0 for row in rows), (name, cost)
    assert (tmp_path / "growth.png").read_bytes().startswith(b"\x89PNG")
    assert "| images | first (s) | start (s) |" in (tmp_path / "growth.md").read_text()
