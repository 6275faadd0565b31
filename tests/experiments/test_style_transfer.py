"""The experiment on style transfer: losses that are measured alike, and its files at the smallest."""

import json

import pytest
import small_adain
from experimenting import below, experiment, told, untouched
from PIL import Image

from gan_jax import config as configuration


def start(place, *given):
    return experiment("style_transfer", *given, **below(place))


@pytest.mark.nightly
def test_the_files_say_what_the_pictures_cost(tmp_path):
    process = start(tmp_path, "--quick")
    assert process.returncode == 0, process.stderr
    content = json.loads((tmp_path / "out.json").read_text())
    assert (tmp_path / "out.md").read_text().strip() == process.stdout.strip()
    (pair,) = content["pairs"]
    assert (content["model"], content["perception"], content["size"]) == ("gatys", "random", 32)
    assert pair["style"] < pair["style_photograph"]
    assert pair["content"] > 0
    values = (f"{pair[term]:.3f}" for term in ("content", "style_photograph", "style"))
    assert f"| photograph | painting | {' | '.join(values)} |" in process.stdout
    with Image.open(tmp_path / "out.png") as picture:
        assert picture.width > 2 * 192
    before = untouched(tmp_path / "runs")
    assert start(tmp_path, "--quick").returncode == 0
    assert untouched(tmp_path / "runs") == before


@pytest.mark.nightly
def test_adain_is_measured_alike_and_timed_at_both_sides_of_the_paper(tmp_path):
    process = start(tmp_path, "--quick", f"--adain={small_adain.untrained(tmp_path)}")
    assert process.returncode == 0, process.stderr
    content = json.loads((tmp_path / "out.json").read_text())
    (pair,) = content["pairs"]
    assert pair["adain"]["style_photograph"] == pair["style_photograph"]
    assert pair["adain"]["style"] > 0
    times = content["adain"]["seconds_by_side"]
    assert list(times) == ["256", "512"]
    for side, found in times.items():
        assert 0 < found["style_known"] < found["style_included"]
        assert f"| {side} | {found['style_known']:.2f} | {found['style_included']:.2f} |" in process.stdout


def test_a_run_of_another_model_is_not_taken_for_adain(tmp_path):
    folder = tmp_path / "other"
    built = configuration.default()
    built.name, built.model = "other", configuration.model("gan")
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(built.to_dict()))
    process = start(tmp_path, "--quick", f"--adain={folder}")
    assert process.returncode == 2
    line = process.stderr.strip().splitlines()[-1]
    assert line == f"style_transfer: adain={str(folder)!r} is a run of gan; allowed: adain"
    assert not (tmp_path / "runs").exists()


# In a process of its own, since the experiment defines flags that the command line also has.
LOSSES = """
import json, sys
sys.path.insert(0, "experiments")
import jax, jax.numpy as jnp, numpy as np
import style_transfer
from gan_jax.models import gatys
m = gatys.Model(sizes=(3,), filters=4)
rng = np.random.default_rng(0)
content, style = (jnp.asarray(rng.uniform(-1, high, (1, 12, 16, 3)), jnp.float32) for high in (1, 0))
batch = {"content": content, "style": style}
state = m.init(jax.random.key(0), batch)
found = [style_transfer.losses(m, state, {**batch, "image": x}) for x in (content, style)]
print(json.dumps([{name: float(value[0]) for name, value in losses.items()} for losses in found]))
"""


@pytest.mark.long
def test_a_photograph_costs_no_content_and_a_painting_no_style():
    photograph, painting = told(LOSSES)
    assert photograph["content"] == 0 < painting["content"]
    assert painting["style"] < 1e-9 < photograph["style"]
    assert photograph["style"] == pytest.approx(painting["style_photograph"], rel=1e-5)


def test_files_that_are_not_there_are_refused_in_one_line(tmp_path):
    process = start(tmp_path, "--config=configs/gatys.py:files", "--contents=/none.jpg", "--styles=/none.png")
    assert process.returncode == 1
    assert process.stderr.strip().splitlines()[-1].startswith("style_transfer: there is no file /none.jpg")
