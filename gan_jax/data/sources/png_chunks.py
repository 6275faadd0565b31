"""The chunks of a PNG. Pillow refuses a picture for large texts in it, though its pixels are fine."""

import struct

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TEXTS = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")  # the chunks that Pillow unpacks before the pixels
_SMALL = 2**10  # bytes that deflate cannot unpack to the mebibyte that Pillow allows


def without_large_texts(content: bytes) -> bytes:
    """The same PNG without texts and colour profiles of more than 1 KiB; other content is returned as it is.

    Small texts stay, since one of them may tell the orientation.
    """
    if not content.startswith(_SIGNATURE):
        return content
    kept, place, whole = [_SIGNATURE], len(_SIGNATURE), True
    while place + 12 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, place)
        end = place + 12 + length
        if kind == b"IDAT":  # nothing that follows keeps Pillow from decoding
            break
        if kind in _TEXTS and length > _SMALL:
            whole = False
        else:
            kept.append(content[place:end])
        place = end
    return content if whole else b"".join([*kept, content[place:]])
