"""The factors of a cartoon face, their random choice, and the attributes that follow from them."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

Choice = TypeVar("Choice")

CHOICES: Mapping[str, Sequence[Any]] = {  # the allowed values of the fields that are not numbers
    "skin": range(7),  # from the palest to the darkest
    "hair": ("bald", "wreath", "receding", "short", "bob", "long", "bun", "ponytail"),
    "texture": ("straight", "wavy", "curly"),
    "parting": ("side", "centre", "back", "bangs"),  # 'back' has no parting
    "hair_colour": ("black", "brown", "blond", "grey", "red"),
    "iris": ("brown", "hazel", "green", "blue", "grey"),
    "nose": ("round", "button", "long", "wide"),
    "lipstick": ("", "red", "pink", "coral", "plum"),
    "eye_shadow": ("", "blue", "violet", "green"),
    "beard": ("", "goatee", "full"),
    "glasses": ("", "round", "square", "cat", "thin", "sun"),
    "frame": range(5),
    "hat": ("", "beanie", "cap", "brim"),
    "hat_colour": range(8),
    "earrings": ("", "stud", "hoop", "drop"),
    "shirt": range(10),
    "collar": ("round", "v", "shirt"),
    "ground": range(8),
}
PALE = 0  # the skin with the attribute Pale_Skin
DARK_SKINS = (4, 5, 6)


@dataclasses.dataclass(frozen=True)
class Face:
    """The factors of one picture; `draw` is a pure function of them.

    Numbers without a unit are relative to an average face, which has 1. Other values are among CHOICES.

    Raises:
      ValueError: a value is not among CHOICES.
    """

    male: bool = False
    young: bool = True
    skin: int = 1
    width: float = 1.0
    height: float = 1.0
    jaw: float = 1.0
    chin: float = 1.0
    hair: str = "long"
    texture: str = "straight"
    parting: str = "side"
    volume: float = 1.0
    hair_colour: str = "brown"
    hair_tone: float = 0.5  # 0 is the darkest tone of the colour, 1 the lightest
    mirror: bool = False  # parting, ponytail and light are on the other side
    bushy: bool = False
    arched: bool = False
    brow_tilt: float = 0.0  # how much lower the outer end is, in pixels
    iris: str = "brown"
    eye_size: float = 1.0
    eye_spacing: float = 1.0
    nose: str = "round"
    nose_size: float = 1.0
    smile: bool = True
    mouth_open: bool = False
    mouth_width: float = 1.0
    lipstick: str = ""
    eye_shadow: str = ""
    blush: bool = False
    beard: str = ""
    moustache: bool = False
    glasses: str = ""
    frame: int = 0
    hat: str = ""
    hat_colour: int = 0
    earrings: str = ""
    freckles: bool = False
    shirt: int = 0
    collar: str = "round"
    ground: int = 0
    tilt: float = 0.0  # radians, anticlockwise
    shift: tuple[float, float] = (0.0, 0.0)  # pixels
    scale: float = 1.0

    def __post_init__(self):
        """Refuses values that cannot be drawn."""
        for field, allowed in CHOICES.items():
            value = getattr(self, field)
            if value not in allowed:
                known = ", ".join(map(repr, allowed))
                raise ValueError(f"{field}={value!r} is not allowed; allowed: {known}")


_TESTS: Mapping[str, Callable[[Face], bool]] = {
    "Arched_Eyebrows": lambda face: face.arched,
    "Bald": lambda face: face.hair in ("bald", "wreath"),
    "Bangs": lambda face: face.parting == "bangs",
    "Black_Hair": lambda face: _has_hair(face, "black"),
    "Blond_Hair": lambda face: _has_hair(face, "blond"),
    "Brown_Hair": lambda face: _has_hair(face, "brown"),
    "Bushy_Eyebrows": lambda face: face.bushy,
    "Eyeglasses": lambda face: bool(face.glasses),
    "Goatee": lambda face: face.beard == "goatee",
    "Gray_Hair": lambda face: _has_hair(face, "grey"),
    "Heavy_Makeup": lambda face: bool(face.eye_shadow),
    "Male": lambda face: face.male,
    "Mouth_Slightly_Open": lambda face: face.mouth_open,
    "Mustache": lambda face: face.moustache,
    "No_Beard": lambda face: not face.beard,
    "Pale_Skin": lambda face: face.skin == PALE,
    "Rosy_Cheeks": lambda face: face.blush,
    "Smiling": lambda face: face.smile,
    "Wavy_Hair": lambda face: face.texture != "straight",
    "Wearing_Earrings": lambda face: bool(face.earrings),
    "Wearing_Hat": lambda face: bool(face.hat),
    "Wearing_Lipstick": lambda face: bool(face.lipstick),
    "Young": lambda face: face.young,
}
ATTRIBUTES = tuple(_TESTS)  # CelebA's names, in the order of the columns


def attributes(face: Face) -> np.ndarray:
    """The attributes that are visible in the drawing: int32 [K] in {0, 1}, in the order of ATTRIBUTES."""
    return np.array([test(face) for test in _TESTS.values()], np.int32)


def _has_hair(face: Face, colour: str) -> bool:
    return face.hair != "bald" and face.hair_colour == colour


def sample(rng: np.random.Generator) -> Face:
    """A face with random factors that fit together.

    Beards need Male = 1; lipstick and eye shadow need Male = 0. Grey hair needs Young = 0, which also makes a
    bald head likely. Dark skin has mostly black hair.
    """
    male, young = _chance(rng, 0.5), _chance(rng, 0.58)
    skin = _pick(rng, {PALE: 0.17, 1: 0.2, 2: 0.17, 3: 0.15, 4: 0.13, 5: 0.1, 6: 0.08})
    made_up = not male and _chance(rng, 0.36)
    return Face(
        male=male,
        young=young,
        skin=skin,
        **_sample_shape(rng, male),
        **_sample_hair(rng, male, young, skin),
        **_sample_features(rng, male, skin),
        **_sample_beard(rng, male),
        **_sample_make_up(rng, male, made_up),
        blush=_chance(rng, 0.06 if male else 0.34),
        glasses=_sample_glasses(rng, male, young, made_up),
        frame=_any(rng, "frame"),
        freckles=skin < 3 and _chance(rng, 0.12),
        shirt=_any(rng, "shirt"),
        collar=_any(rng, "collar"),
        ground=_any(rng, "ground"),
    )


def _sample_shape(rng, male):
    low = 0.97 if male else 0.86
    return {
        "width": rng.uniform(0.94, 1.05),
        "height": rng.uniform(0.95, 1.05),
        "jaw": rng.uniform(low, low + 0.15),
        "chin": rng.uniform(1.0, 1.35) if male else rng.uniform(0.75, 1.05),
        "tilt": float(np.clip(rng.normal(0, 0.06), -0.14, 0.14)),
        "shift": (rng.uniform(-1.5, 1.5), rng.uniform(-1.2, 1.2)),
        "scale": rng.uniform(0.99, 1.09),
        "mirror": _chance(rng, 0.5),
    }


def _sample_hair(rng, male, young, skin):
    if not male:
        hair = _pick(rng, {"long": 0.42, "bob": 0.22, "bun": 0.12, "ponytail": 0.12, "short": 0.12})
    elif young:
        hair = _pick(rng, {"bald": 0.1, "receding": 0.06, "short": 0.68, "bob": 0.1,
                           "long": 0.06})  # fmt: skip
    else:
        hair = _pick(rng, {"bald": 0.18, "wreath": 0.2, "receding": 0.2, "short": 0.36, "bob": 0.04,
                           "long": 0.02})  # fmt: skip
    bald, receding = hair in ("bald", "wreath"), hair == "receding"
    hat = _any(rng, "hat") if not bald and _chance(rng, 0.16) else ""
    if hat:  # a bun or a receding hairline would be hidden
        hair, receding = {"bun": "long", "receding": "short"}.get(hair, hair), False
    bangs = 0.0 if hat or hair in ("bun", "ponytail") else 0.42
    parting = _pick(rng, {"bangs": bangs, "side": 0.38, "back": 0.18, "centre": 0.0 if male else 0.2})
    if not young and _chance(rng, 0.45):
        colour = "grey"
    elif skin in DARK_SKINS:
        colour = _pick(rng, {"black": 0.74, "brown": 0.2, "blond": 0.04, "red": 0.02})
    else:
        colour = _pick(rng, {"black": 0.2, "brown": 0.38, "blond": 0.3, "red": 0.12})
    # Brown hair keeps a distance from the tone of brown skin.
    low, high = {5: (0.0, 0.3), 6: (0.0, 0.1)}.get(skin, (0.0, 1.0)) if colour == "brown" else (0.0, 1.0)
    curls = {"straight": 0.55, "wavy": 0.28, "curly": 0.3 if skin in DARK_SKINS else 0.12}
    plain = bald or receding or (hat and hair == "short")
    return {
        "hair": hair,
        "hat": hat,
        "hat_colour": _any(rng, "hat_colour"),
        "parting": "back" if bald or receding else parting,
        "hair_colour": colour,
        "hair_tone": rng.uniform(low, high),
        "volume": rng.uniform(0.7, 1.3),
        "texture": "straight" if plain else _pick(rng, curls),
    }


def _sample_features(rng, male, skin):
    smile = _chance(rng, 0.52)
    light = 0.02 if skin in DARK_SKINS else 0.2
    return {
        "bushy": _chance(rng, 0.4 if male else 0.12),
        "arched": _chance(rng, 0.14 if male else 0.5),
        "brow_tilt": float(rng.normal(0, 0.35)),
        "iris": _pick(rng, {"brown": 0.4, "hazel": 0.15, "green": light, "blue": light, "grey": light}),
        "eye_size": rng.uniform(0.88, 1.12),
        "eye_spacing": rng.uniform(0.95, 1.07),
        "nose": _any(rng, "nose"),
        "nose_size": rng.uniform(0.85, 1.15) * (1.08 if male else 0.95),
        "smile": smile,
        "mouth_open": _chance(rng, 0.62 if smile else 0.24),
        "mouth_width": rng.uniform(0.88, 1.14),
    }  # fmt: skip


def _sample_beard(rng, male):
    kind = _pick(rng, {"": 0.3, "moustache": 0.16, "goatee": 0.25, "full": 0.29}) if male else ""
    moustache = kind in ("moustache", "full") or (kind == "goatee" and _chance(rng, 0.5))
    return {"beard": kind if kind != "moustache" else "", "moustache": moustache}


def _sample_glasses(rng, male, young, made_up):
    if not _chance(rng, 0.22 if young else 0.34):
        return ""
    dark = 1.2 if young and not made_up else 0  # sunglasses would hide lines of age and eye shadow
    return _pick(rng, {"round": 3, "square": 3, "thin": 2, "cat": 0 if male else 2, "sun": dark})


def _sample_make_up(rng, male, made_up):
    lipstick = made_up or (not male and _chance(rng, 0.4))
    earrings = _chance(rng, 0.06 if male else 0.42)
    return {
        "lipstick": _any(rng, "lipstick") if lipstick else "",
        "eye_shadow": _any(rng, "eye_shadow") if made_up else "",
        "earrings": _pick(rng, {"stud": 3, "hoop": 3, "drop": 0 if male else 3}) if earrings else "",
    }


def _any(rng: np.random.Generator, field: str) -> Any:
    """A uniform choice among the field's non-empty values."""
    choices = [choice for choice in CHOICES[field] if choice != ""]
    return choices[int(rng.integers(len(choices)))]


def _chance(rng: np.random.Generator, share: float) -> bool:
    return bool(rng.random() < share)


def _pick(rng: np.random.Generator, weights: Mapping[Choice, float]) -> Choice:
    names = list(weights)
    ends = np.cumsum(list(weights.values()))
    return names[int(np.searchsorted(ends, rng.random() * ends[-1], side="right"))]
