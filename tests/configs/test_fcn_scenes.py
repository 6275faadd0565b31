"""The FCN's configuration: its variants, and that a stopped run goes on as if it had never stopped."""

from pathlib import Path

import pytest

from gan_jax import config
from gan_jax.train import train

FILE = Path(__file__).parents[2] / "configs" / "fcn_scenes.py"


def load(variant):
    built = config.load(f"{FILE}:{variant}")
    config.validate(built)
    return built


@pytest.mark.parametrize("variant", ["", "game", "folders", "game,folders", "quick", "game,quick"])
def test_every_variant_is_scored_on_photographs_that_it_does_not_learn_from(variant):
    built = config.resolved(load(variant))
    learnt, tested = built.data.roles.image, built.evals.test.roles.image
    domain = "game" if "game" in variant else "real"
    for role, expected in ((learnt, domain), (tested, "real")):
        if "folders" in variant:
            assert role.files.train == f"scenes/{expected}/train/images"
            assert role.label_maps.test == f"scenes/{expected}/test/labels"
        else:
            assert role.name == f"scenes_{expected}"
        assert role.label_classes == built.model.num_classes == (19 if "folders" in variant else 11)
    splits = ("validation[:64]", "validation[-32:]") if "quick" in variant else ("train", "test")
    assert (learnt.split, tested.split) == splits
    assert built.steps == built.model.schedule_steps


@pytest.mark.long
def test_quick_trains_and_goes_on_as_if_it_had_never_stopped(tmp_path):
    def run(folder, steps):
        built = load("quick")
        with built.unlocked():
            built.steps = steps
        return train(built, tmp_path / folder)

    run("continued", 1)
    continued, straight = run("continued", 2), run("straight", 2)
    assert continued["params_sha256"] == straight["params_sha256"]
    assert continued["metrics"] == straight["metrics"]
    metrics = straight["metrics"]
    assert metrics["examples"] == 32
    assert sum(map(sum, metrics["confusion"])) == 32 * 32 * 32
    assert 0 <= metrics["class_iou"] <= metrics["class_accuracy"] <= 1
    files = {path.name for path in (tmp_path / "straight").rglob("*.png")}
    assert {"final_maps_00000002.png", "confusion_test.png", "curves.png"} <= files
