"""The layout of a sheet."""

import numpy as np
import pytest

from gan_jax.errors import ConfigError
from gan_jax.evaluation import sheet


def images(values, channels=1, side=4):
    ones = np.ones((1, side, side, channels))
    return np.array(values, np.float32)[:, None, None, None] * ones


def test_inputs_stand_above_their_outputs():
    given = images([0, 100, 200], 3).astype(np.uint8)
    made = images([-1, 0, 1])
    values = sheet.evaluate(lambda batch: {"target": made}, [{"source": given}], {})
    assert set(values) == {"sheet"}
    pixels = values["sheet"]
    assert pixels.shape == (8, 12, 3)
    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels[0, ::4, 0], [0, 100, 200])
    np.testing.assert_array_equal(pixels[7, ::4], np.repeat([[0], [128], [255]], 3, 1))


@pytest.mark.parametrize(("count", "rows", "columns"), [(1, 2, 1), (16, 2, 16), (17, 4, 16), (64, 8, 16)])
def test_rows_hold_sixteen_and_pairs_stay_together(count, rows, columns):
    given = (np.arange(count) * 2).astype(np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 1), np.uint8)
    made = given.astype(np.float32) / 127.5 - 1
    pixels = sheet.evaluate(lambda batch: {"target": made}, [{"source": given}], {})["sheet"]
    assert pixels.shape == (4 * rows, 4 * columns, 3)
    for row in range(0, rows, 2):
        np.testing.assert_array_equal(pixels[4 * row], pixels[4 * row + 4])
    np.testing.assert_array_equal(pixels[0, ::4, 0], 2 * np.arange(columns))


@pytest.mark.parametrize(
    ("count", "columns", "shape"), [(16, 0, (16, 16)), (17, 0, (16, 20)), (64, 0, (32, 32)), (6, 3, (8, 12))]
)
def test_images_made_from_nothing_fill_a_grid(count, columns, shape):
    made = np.arange(count) / 127.5 - 1
    out = {"image": images(made), "image_label": np.zeros(count, np.int32)}
    pixels = sheet.evaluate(lambda batch: out, [{"image": images(made)}], {}, columns=columns)["sheet"]
    assert pixels.shape == (*shape, 3)
    # Images are in reading order; missing ones in the last row are black.
    places = pixels[::4, ::4, 0].ravel()
    np.testing.assert_array_equal(places[:count], np.arange(count))
    np.testing.assert_array_equal(places[count:], 0)


@pytest.mark.parametrize(("options", "columns"), [({}, 10), ({"columns": 4}, 4)])
def test_a_conditional_model_is_asked_for_a_row_of_every_class_and_a_latent_for_every_column(
    options, columns
):
    apply = Drawn()
    pixels = sheet.evaluate(apply, [], {}, classes=3, **options)["sheet"]
    assert pixels.shape == (12, 4 * columns, 3)
    # The tens are the class, the ones are the latent.
    want = np.add.outer([0, 10, 20], np.arange(columns))
    np.testing.assert_array_equal(pixels[::4, ::4, 0], want)
    (asked,) = apply.asked
    assert set(asked) == {"z", "label"}
    assert asked["label"].dtype == np.int32


class Drawn:
    """A conditional model: an image's level is ten times the class plus the number of the latent."""

    def __init__(self):
        self.asked = []

    def latents(self, n):
        return np.arange(n, dtype=np.float32)[:, None]

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
