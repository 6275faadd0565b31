"""Painted digits: brush strokes through jittered points, in the forms that people write."""

import functools

import numpy as np
from PIL import Image, ImageDraw

# The forms of each digit. A form is a list of strokes, and a stroke is a list of points on a smooth line.
# A point has two digits: tenths of the width, then tenths of the height from the top; x means ten.
_FORMS = {
    0: ["50 22 05 28 5x 88 x5 82 40", "70 31 16 4x 88 93 70 41"],
    1: ["50 5x", "24 42 60, 60 6x", "15 60, 60 4x", "23 50, 50 5x, 2x 9x"],
    2: ["12 30 71 83 57 1x, 1x 9x", "12 40 72 75 29 18 48 9x"],
    3: ["11 50 82 45, 45 97 5x 19", "10 80, 80 44, 44 97 5x 19"],
    4: ["60 17, 17 97, 73 7x", "70 07, 07 x7, 70 7x", "20 15, 15 55 95, 80 7x"],
    5: ["90 20, 20 14, 14 64 97 6x 19", "91 40, 40 24 75 78 4x 19"],
    6: ["70 33 17 4x 98 85 45 17", "40 14 18 5x 88 66 17"],
    7: ["10 90, 90 55 3x", "11 51 90, 90 64 4x, 25 95"],
    8: ["81 50 22 54 97 5x 18 55 82 81", "80 30 12 55 88 5x 17 55 92 80", "50 22 55 82 50, 55 18 5x 98 55"],
    9: ["92 50 12 35 84 91, 91 86 7x", "92 50 12 35 84 91, 91 96 6x 19", "71 30 12 34 72 80, 80 97 5x 19"],
}
_JITTER = 0.06  # standard deviation of a point's place, as a share of width and height
_PIECES = 24  # straight pieces that a stroke is drawn with


@functools.cache
def forms(digit: int) -> tuple[tuple[tuple[tuple[float, float], ...], ...], ...]:
    """The forms of a digit: strokes of points (x, y) in a box of width and height 1, y downwards."""
    tenths = {**{str(i): i / 10 for i in range(10)}, "x": 1.0}
    return tuple(
        tuple(
            tuple((tenths[point[0]], tenths[point[1]]) for point in stroke.split())
            for stroke in form.split(",")
        )
        for form in _FORMS[digit]
    )


def paint(
    rng: np.random.Generator, digit: int, size: tuple[float, float], slant: float, pen: int
) -> Image.Image:
    """The coverage mask of one digit, cropped to its ink.

    Args:
      rng: source of the choice of form and of the points' places.
      digit: 0 to 9.
      size: width and height of the box in pixels, before the points are jittered.
      slant: how far the top leans to the right, as a share of the box's height.
      pen: width of the strokes in pixels.
    """
    margin = pen + round(max(size))
    lean = np.array([[size[0], 0], [-slant * size[1], size[1]]])
    canvas = Image.new("L", (round(size[0]) + 2 * margin, round(size[1]) + 2 * margin))
    draw = ImageDraw.Draw(canvas)
    middle = np.array(canvas.size) / 2 - lean.sum(0) / 2
    choices = forms(digit)
    form = choices[rng.integers(len(choices))]
    # Each point is jittered once, so that strokes that share a point still meet.
    places = {point: point + rng.normal(0, _JITTER, 2) for stroke in form for point in stroke}
    for stroke in form:
        line = _smooth(np.array([places[point] for point in stroke])) @ lean + middle
        draw.line([tuple(point) for point in line], 255, pen, joint="curve")
        for x, y in line[[0, -1]]:
            draw.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), 255)
    return canvas.crop(canvas.getbbox())


def _smooth(points):
    """A line [_PIECES + 1, 2] through the points [N, 2], with equal steps along its length."""
    lengths = np.maximum(np.hypot(*np.diff(points, axis=0).T), 0.01)
    at = np.concatenate([[0], np.cumsum(lengths)])
    from scipy import interpolate  # takes a second, see plain.py

    spline = interpolate.make_interp_spline(at, points, k=min(3, len(points) - 1))
    return spline(np.linspace(0, at[-1], _PIECES + 1))
