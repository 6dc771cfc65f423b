"""Ids that came already, as 16 bytes each: a table may have millions of rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from omnisearch.storage.ids import hash_ids

Numbers = npt.NDArray[np.int64]


class Seen:
    """Hashes of ids with the row that each came from, in sorted runs that double in length."""

    def __init__(self) -> None:
        self._runs: list[tuple[npt.NDArray[np.uint64], Numbers]] = []

    def __len__(self) -> int:
        return sum(len(hashes) for hashes, _ in self._runs)

    def add(self, names: Sequence[str], numbers: Sequence[int]) -> list[int]:
        """Take ids; gives for each the row that had it before, or 0."""
        hashes, rows = hash_ids(names), np.array(numbers, np.int64)
        before = self.rows_of(hashes)
        order = np.argsort(hashes, kind="stable")
        ordered = hashes[order]
        again = np.flatnonzero(ordered[1:] == ordered[:-1]) + 1 if len(ordered) else order
        for at in again.tolist():  # twice in this call; the first of them counts
            first, now = order[np.searchsorted(ordered, ordered[at])], order[at]
            before[now] = before[now] or rows[first]
        fresh = np.flatnonzero(before == 0)
        if len(fresh):
            kept = fresh[np.argsort(hashes[fresh], kind="stable")]
            self._merge(hashes[kept], rows[kept])
        found: list[int] = before.tolist()
        return found

    def rows_of(self, hashes: npt.NDArray[np.uint64]) -> Numbers:
        """Give for each hash the row that had it, or 0."""
        found = np.zeros(len(hashes), np.int64)
        for known, rows in self._runs:
            at = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
            same = known[at] == hashes
            found[same] = rows[at[same]]
        return found

    def _merge(self, hashes: npt.NDArray[np.uint64], rows: Numbers) -> None:
        while self._runs and len(self._runs[-1][0]) <= 2 * len(hashes):
            more, others = self._runs.pop()
            hashes, rows = np.concatenate([more, hashes]), np.concatenate([others, rows])
            order = np.argsort(hashes, kind="stable")
            hashes, rows = hashes[order], rows[order]
        self._runs.append((hashes, rows))
