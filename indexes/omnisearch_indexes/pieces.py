"""The rows of a collection: consecutive pieces seen as one array, read only where asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from omnisearch_indexes.protocol import Positions

if TYPE_CHECKING:
    from omnisearch_indexes.codes import Codes

Stored = NDArray[Any]  # (n, d) float16 or float32
Touch = Callable[[Positions | None], None]


@dataclass(frozen=True, slots=True)
class Piece:
    """Consecutive rows; `touch` sees row numbers of the piece before their bytes are used."""

    vectors: Stored
    codes: Codes | None = None
    touch: Touch | None = None


class Rows:
    """All pieces as one array of rows."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.pieces = tuple(pieces)
        self.vectors = tuple(np.asarray(piece.vectors) for piece in pieces)
        lengths = [len(vectors) for vectors in self.vectors]
        self.starts: Positions = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        _check_alike(self.vectors)

    def __len__(self) -> int:
        """How many rows there are."""
        return int(self.starts[-1])

    @property
    def dim(self) -> int:
        """The dimension of each row."""
        return int(self.vectors[0].shape[1])

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The type in which rows are stored."""
        return np.dtype(self.vectors[0].dtype)

    def part(self, number: int, begin: int, end: int) -> Stored:
        """Rows of one piece, not copied."""
        touch = self.pieces[number].touch
        if touch is not None:
            whole = begin == 0 and end == len(self.vectors[number])
            touch(None if whole else np.arange(begin, end, dtype=np.int64))
        return self.vectors[number][begin:end]

    def gather(self, positions: Positions, into: Stored | None = None) -> Stored:
        """Return copies of the rows at these positions, in memory that is given or new."""
        if len(self.pieces) == 1:
            return self._copy(0, positions, into)
        order = np.argsort(positions, kind="stable")
        ascending = positions[order]
        found = np.empty((len(positions), self.dim), self.dtype) if into is None else into
        bounds = np.searchsorted(ascending, self.starts)
        for number in np.flatnonzero(np.diff(bounds)).tolist():
            part = slice(bounds[number], bounds[number + 1])
            found[order[part]] = self._copy(number, ascending[part] - self.starts[number])
        return found

    def _copy(self, number: int, rows: Positions, into: Stored | None = None) -> Stored:
        touch = self.pieces[number].touch
        if touch is not None:
            touch(rows)
        if into is None:
            return self.vectors[number].take(rows, axis=0)
        # NumPy copies once more where it might have to raise: these rows were checked when read
        return self.vectors[number].take(rows, axis=0, out=into, mode="clip")


def _check_alike(arrays: Sequence[Stored]) -> None:
    for array in arrays:
        if array.dtype not in (np.float16, np.float32) or array.ndim != 2:
            raise TypeError(f"vectors must be (n, d) float16 or float32, not {array.dtype}")
        if not array.flags.c_contiguous:
            raise ValueError("vectors must be contiguous rows")
        if (array.dtype, array.shape[1]) != (arrays[0].dtype, arrays[0].shape[1]):
            raise ValueError("pieces differ in type or dimension")
