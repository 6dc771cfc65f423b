"""Which letters words have, as 64 bits each: words that are spelt alike differ in few of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Bits = npt.NDArray[np.uint64]
_TOGETHER = 1 << 16  # words that are read at once


def letters(offsets: npt.NDArray[np.unsignedinteger[Any]], text: npt.NDArray[np.uint8]) -> Bits:
    """Give the letters of each word (n,), which lie one after another from `offsets` (n + 1,)."""
    count = len(offsets) - 1
    found = np.zeros(count, np.uint64)
    for first in range(0, count, _TOGETHER):
        ends = np.asarray(offsets[first : first + _TOGETHER + 1], np.int64)
        some = np.flatnonzero(ends[1:] > ends[:-1])  # a word without letters has none
        if len(some):
            bits = bits_of(text[int(ends[0]) : int(ends[-1])])
            found[first + some] = np.bitwise_or.reduceat(bits, ends[some] - ends[0])
    return found


def bits_of(text: npt.NDArray[np.uint8]) -> Bits:
    """Give the bit of each byte; some share one, so that words may seem nearer than they are."""
    return np.asarray(np.uint64(1) << (text.astype(np.uint64) & np.uint64(63)), np.uint64)
