"""CRC-32 of many rows one after the other, computed from the checksums of the rows alone."""

import numpy as np

_POLYNOMIAL = 0xEDB88320  # that of zlib.crc32, reflected
_ONE = 1 << 31  # the polynomial 1, reflected


def joined(checksums: np.ndarray, length: int, start: int = 0) -> int:
    """`zlib.crc32` of rows one after the other, continued from `start`.

    The checksum of `a + b` is that of a, times x^(8 len(b)) modulo the polynomial, plus that of b. Neighbours
    are joined in pairs, so that n rows take about log2(n) passes over an array.

    Args:
      checksums: uint32 [n], `zlib.crc32` of each row.
      length: bytes of each row.
      start: the checksum of what comes before the rows.
    """
    if not len(checksums):
        return start
    found, total = checksums.astype(np.uint32), len(checksums) * length
    end, end_length = 0, 0  # what is right of the pairs
    while len(found) > 1:
        if len(found) % 2:
            end ^= int(_times(found[-1:], _shift(end_length))[0])
            end_length += length
            found = found[:-1]
        found = _times(found[0::2], _shift(length)) ^ found[1::2]
        length *= 2
    whole = int(_times(found, _shift(end_length))[0]) ^ end
    return int(_times(np.array([start], np.uint32), _shift(total))[0]) ^ whole


def _shift(length: int) -> int:
    """x^(8 `length`) modulo the polynomial."""
    result, square, left = np.array([_ONE], np.uint32), np.array([_ONE >> 1], np.uint32), 8 * length
    while left:
        if left & 1:
            result = _times(result, int(square[0]))
        square = _times(square, int(square[0]))
        left >>= 1
    return int(result[0])


def _times(values: np.ndarray, factor: int) -> np.ndarray:
    """The products of polynomials uint32 [n] and a factor, modulo the polynomial."""
    products, shifted = np.zeros_like(values), values
    for bit in range(31, -1, -1):
        if factor >> bit & 1:
            products = products ^ shifted
        shifted = (shifted >> 1) ^ (shifted & 1) * np.uint32(_POLYNOMIAL)
    return products
