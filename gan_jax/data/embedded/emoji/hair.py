"""Hair of cartoon faces: behind and before the head, on chin and lip."""

import itertools

import numpy as np

from gan_jax.data.embedded.emoji.canvas import Canvas, Colour, both, mirrored, mix, ripple, shade, smooth
from gan_jax.data.embedded.emoji.face import DARK_SKINS, Face

COLOURS: dict[str, tuple[Colour, Colour]] = {  # the darkest and the lightest tone
    "black": ((20, 18, 24), (44, 38, 42)),
    "brown": ((78, 44, 24), (134, 84, 50)),
    "blond": ((222, 174, 82), (250, 218, 136)),
    "grey": ((148, 150, 156), (222, 224, 228)),
    "red": ((164, 58, 22), (208, 92, 34)),
}


def contour(face: Face) -> np.ndarray:
    """The right half of the head's outline [8, 2], from the crown to the chin."""
    w, h, j, c = face.width, face.height, face.jaw, face.chin
    points = [(0, -20.0), (9.0 * w, -18.4), (14.6 * w, -11.5), (16.4 * w, -2), (15.9 * w, 6),
              (13.0 * w * j, 13.2), (6.0 * c, 18.7), (0, 20.2)]  # fmt: skip
    return np.array([(x, y * h) if y < 0 else (x, y * (0.4 + 0.6 * h)) for x, y in points])


def colour_of(face: Face) -> Colour:
    """The colour of the hair."""
    return mix(*COLOURS[face.hair_colour], face.hair_tone)


def brow_colour(face: Face) -> Colour:
    """The hair's colour, darkened so that brows are visible on the skin."""
    if face.hair_colour == "grey":
        return mix(colour_of(face), (70, 70, 82), 0.5)
    if face.skin in DARK_SKINS:
        return (44, 26, 20)
    return mix(colour_of(face), (116, 58, 16), {"blond": 0.6, "red": 0.3}.get(face.hair_colour, 0.0))


def behind(canvas: Canvas, face: Face) -> None:
    """The hair behind neck and head: a bun, a ponytail or long hair."""
    colour = shade(colour_of(face), 0.16)
    edge = shade(colour, 0.5)
    v, side = face.volume, -1 if face.mirror else 1
    if face.hair == "bun":
        middle = (side * 3.0, -23.5 - v)
        canvas.oval(middle, (6.4, 5.4), colour, edge)
        twist = [(middle[0] - 3.4, -24.0), (middle[0], -26.2), (middle[0] + 3.6, -23.6)]
        canvas.line(twist, shade(colour, 0.35), 0.8)
    elif face.hair == "ponytail":
        tail = [(10, -17), (18, -17.5), (24.5, -9), (26, 4), (23.5, 17), (20, 22), (18.5, 12), (18, 0),
                (14, -6)]  # fmt: skip
        canvas.polygon(_wavy(face, smooth(tail, closed=True) * (side, 1)), colour, edge)
    elif face.hair in ("long", "bob"):
        bottom = 40.0 if face.hair == "long" else 17.0
        half, round_ = 17.6 + 1.6 * v, bottom + (2.5 if face.hair == "bob" else 0)
        right = [(0, -22), (12, -19), (half, -8), (half + 0.6, 4), (half + 1.2, bottom * 0.6),
                 (half - 0.4, bottom), (9, round_), (0, bottom)]  # fmt: skip
        canvas.polygon(_wavy(face, smooth(both(right), closed=True)), colour, edge)


def front(canvas: Canvas, face: Face) -> None:
    """The hair on the head from the hairline up, and locks before the ears."""
    if face.hair == "bald":
        return
    colour = colour_of(face)
    edge = shade(colour, 0.5)
    if face.hair == "wreath":
        for points in _tufts(face):
            canvas.polygon(_wavy(face, smooth(points, closed=True)), colour, edge)
        return
    if face.hair in ("long", "bob"):
        for lock in _locks(face):
            canvas.polygon(_wavy(face, lock), colour, edge)
    outer, hairline = _outer(face), _hairline(face)
    if face.texture != "straight":
        outer = ripple(outer, *_WAVES[face.texture])
        if face.parting != "bangs":
            hairline = ripple(hairline, 0.7, 4.0, face.texture == "curly")
    canvas.polygon(np.concatenate([outer, hairline]), colour, edge)
    _strands(canvas, face, colour)


_WAVES = {"wavy": (1.25, 9.5, False), "curly": (1.2, 5.2, True)}  # arguments of `ripple`


def _wavy(face: Face, curve: np.ndarray) -> np.ndarray:
    return curve if face.texture == "straight" else ripple(curve, *_WAVES[face.texture])


def _outer(face: Face) -> np.ndarray:
    """The outline of the hair on the head, from the left ear over the crown to the right ear."""
    w, h, v = face.width, face.height, face.volume
    if face.hair == "receding":
        v *= 0.4
    low = 3.6 if face.hair == "short" else 2.0
    right = [(0, -21.4 * h - 2.2 * v), (8, -20.2 * h - 2.2 * v), (14.4 * w + 0.9 * v, -13.6 * h - 0.8 * v),
             (16.9 * w + 0.7 * v, -4), (16.7 * w + 0.2, low)]  # fmt: skip
    if face.hair == "short" and face.parting == "side":  # brushed up on one side
        right[1] = (8, -20.6 * h - 3.6 * v)
    curve = np.concatenate([mirrored(right), right[1:]])
    return smooth(curve * (-1, 1) if face.mirror else curve)[:: -1 if face.mirror else 1]


def _hairline(face: Face) -> np.ndarray:
    """The hairline, from the right ear along the forehead to the left ear."""
    w, h = face.width, face.height
    side = (14.4 * w, 2.6)
    temple = (13.6 * w, -4.8)
    if face.hair == "receding":
        right = [
            side,
            (14.2 * w, -4),
            (12.4 * w, -12 * h),
            (9.6 * w, -17.4 * h),
            (5.0, -15.0 * h),
            (0, -14.0 * h),
        ]
        return smooth(np.concatenate([right, mirrored(right)[1:]]))
    if face.parting == "bangs":
        return _fringe(face, side)
    if face.parting == "centre":
        right = [side, (14.2 * w, -3), (11.5 * w, -8.4), (5.6, -13.5), (0.9, -17.5 * h), (0, -18 * h)]
        return smooth(np.concatenate([right, mirrored(right)[1:]]))
    if face.parting == "side":
        line = [side, temple, (12.2 * w, -9.6), (9.2, -13.4 * h), (7.4, -17.2 * h), (3.5, -12.6 * h),
                (-3.5, -10.6 * h), (-9.4 * w, -9.2), (-13.0 * w, -5.6), (-14.4 * w, 2.6)]  # fmt: skip
        curve = smooth(line)
        return (curve * (-1, 1))[::-1] if face.mirror else curve
    right = [side, temple, (11.6 * w, -11 * h), (6, -14.6 * h), (0, -15.0 * h)]
    return smooth(np.concatenate([right, mirrored(right)[1:]]))


def _fringe(face: Face, side: tuple[float, float]) -> np.ndarray:
    """Hair down to the brows, with a pointed edge."""
    w = face.width
    line = [side, (14.3 * w, -2.0)]
    ends = np.linspace(13.2 * w, -13.2 * w, 8)
    for number, (x, following) in enumerate(itertools.pairwise(ends)):
        line += [
            (x, -8.2 + 0.12 * abs(x) - 0.6 * (number % 2)),
            ((x + 2 * following) / 3, -10.4 + 0.12 * abs(x)),
        ]
    line += [(ends[-1], -5.4), (-14.3 * w, -2.0), (-side[0], side[1])]
    return np.array(line)


def _locks(face: Face) -> list[np.ndarray]:
    """Hair that falls in front of the ears, left and right."""
    w, out = face.width, 17.4 + 1.5 * face.volume
    if face.hair == "long":
        right = [(14.2 * w, -8.0), (out, -7.0), (out + 0.8, 4.0), (out + 1.2, 16), (out + 0.8, 30),
                 (out - 2, 42), (12.4, 42), (12.8, 28), (14.6, 16), (14.9 * w, 5)]  # fmt: skip
    else:
        right = [(14.2 * w, -8.0), (out, -7.0), (out + 0.9, 4.0), (out + 0.7, 13), (out - 1.6, 18.5),
                 (12.6, 19.4), (13.9, 12), (14.9 * w, 4)]  # fmt: skip
    curve = smooth(right, closed=True)
    return [curve, mirrored(curve)]


def _tufts(face: Face) -> list[np.ndarray]:
    """The remaining hair of a bald head, above and behind each ear."""
    w = face.width
    right = [(14.8 * w, -10.5), (17.4 * w, -9.4), (18.6 * w, -3.0), (18.0 * w, 2.5), (16.4 * w, 3.6),
             (14.8 * w, 2.6), (14.5 * w, -3)]  # fmt: skip
    return [np.array(right), mirrored(right)]


def _strands(canvas: Canvas, face: Face, colour: Colour) -> None:
    """A highlight, and darker lines from the parting down."""
    h, v, side = face.height, face.volume, -1 if face.mirror else 1
    dark = shade(colour, 0.32)
    light = shade(colour, -0.24 if face.hair_colour in ("black", "brown", "red") else -0.45)
    if face.hair == "receding":
        canvas.line([(-5, -18.0 * h), (0, -18.8 * h), (5, -18.0 * h)], dark, 0.7, 0.3)
        return
    top = -19.0 * h - 1.4 * v
    if face.parting == "bangs":
        starts = [(x, top + 2.0 + 0.02 * x * x) for x in (-9, -4.5, 0, 4.5, 9)]
        for x, y in starts:
            canvas.line([(x * 0.6, y), (x * 0.95, y + 4.4), (x * 1.05, y + 8.4)], dark, 0.75, 0.3)
    elif face.parting == "centre":
        for sign in (-1, 1):
            canvas.line([(sign * 1.0, top + 0.6), (sign * 7, top + 4.4), (sign * 13.6, -8.0)], dark, 0.8, 0.3)
        canvas.line([(0, top - 0.8), (0, -17.6 * h)], dark, 0.8, 0.5, curved=False)
    elif face.parting == "side":
        for number in range(3):
            d = 2.2 * number
            points = [
                (7.4 - d, top + 1.2 + 0.3 * d),
                (0.5 - d, top + 2.0 + d),
                (-8.6 - 0.7 * d, -13.4 * h + 1.3 * d),
            ]
            canvas.line([(side * x, y) for x, y in points], dark, 0.8, 0.3)
    else:
        for x in (-8, -4, 0, 4, 8):
            canvas.line(
                [(x * 0.9, -15.6 * h + 0.02 * x * x), (x * 0.75, top - 0.4 + 0.03 * x * x)], dark, 0.75, 0.3
            )
    gleam = [(-side * 12.4, -12.6 * h), (-side * 9.0, top + 1.4), (-side * 4.4, top - 0.4)]
    canvas.line(gleam, light, 1.7, 0.25)


def beard(canvas: Canvas, face: Face) -> None:
    """A goatee, or a full beard from ear to ear. The mouth is drawn over it later."""
    colour = mix(colour_of(face), brow_colour(face), 0.5)
    edge = shade(colour, 0.45)
    chin = contour(face)[-1][1]
    if face.beard == "full":
        right = contour(face)[4:] + np.array([(0.6, 0), (1.0, 0.8), (0.8, 1.8), (0, 2.2)])
        outer = np.concatenate([[(16.9 * face.width, 1.0)], right])
        inner = [(14.6 * face.width, 1.6), (13.4 * face.width, 6.2), (10.2, 9.8), (6.4, 10.6), (0, 10.0)]
        curve = np.concatenate([smooth(outer), mirrored(smooth(outer))[1:], mirrored(smooth(inner))[::-1],
                                smooth(inner)[::-1]])  # fmt: skip
        canvas.polygon(curve, colour, edge)
        for x in (-8, -3.5, 3.5, 8):
            canvas.line([(x, 17 - 0.16 * abs(x)), (x * 0.9, 19.4 - 0.3 * abs(x))], edge, 0.8, 0.4)
    elif face.beard == "goatee":
        right = [(0, 16.6), (2.6, 16.9), (5.2, 15.4), (5.6, 18.2), (3.4, chin + 1.6), (0, chin + 2.4)]
        canvas.blob(both(right), colour, edge)
        canvas.line([(0, 18.4), (0, chin + 0.6)], edge, 0.8, 0.4, curved=False)


def moustache(canvas: Canvas, face: Face) -> None:
    """Two wings between nose and upper lip."""
    if not face.moustache:
        return
    colour = mix(colour_of(face), brow_colour(face), 0.7)
    right = [(0, 9.2), (3.0, 9.3), (6.2, 10.9), (7.9, 13.1), (5.6, 12.9), (2.6, 11.9), (0, 11.7)]
    canvas.blob(both(right), colour, shade(colour, 0.45), 0.35)
    canvas.line([(0, 9.6), (0, 11.4)], shade(colour, 0.4), 0.6, curved=False)
