"""Things that a cartoon face wears: earrings, glasses and hats."""

import functools

import numpy as np

from gan_jax.data.embedded.emoji.canvas import Canvas, Colour, both, shade, smooth
from gan_jax.data.embedded.emoji.face import Face
from gan_jax.data.embedded.emoji.features import EYE_X, EYE_Y

_FRAMES: tuple[Colour, ...] = ((28, 26, 30), (24, 116, 118), (186, 32, 46), (40, 70, 140), (58, 60, 66))
_CLOTHS: tuple[Colour, ...] = (
    (196, 48, 54), (42, 78, 140), (58, 128, 92), (240, 178, 52), (60, 58, 66), (134, 84, 156),
    (226, 226, 226), (98, 66, 44),
)  # fmt: skip
_GOLD: Colour = (246, 196, 48)


def earrings(canvas: Canvas, face: Face) -> None:
    """A pair of studs, hoops or drops at the lobes, in front of the hair."""
    for side in (-1, 1):
        place = np.array((side * 16.9 * face.width, 7.0))
        if face.earrings == "stud":
            canvas.oval(place, (1.35, 1.35), _GOLD, shade(_GOLD, 0.55))
        elif face.earrings == "hoop":
            ring = smooth(both([(0, -0.2), (2.1, 2.4), (0, 5.0)]), closed=True) + place
            canvas.line(np.concatenate([ring, ring[:1]]), shade(_GOLD, 0.5), 1.7, curved=False)
            canvas.line(np.concatenate([ring, ring[:1]]), _GOLD, 1.1, curved=False)
        elif face.earrings == "drop":
            canvas.oval(place, (0.8, 0.8), _GOLD)
            drop = both([(0, 1.2), (1.6, 4.2), (0, 5.9)]) + place
            canvas.blob(drop, (64, 190, 186), shade(_GOLD, 0.5))


@functools.cache
def _rim(shape: str) -> np.ndarray:
    """The contour of a right-hand lens around (0, 0); the nose is on its left."""
    points = {
        "round": [(0, -4.9), (4.2, -2.9), (5.2, 0.2), (3.8, 3.8), (0, 5.2), (-3.8, 3.8), (-5.2, 0.2),
                  (-4.2, -2.9)],
        "square": [(-4.6, -3.8), (0, -4.1), (5.0, -3.8), (5.5, -3.2), (5.1, 2.8), (4, 3.9), (0, 4.2),
                   (-3.8, 3.9), (-5, 2.6), (-5.2, -3.2)],
        "cat": [(-4.8, -2.4), (0, -3.6), (5.4, -5.2), (6.4, -4.4), (5, 1.4), (3, 3.7), (-1, 4.1),
                (-4.4, 2.6)],
        "thin": [(-4.6, -2.6), (0, -2.9), (4.8, -2.6), (5.2, 0), (4.4, 2.9), (0, 3.6), (-4.2, 2.9), (-5, 0)],
        "sun": [(-4.9, -3.6), (0, -4), (5.4, -3.8), (5.8, -2.4), (4.6, 3.2), (1, 4.9), (-2.8, 4.2),
                (-5, 0.8)],
    }  # fmt: skip
    return smooth(points[shape], closed=True)


def glasses(canvas: Canvas, face: Face) -> None:
    """Frames around the eyes, bridge and temples. Only sunglasses have dark lenses."""
    if not face.glasses:
        return
    colour = (66, 60, 58) if face.glasses == "thin" else _FRAMES[face.frame]
    width = 0.8 if face.glasses == "thin" else 1.5
    middle = np.array((EYE_X * face.eye_spacing + 0.2, EYE_Y + 0.2))
    for side in (-1, 1):
        rim = (_rim(face.glasses) + middle) * (side, 1)
        if face.glasses == "sun":
            canvas.polygon(rim, (44, 40, 52))
            gleam = [(side * 7 - 2.2, 2.4), (side * 7 + 1.4, -1.8)]
            canvas.line(gleam, (120, 116, 134), 1.3, 0.4, curved=False)
        canvas.line(np.concatenate([rim, rim[:2]]), colour, width, curved=False)
        outer = float(np.abs(rim[:, 0]).max())
        canvas.line([(side * outer, -1.4), (side * (16.6 * face.width), -0.4)], colour, width, curved=False)
    canvas.line([(-2.3, 0.0), (0, -1.0), (2.3, 0.0)], colour, width)


def hat(canvas: Canvas, face: Face) -> None:
    """A knitted cap, a baseball cap or a hat with a brim, down to the forehead."""
    if not face.hat:
        return
    cloth, w = _CLOTHS[face.hat_colour], face.width
    edge, side = shade(cloth, 0.55), -1 if face.mirror else 1
    half = 17.6 * w + 0.6 * face.volume
    if face.hat == "beanie":
        canvas.oval((0, -28.6), (3.3, 3.0), shade(cloth, -0.35), edge)
        canvas.blob(both([(0, -28.0), (9, -26.0), (15.5 * w, -18.5), (half, -10), (0, -9)]), cloth, edge)
        for x in (-9, -3, 3, 9):
            canvas.line([(x * 0.7, -25.4 + 0.02 * x * x), (x, -14)], shade(cloth, 0.2), 0.8, 0.4)
        band = [(0, -15), (half * 0.6, -14.6), (half + 0.5, -12.4), (half + 0.7, -7.6), (half * 0.6, -9),
                (0, -9.5)]  # fmt: skip
        canvas.polygon(both(band), shade(cloth, -0.22), edge)
    elif face.hat == "cap":
        canvas.blob(both([(0, -27.0), (9.5, -25.0), (15.8 * w, -17.5), (half, -9.4), (0, -9.6)]), cloth, edge)
        canvas.line([(0, -26.6), (side * 2.4, -19), (side * 2.8, -11)], shade(cloth, 0.28), 0.7, 0.6)
        canvas.oval((0, -27.0), (1.5, 0.9), edge)
        visor = np.array([(-13, -11.6), (-4, -12.8), (7, -12.4), (14, -10.9), (19.5, -7.4), (17.5, -6.0),
                          (9, -7.7), (-2, -8.6), (-11.5, -8.7)])  # fmt: skip
        canvas.blob(visor * (side, 1), shade(cloth, 0.22), edge)
    else:
        brim = both([(0, -12.6), (12, -13.0), (22, -14.2), (25.5, -12.2), (20, -9.6), (9, -8.2), (0, -7.9)])
        canvas.blob(brim, shade(cloth, 0.12), edge)
        crown = [(0, -26.4), (6, -28.0), (12.5, -25.8), (14.8 * w, -18), (15.6 * w, -11.4), (0, -10.2)]
        canvas.blob(both(crown), cloth, edge)
        ribbon = [(0, -13.6), (8, -13.9), (15.2 * w, -15.2), (15.7 * w, -11.6), (8, -10.5), (0, -10.2)]
        canvas.polygon(both(ribbon), shade(cloth, 0.5) if face.hat_colour != 4 else (196, 48, 54))
