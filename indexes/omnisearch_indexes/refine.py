"""From candidates by code to neighbours by truth, fetching no more rows than the bound asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from omnisearch_indexes.calibration import Line
from omnisearch_indexes.exact import Found, Scorer, merge
from omnisearch_indexes.lists import Candidates
from omnisearch_indexes.pieces import Rows
from omnisearch_indexes.protocol import Scores, Vectors

FIRST = 7  # candidates for each wanted neighbour that are scored before the bound is known
LEAST = 24
_SPARE = 1.3  # more than estimated, because asking again costs a whole round
_NORMAL = NormalDist()
_BLOCK_BYTES = 1 << 20  # rows fetched at a time, for several queries: half of a second-level cache


@dataclass(slots=True)
class Progress:
    """One query on its way: what was found so far and what it cost."""

    query: Vectors  # (d,)
    mean: float  # its mean closeness to all rows
    unit: float  # of the errors of codes
    base: Found  # neighbours among the rows without codes
    best: Found
    candidates: int = 0
    rounds: int = 0
    probed: float = 1.0
    done: bool = False

    def restart(self) -> None:
        """Forget what was found among coded rows: they are searched again with more candidates."""
        self.best = self.base


@dataclass(slots=True)
class _Span:
    """The candidates of one query that are to be scored next."""

    number: int
    begin: int
    end: int
    found: int


@dataclass(frozen=True, slots=True)
class Refiner:
    """Scores candidates until none that is left can be among the k nearest, at this certainty."""

    scorer: Scorer
    rows: Rows
    line: Line  # of codes
    miss: float  # below the line that a neighbour may be, at the recall wanted
    k: int
    among: int  # rows that may be candidates

    def refine(self, queries: Sequence[Progress], candidates: Candidates) -> list[int]:
        """Score candidates, best code first; how many it takes until the rest can be ruled out.

        That is 0 where these were enough.
        """
        closeness, positions = candidates
        given = positions.shape[1]
        counts = np.count_nonzero(positions >= 0, axis=1).tolist()
        first = max(FIRST * self.k, LEAST)
        spans = [_Span(n, 0, min(first, found), found) for n, found in enumerate(counts)]
        waiting = [span for span in spans if span.end]
        while waiting:
            for portion in self._portions(waiting):
                self._score(portion, queries, candidates)
            for span in waiting:
                bound = self._bound(queries[span.number])
                descending = -closeness[span.number, : span.found]
                needed = int(descending.searchsorted(-bound, "right"))
                span.begin, span.end = span.end, max(span.end, needed)
            waiting = [span for span in waiting if span.begin < span.end]
        for span, progress in zip(spans, queries, strict=True):
            progress.candidates += span.end
            progress.rounds += 1
        return [
            0
            if span.end < span.found or span.found < given
            else self._estimate(closeness[span.number], queries[span.number])
            for span in spans
        ]

    def _estimate(self, closeness: Scores, progress: Progress) -> int:
        """Return the count at which codes reach the bound if they thin out as a normal tail."""
        count = len(closeness)
        if count >= self.among:
            return 2 * count
        last, before = float(closeness[-1]), float(closeness[count // 4])
        deep = _NORMAL.inv_cdf(1 - count / self.among)
        spread = (before - last) / (_NORMAL.inv_cdf(1 - (count // 4 + 1) / self.among) - deep)
        reached = deep - (last - self._bound(progress)) / max(spread, 1e-12)
        wanted = _SPARE * self.among * (1 - _NORMAL.cdf(reached))
        return int(np.clip(wanted, 2 * count, 1e4 * count))

    def kth(self, progress: Progress) -> float:
        """Return the closeness of the k-th neighbour so far."""
        closeness = progress.best[1]
        return float(closeness[self.k - 1]) if len(closeness) >= self.k else -np.inf

    def _bound(self, progress: Progress) -> float:
        """Return the closeness by code below which no neighbour is expected."""
        true = (self.kth(progress) - progress.mean) / progress.unit
        foretold = self.line.level + self.line.slope * true - self.miss
        return progress.mean + progress.unit * foretold

    def _portions(self, spans: Sequence[_Span]) -> Iterator[list[_Span]]:
        """Cut the work so that the rows of a portion fit in the cache."""
        room = most = max(1, _BLOCK_BYTES // (self.rows.dim * self.rows.dtype.itemsize))
        portion: list[_Span] = []
        for span in spans:
            if portion and span.end - span.begin > room:
                yield portion
                portion, room = [], most
            portion.append(span)
            room -= span.end - span.begin
        yield portion

    def _score(
        self, spans: Sequence[_Span], queries: Sequence[Progress], candidates: Candidates
    ) -> None:
        """Fetch the rows of all spans at once, then score those of each query."""
        chosen = [np.sort(candidates[1][span.number, span.begin : span.end]) for span in spans]
        block = self.rows.gather(chosen[0] if len(chosen) == 1 else np.concatenate(chosen))
        begin = 0
        for span, positions in zip(spans, chosen, strict=True):
            progress = queries[span.number]
            self.scorer.ask(progress.query)
            end = begin + len(positions)
            numbers, closeness = self.scorer.top(block[begin:end], self.k)
            progress.best = merge(progress.best, (positions[numbers], closeness), self.k)
            begin = end
