"""Near duplicates: 64 bits of a vector, of which alike vectors share almost all."""

from __future__ import annotations

import hashlib
from functools import cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
_BITS = 64
_SEED = b"omnisearch: near duplicates"


def signature(vector: Floats) -> int:
    """Give on which side of 64 fixed planes a vector (dim,) lies, as a signed integer.

    Two vectors at an angle a differ in about 64 a / pi bits (Charikar, STOC 2002).
    """
    sides = vector @ _planes(len(vector)) > 0
    return int(np.packbits(sides).view(">i8")[0])


@cache
def _planes(dim: int) -> Floats:
    """Give planes (dim, 64) that are the same on every machine and in every version."""
    raw = hashlib.shake_256(_SEED).digest(dim * _BITS // 8)
    signs = np.unpackbits(np.frombuffer(raw, np.uint8)).reshape(dim, _BITS)
    return signs.astype(np.float32) * 2 - 1
