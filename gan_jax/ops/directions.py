"""The two directions of a translation between a source domain and a target domain."""

from collections.abc import Mapping

# Of each direction: the role that a generator is given, and the role that it draws.
DIRECTIONS: Mapping[str, tuple[str, str]] = {"s2t": ("source", "target"), "t2s": ("target", "source")}

# The role that each role is translated into, which is also the one that it is drawn from.
OTHER: Mapping[str, str] = dict(DIRECTIONS.values())
