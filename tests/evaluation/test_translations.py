"""The evaluators of cycles and of pairs, on translations whose errors are known."""

import numpy as np
import pytest
import sheet_rows

from gan_jax import evaluation
from gan_jax.errors import ConfigError
from gan_jax.evaluation import cycle, paired
from gan_jax.ops.pixels import to_uint8


def grey(level, count, channels=3):
    return np.full((count, 2, 2, channels), level, np.uint8)


def batches():
    yield {"source": grey(100, 2), "target": grey(200, 2, 1)}
    yield {"source": grey(110, 1), "target": grey(220, 1, 1)}


def added(batch):
    """Source to target adds 10 levels and makes images grey; target to source subtracts 4 and adds colour."""
    pixels = {role: x if x.dtype == np.uint8 else to_uint8(x) for role, x in batch.items()}
    there = np.asarray(pixels["source"][..., :1], int) + 10
    back = np.repeat(np.asarray(pixels["target"], int) - 4, 3, -1)
    return {"target": there / 127.5 - 1, "source": back / 127.5 - 1}


def test_a_cycle_is_what_is_left_of_there_and_back(monkeypatch):
    sheet_rows.recorded(monkeypatch, cycle)
    values = cycle.evaluate(added, batches(), {})
    want = {"cycle_source": 6, "cycle_target": 6, "change_source": 10, "change_target": 4, "examples": 3}
    assert {k: v for k, v in values.items() if k != "cycles"} == pytest.approx(want)
    levels = sheet_rows.levels(values["cycles"])
    assert [[row[0] for row in block] for block in levels] == [[100, 110, 106], [200, 196, 206]]
    assert sheet_rows.titles(values["cycles"]) == [
        ["source", "source to target", "back to source"],
        ["target", "target to source", "back to target"],
    ]


def test_pairs_are_compared_with_their_targets_and_with_one_image_for_all(monkeypatch):
    sheet_rows.recorded(monkeypatch, paired)
    calls = []

    def apply(batch):
        assert set(batch) == {"source"}
        calls.append(len(batch["source"]))
        # The second draw of each batch is 3 levels lighter.
        level = np.asarray(batch["source"], float) + (3 if len(calls) % 2 == 0 else 0)
        return {"target": level / 127.5 - 1}

    given = [
        {"source": grey(50, 2), "target": grey(60, 2)},
        {"source": grey(90, 1), "target": grey(120, 1)},
    ]
    values = paired.evaluate(apply, given, {})
    assert calls == [2, 2, 1, 1]
    sheet = values.pop("pairs")
    assert [row[-1] for row in sheet_rows.levels(sheet)[0]] == [90, 90, 120]
    assert sheet_rows.titles(sheet) == [["source", "translated", "target"]]
    psnr = (2 * 20 * np.log10(255 / 10) + 20 * np.log10(255 / 30)) / 3
    # Images of two pixels are smaller than SSIM's window.
    want = {"l1": 50 / 3, "l1_mean_image": 80 / 3, "psnr": psnr, "ssim": None, "between_draws": 3}
    assert values == pytest.approx({**want, "saturation": 0, "target_saturation": 0, "examples": 3})


def test_saturation_is_the_distance_of_the_channels():
    red = grey(0, 1)
    red[..., 0] = 200
    values = paired.evaluate(
        lambda batch: {"target": red / 127.5 - 1}, [{"source": grey(0, 1, 1), "target": red}], {}
    )
    assert values["saturation"] == values["target_saturation"] == 200
    assert values["l1"] == 0
    assert values["psnr"] == pytest.approx(20 * np.log10(255 / 0.5))


@pytest.mark.parametrize("kind", ["cycle", "paired"])
def test_both_domains_are_asked_for_before_any_work(kind):
    spec = {"kind": kind, "every": 0, "roles": {"source": {}}}
    with pytest.raises(ConfigError, match=r"^roles\.target is missing; both domains are compared$"):
        evaluation.check(spec, ())
    evaluation.check({**spec, "roles": {"source": {}, "target": {}}}, ())
