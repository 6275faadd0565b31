"""The features of a cartoon face: eyes, brows, nose and mouth."""

import numpy as np

from gan_jax.data.embedded.emoji import hair
from gan_jax.data.embedded.emoji.canvas import Canvas, Colour, both, mix, shade, smooth
from gan_jax.data.embedded.emoji.face import Face

_IRIDES: dict[str, Colour] = {
    "brown": (96, 56, 30), "hazel": (142, 104, 44), "green": (70, 136, 86), "blue": (62, 128, 196),
    "grey": (112, 130, 146),
}  # fmt: skip
_LIPSTICKS: dict[str, Colour] = {
    "red": (204, 24, 44), "pink": (232, 58, 130), "coral": (240, 84, 70), "plum": (136, 22, 78),
}  # fmt: skip
_SHADOWS: dict[str, Colour] = {"blue": (76, 132, 214), "violet": (158, 92, 198), "green": (44, 150, 108)}
_DARK: Colour = (34, 22, 26)
EYE_X, EYE_Y = 7.3, 0.8  # the middle of an eye if the spacing is 1


def eye(canvas: Canvas, face: Face, skin: Colour, side: int) -> None:
    """One eye: white, iris, pupil and highlight between both lids, and lashes and shadow above."""
    size = face.eye_size * (0.96 if face.male else 1.06)
    wide, high = 3.9 * size, (2.45 if face.male else 2.85) * size
    x, y = side * EYE_X * face.eye_spacing, EYE_Y

    def at(dx, dy):
        return x + side * dx * wide, y + dy * high

    upper = smooth([at(-1, 0.25), at(-0.5, -0.72), at(0.1, -1), at(0.7, -0.62), at(1.04, 0.1)])
    lower = smooth([at(1.04, 0.1), at(0.55, 0.82), at(-0.1, 0.98), at(-0.7, 0.72), at(-1, 0.25)])
    if face.eye_shadow:
        lid = [at(-1.05, 0.1), at(-0.75, -1.1), at(0.05, -1.85), at(0.85, -1.55), at(1.3, -0.45), at(1, 0.2)]
        canvas.blob(lid, mix(skin, _SHADOWS[face.eye_shadow], 0.72))
    canvas.polygon(np.concatenate([upper, lower]), (252, 252, 252), shade(skin, 0.4), 0.3)
    iris = _IRIDES[face.iris]
    radius = 2.05 * size
    middle = (x + side * -0.15, y - 0.1 * high)
    canvas.oval(middle, (radius, radius), iris, shade(iris, 0.5), 0.25)
    canvas.oval(middle, (radius * 0.52, radius * 0.52), (16, 12, 16))
    canvas.oval((middle[0] + 0.75, middle[1] - 0.8), (0.62, 0.62), (255, 255, 255))
    canvas.line(upper, _DARK, 1.0 if face.male else 1.35, 0.55, curved=False)
    canvas.line(lower, shade(skin, 0.42), 0.5, 0.6, curved=False)
    if face.male:
        canvas.line([at(-0.7, -1.15), at(0.1, -1.62), at(0.9, -1.0)], shade(skin, 0.28), 0.6, 0.3)
        return
    for dx, dy, tx, ty in ((1.0, 0.05, 1.5, -0.62), (0.82, -0.42, 1.22, -1.12), (0.5, -0.78, 0.74, -1.42)):
        canvas.line([at(dx, dy), at(tx, ty)], _DARK, 0.85, 0.5, curved=False)


def brow(canvas: Canvas, face: Face, side: int) -> None:
    """One eyebrow: a thin line, or a thick one with hairs; flat or arched."""
    colour = hair.brow_colour(face)
    thick = (2.9 if face.male else 2.5) if face.bushy else (1.35 if face.male else 0.95)
    y = -5.0 - 0.25 * thick
    rise, drop = (2.3, 0.9) if face.arched else (0.7, 0.1)
    spread = face.eye_spacing
    line = [(2.9, y + 0.5), (5.6, y - rise * 0.55), (8.6, y - rise), (12.4, y + drop + face.brow_tilt)]
    points = [(side * x * spread, py) for x, py in line]
    canvas.line(points, colour, thick, 0.7 if face.bushy else 0.45)
    if face.bushy:
        for x in (3.4, 5.4, 7.4, 9.4):
            tip = y - rise * (1 - abs(x - 8) / 6) - thick * 0.5
            strand = [(side * x * spread, tip + 0.8), (side * (x + 0.9) * spread, tip - 0.75)]
            canvas.line(strand, colour, 0.9, 0.4)


def nose(canvas: Canvas, face: Face, skin: Colour) -> None:
    """One of four noses: a shadow and a line below it."""
    dark, line = shade(skin, 0.16), shade(skin, 0.48)
    s, sign = face.nose_size, -1 if face.mirror else 1
    if face.nose == "long":
        canvas.blob([(sign * 0.3, -1.5), (sign * 1.7 * s, 4), (sign * 3 * s, 7.2), (sign * 0.4, 8.4)], dark)
        canvas.line([(-2.3 * s, 7.3), (-0.8, 8.5), (0.9, 8.5), (2.5 * s, 7.2)], line, 0.95, 0.5)
        canvas.line([(sign * 1.5, 0.6), (sign * 1.9 * s, 4.0), (sign * 3 * s, 6.9)], line, 0.6, 0.3)
    elif face.nose == "button":
        canvas.oval((0, 7.2), (2.1 * s, 1.5 * s), dark)
        canvas.line([(-1.8 * s, 7.6), (0, 8.8), (1.8 * s, 7.6)], line, 0.9, 0.4)
    elif face.nose == "wide":
        canvas.blob(both([(0, 4.6), (2.2 * s, 6), (3.7 * s, 7.4), (1.9 * s, 8.7), (0, 8.9)]), dark)
        for x in (-1, 1):
            canvas.line([(x * 3.5 * s, 6.1), (x * 4 * s, 7.8), (x * 2.2 * s, 8.6)], line, 0.9, 0.4)
            canvas.oval((x * 1.3 * s, 8.4), (0.75, 0.45), line)
    else:
        canvas.blob(both([(0, 2.6), (1.3 * s, 5.2), (2.7 * s, 7.3), (0, 8.7)]), dark)
        base = [(-2.7 * s, 6.7), (-2.3 * s, 8), (0, 8.9), (2.3 * s, 8), (2.7 * s, 6.7)]
        canvas.line(base, line, 0.95, 0.45)


def mouth(canvas: Canvas, face: Face, skin: Colour) -> None:
    """The lips, smiling or not, and the inside of an open mouth."""
    lips = mix(skin, (186, 74, 78), 0.28 if face.male else 0.45)
    if face.lipstick:
        lips = _LIPSTICKS[face.lipstick]
    half = (5.4 if face.male else 4.9) * face.mouth_width
    full = 1.45 if face.lipstick else 0.75 if face.male else 1.15
    draw_mouth = _open_mouth if face.mouth_open else _closed_mouth
    draw_mouth(canvas, face.smile, half, full, lips, bool(face.lipstick))


def _open_mouth(canvas: Canvas, smile: bool, half: float, full: float, lips: Colour, painted: bool) -> None:
    """An open mouth with teeth: a laughing crescent, or a small round one that speaks."""
    if smile:
        half += 1.2
        top = [(0, 12.2), (half * 0.55, 11.7), (half, 10.6)]
        bottom = [(half * 0.86, 13.4), (half * 0.5, 15.9), (0, 16.9)]
    else:
        half *= 0.62
        top = [(0, 11.9), (half * 0.6, 12.1), (half, 13.3)]
        bottom = [(half * 0.9, 14.8), (half * 0.5, 15.9), (0, 16.2)]
    inside = smooth(both([*top, *bottom]), closed=True)
    canvas.polygon(inside, (104, 22, 34), lips if painted else shade(lips, 0.12), full * 0.8)
    tongue = both([(0, bottom[2][1] - 2.0), (half * 0.4, bottom[1][1] - 0.8), (0, bottom[2][1] - 0.2)])
    canvas.blob(tongue, (222, 96, 104))
    if smile:
        teeth = [(0, 12.2), (half * 0.55, 11.7), (half * 0.95, 10.9), (half * 0.78, 13.0), (0, 14.1)]
    else:
        teeth = [(0, 12.0), (half * 0.6, 12.3), (half * 0.55, 13.0), (0, 13.1)]
    canvas.blob(both(teeth), (255, 255, 255))


def _closed_mouth(canvas: Canvas, smile: bool, half: float, full: float, lips: Colour, painted: bool) -> None:
    corner, middle = (10.9, 13.7) if smile else (13.5, 13.2)
    if smile:
        half += 0.8
    seam = [(-half, corner), (-half / 2, (corner + 2.6 * middle) / 3.6), (0, middle)]
    seam = [*seam, *((-x, y) for x, y in seam[-2::-1])]
    line = smooth(seam)
    upper = smooth([(half * 0.92, corner), (half * 0.45, middle - full - 0.7), (0, middle - full * 0.7),
                    (-half * 0.45, middle - full - 0.7), (-half * 0.92, corner)])  # fmt: skip
    end, low = (corner + middle) / 2, middle + full * 1.1
    lower = smooth([(half * 0.8, end), (half * 0.4, low), (0, middle + full * 1.5), (-half * 0.4, low),
                    (-half * 0.8, end)])  # fmt: skip
    canvas.polygon(np.concatenate([line, upper]), lips if painted else shade(lips, 0.08))
    canvas.polygon(np.concatenate([line, lower]), lips)
    canvas.line(line, shade(lips, 0.86), 1.25, 0.6, curved=False)
    if smile:
        for side in (-1, 1):
            dimple = [(side * (half - 0.1), corner - 0.9), (side * (half + 0.9), corner + 0.7)]
            canvas.line(dimple, shade(lips, 0.7), 0.8)
