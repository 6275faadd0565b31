"""What `remat` saves: the program that counts it, and the documentation's table."""

import json
import os
from pathlib import Path

import forking
import pytest

ROOT = Path(__file__).parents[2]

# In a process of its own, since programs have flags of equal names.
TOLD = """
import json, pathlib, sys
sys.path.append(sys.argv[1])
import remat
from absl import flags

flags.FLAGS(["remat", "--quick"])
found = [remat.kept(remat.Row("dcgan_celeba", 64, 128), recomputes) for recomputes in (False, True)]
page = remat.markdown(json.loads(pathlib.Path(sys.argv[2]).read_text())["rows"])
print(json.dumps([found, page]))
"""


@pytest.mark.long
def test_less_is_kept_and_the_documentation_has_the_committed_figures():
    results, env = ROOT / "results" / "remat.json", {**os.environ, "PYTHONPATH": str(ROOT)}
    done = forking.run("-c", TOLD, ROOT / "benchmarks", results, cwd=ROOT, env=env)
    assert done.returncode == 0, done.stderr
    (plain, little), page = json.loads(done.stdout.splitlines()[-1])
    for player in ("G", "D"):
        assert 0 < little[player] < plain[player]
    assert page in (ROOT / "docs" / "devices.md").read_text()
