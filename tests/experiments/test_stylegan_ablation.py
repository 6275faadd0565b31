"""Table 1 of StyleGAN: its plan, its text, and two lines made as a user makes them."""

import json

import pytest
from experimenting import below, experiment, told

KNOWN = """
import json, sys
sys.path.insert(0, "experiments")
import stylegan_ablation as e
from absl import flags

from gan_jax.errors import ConfigError

def refused(*given):
    flags.FLAGS.unparse_flags()
    flags.FLAGS(["stylegan_ablation", *given])
    try:
        e.plan()
    except ConfigError as error:
        return str(error)
    finally:
        for name in ("rows", "config"):
            flags.FLAGS[name].unparse()

wrong = [refused("--rows=a_baseline,g"), refused("--config=x.py")]
flags.FLAGS(["stylegan_ablation", "--variant=part"])
plan = e.plan()
floor = {f"face_{m}": 0.5 for m in ("fid", "kid", "precision", "recall")}
row = {"label": "A", "paper": {"celeba_hq": 7.79, "ffhq": 8.04}, "fid": 1.25, "kid": 0.1,
       "precision": 0.2, "recall": 0.3, "parameters": {"gen": 1234}, "seconds": 90, "prefix": "face",
       "floor": floor, "data": "d", "scored_on": "s", "n_fake": 1, "n_real": 2, "seed": 0, "steps": 3,
       "batch_size": 4}

def by_inception(*given, **fields):
    config = load(*given, **fields)
    with config.unlocked():
        config.evals.test.features = "inception"
    return config

load, e.tables.load = e.tables.load, by_inception
wrong.append(refused("--variant=part"))
print(json.dumps({
    "steps": [config.steps for config in plan.values()],
    "fields": [{k: config.model[k] for k in ("adain", "constant", "noise", "style_mixing")}
               for config in plan.values()],
    "judges": [config.requires.judge.to_dict() for config in plan.values()],
    "size": [config.data.size for config in plan.values()],
    "text": e.markdown([row]),
    "wrong": wrong,
}))
"""


@pytest.fixture(scope="module")
def known():
    return told(KNOWN)


def test_lines_differ_in_the_model_only(known):
    assert [list(fields.values()) for fields in known["fields"]] == [
        [False, False, False, 0.0],
        [False, False, False, 0.0],
        [True, False, False, 0.0],
        [True, True, False, 0.0],
        [True, True, True, 0.0],
        [True, True, True, 0.9],
    ]
    assert known["size"] == [32] * 6
    assert len(set(known["steps"])) == 1
    assert all(judge == known["judges"][0] for judge in known["judges"])


def test_unknown_lines_other_configurations_and_other_scores_are_refused(known):
    lines, other, scored = known["wrong"]
    assert scored.startswith("variant='part' scores by the features of inception; allowed: variants that ")
    assert lines.startswith("rows='g' is not allowed; allowed: a_baseline, b_tuned, ")
    assert other.startswith("config='x.py' is not allowed: lines have configs/stylegan_celeba.py")


def test_the_table_shows_the_papers_figures_beside_ours(known):
    lines = known["text"].splitlines()
    assert "| A | 7.79 | 8.04 | 1.250 | 0.100 | 0.200 | 0.300 | 1234 | 1.5 |" in lines
    assert lines[-1] == "| real training images (floor) |  |  | 0.500 | 0.500 | 0.500 | 0.500 |  |  |"


@pytest.mark.nightly
def test_two_lines_train_and_a_second_call_only_reads(tmp_path):
    flags = ("stylegan_ablation", "--quick", "--rows=a_baseline,f_mixing")
    done = experiment(*flags, **below(tmp_path, "table"))
    assert done.returncode == 0, done.stderr
    content = json.loads((tmp_path / "table.json").read_text())
    assert [row["name"] for row in content["rows"]] == ["a_baseline", "f_mixing"]
    assert [row["steps"] for row in content["rows"]] == [2, 2]
    assert len({row["judge_sha256"] for row in content["rows"]}) == 1
    assert all(row["fid"] > 0 and row["n_fake"] == 32 for row in content["rows"])
    assert (tmp_path / "table.png").read_bytes()[1:4] == b"PNG"
    again = experiment(*flags, **below(tmp_path, "table"))
    assert again.stdout == done.stdout
