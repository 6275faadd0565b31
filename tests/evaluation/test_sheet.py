"""The layout of a sheet."""

import numpy as np
import pytest

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


def test_images_made_from_nothing_have_rows_of_their_own():
    made = images(np.linspace(-1, 1, 16))
    pixels = sheet.evaluate(lambda batch: {"image": made}, [{"image": made}], {})["sheet"]
    assert pixels.shape == (4, 64, 3)


def test_only_the_first_batch_is_drawn():
    given = images([0, 10]).astype(np.uint8)
    batches = iter([{"source": given}, {"source": given}])
    sheet.evaluate(lambda batch: {"target": images([0, 0])}, batches, {})
    assert len(list(batches)) == 1
