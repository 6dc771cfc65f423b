"""Which rows may be answers: what filters leave, kind by kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from omnisearch.query.nearest import mask
from omnisearch.query.options import Wish
from omnisearch.storage import sides
from omnisearch.storage.generation import Generation

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Allowed:
    """The rows that pass, with those of each modality and view counted."""

    now: Generation
    rows: Mask | None  # None: every row that is found at all
    counts: Mapping[int, int]  # of the kinds that are asked for and have rows

    @property
    def total(self) -> int:
        """Count the rows that may be answers."""
        return sum(self.counts.values())

    def of_kind(self, kind: int) -> Mask | None:
        """Mark the rows of one kind; None where that is every row of the collection."""
        own = self.now.sides.mask(kind)
        if self.rows is None:
            return own
        return self.rows if own is None else self.rows & own

    def every(self) -> Mask | None:
        """Mark the rows of all kinds that are asked for; None where that is every row."""
        if len(self.counts) == len(self.now.sides.counts):
            return self.now.shown if self.rows is None else self.rows
        wanted = np.zeros(sides.KINDS, bool)
        wanted[list(self.counts)] = True
        found = wanted[self.now.sides.kinds]
        among = self.now.shown if self.rows is None else self.rows
        return found if among is None else found & among


def narrow(now: Generation, wish: Wish) -> Allowed:
    """Apply the filters of a question."""
    rows = None if wish.where is None else mask(now, wish.where, wish.params)
    kept = {
        kind: count
        for kind, count in now.sides.counts.items()
        if wish.modality is None or sides.modality_of(kind) in wish.modality
    }
    if rows is not None:
        totals = np.bincount(now.sides.kinds[rows], minlength=sides.KINDS)
        kept = {kind: int(totals[kind]) for kind in kept if totals[kind]}
    return Allowed(now, rows, kept)
