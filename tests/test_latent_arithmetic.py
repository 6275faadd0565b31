"""The experiment on vector arithmetic, where the right answer is known and as a user runs it."""

import json
import subprocess
import sys

import pytest
from experimenting import ROOT

# A generator and classifier in one, whose two first dimensions are the attributes themselves.
KNOWN = """
import json, sys
import numpy as np
sys.path.insert(0, "experiments")
sys.argv = ["latent_arithmetic", "--trials=200"]
import latent_arithmetic as e
from absl import flags

flags.FLAGS(sys.argv)

class Linear:
    def logits(self, z):
        return 4 * z[..., :2]

rng = np.random.default_rng(0)
z = rng.normal(size=(20_000, 100))
pools = {name: e.surest(Linear().logits(z), concept, 100) for name, concept in e.CONCEPTS.items()}
rows = e.measure(Linear(), z, pools, (3, 30), rng)
signs = {name: np.where(concept, 1, -1) for name, concept in e.CONCEPTS.items()}
print(json.dumps({
    "drawn": e.shares(Linear().logits(z)[:, None]),
    "weakest": {name: (signs[name] * z[rows, :2]).min() for name, rows in pools.items()},
    "rows": {f"{row['n']} {row['latent']}": row for row in rows},
    "names": e.ROWS,
}))
"""


@pytest.fixture(scope="module")
def known():
    done = subprocess.run([sys.executable, "-c", KNOWN], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_of_independent_attributes_a_quarter_has_both_by_chance(known):
    drawn = known["drawn"]
    # 20 000 draws: deviation 0.0035 of a half, 0.0031 of a quarter.
    assert drawn["glasses"] == pytest.approx(0.5, abs=0.015)
    assert drawn["woman"] == pytest.approx(0.5, abs=0.015)
    assert drawn["both"] == pytest.approx(0.25, abs=0.015)
    assert drawn["both_standard_error"] == pytest.approx(0.0031, rel=0.02)
    assert drawn["images"] == 20_000


def test_the_surest_are_sure_of_both_attributes(known):
    # Of 20 000 draws 0.5 % are taken; P(both > 1) is 2.5 %.
    assert all(weakest > 1 for weakest in known["weakest"].values())


@pytest.mark.parametrize("n", [3, 30])
def test_the_arithmetic_finds_what_no_term_shows(known, n):
    result, scaled, *terms, chance = (known["rows"][f"{n} {name}"] for name in known["names"])
    assert result["images"] == 200 * 9
    for row in (result, scaled):
        assert row["both"] > 0.99
    for row in terms:
        assert row["both"] == 0
    assert [row["glasses"] for row in terms] == [1, 0, 0]
    assert [row["woman"] for row in terms] == [0, 0, 1]
    # An average of n is 1.5 or more from the border, the difference of two has deviation sqrt(2 / n).
    assert chance["both"] < 0.1
