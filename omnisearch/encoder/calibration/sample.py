"""Some rows of many, chosen by what they hold, so neither order nor repetition changes the choice.

Each distinct vector is hashed and those with the smallest hashes are kept (bottom-k sampling). How
near to zero they crowd also tells how many distinct vectors there are (Bar-Yossef et al. 2002).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xxhash

Vectors = npt.NDArray[np.float32]  # (n, d), unit vectors

# the mean cosine of a bank with 2,048 rows errs by 1/45 of the rows' deviation
SIZE = 2048
_SEED = 0x6F6D6E69
_HASHES = 2.0**64
_INFINITE, _MINUS_ZERO = (
    0x7C00,
    0x8000,
)  # in float16; all ones in the exponent: infinite or no number


class Sample:
    """Rows of one modality and view, in any order; where rows were deleted, sample what is left."""

    def __init__(self, dim: int, size: int = SIZE) -> None:
        if dim < 1 or size < 2:
            raise ValueError(f"a sample of {size} rows of {dim} numbers: 2 rows of 1 or more")
        self.size = size
        self._rows = np.empty((0, dim), np.float16)
        self._hashes = np.empty(0, np.uint64)
        self._full = False  # something was left out, so the hashes tell how much

    def add(self, vectors: npt.NDArray[np.floating]) -> None:
        """Look at more rows; float16 rows and the float32 rows they were made of are the same."""
        with np.errstate(over="ignore"):  # found as infinite below
            rows = np.array(vectors, np.float16, order="C")
        if rows.ndim != 2 or rows.shape[1] != self._rows.shape[1]:
            raise ValueError(f"rows have the shape {rows.shape}: (n, {self._rows.shape[1]})")
        bits = rows.view(np.uint16)
        if (bits & _INFINITE == _INFINITE).any():
            raise ValueError("a row has a number that is not finite")
        bits[bits == _MINUS_ZERO] = 0
        self._keep(rows, _hashes(rows))

    def merge(self, other: Sample) -> None:
        """Look at all that another sample of this size has looked at."""
        if other.size != self.size:
            raise ValueError(f"a sample of {other.size} rows cannot be merged into {self.size}")
        self._full |= other._full
        self._keep(other._rows, other._hashes)

    @property
    def vectors(self) -> Vectors:
        """The kept rows, in the order of their hashes."""
        return self._rows.astype(np.float32)

    @property
    def distinct(self) -> float:
        """How many different rows there are: exact while all are kept, else to 1 / sqrt(size)."""
        if not self._full:
            return float(len(self._rows))
        return (self.size - 1) * _HASHES / (float(self._hashes[-1]) + 1)

    def _keep(self, rows: npt.NDArray[np.float16], hashes: npt.NDArray[np.uint64]) -> None:
        both = np.concatenate([self._hashes, hashes])
        kept, places = np.unique(both, return_index=True)
        self._full |= len(kept) > self.size
        self._hashes, places = kept[: self.size], places[: self.size]
        self._rows = np.concatenate([self._rows, rows])[places]


def _hashes(rows: npt.NDArray[np.float16]) -> npt.NDArray[np.uint64]:
    digest = xxhash.xxh3_64_intdigest
    return np.fromiter((digest(row.data, _SEED) for row in rows), np.uint64, len(rows))
