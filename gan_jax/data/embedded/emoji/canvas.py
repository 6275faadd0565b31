"""A canvas for cartoon faces: flat shapes with outlines, drawn large under one rotation and reduced."""

import cmath
import functools
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

SIZE = 64  # pixels of the finished picture
Colour = tuple[int, int, int]
Points = Sequence[tuple[float, float]] | np.ndarray

_ZOOM = 4  # shapes are drawn 4 times as large, so that reducing smooths their edges
_ORIGIN = (32.0, 33.5)  # the place of a face's (0, 0), between the eyes
_STEPS = 6  # straight pieces of a curve between two points


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """The colour at `share` of the way from `one` to `other`."""
    return tuple(round(a + (b - a) * share) for a, b in zip(one, other, strict=True))  # type: ignore[return-value]


def shade(colour: Colour, amount: float) -> Colour:
    """A darker colour, `amount` of the way to a dark plum; a negative amount leads towards white."""
    return mix(colour, (38, 12, 28), amount) if amount >= 0 else mix(colour, (255, 255, 255), -amount)


@functools.cache
def _catmull_rom(points: int, closed: bool) -> np.ndarray:
    """The matrix [M, points] that maps points to the curve through them."""
    t = np.arange(_STEPS)[:, None] / _STEPS
    piece = (
        np.hstack([-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2]) / 2
    )
    pieces = points if closed else points - 1
    matrix = np.zeros((pieces, _STEPS, points))
    for first in range(pieces):
        for weight, point in zip(piece.T, range(first - 1, first + 3), strict=True):
            place = point % points if closed else min(max(point, 0), points - 1)
            matrix[first, :, place] += weight
    rows = matrix.reshape(-1, points)
    return rows if closed else np.concatenate([rows, np.eye(points)[-1:]])


def smooth(points: Points, closed: bool = False) -> np.ndarray:
    """A curve [M, 2] through the points [N, 2]."""
    array = np.asarray(points, np.float64)
    return _catmull_rom(len(array), closed) @ array


def mirrored(points: Points) -> np.ndarray:
    """The points mirrored to the other side of the face, in reverse order."""
    return np.asarray(points, np.float64)[::-1] * (-1, 1)


def both(points: Points) -> np.ndarray:
    """A symmetrical contour from its right half, which starts and ends on the axis x = 0."""
    return np.concatenate([np.asarray(points, np.float64), mirrored(points)[1:-1]])


def ripple(curve: np.ndarray, height: float, length: float, scalloped: bool = False) -> np.ndarray:
    """A curve [M, 2] with waves of `length` pixels, `height` pixels to either side."""
    z = _complex(curve)
    place = np.pi * np.cumsum(np.abs(np.diff(z, prepend=z[:1]))) / length
    wave = 2 * np.abs(np.sin(place)) - 1 if scalloped else np.sin(2 * place)
    return (z + height * wave * _normals(z)).view(np.float64).reshape(-1, 2)


def _complex(curve: np.ndarray) -> np.ndarray:
    """The points [M, 2] as complex numbers x + iy [M]; one product then turns and stretches them."""
    return np.ascontiguousarray(curve).view(np.complex128)[:, 0]


def _normals(z: np.ndarray, closed: bool = False) -> np.ndarray:
    """Unit complex numbers [M] to the left of a curve's direction on the screen."""
    before, after = (z[-1:], z[:1]) if closed else (z[:1], z[-1:])
    around = np.concatenate([before, z, after])
    along = around[2:] - around[:-2]
    return along * -1j / np.maximum(np.abs(along), 1e-6)


@functools.cache
def _taper(points: int, ends: float) -> np.ndarray:
    """Half the width of a stroke at each of its points, as a share of the full width."""
    along = np.linspace(-1, 1, points)
    return (ends + (1 - ends) * (1 - along**2)) / 2


@functools.cache
def _circle() -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    return np.stack([np.cos(angle), np.sin(angle)], 1)


class Canvas:
    """A picture in the face's coordinates: pixels, x to the right, y down, (0, 0) between the eyes."""

    def __init__(self, ground: Colour, tilt: float, shift: tuple[float, float], scale: float):
        """Fills the picture with `ground`. The face is turned by `tilt` (radians), scaled, then shifted."""
        self._image = Image.new("RGB", (SIZE * _ZOOM, SIZE * _ZOOM), ground)
        self._draw = ImageDraw.Draw(self._image)
        self._turn = _ZOOM * scale * cmath.exp(-1j * tilt)
        self._offset = _ZOOM * (complex(*_ORIGIN) + complex(*shift))

    def polygon(
        self, curve: np.ndarray, fill: Colour, outline: Colour | None = None, width: float = 0.5
    ) -> None:
        """A closed curve [M, 2], filled; the outline lies outside the curve."""
        z = _complex(curve)
        if outline is not None:
            area = np.vdot(z[:-1], z[1:]).imag + (z[-1].conjugate() * z[0]).imag
            side = width if area > 0 else -width
            self._fill(z + side * _normals(z, closed=True), outline)
        self._fill(z, fill)

    def blob(self, points: Points, fill: Colour, outline: Colour | None = None, width: float = 0.5) -> None:
        """A smooth closed shape through the points."""
        self.polygon(smooth(points, closed=True), fill, outline, width)

    def oval(
        self,
        centre: tuple[float, float] | np.ndarray,
        radii: tuple[float, float],
        fill: Colour,
        outline: Colour | None = None,
        width: float = 0.5,
    ) -> None:
        """An ellipse with upright axes."""
        self.polygon(_circle() * radii + centre, fill, outline, width)

    def line(
        self, points: Points, colour: Colour, width: float, ends: float = 1.0, curved: bool = True
    ) -> None:
        """A stroke through the points, `width` pixels wide in the middle and `ends * width` at both ends."""
        z = _complex(smooth(points) if curved else np.asarray(points, np.float64))
        half = width * _taper(len(z), ends) * _normals(z)
        self._fill(np.concatenate([z + half, (z - half)[::-1]]), colour)
        if ends * width > 0.7:
            radius = ends * width / 2 * abs(self._turn)
            for end in (z[0], z[-1]):
                centre = complex(end * self._turn + self._offset)
                x, y = centre.real, centre.imag
                self._draw.ellipse((x - radius, y - radius, x + radius, y + radius), colour)

    def finish(self) -> Image.Image:
        """The picture at its final size; every pixel is the mean of the larger drawing's pixels."""
        return self._image.reduce(_ZOOM)

    def _fill(self, z: np.ndarray, colour: Colour) -> None:
        self._draw.polygon((z * self._turn + self._offset).view(np.float64).tolist(), colour)
