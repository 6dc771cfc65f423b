"""A trial of a codebook at training: held-out rows look for their neighbours in a sample."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from omnisearch_indexes.calibration import (
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

_LIFTS = (0.0, 0.15, 0.3, 0.5)
_RUNS = 7
_FEW = 1000
_FEW_QUERIES = 200  # are enough for a median


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """Rotated rows, rotated queries that are not among them, and the true neighbours.

    Of a sample only so many neighbours count that they are as near as the nearest of all rows.
    """

    rows: Vectors
    asked: Vectors
    share: float  # of all rows that are in the sample
    true: Vectors  # (q, n) closeness
    near: NDArray[np.int64]  # (q, few) the neighbours that count
    best: Vectors  # (q, few) their closeness
    own: NDArray[np.int64]  # (n,) the list of each row

    @staticmethod
    def of(codebook: Codebook, rows: Vectors, asked: Vectors, total: int) -> Trial:
        """Find the true neighbours."""
        share = len(rows) / max(total, 1)
        true: Vectors = asked @ rows.T
        if codebook.metric == "l2":
            true *= 2
            true -= np.square(asked).sum(axis=1)[:, None] + np.square(rows).sum(axis=1)
        count = min(len(rows), max(1, round(NEAR * share)))
        near = true.argmax(axis=1)[:, None] if len(rows) else np.empty((len(asked), 0), np.int64)
        if count > 1:
            near = np.argpartition(true, len(rows) - count, axis=1)[:, len(rows) - count :]
        best = np.take_along_axis(true, near, axis=1)
        own = codebook.assign(rows) if codebook.lists > 1 else np.zeros(len(rows), np.int64)
        return Trial(rows, asked, share, true, near, best, own)

    def lift(self, codebook: Codebook) -> NDArray[np.float32]:
        """By how much wide lists come sooner: so that the fewest rows are read for neighbours."""
        if codebook.lists == 1 or not len(self.asked):
            return codebook.lift
        sizes = np.maximum(np.bincount(self.own, minlength=codebook.lists), 1)
        away = np.square(self.rows - codebook.centroids[self.own]).sum(axis=1)
        wide = np.bincount(self.own, away, codebook.lists) / sizes
        if codebook.metric != "l2":
            wide /= np.sqrt(np.square(self.rows).sum(axis=1).mean()) + 1e-30
        unlifted, fewest, chosen = codebook.coarse(self.asked), np.inf, codebook.lift
        for factor in _LIFTS if codebook.metric != "l2" else [2 * lift - 1 for lift in _LIFTS]:
            lift = (factor * wide).astype(np.float32)
            coarse = unlifted + lift
            limit = np.take_along_axis(coarse, self.own[self.near], axis=1).min(axis=1)
            read = float(((coarse >= limit[:, None]) @ sizes).mean())
            if read < fewest:
                fewest, chosen = read, codebook.lift + lift
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
        codes = Line.fit((self.best - mean) / unit, (coded - mean) / unit, noise)
        lists, ranks, depths = self._by_list(codebook)
        scan_us = _time_scan(codebook, nibbles, self.asked)
        gather_us = _time_gather(codebook, self.rows)
        return Calibration(codes, lists, ranks, depths, scan_us, gather_us)

    def _by_code(self, codebook: Codebook, decoded: Vectors) -> Vectors:
        pairs = decoded.reshape(*self.near.shape, -1)
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
        pairs = zip(np.sort(coarse, axis=1), own, strict=True)
        nearer = np.stack([len(row) - row.searchsorted(limit) for row, limit in pairs])
        ranks = cautious(nearer / codebook.lists, len(self.asked))
        centroids = codebook.centroids[self.own[self.near.ravel()]]
        lengths = np.linalg.norm(self.asked, axis=1, keepdims=True)
        noise = self._noise(codebook, centroids) * float(np.median(lengths / spread))
        line = Line.fit((self.best - mean) / spread, (own - mean) / spread, noise)
        far = np.clip(NEAR * self.share / SHARES, 1, len(self.rows)).astype(np.int64)
        places = len(self.rows) - far
        few = slice(_FEW_QUERIES)
        depths = np.partition(self.true[few], np.unique(places), axis=1)[:, places]
        usual = np.median((depths - mean[few]) / spread[few], axis=0).astype(np.float64)
        return line, ranks, usual


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
