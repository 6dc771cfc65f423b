"""Read the codes of the lists that can hold neighbours, nearest lists first.

Without a filter a share of the lists, known from training, is enough. Under a filter neighbours
are farther and lie anywhere: the limit follows from what was found, and a row's list is about as
near as the row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from omnisearch_indexes.allowed import Allowed
from omnisearch_indexes.calibration import Line
from omnisearch_indexes.coded import Coded
from omnisearch_indexes.protocol import Mask, Vectors
from omnisearch_indexes.refine import Progress, Refiner
from omnisearch_indexes.scan import first_count


@dataclass(frozen=True, slots=True)
class IVFPQ:
    """Candidates from the lists nearest to the query, in rounds."""

    coded: Coded
    most: int  # candidates after which scoring every allowed row is cheaper
    first_share: float  # of the lists, read before anything is known
    certainty: float  # with which a list that is left out holds no neighbour

    def search(
        self,
        refiner: Refiner,
        rotated: Vectors,
        queries: Sequence[Progress],
        allowed: Allowed | None,
    ) -> None:
        """Bring each query to its bound, or leave it undone at `most` candidates."""
        coarse, mean, spread = self.coded.codebook.coarse(rotated)
        lists = coarse.shape[1]
        first = max(1, min(lists, round(self.first_share * lists)))
        nearest = coarse.argpartition(lists - first, axis=1)[:, lists - first :]
        candidates = self.coded.search(rotated, first_count(refiner.k), nearest, allowed)
        needed = refiner.refine(queries, candidates)
        line = refiner.calibration.lists
        for number, progress in enumerate(queries):
            probed = np.zeros(lists, np.bool_)
            probed[nearest[number]] = True
            units = float(mean[number]), float(spread[number])
            near = _Near(coarse[number], units, probed, line, self.certainty)
            one = rotated[number : number + 1]
            self._follow(refiner, one, progress, near, needed[number], allowed)

    def _follow(
        self,
        refiner: Refiner,
        rotated: Vectors,
        progress: Progress,
        near: _Near,
        count: int,
        allowed: Allowed | None,
    ) -> None:
        """Probe the lists that can still matter; with `count` candidates where those ran out."""
        while count <= self.most:
            more = near.missing(progress, refiner.k)
            if not count and not more.any():
                progress.done = True
                break
            near.probed |= more
            if count:
                progress.restart()
                lists = np.flatnonzero(near.probed)[None]
                candidates = self.coded.search(rotated, count, lists, allowed)
            else:
                lists = np.flatnonzero(more)[None]
                enough = first_count(refiner.k)
                candidates = self.coded.search_listed(rotated, enough, lists, allowed)
            count = refiner.refine([progress], candidates)[0]
        progress.probed = float(near.probed.mean())


@dataclass(slots=True)
class _Near:
    """The lists as one query sees them."""

    coarse: Vectors  # (lists,)
    units: tuple[float, float]  # mean and spread of `coarse`
    probed: Mask
    line: Line
    certainty: float

    def missing(self, progress: Progress, k: int) -> Mask:
        """Return lists not probed yet that can hold rows nearer than the k-th found."""
        if len(progress.best[0]) < k:
            return ~self.probed
        mean, spread = self.units
        true = (float(progress.best[1][k - 1]) - mean) / spread
        foretold = self.line.floor(true, self.certainty)
        return (self.coarse >= mean + spread * foretold) & ~self.probed
