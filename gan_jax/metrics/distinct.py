"""Images that have not come before, in the batches of a role that starts again at its end."""

import numpy as np


def unseen(pictures: np.ndarray, seen: set[int]) -> list[int]:
    """The rows of [B, H, W, C] whose pixels are not in `seen`, in order. Their hashes are added to `seen`.

    A role that is shorter than the first one starts again at its end. A repeated image would count twice.
    """
    rows = []
    for row, picture in enumerate(pictures):
        key = hash(picture.tobytes())
        if key not in seen:
            seen.add(key)
            rows.append(row)
    return rows
