"""Fields of a small DTN for two cores, which configs/dtn_digits.py and configs/dtn.py share."""

from typing import Any

WIDTHS = (32, 64, 128, 128)  # of f
SMALL: dict[str, Any] = {
    "alpha": 10.0,
    "const_distance": "cosine",  # ignores the length of the features, which need not match
    "f_widths": WIDTHS,
    "g_widths": (128, 64, 32),
    "d_widths": (32, 64, 128),
    "d_batch_norm": False,  # with batch norm D wins at once, and g never recovers
    "d_init": "lecun",
    "g_learning_rate": 1e-3,
    "d_learning_rate": 1e-3,  # with a slower D, g lowers L_CONST by noise that f takes for a digit
}
