"""Draws a cartoon face from its factors: the order of the layers, and the head and body."""

import numpy as np
from PIL import Image

from gan_jax.data.embedded.emoji import features, hair, worn
from gan_jax.data.embedded.emoji.canvas import Canvas, Colour, both, mirrored, mix, shade, smooth
from gan_jax.data.embedded.emoji.face import Face

SKINS: tuple[Colour, ...] = (
    (255, 232, 220), (250, 208, 174), (240, 187, 144), (218, 158, 112), (188, 126, 84), (154, 100, 66),
    (124, 79, 54),
)  # fmt: skip
_GROUNDS: tuple[Colour, ...] = (
    (247, 247, 247), (186, 222, 236), (252, 226, 176), (200, 228, 196), (226, 208, 238), (250, 206, 204),
    (172, 190, 214), (232, 224, 212),
)  # fmt: skip
_SHIRTS: tuple[Colour, ...] = (
    (52, 74, 122), (196, 62, 62), (66, 138, 110), (238, 238, 240), (52, 52, 60), (230, 160, 60),
    (126, 86, 160), (90, 150, 200), (222, 122, 156), (134, 146, 92),
)  # fmt: skip


def draw(face: Face) -> Image.Image:
    """The picture of a face, 64x64 in RGB. Equal factors give equal pixels."""
    canvas = Canvas(_GROUNDS[face.ground], face.tilt, face.shift, face.scale)
    skin = SKINS[face.skin]
    hair.behind(canvas, face)
    _body(canvas, face, skin)
    _ears(canvas, face, skin)
    _head(canvas, face, skin)
    hair.beard(canvas, face)
    features.nose(canvas, face, skin)
    features.mouth(canvas, face, skin)
    hair.moustache(canvas, face)
    for side in (-1, 1):
        features.eye(canvas, face, skin, side)
    hair.front(canvas, face)
    for side in (-1, 1):  # brows are drawn over a fringe, so that they are always visible
        features.brow(canvas, face, side)
    worn.earrings(canvas, face)
    worn.glasses(canvas, face)
    worn.hat(canvas, face)
    return canvas.finish()


def _body(canvas: Canvas, face: Face, skin: Colour) -> None:
    """The neck, its shadow, and the visible part of a shirt."""
    half = 7.6 if face.male else 5.6
    dark = shade(skin, 0.22)
    neck = [(0, 12), (half, 12), (half, 22), (half + 3, 27), (half + 4, 34), (0, 34)]
    canvas.polygon(both(neck), skin, shade(skin, 0.5))
    canvas.blob(both([(0, 12), (half, 14), (half - 0.4, 22), (0, 26.5)]), dark)
    cloth = _SHIRTS[face.shirt]
    wide = 27 if face.male else 22
    shoulder = [(half + 1.5, 24.2), (half + 5, 25.5), (wide - 3, 28.5), (wide, 34), (wide, 44)]
    dip = {"round": 28.0, "v": 33.0, "shirt": 31.0}[face.collar]
    neckline = [(0, dip), (half * 0.6, dip - 1.2 if face.collar == "round" else dip - 3.5)]
    right = np.array([*neckline, *shoulder, (0, 44)])
    canvas.polygon(both(right), cloth, shade(cloth, 0.55))
    if face.collar == "shirt":
        pale = shade(cloth, -0.3)
        wing = np.array([(half - 1, 23.2), (half + 2.6, 24.5), (half - 0.6, 31.0), (1.2, 29.6)])
        for points in (wing, mirrored(wing)):
            canvas.polygon(points, pale, shade(cloth, 0.55))
    elif face.collar == "round":
        edge = [
            (-half - 1, 24.8),
            (-half * 0.6, dip - 0.8),
            (0, dip + 0.6),
            (half * 0.6, dip - 0.8),
            (half + 1, 24.8),
        ]
        canvas.line(edge, shade(cloth, 0.3), 1.3)


def _ears(canvas: Canvas, face: Face, skin: Colour) -> None:
    for side in (-1, 1):
        x = side * (16.4 * face.width + 0.5)
        canvas.oval((x, 2.4), (2.9, 4.2), skin, shade(skin, 0.5))
        canvas.line(
            [(x - side * 0.6, 0.2), (x + side * 1.2, 1.0), (x + side * 0.6, 3.6)], shade(skin, 0.3), 0.8
        )


def _head(canvas: Canvas, face: Face, skin: Colour) -> None:
    """The head with a shadow on one side, cheeks, freckles, and the lines of age."""
    right = hair.contour(face)
    outline = smooth(both(right), closed=True)
    canvas.polygon(outline, skin, shade(skin, 0.5), 0.55)
    side = -1 if face.mirror else 1
    edge = smooth(right[2:])
    inner = edge[::-1] * (0.84, 0.97) + (0.4, -0.3)
    canvas.polygon(np.concatenate([edge, inner]) * (side, 1), shade(skin, 0.11))
    if face.blush:
        rosy = mix(skin, (238, 84, 96), 0.4 + 0.03 * face.skin)
        for x in (-10.2, 10.2):
            canvas.oval((x * face.width, 7.2), (3.4, 2.2), rosy)
    if face.freckles:
        for x, y in ((-9.5, 5.6), (-7.2, 6.6), (-10.8, 7.4), (-8.6, 8.2)):
            for sign in (-1, 1):
                canvas.oval((sign * x, y), (0.42, 0.42), shade(skin, 0.3))
    if not face.young:
        _lines_of_age(canvas, face, skin)
    if face.hair in ("bald", "wreath"):
        gleam = [(side * -9.5, -13.2), (side * -5.5, -16.3), (side * -1.5, -17.2)]
        canvas.line(gleam, shade(skin, -0.5), 1.5, 0.3)


def _lines_of_age(canvas: Canvas, face: Face, skin: Colour) -> None:
    dark = shade(skin, 0.36 + 0.05 * face.skin)
    for y, half in ((-10.6, 5.6), (-13.0, 4.6)):
        canvas.line(
            [(-half, y + 0.5), (-half / 2, y - 0.2), (half / 2, y - 0.2), (half, y + 0.5)], dark, 0.75, 0.3
        )
    for side in (-1, 1):
        bag = [(side * 4.4, 4.8), (side * 7.2, 6.1), (side * 10.2, 4.8)]
        canvas.line(bag, dark, 0.85, 0.3)
        fold = [(side * 3.9, 7.2), (side * 6.4, 9.4), (side * 7.6, 12.6)]
        canvas.line(fold, dark, 0.95, 0.3)
        for dy in (-0.6, 1.4):
            canvas.line(
                [(side * 12.2, 0.6 + dy), (side * 13.9, 0.2 + 1.7 * dy)], dark, 0.7, 0.4, curved=False
            )
