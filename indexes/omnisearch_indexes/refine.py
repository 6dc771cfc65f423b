"""From candidates by code to neighbours by truth, fetching no more rows than the bound asks for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from omnisearch_indexes.calibration import Calibration
from omnisearch_indexes.exact import Found, Scorer, merge, nearest_of
from omnisearch_indexes.pieces import Rows
from omnisearch_indexes.protocol import Metric, Positions, Vectors

FIRST = 4  # candidates for each wanted neighbour that are scored before the bound is known
LEAST = 32


@dataclass(slots=True)
class Progress:
    """One query on its way: what was found so far and what it cost."""

    query: Vectors  # (d,)
    norm: float
    base: Found  # neighbours among the rows without codes
    best: Found
    candidates: int = 0
    rounds: int = 0
    probed: float = 1.0
    done: bool = False

    def restart(self) -> None:
        """Forget what was found among coded rows: they are searched again with more candidates."""
        self.best = self.base


@dataclass(frozen=True, slots=True)
class Refiner:
    """Scores candidates until none that is left can be among the k nearest, at this recall."""

    scorer: Scorer
    rows: Rows
    metric: Metric
    calibration: Calibration
    k: int
    recall: float

    def bound(self, progress: Progress) -> float:
        """The closeness by code below which no neighbour is expected."""
        if len(progress.best[0]) < self.k:
            return -np.inf
        kth = float(progress.best[1][self.k - 1])
        scale = self.calibration.scale(self.metric, progress.norm, kth)
        return kth - self.calibration.margin(self.recall, scale)

    def refine(
        self, progress: Progress, closeness: NDArray[np.float32], positions: Positions
    ) -> bool:
        """Score candidates, best code first; whether rows after the last one can be ruled out."""
        given = len(positions)
        found = int(np.searchsorted(-(positions >= 0).astype(np.int8), 0))  # -1 fills the end
        self.scorer.ask(progress.query)
        end = min(found, max(FIRST * self.k, LEAST))
        begin = 0
        while begin < end:
            chosen = np.sort(positions[begin:end])
            nearest = nearest_of(self.scorer, self.rows, chosen, self.k)
            progress.best = merge(progress.best, nearest, self.k)
            progress.candidates += end - begin
            begin = end
            close = closeness[:found] >= self.bound(progress)
            end = max(begin, int(np.count_nonzero(close)))
        progress.rounds += 1
        return end < found or found < given
