"""The rows of a sheet."""

import numpy as np
import pytest
import sheet_rows

from gan_jax.errors import ConfigError
from gan_jax.evaluation import sheet


def images(values, channels=1, side=4):
    ones = np.ones((1, side, side, channels))
    return np.array(values, np.float32)[:, None, None, None] * ones


@pytest.fixture(autouse=True)
def _recorded(monkeypatch):
    """Sheets are rows in this file."""
    sheet_rows.recorded(monkeypatch, sheet)


def test_inputs_stand_above_their_outputs_and_the_first_direction_comes_first():
    given = {"target": images([7, 8]).astype(np.uint8), "source": images([0, 100, 200], 3).astype(np.uint8)}
    made = {"source": images([1, 1]), "target": images([-1, 0, 1])}
    values = sheet.evaluate(lambda batch: made, [given], {})
    assert set(values) == {"sheet"}
    titles = [["source", "source to target"], ["target", "target to source"]]
    assert sheet_rows.titles(values["sheet"]) == titles
    assert sheet_rows.levels(values["sheet"]) == [[[0, 100, 200], [0, 128, 255]], [[7, 8], [255, 255]]]


def test_of_pairs_the_true_images_stand_below_the_translations():
    given = {"source": images([0, 100]).astype(np.uint8), "target": images([7, 8]).astype(np.uint8)}
    made = {"target": images([-1, 1])}
    found = sheet.evaluate(lambda batch: made, [given], {}, truth=True)["sheet"]
    assert sheet_rows.titles(found) == [["source", "source to target", "true target"]]
    assert sheet_rows.levels(found) == [[[0, 100], [0, 255], [7, 8]]]
    without = sheet.evaluate(lambda batch: made, [given], {})["sheet"]
    assert sheet_rows.titles(without) == [["source", "source to target"]]


@pytest.mark.parametrize(("count", "rows"), [(1, [1]), (16, [16]), (17, [16, 1]), (64, [16] * 4)])
def test_rows_hold_sixteen_and_pairs_stay_together(count, rows):
    given = (np.arange(count) * 2).astype(np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 1), np.uint8)
    made = given.astype(np.float32) / 127.5 - 1
    found = sheet.evaluate(lambda batch: {"target": made}, [{"source": given}], {})["sheet"]
    levels = sheet_rows.levels(found)
    assert [len(row) for row, _ in levels] == rows
    assert all(above == below for above, below in levels)
    assert [level for row, _ in levels for level in row] == [*range(0, 2 * count, 2)]


@pytest.mark.parametrize(
    ("count", "columns", "rows"),
    [(16, 0, [4] * 4), (17, 0, [5, 5, 5, 2]), (64, 0, [8] * 8), (6, 3, [3, 3])],
)
def test_images_made_from_nothing_fill_a_grid(count, columns, rows):
    made = np.arange(count) / 127.5 - 1
    out = {"image": images(made), "image_label": np.zeros(count, np.int32)}
    found = sheet.evaluate(lambda batch: out, [{"image": images(made)}], {}, columns=columns)["sheet"]
    (levels,) = sheet_rows.levels(found)
    assert [len(row) for row in levels] == rows
    assert [level for row in levels for level in row] == [*range(count)]
    assert sheet_rows.titles(found) == [[""] * len(rows)]


@pytest.mark.parametrize(("options", "columns"), [({}, 10), ({"columns": 4}, 4)])
def test_a_conditional_model_is_asked_for_a_row_of_every_class_and_a_latent_for_every_column(
    options, columns
):
    apply = Drawn()
    found = sheet.evaluate(apply, [], {}, classes=3, **options)["sheet"]
    # The tens are the class, the ones are the latent.
    want = np.add.outer([0, 10, 20], np.arange(columns))
    assert sheet_rows.levels(found) == [want.tolist()]
    assert sheet_rows.titles(found) == [["rose", "tulip", "class 2"]]
    (asked,) = apply.asked
    assert set(asked) == {"z", "label"}
    assert asked["label"].dtype == np.int32


class Drawn:
    """A conditional model: an image's level is ten times the class plus the number of the latent."""

    def __init__(self):
        self.asked = []

    def latents(self, n):
        return np.arange(n, dtype=np.float32)[:, None]

    def class_names(self):
        return ("rose", "tulip")

    def __call__(self, batch):
        self.asked.append(batch)
        level = 10 * batch["label"] + batch["z"][:, 0]
        return {"image": images(level / 127.5 - 1), "image_label": batch["label"]}


def test_a_model_without_classes_cannot_be_asked_for_them():
    class Unconditional(Drawn):
        def __call__(self, batch):
            return {"image": images([0] * 30)}

    with pytest.raises(ConfigError, match=r"^classes=3 is not allowed; allowed: 0, since the model is not"):
        sheet.evaluate(Unconditional(), [], {}, classes=3)


@pytest.mark.parametrize("field", ["columns", "classes"])
def test_no_sheet_has_less_than_no_columns(field):
    options = {"columns": 0, "classes": 0}
    sheet.check(options, (), ())
    with pytest.raises(ConfigError, match=rf"^{field}=-1 is not allowed; allowed: 0 to 1000$"):
        sheet.check({**options, field: -1}, (), ())


def test_only_the_first_batch_is_drawn():
    given = images([0, 10]).astype(np.uint8)
    batches = iter([{"source": given}, {"source": given}])
    sheet.evaluate(lambda batch: {"target": images([0, 0])}, batches, {})
    assert len(list(batches)) == 1
