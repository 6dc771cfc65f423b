"""Read the codes of the lists that can hold neighbours: how near a list must be follows from what was found.

A neighbour's list is about as near as the neighbour (a line fitted at training, in units of the query's
own spread over all lists). So a filter, or a query from elsewhere, moves the limit by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from omnisearch_indexes.calibration import standardised
from omnisearch_indexes.coded import Coded
from omnisearch_indexes.lists import Allowed
from omnisearch_indexes.protocol import Mask, Vectors
from omnisearch_indexes.refine import Progress, Refiner
from omnisearch_indexes.scan import FIRST_COUNT

_MORE = 4
FIRST_LISTS = 32  # lists of the first round, at least


@dataclass(frozen=True, slots=True)
class IVFPQ:
    """Candidates from the lists nearest to the query, in rounds."""

    coded: Coded
    most: int  # candidates after which scoring every allowed row is cheaper
    first_lists: int = FIRST_LISTS

    def search(
        self, refiner: Refiner, rotated: Vectors, queries: list[Progress], allowed: Allowed | None
    ) -> None:
        """Bring each query to its bound, or leave it undone at `most` candidates."""
        coarse = self.coded.codebook.coarse(rotated)
        mean, spread = standardised(coarse)
        first = min(self.first_lists, coarse.shape[1])
        nearest = np.argpartition(-coarse, first - 1, axis=1)[:, :first]
        count = max(FIRST_COUNT, 8 * refiner.k)
        closeness, positions = self.coded.search(rotated, count, nearest, allowed)
        for number, progress in enumerate(queries):
            progress.restart()
            ruled_out = refiner.refine(progress, closeness[number], positions[number])
            probed = np.zeros(coarse.shape[1], np.bool_)
            probed[nearest[number]] = True
            units = float(mean[number, 0]), float(spread[number, 0])
            near = _Near(coarse[number], units, probed)
            one = rotated[number : number + 1]
            self._follow(refiner, one, progress, near, ruled_out, allowed)

    def _follow(
        self,
        refiner: Refiner,
        rotated: Vectors,
        progress: Progress,
        near: _Near,
        ruled_out: bool,
        allowed: Allowed | None,
    ) -> None:
        """Probe the lists that can still matter; with more candidates where those ran out."""
        count = max(FIRST_COUNT, 8 * refiner.k)
        while True:
            more = near.missing(refiner, progress)
            if ruled_out and not more.any():
                break
            near.probed |= more
            if not ruled_out:
                count *= _MORE
                if count > self.most:
                    return
                progress.restart()
                lists = np.flatnonzero(near.probed)[None]
                closeness, positions = self.coded.search(rotated, count, lists, allowed)
            else:
                lists = np.flatnonzero(more)[None]
                closeness, positions = self.coded.search_listed(rotated, count, lists, allowed)
            ruled_out = refiner.refine(progress, closeness[0], positions[0])
        progress.done = True
        progress.probed = float(near.probed.mean())


@dataclass(slots=True)
class _Near:
    """The lists as one query sees them."""

    coarse: Vectors  # (lists,)
    units: tuple[float, float]  # mean and spread of `coarse`
    probed: Mask

    def missing(self, refiner: Refiner, progress: Progress) -> Mask:
        """Lists not probed yet that can hold rows nearer than the k-th found."""
        if len(progress.best[0]) < refiner.k:
            return ~self.probed
        kth = float(progress.best[1][refiner.k - 1])
        limit = refiner.calibration.nearest_list(kth, refiner.recall, *self.units)
        return (self.coarse >= limit) & ~self.probed
