"""Other names of StyleGAN2's tensors: those of the TensorFlow code, and those of rosinality's PyTorch code.

A tensor that has no other name keeps its own. Both tables give the names and the arrangement of axes of
StyleGAN2-ADA's PyTorch code.
"""

import math
import re
from collections.abc import Callable

import numpy as np

from gan_jax.weights.tables import Networks, Tensors

# The constant input in the three codes, by which a generator is recognised, and the mean style in two.
CONSTANTS = (
    "synthesis.b4.const",
    "synthesis/4x4/Const/const",
    "G_synthesis/4x4/Const/const",
    "input.input",
)
MEANS = ("dlatent_avg", "latent_avg")

Found = tuple[str, np.ndarray] | None  # the name and the tensor, or None for a tensor that is not used
Rule = tuple[str, Callable[..., Found]]


def plain(networks: Networks) -> Networks:
    """The networks of any of the three codes with the names of StyleGAN2-ADA's PyTorch code."""
    return {network: _plain(tensors) for network, tensors in networks.items()}


def _plain(tensors: Tensors) -> Tensors:
    if any(name in tensors for name in ("input.input", "final_linear.1.weight")):
        rules = _rosinality(tensors)
    elif any("/" in name for name in tensors):
        rules = _TENSORFLOW
    else:
        return tensors
    found: dict[str, np.ndarray] = {}
    for name, tensor in tensors.items():
        new: Found = name, tensor
        pairs = ((re.fullmatch(pattern, name), rule) for pattern, rule in rules)
        match, rule = next(((match, rule) for match, rule in pairs if match), (None, None))
        if match and rule:
            try:
                new = rule(tensor, *match.groups())
            except (IndexError, ValueError) as error:
                message = f"tensor {name} has shape {list(tensor.shape)}, which no such layer has"
                raise ValueError(message) from error
        if new is not None:
            found[new[0]] = new[1]
    return found


# TensorFlow's layers of G and of D.
_G = {"Conv": "conv1", "Conv0_up": "conv0", "Conv1": "conv1", "ToRGB": "torgb", "Skip": "skip"}
_D = {"FromRGB": "fromrgb", "Conv0": "conv0", "Conv1_down": "conv1", "Skip": "skip", "Conv": "conv"}


def _kernel(x: np.ndarray, mirrored: bool = False) -> np.ndarray:
    """HWIO to OIHW, [in, out] to [out, in]. PyTorch has G's up-convolutions mirrored."""
    if x.ndim != 4:
        return x.T
    return (x[::-1, ::-1] if mirrored else x).transpose(3, 2, 0, 1)


def _g_layer(x, side, layer, part):
    place = f"synthesis.b{side}.{_G[layer]}"
    if part == "weight":
        return f"{place}.weight", _kernel(x, layer == "Conv0_up")
    if part == "mod_weight":
        return f"{place}.affine.weight", x.T
    if part == "mod_bias":  # TensorFlow's code adds the 1 at run time
        return f"{place}.affine.bias", x + 1
    return f"{place}.{part}", x


def _dense(x, place, part):
    return f"{place}.{part}", x.T if part == "weight" else x


def _noise(x, number):
    """The map of the convolution with this number, of whatever shape with one side of pixels."""
    number, side = int(number), math.isqrt(x.size)
    conv = 1 if number % 2 == 0 else 0
    return f"synthesis.b{2 ** ((number + 5) // 2)}.conv{conv}.noise_const", x.reshape(side, side)


_TENSORFLOW: list[Rule] = [
    ("dlatent_avg", lambda x: ("mapping.w_avg", x)),
    (r"(?:G_)?mapping/Dense(\d+)/(\w+)", lambda x, i, part: _dense(x, f"mapping.fc{i}", part)),
    (r"(?:G_)?mapping/LabelEmbed/(\w+)", lambda x, part: _dense(x, "mapping.embed", part)),
    (r"(?:G_)?synthesis/4x4/Const/const", lambda x: ("synthesis.b4.const", x[0])),
    (r"(?:G_)?synthesis/noise(\d+)", _noise),
    (rf"(?:G_)?synthesis/(\d+)x\d+/({'|'.join(_G)})/(\w+)", _g_layer),
    (
        rf"(\d+)x\d+/({'|'.join(_D)})/(\w+)",
        lambda x, r, layer, part: (f"b{r}.{_D[layer]}.{part}", _kernel(x) if part == "weight" else x),
    ),
    (r"4x4/Dense0/(\w+)", lambda x, part: _dense(x, "b4.fc", part)),
    (r"Output/(\w+)", lambda x, part: _dense(x, "b4.out", part)),
    (r"(?:.*/)?lod", lambda x: None),
]


def _rosinality(tensors: Tensors) -> list[Rule]:
    blocks = [re.match(r"convs\.(\d+)\.conv1\.0\.", name) for name in tensors]
    count = max((int(match[1]) for match in blocks if match), default=0)  # of D's residual blocks

    def styled(x, place, part):
        parts = {
            "conv.weight": lambda: ("weight", x[0]),
            "conv.modulation.weight": lambda: ("affine.weight", x),
            "conv.modulation.bias": lambda: ("affine.bias", x),
            "noise.weight": lambda: ("noise_strength", x.reshape(())),
            "activate.bias": lambda: ("bias", x),
            "bias": lambda: ("bias", x.reshape(-1)),
        }
        name, tensor = parts[part]()
        return f"synthesis.{place}.{name}", tensor

    def g_conv(x, number, part):
        number = int(number)
        return styled(x, f"b{8 << number // 2}.conv{number % 2}", part)

    def d_conv(x, number, layer, part):
        name = {"conv1": "conv0", "conv2": "conv1", "skip": "skip"}[layer]
        return f"b{4 << count + 1 - int(number)}.{name}.{part}", x

    layer = r"(conv\.weight|conv\.modulation\.(?:weight|bias)|noise\.weight|activate\.bias|bias)"
    return [
        ("latent_avg", lambda x: ("mapping.w_avg", x.reshape(-1))),
        (r"style\.(\d+)\.(\w+)", lambda x, i, part: (f"mapping.fc{int(i) - 1}.{part}", x)),
        (r"input\.input", lambda x: ("synthesis.b4.const", x[0])),
        (rf"conv1\.{layer}", lambda x, part: styled(x, "b4.conv1", part)),
        (rf"convs\.(\d+)\.{layer}", g_conv),
        (rf"to_rgb1\.{layer}", lambda x, part: styled(x, "b4.torgb", part)),
        (rf"to_rgbs\.(\d+)\.{layer}", lambda x, i, part: styled(x, f"b{8 << int(i)}.torgb", part)),
        (r"noises\.noise_(\d+)", _noise),
        (r"convs\.0\.[01]\.(\w+)", lambda x, part: (f"b{4 << count}.fromrgb.{part}", x)),
        (r"convs\.(\d+)\.(conv1|conv2|skip)\.\d\.(weight|bias)", d_conv),
        (r"final_conv\.[01]\.(\w+)", lambda x, part: (f"b4.conv.{part}", x)),
        (r"final_linear\.0\.(\w+)", lambda x, part: (f"b4.fc.{part}", x)),
        (r"final_linear\.1\.(\w+)", lambda x, part: (f"b4.out.{part}", x)),
        (r".*\.kernel", lambda x: None),  # filters
    ]
