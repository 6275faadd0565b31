"""What has changed since a run stopped: its records, and its training data."""

import zlib
from collections.abc import Mapping
from typing import Any

from gan_jax.data import Examples


def data_facts(roles: Mapping[str, Examples]) -> dict[str, dict[str, int]]:
    """Role -> the number of its `examples`, and a `checksum` of all its columns."""
    return {role: {"examples": len(part), "checksum": part.checksum} for role, part in roles.items()}


def changed_data(before: Mapping[str, Mapping[str, int]], now: Mapping[str, Mapping[str, int]]) -> list[str]:
    """One line for each role whose `data_facts` differ from those that a checkpoint holds."""
    lines = []
    for role, facts in now.items():
        old = before.get(role, facts)
        if old["examples"] != facts["examples"]:
            lines.append(f"the training data changed: {role} had {old['examples']} examples, now it has "
                         f"{facts['examples']}")  # fmt: skip
        elif old != facts:
            lines.append(f"the training data changed: images or labels of {role} are not what they were")
    return lines


def records_facts(content: bytes) -> list[int]:
    """The length and a checksum of the records that a checkpoint follows."""
    return [len(content), zlib.crc32(content)]


def changed_records(before: list[int], content: bytes, name: str) -> list[str]:
    """One line if the file `name` does not begin with the records that a checkpoint follows."""
    length, _ = before
    if len(content) < length:
        return [f"{name} is incomplete: it has {len(content)} of the {length} bytes written so far"]
    if records_facts(content[:length]) != before:
        return [f"{name} was changed: its first {length} bytes are not those written so far"]
    return []


def noted(meta: dict[str, Any], lines: list[str]) -> None:
    """Adds lines to the `notes` of a run, which its result lists. A line is noted once."""
    notes = [*meta.get("notes", []), *lines]
    if notes:
        meta["notes"] = list(dict.fromkeys(notes))
