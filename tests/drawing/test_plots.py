"""Plots are PNG files that can be opened and are large enough to read."""

import io
from xml.etree import ElementTree

import levels
import numpy as np
import pytest
from PIL import Image

from gan_jax.drawing import plots

RECORDS = [
    {"step": 1, "g/loss": 3.0, "disc/loss": 1.0},
    {"step": 2, "g/loss": 2.0, "disc/loss": 1.5},
    {"step": 2, "eval": "validation", "accuracy": 0.4, "examples": 32, "chance": 0.2},
]


def opened(png):
    image = Image.open(io.BytesIO(png))
    image.load()
    assert image.format == "PNG"
    return image


def test_curves_have_a_panel_for_each_player_and_evaluation():
    sizes = [opened(plots.curves(records)).size for records in ([], RECORDS[:2], RECORDS)]
    assert sizes == [(800, 260), (800, 520), (800, 780)]


def test_gradient_norms_share_a_panel_of_their_own():
    norms = {"g/grad_norm": 20.0, "disc/grad_norm": 300.0}
    # Without norms, the curves of these records have two panels.
    image = opened(plots.curves([{**RECORDS[0], **norms}, RECORDS[1]]))
    assert image.size == (800, 780)


def test_the_same_records_make_the_same_bytes():
    assert plots.curves(RECORDS[:1]) == plots.curves(iter(RECORDS[:1]))


@pytest.mark.long
def test_curve_panels_are_the_panels_of_the_curves_as_equal_bytes_each_time():
    norms = {"g/grad_norm": 20.0, "disc/grad_norm": 300.0}
    records = [{**RECORDS[0], **norms}, *RECORDS[1:]]
    panels = plots.curve_panels(records)
    assert list(panels) == ["g", "disc", "validation", "grad_norm"]
    assert plots.curve_panels(iter(records)) == panels
    for panel in panels.values():
        assert ElementTree.fromstring(panel).tag == "{http://www.w3.org/2000/svg}svg"
    assert plots.curve_panels([]) == {}


def test_names_of_records_are_no_formulas():
    assert list(plots.curve_panels([{"step": 1, "$x_{/$y^": 1.0}])) == ["$x_{"]


def test_a_confusion_matrix_is_darker_where_more_examples_are():
    counts = np.diag(np.arange(10) * 7).tolist()
    counts[0][9] = 3
    image = opened(plots.confusion(counts, "run, test: accuracy 0.9000"))
    assert image.size == (550, 550)
    shades = np.asarray(image.convert("L"))
    assert (shades < 100).mean() > 0.04  # ten dark cells of a hundred, and text
    assert (shades > 200).mean() > 0.5


def test_a_class_without_examples_divides_nothing_by_zero():
    with np.errstate(all="raise"):
        opened(plots.confusion([[0, 0], [0, 4]], "empty row"))


@levels.parametrize("count", [8, 1])
def test_bars_grow_with_the_rows(count):
    rows = {f"row {i}": ([50.0 + i, 60.0], 70.0) for i in range(count)}
    image = opened(plots.bars(rows, title="Table 1", ours="ours", theirs="published"))
    assert image.size[0] == 800
    assert image.size[1] == pytest.approx(100 * (0.55 * count + 1.2), abs=1)


def test_nothing_of_a_long_title_or_label_is_cut_off():
    rows = {"a label of a row that takes more than a quarter of it": ([50.0], None)}
    title = ", ".join(f"file_{i}.mat" for i in range(20))
    pixels = np.asarray(opened(plots.bars(rows, title=title, ours="ours", theirs="published")).convert("L"))
    assert pixels.min() < 100  # something is drawn
    assert (pixels[:, [0, -1]] == 255).all() and (pixels[[0, -1]] == 255).all()  # nothing at the edge


def test_plots_leave_a_users_own_figures_alone():
    from matplotlib import pyplot

    before = pyplot.get_fignums()
    plots.curves(RECORDS[:1])
    assert pyplot.get_fignums() == before


@pytest.mark.parametrize("published", [None, 70.0])
def test_only_published_values_have_a_mark_and_a_word_in_the_legend(published):
    rows = {"ours alone": ([50.0], None), "another": ([60.0], published)}
    image = opened(plots.bars(rows, title="t", ours="ours", theirs="published"))
    assert image.size[0] == 800
    red, green, blue = np.moveaxis(np.asarray(image.convert("RGB")).astype(int), -1, 0)
    marks = (red > 180) & (green < 90) & (blue < 90)
    assert marks.any() == (published is not None)


@levels.parametrize("count", [1, 2, 40])
def test_a_trend_is_drawn_of_any_number_of_points(count):
    points = [(50 * i, float(i % 7)) for i in range(count)]
    drawn = plots.trend(points, title="critic", scale="- loss")
    assert opened(drawn).size == (800, 360)
    assert drawn != plots.trend([*points, (50 * count, 3.0)], title="critic", scale="- loss")


def test_points_of_a_tradeoff_lie_where_their_values_say():
    line = [(0.2, 0.9, "0.5"), (0.5, 0.7, "1")]
    image = opened(plots.tradeoffs({"a": line, "b": [(0.3, 0.8, "1")]}, across="recall", up="precision"))
    pixels = np.asarray(image.convert("RGB")).copy()
    pixels[:50, 700:] = 0  # the legend
    blue, orange = (np.argwhere((pixels == colour).all(-1)) for colour in ([31, 119, 180], [255, 127, 14]))
    assert len(blue) > 20 < len(orange)
    (top, left), (bottom, right) = blue.min(0), blue.max(0)
    np.testing.assert_allclose(orange.mean(0), [(top + bottom) / 2, left + (right - left) / 3], atol=3)
