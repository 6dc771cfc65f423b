"""Read the codes of the lists that can hold neighbours, nearest lists first.

A share of the lists, known from training for neighbours as deep as chance lets them lie, is enough
where neighbours are as near as usual. Where they are not, as under a filter that goes with the
vectors, the limit follows from what was found: a row's list is about as near as the row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from omnisearch_indexes import scan
from omnisearch_indexes.allowed import Allowed
from omnisearch_indexes.calibration import Line, standardising
from omnisearch_indexes.coded import Coded
from omnisearch_indexes.protocol import Mask, Positions, Vectors
from omnisearch_indexes.refine import Progress, Refiner

_ROUND_US = 150.0  # what one more round costs
_HELD = 4  # times the allowed rows: as many codes are soon read
_MORE = 1.5  # times the candidates of a scan: they are the cheaper part here


def first_count(k: int) -> int:
    """Candidates of the first round."""
    return int(_MORE * scan.first_count(k))


@dataclass(frozen=True, slots=True)
class IVFPQ:
    """Candidates from the lists nearest to the query, in rounds."""

    coded: Coded
    most: int  # candidates after which scoring every allowed row is cheaper
    worth: float  # codes after which it is, in following what was found
    shares: Sequence[float]  # of the lists to read for queries of each grade
    depths: Sequence[float]  # how near the k-th neighbour is, standardised, at least in a grade
    line: Line  # of lists
    miss: float  # below the line that a neighbour's list may be, at the recall wanted
    held: Mask | None  # the lists that hold allowed rows, where that is known

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
        units = np.array(standardising(coarse))
        lists = usable = coarse.shape[1]
        if self.held is not None:
            coarse[:, ~self.held], usable = -np.inf, int(np.count_nonzero(self.held))
        usual, first = (min(usable, max(1, round(share * lists))) for share in self.shares)
        if self.held is not None and self.coded.sizes[self.held].sum() < _HELD * refiner.among:
            usual = first = usable  # they are few, and near ones tell nothing of the others
        scan_us = self.coded.codebook.calibration.scan_us
        if (usual - first) / lists * self.coded.listed * scan_us < _ROUND_US:
            first = usual
        order = (-coarse).argsort(axis=1)
        nearest = order[:, :first]  # in order: the heap fills with good rows
        candidates = self.coded.search(rotated, first_count(refiner.k), nearest, allowed)
        needed = refiner.refine(queries, candidates)
        for number, (progress, count) in enumerate(zip(queries, needed, strict=True)):
            one, rest = rotated[number : number + 1], order[number, first:usual]
            mean, spread = units[:, number].tolist()
            near = _Near(one, coarse[number], mean, spread, rest)
            near.probed[nearest[number]] = True
            progress.probed = first / lists
            self._follow(refiner, progress, near, count, allowed)

    def _missing(self, kth: float, near: _Near) -> Mask | None:
        """Mark the lists not yet read that can hold rows nearer than the k-th; None for none."""
        true = (kth - near.mean) / near.spread
        if true >= self.depths[1] or (true >= self.depths[0] and not len(near.usual)):
            return None
        more = np.zeros(len(near.probed), np.bool_)
        if true < self.depths[0]:
            foretold = self.line.level + self.line.slope * true - self.miss
            more |= near.coarse >= near.mean + near.spread * foretold
            if self.held is not None:
                more &= self.held
        more[near.usual] = True
        more &= ~near.probed
        return more if more.any() else None

    def _follow(
        self,
        refiner: Refiner,
        progress: Progress,
        near: _Near,
        count: int,
        allowed: Allowed | None,
    ) -> None:
        """Probe the lists that can still matter; with `count` candidates where those ran out."""
        read = 0
        while count <= self.most:
            more = self._missing(refiner.kth(progress), near)
            if not count and more is None:
                progress.done = True
                break
            read += int(self.coded.sizes[near.probed if more is None else more].sum())
            if read > self.worth:
                break
            if more is not None:
                np.logical_or(near.probed, more, out=near.probed)
            if count or more is None:
                progress.restart()
                lists = np.flatnonzero(near.probed)[None]
                candidates = self.coded.search(near.rotated, count, lists, allowed)
            else:
                enough = first_count(refiner.k)
                lists = np.flatnonzero(more)[None]
                candidates = self.coded.search_listed(near.rotated, enough, lists, allowed)
            count = refiner.refine([progress], candidates)[0]
            progress.probed = float(near.probed.mean())


@dataclass(slots=True)
class _Near:
    """The lists as one query sees them."""

    rotated: Vectors  # (1, width)
    coarse: Vectors  # (lists,)
    mean: float
    spread: float
    usual: Positions  # the next lists, for all but few queries
    probed: Mask = field(init=False)

    def __post_init__(self) -> None:
        self.probed = np.zeros(len(self.coarse), np.bool_)
