"""The configurations of models that grow: published schedules, lines of a table, and a stop in a fade."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from gan_jax import config, models
from gan_jax.errors import ConfigError
from gan_jax.train import train

FOLDER = Path(__file__).parents[2] / "configs"
ROWS = ["a_baseline", "b_tuned", "c_styles", "d_constant", "e_noise", "f_mixing"]
VARIANTS = {
    "pggan_celeba": ["paper", "folder", "inception", "part", "measures", "quick"],
    "pggan_celebahq": ["eight_gpus", "paper", "folder", "inception", "quick"],
    "stylegan_celeba": ["folder", "inception", "part", *ROWS, "measures", "quick"],
}
EVERY = [(name, v) for name, variants in VARIANTS.items() for v in ("", *variants) if v != "inception"]
ONE_GPU = [128, 128, 128, 64, 32, 16, 8, 4, 4]


def load(name, arg=""):
    return config.load(f"{FOLDER / name}.py:{arg}")


@pytest.mark.parametrize("name", VARIANTS)
def test_the_variants_listed_here_are_those_that_a_file_knows(name):
    with pytest.raises(ConfigError) as error:
        load(name, "no_such")
    assert sorted(str(error.value).partition("known: ")[2].split(", ")) == sorted(VARIANTS[name])


@pytest.mark.parametrize(("name", "variant"), EVERY)
def test_every_variant_validates_alone_and_beside_quick(name, variant):
    for arg in {variant, f"{variant},quick"}:
        built = load(name, arg)
        config.validate(built)
        assert built.model.size == built.data.size
        assert all(required.data.size == built.data.size for required in built.requires.values())
        assert built.data.flip


@pytest.mark.parametrize(
    ("name", "arg", "batches", "period", "total"),
    [
        ("pggan_celeba", "", ONE_GPU[:6], 600_000, 12e6),
        ("pggan_celeba", "paper", [16] * 6, 800_000, 19e6),
        ("pggan_celeba", "part", [16] * 4, 20_000, 180_000),
        ("pggan_celebahq", "", ONE_GPU, 600_000, 12e6),
        ("pggan_celebahq", "eight_gpus", [512, 256, 128, 64, *[32] * 5], 600_000, 12e6),
        ("pggan_celebahq", "paper", [*[16] * 6, 14, 6, 3], 800_000, 19e6),
        ("stylegan_celeba", "", ONE_GPU[:6], 600_000, 25e6),
        ("stylegan_celeba", "part", [16] * 4, 20_000, 140_000),
    ],
)
def test_updates_periods_and_runs_have_the_published_numbers_of_images(name, arg, batches, period, total):
    built = load(name, arg)
    start = models.create(built.model).first_stage
    found = [built.batch_size // count for count in built.model.updates]
    assert found[start:] == batches[start:]
    assert len(found) == models.create(built.model).last_stage + 1
    for steps, images in (
        (built.model.stable_steps, period),
        (built.model.fade_steps, period),
        (built.steps, total),
    ):
        assert abs(steps * built.batch_size - images) <= built.batch_size / 2


@pytest.mark.parametrize(
    ("name", "arg", "rates"),
    [
        ("pggan_celeba", "", [1e-3] * 6),
        ("pggan_celebahq", "", [*[1e-3] * 8, 1.5e-3]),
        ("pggan_celebahq", "eight_gpus", [*[1e-3] * 5, 1.5e-3, 2e-3, 3e-3, 3e-3]),
        ("pggan_celebahq", "paper", [1e-3] * 9),
        ("stylegan_celeba", "", [*[1e-3] * 5, 1.5e-3]),
    ],
)
def test_each_side_has_its_published_rate(name, arg, rates):
    model = models.create(load(name, arg).model)
    for stage, rate in enumerate(rates):
        tx = model.tx("disc", stage)
        assert float(tx.update(np.ones(()), tx.init(np.zeros(())))[0]) == pytest.approx(-rate, rel=1e-5)


def test_the_lines_of_the_table_add_one_thing_each():
    found = [load("stylegan_celeba", row).model.to_dict() for row in ROWS]
    assert found[-1] == load("stylegan_celeba").model.to_dict()
    changed = [
        {key for key in before if before[key] != after[key]} for before, after in itertools.pairwise(found)
    ]
    tuned = {"blurred", "loss", "gp_weight", "drift", "r1_weight"}
    assert changed == [tuned, {"adain"}, {"constant"}, {"noise"}, {"style_mixing"}]


def test_no_face_that_is_scored_was_learned_from():
    for name, arg, first in (
        ("pggan_celeba", "part", 7000),
        ("stylegan_celeba", "folder", 182_637),
        ("pggan_celebahq", "", 29_000),
    ):
        built = load(name, arg)
        learned = [built.data.roles.image, *(r.data.roles.image for r in built.requires.values())]
        assert {role.split for role in learned} == {f"train[:{first}]"}
        scored = {e.roles.image.split for e in built.evals.values()}
        assert scored == {f"train[{first}:]"}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("pggan_celeba", marks=pytest.mark.long),
        pytest.param("stylegan_celeba", marks=pytest.mark.nightly),
    ],
)
def test_a_run_that_stops_in_the_middle_of_a_fade_goes_on_bit_for_bit(name, tmp_path):
    def shortened(steps):
        built = load(name, "quick")
        with built.unlocked():
            built.steps = steps
            for part in (built.requires, built.evals):
                for key in set(part) - {"samples"}:
                    del part[key]
        return built

    model = models.create(shortened(4).model)
    assert float(model.level(np.int32(2))) == model.first_stage + 0.5
    two = train(shortened(2), tmp_path / "continued")
    continued, straight = (
        train(shortened(4), tmp_path / "continued"),
        train(shortened(4), tmp_path / "straight"),
    )
    assert continued["params_sha256"] == straight["params_sha256"] != two["params_sha256"]
    records = [(tmp_path / which / "metrics.jsonl").read_bytes() for which in ("continued", "straight")]
    assert records[0] == records[1]
    losses = [json.loads(line) for line in records[0].splitlines() if b"disc/loss" in line]
    assert [record["step"] for record in losses] == [1, 2, 3, 4]
    for sheet in ("samples_sheet_00000004.png", "final_sheet_00000004.png"):
        a, b = (tmp_path / which / "samples" / sheet for which in ("continued", "straight"))
        assert a.read_bytes() == b.read_bytes()
