"""A trial of a codebook at training: held-out rows look for their neighbours in a sample."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from omnisearch_indexes.calibration import (
    GRADES,
    LEVELS,
    NEAR,
    SHARES,
    Calibration,
    Line,
    cautious,
    standardising,
    uncalibrated,
)
from omnisearch_indexes.codes import ByRow, Codes
from omnisearch_indexes.exact import Scorer
from omnisearch_indexes.lists import Lists
from omnisearch_indexes.pieces import Piece, Rows
from omnisearch_indexes.protocol import Vectors

if TYPE_CHECKING:
    from omnisearch_indexes.codebook import Codebook

_LIFTS = (0.0, 0.15, 0.3, 0.35, 0.4, 0.45, 0.5)
_MOST_NEIGHBOURS = 0.99
_LIST_ROWS = 100  # rows that can be read in the time that a list takes to begin
_FAR = 10  # rows from anywhere for each query
_UNUSUAL = 0.05  # of the queries find farther neighbours than is taken for usual
_FEW_QUERIES = 400  # show which lift is best
_AT_ONCE = 64  # queries compared with all rows of the sample
_RUNS = 7
_FEW = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """Rotated rows, rotated queries that are not among them, and the true neighbours.

    Of a sample only so many neighbours count that they are as near as the nearest of all rows.
    """

    rows: Vectors
    asked: Vectors
    share: float  # of all rows that are in the sample
    reach: NDArray[np.int64]  # (q, many) the nearest rows that a narrow filter may leave, in order
    reached: Vectors  # (q, many) their closeness
    far: NDArray[np.int64]  # (q, few) rows from anywhere
    away: Vectors  # (q, few) their closeness
    own: NDArray[np.int64]  # (n,) the list of each row

    @staticmethod
    def of(codebook: Codebook, rows: Vectors, asked: Vectors, total: int) -> Trial:
        """Find the true neighbours."""
        share = len(rows) / max(total, 1)
        shape = len(asked), _deep(share, SHARES[0], len(rows))
        reach, reached = np.empty(shape, np.int64), np.empty(shape, np.float32)
        far = np.random.default_rng(0).integers(max(len(rows), 1), size=(len(asked), _FAR))
        away = np.empty(far.shape, np.float32)
        squares = np.square(rows).sum(axis=1) if codebook.metric == "l2" else None
        for begin in range(0, len(asked) if len(rows) else 0, _AT_ONCE):
            part = slice(begin, begin + _AT_ONCE)
            true: Vectors = asked[part] @ rows.T
            if squares is not None:
                true *= 2
                true -= np.square(asked[part]).sum(axis=1)[:, None] + squares
            some = np.argpartition(-true, shape[1] - 1, axis=1)[:, : shape[1]]
            order = np.argsort(-np.take_along_axis(true, some, axis=1), axis=1)
            reach[part] = np.take_along_axis(some, order, axis=1)
            reached[part] = np.take_along_axis(true, reach[part], axis=1)
            away[part] = np.take_along_axis(true, far[part], axis=1)
        own = codebook.assign(rows) if codebook.lists > 1 else np.zeros(len(rows), np.int64)
        return Trial(rows, asked, share, reach, reached, far, away, own)

    @property
    def near(self) -> NDArray[np.int64]:
        """The neighbours that count, (q, few)."""
        return self.reach[:, : _deep(self.share, 1.0, len(self.rows))]

    @property
    def best(self) -> Vectors:
        """Their closeness."""
        return self.reached[:, : _deep(self.share, 1.0, len(self.rows))]

    def lift(self, codebook: Codebook) -> NDArray[np.float32]:
        """By how much wide lists come sooner: so that reading up to most neighbours is cheapest."""
        if codebook.lists == 1 or not len(self.asked) or not len(self.rows):
            return codebook.lift
        sizes = np.bincount(self.own, minlength=codebook.lists)
        away = np.square(self.rows - codebook.centroids[self.own]).sum(axis=1)
        wide = np.bincount(self.own, away, codebook.lists) / np.maximum(sizes, 1)
        if codebook.metric != "l2":
            wide /= np.sqrt(np.square(self.rows).sum(axis=1).mean()) + 1e-30
        unlifted, fewest, chosen = codebook.coarse(self.asked[:_FEW_QUERIES]), np.inf, codebook.lift
        for factor in _LIFTS if codebook.metric != "l2" else [2 * lift - 1 for lift in _LIFTS]:
            lift = (factor * wide).astype(np.float32)
            order = np.argsort(-(unlifted + lift), axis=1)
            places = np.argsort(order, axis=1)
            near = np.take_along_axis(places, self.own[self.near[:_FEW_QUERIES]], axis=1)
            enough = 1 + int(np.quantile(near, _MOST_NEIGHBOURS))
            read = sizes[order[:, :enough]].sum(axis=1).mean() / self.share
            if read + _LIST_ROWS * enough < fewest:
                fewest, chosen = read + _LIST_ROWS * enough, codebook.lift + lift
        return chosen

    def measure(self, codebook: Codebook) -> Calibration:
        """Compare codes and lists with truth."""
        if not len(self.asked) or len(self.rows) < NEAR:
            return uncalibrated()
        nibbles = codebook.nibbles(self.rows)
        decoded = codebook.decode(nibbles[self.near.ravel()])
        coded = self._by_code(codebook, decoded)
        mean, unit = np.array(codebook.units(self.asked)).T[:, :, None]
        noise = self._noise(codebook, decoded)
        far_coded = self._by_code(codebook, codebook.decode(nibbles[self.far.ravel()]))
        pairs = (self.best, coded), (self.away, far_coded)
        (best, coded), spread = [tuple((p - mean) / unit for p in pair) for pair in pairs]
        anywhere = spread if codebook.metric != "l2" else None  # distances bend: codes blur them
        codes = Line.fit(best, coded, noise, anywhere)
        lists, ranks, depths = self._by_list(codebook)
        scan_us = _time_scan(codebook, nibbles, self.asked)
        gather_us = _time_gather(codebook, self.rows)
        return Calibration(codes, lists, ranks, depths, scan_us, gather_us)

    def _by_code(self, codebook: Codebook, decoded: Vectors) -> Vectors:
        pairs = decoded.reshape(len(self.asked), -1, decoded.shape[1])
        if codebook.metric == "l2":
            away: Vectors = np.square(pairs - self.asked[:, None]).sum(axis=2)
            return -away
        products: Vectors = np.einsum("qnd,qd->qn", pairs, self.asked)
        return products

    def _noise(self, codebook: Codebook, instead: Vectors) -> float:
        """Return the usual error for queries of length 1 from anywhere when rows are replaced."""
        lost = np.square(self.rows[self.near.ravel()] - instead).sum(axis=1).mean()
        doubled = 2.0 if codebook.metric == "l2" else 1.0
        return doubled * float(np.sqrt(lost / self.rows.shape[1]))

    def _by_list(self, codebook: Codebook) -> tuple[Line, NDArray[np.float64], NDArray[np.float64]]:
        """Compare with the lists of neighbours: how near, how many nearer, how deep filters go."""
        if codebook.lists == 1:
            rough = uncalibrated()
            return rough.lists, rough.ranks, rough.depths
        coarse = codebook.coarse(self.asked)
        mean, spread = (part[:, None] for part in standardising(coarse))
        own = np.take_along_axis(coarse, self.own[self.near], axis=1)
        centroids = codebook.centroids[self.own[self.near.ravel()]]
        lengths = np.linalg.norm(self.asked, axis=1, keepdims=True)
        noise = self._noise(codebook, centroids) * float(np.median(lengths / spread))
        line = Line.fit((self.best - mean) / spread, (own - mean) / spread, noise)
        places = np.argsort(np.argsort(-coarse, axis=1), axis=1)
        shape = len(GRADES), len(SHARES)
        ranks, depths = np.empty((*shape, len(LEVELS))), np.empty(shape)
        for at, share in enumerate(SHARES):
            deep = _deep(self.share, share, len(self.rows))
            passed = np.take_along_axis(places, self.own[self.reach[:, :deep]], axis=1) + 1
            last = ((self.reached[:, deep - 1 : deep] - mean) / spread)[:, 0]
            depths[:, at] = np.quantile(last, GRADES)
            for grade, least in enumerate(depths[:, at]):
                alike = passed[last >= least] if grade else passed
                ranks[grade, at] = np.minimum(cautious(alike / codebook.lists, len(alike)), 1)
        return line, ranks, depths


def _deep(sampled: float, allowed: float, rows: int) -> int:
    """Return among how many nearest rows of a sample those are that chance allows."""
    return min(rows, max(1, round(NEAR * sampled / allowed)))


def _time_scan(codebook: Codebook, nibbles: NDArray[np.uint8], asked: Vectors) -> float:
    """Return the time for one more row, read as one list: that of all rows less that of a few."""
    few = min(_FEW, len(nibbles) // 2)
    taken = []
    for part in (nibbles, nibbles[:few]):
        coded = ByRow(part, None, np.zeros(len(part), np.bool_))
        lists = Lists(codebook, [(0, Codes.arrange(coded, 1))])
        begin = [time.perf_counter()]
        for query in asked[:_RUNS, None]:
            lists.search(query, NEAR, None, None)
            begin.append(time.perf_counter())
        taken.append(float(np.diff(begin).min()))
    return max(1e-4, (taken[0] - taken[1]) * 1e6 / max(1, len(nibbles) - few))


def _time_gather(codebook: Codebook, rotated: Vectors) -> float:
    """Return the time to fetch and score one of some hundred rows, spread over all."""
    dtype = np.dtype(np.float16 if codebook.metric == "cosine" else np.float32)
    stored = np.ascontiguousarray(rotated[:, : codebook.dim].astype(dtype))
    rows, scorer = Rows([Piece(stored)]), Scorer(codebook.dim, dtype, codebook.metric)
    chosen = np.arange(0, len(rows), max(1, len(rows) // 500))
    begin = [time.perf_counter()]
    for query in rotated[:_RUNS, : codebook.dim]:
        scorer.ask(query)
        scorer.top(rows.gather(chosen), NEAR)
        begin.append(time.perf_counter())
    return max(1e-4, float(np.diff(begin).min()) * 1e6 / len(chosen))
