"""The programs that measure large sets and the growth of cost: judgement, page, and the smallest form."""

import json
import os
from pathlib import Path

import forking
import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "benchmarks" / "growth.py"


# Programs with flags of equal names cannot be imported by one process.
JUDGED = """
import json, sys
sys.path.append(sys.argv[1])
import growth
found = [{"size": size, "step": size**power} for size, power in ((1, 1), (10, 1), (100, 1.5))]
rows = [{**row, **dict.fromkeys(("first", "start", "peak_mib"), 1.0)} for row in found]
told = [growth.worse({"images": part}) for part in (rows, rows[:2])]
print(json.dumps([growth.exponents(found, "step"), *told]))
"""
PAGE = """
import importlib, json, pathlib, sys
sys.path.append(sys.argv[1])
page = importlib.import_module(sys.argv[3]).page
print(page(json.loads(pathlib.Path(sys.argv[2]).read_text())), end="")
"""


def test_growth_is_judged_from_row_to_row():
    done = forking.run("-c", JUDGED, ROOT / "benchmarks", env={**os.environ, "PYTHONPATH": str(ROOT)})
    slopes, told, nothing = json.loads(done.stdout)
    assert slopes == pytest.approx([1, 2])
    assert told == ["step (s) grows as images^2.00 up to 100"] and nothing == []


@pytest.mark.long
@pytest.mark.parametrize("name", ["scale", "growth"])
def test_a_committed_page_has_its_figures(name):
    file = ROOT / "results" / f"{name}.json"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = forking.run("-c", PAGE, ROOT / "benchmarks", file, name, env=env)
    assert done.stdout == file.with_suffix(".md").read_text()


@pytest.mark.nightly
def test_the_smallest_form_measures_every_axis(tmp_path):
    done = forking.run(
        str(PROGRAM), "--quick", f"--json={tmp_path / 'growth.json'}",
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "growth.json").read_text())
    assert {"seed", "command", "commit", "versions", "hardware"} <= set(figures)
    for name, rows in figures["axes"].items():
        assert [row["size"] for row in rows] == sorted({row["size"] for row in rows})
        for cost in ("start", "step", "checkpoint", "peak_mib"):
            assert all(row[cost] > 0 for row in rows), (name, cost)
    assert (tmp_path / "growth.png").read_bytes().startswith(b"\x89PNG")
    assert "| images | first start (s) | start (s) |" in (tmp_path / "growth.md").read_text()
