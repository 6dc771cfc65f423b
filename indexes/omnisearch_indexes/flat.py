"""Every allowed row scored exactly: the oracle that all other kinds are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from omnisearch_indexes.allowed import Allowed
from omnisearch_indexes.exact import Found, Nearest, Scorer, nearest_of
from omnisearch_indexes.pieces import Rows, Stored
from omnisearch_indexes.protocol import Mask, Positions, Vectors

_BLOCK_BYTES = 2 << 20  # read for all queries before the next: stays in the cache between them


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the rows, whatever the method."""

    queries: Vectors  # (q, d)
    k: int
    allow: Mask | None
    recall: float
    allowed_rows: int
    worth: float = inf  # codes that may be read before scoring every allowed row is cheaper

    def allowed(self, start: int, rows: int) -> Allowed | None:
        """Return the bitmap of a part of the positions, None where all are allowed."""
        if self.allow is None:
            return None
        return Allowed(self.allow[start : start + rows])


@dataclass(frozen=True, slots=True)
class Flat:
    """Exact search over some pieces, in blocks that bound memory."""

    rows: Rows
    numbers: Sequence[int]  # of the pieces

    def search(self, scorer: Scorer, question: Question) -> list[Found]:
        """Return the k nearest of each query."""
        best = [Nearest(question.k) for _ in question.queries]
        step = max(1, _BLOCK_BYTES // (self.rows.dim * self.rows.dtype.itemsize))
        for number in self.numbers:
            length = len(self.rows.vectors[number])
            for begin in range(0, length, step):
                kept, block = self._block(number, begin, min(begin + step, length), question.allow)
                if not len(kept):
                    continue
                for place, query in enumerate(question.queries):
                    scorer.ask(query)
                    found, closeness = scorer.top(block, question.k)
                    best[place].add((kept[found], closeness))
        return [nearest.found() for nearest in best]

    def _block(
        self, number: int, begin: int, end: int, allow: NDArray[np.bool_] | None
    ) -> tuple[Positions, Stored]:
        """Return the allowed positions of a block and their rows, copied if some are left out."""
        start = int(self.rows.starts[number])
        mask = None if allow is None else allow[start + begin : start + end]
        if mask is None or mask.all():
            kept = np.arange(start + begin, start + end, dtype=np.int64)
            return kept, self.rows.part(number, begin, end)
        kept = np.flatnonzero(mask) + (start + begin)
        return kept, self.rows.gather(kept)


def search_allowed(rows: Rows, scorer: Scorer, question: Question) -> list[Found]:
    """Return the k nearest of each query, by fetching the allowed rows only."""
    assert question.allow is not None
    positions = np.flatnonzero(question.allow)
    found = []
    for query in question.queries:
        scorer.ask(query)
        found.append(nearest_of(scorer, rows, positions, question.k))
    return found


def nothing() -> Found:
    """No neighbours."""
    return np.empty(0, np.int64), np.empty(0, np.float32)
