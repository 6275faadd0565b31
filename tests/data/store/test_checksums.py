"""Checksums of many rows from the checksums of each, against zlib's of all bytes."""

import zlib

import numpy as np
import pytest

from gan_jax.data.store import checksums


@pytest.mark.parametrize("count", [0, 1, 2, 3, 6, 13, 100])
@pytest.mark.parametrize("length", [1, 7, 48])
def test_rows_have_the_checksum_of_all_their_bytes_after_what_came_before(count, length):
    rows = np.random.default_rng(count).integers(0, 256, (count, length), dtype=np.uint8)
    each = np.array([zlib.crc32(row) for row in rows], np.uint32)
    assert checksums.joined(each, length) == zlib.crc32(rows.tobytes())
    assert checksums.joined(each, length, 12345) == zlib.crc32(rows.tobytes(), 12345)
