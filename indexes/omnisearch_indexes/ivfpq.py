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
from omnisearch_indexes.calibration import Line, standardising
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
    depth: float | None  # how near a filter's neighbours usually are; None where all are allowed
    line: Line  # of lists
    miss: float  # below the line that a neighbour's list may be, at the recall wanted

    def search(
        self,
        refiner: Refiner,
        rotated: Vectors,
        queries: Sequence[Progress],
        allowed: Allowed | None,
    ) -> None:
        """Bring each query to its bound, or leave it undone at `most` candidates."""
        if first_count(refiner.k) > self.most:
            return
        coarse = self.coded.codebook.coarse(rotated)
        lists = coarse.shape[1]
        first = min(lists, self._first(coarse))
        nearest = (-coarse).argsort(axis=1)[:, :first]  # in order: the heap fills with good rows
        candidates = self.coded.search(rotated, first_count(refiner.k), nearest, allowed)
        needed = refiner.refine(queries, candidates)
        limits = self._limits(refiner, queries, coarse)
        for number, (progress, count, limit) in enumerate(
            zip(queries, needed, limits, strict=True)
        ):
            progress.probed = nearest.shape[1] / lists
            progress.done = not count and limit > coarse[number, nearest[number, -1]]
            if not progress.done:  # a list that is left out is near enough, or candidates ran out
                probed = np.zeros(lists, np.bool_)
                probed[nearest[number]] = True
                one = slice(number, number + 1)
                near = _Near(rotated[one], coarse[one], probed)
                self._follow(refiner, progress, near, count, allowed)

    def _first(self, coarse: Vectors) -> int:
        """Return how many lists to read at once."""
        shared: int = max(1, round(self.first_share * coarse.shape[1]))
        if self.depth is None:
            return shared
        mean, spread = standardising(coarse)
        foretold = self._foretold(self.depth)
        near = coarse >= (mean + spread * foretold)[:, None]
        usual = int(np.count_nonzero(near)) // len(coarse)
        return max(shared, usual)

    def _limits(
        self, refiner: Refiner, queries: Sequence[Progress], coarse: Vectors
    ) -> list[float]:
        """Return how near to each query a list must be that can hold rows nearer than the k-th."""
        units = (part.tolist() for part in standardising(coarse))
        return [
            mean + spread * self._foretold((refiner.kth(progress) - mean) / spread)
            for progress, mean, spread in zip(queries, *units, strict=True)
        ]

    def _foretold(self, true: float) -> float:
        return self.line.level + self.line.slope * true - self.miss

    def _follow(
        self,
        refiner: Refiner,
        progress: Progress,
        near: _Near,
        count: int,
        allowed: Allowed | None,
    ) -> None:
        """Probe the lists that can still matter; with `count` candidates where those ran out."""
        while count <= self.most:
            more = (
                near.coarse[0] >= self._limits(refiner, [progress], near.coarse)[0]
            ) & ~near.probed
            if not count and not more.any():
                progress.done = True
                break
            np.logical_or(near.probed, more, out=near.probed)
            if count:
                progress.restart()
                lists = np.flatnonzero(near.probed)[None]
                candidates = self.coded.search(near.rotated, count, lists, allowed)
            else:
                lists = np.flatnonzero(more)[None]
                enough = first_count(refiner.k)
                candidates = self.coded.search_listed(near.rotated, enough, lists, allowed)
            count = refiner.refine([progress], candidates)[0]
        progress.probed = float(near.probed.mean())


@dataclass(frozen=True, slots=True)
class _Near:
    """The lists as one query sees them."""

    rotated: Vectors  # (1, width)
    coarse: Vectors  # (1, lists)
    probed: Mask
