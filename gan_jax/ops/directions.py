"""The two directions of a translation between a source domain and a target domain."""

from collections.abc import Mapping

# For each direction: the role that a generator is given, and the role that it draws.
DIRECTIONS: Mapping[str, tuple[str, str]] = {"s2t": ("source", "target"), "t2s": ("target", "source")}

# For each role: the role that it is translated into, and from which it is drawn.
OTHER: Mapping[str, str] = dict(DIRECTIONS.values())
