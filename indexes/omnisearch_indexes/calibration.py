"""How far codes and lists fall short of the truth, and what a row costs; measured at training.

A row's closeness by code, or that of its list, is foretold from its true closeness by a line.
Lines are fitted to the true neighbours of held-out rows, in units of the query and around its mean
over all rows: so they also hold for queries from elsewhere (measured: the same slope and error).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from omnisearch_indexes import arrays
from omnisearch_indexes.codes import Codes
from omnisearch_indexes.exact import Scorer
from omnisearch_indexes.lists import Lists
from omnisearch_indexes.pieces import Piece, Rows
from omnisearch_indexes.protocol import Bytes, Metric, Vectors

if TYPE_CHECKING:
    from omnisearch_indexes.codebook import Codebook

HELD_OUT = 512
NEAR = 10
SHARES = np.array([0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0])
LEVELS = np.array([0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 1.0])
_WHAT = "codebook"
_RUNS = 7
_LIFTS = (0.0, 0.15, 0.3, 0.5)
_FEW = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """Foretold = level + slope * true, and how far below that the foretold may be."""

    level: float
    slope: float
    misses: NDArray[np.float64]  # (levels,)

    @staticmethod
    def fit(true: NDArray[np.floating], foretold: NDArray[np.floating]) -> Line:
        """Return the least-squares line and the quantiles of what falls below it."""
        flat, other = true.ravel().astype(np.float64), foretold.ravel().astype(np.float64)
        centred = flat - flat.mean()
        slope = float(centred @ other / max(float(centred @ centred), 1e-30))
        level = float(other.mean() - slope * flat.mean())
        return Line(level, slope, np.quantile(level + slope * flat - other, LEVELS))

    def floor(self, true: float, certainty: float) -> float:
        """Return what is foretold at least, but for 1 - certainty of the rows."""
        return self.level + self.slope * true - float(np.interp(certainty, LEVELS, self.misses))

    def to_array(self) -> NDArray[np.float64]:
        """Level, slope, misses."""
        return np.concatenate([[self.level, self.slope], self.misses])

    @staticmethod
    def from_array(array: NDArray[np.float64]) -> Line:
        """Return the inverse of `to_array`, checked."""
        whole = len(array) == 2 + len(LEVELS) and bool(np.isfinite(array).all())
        arrays.require(_WHAT, whole, "the calibration is damaged")
        return Line(float(array[0]), float(array[1]), array[2:])


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Lines for codes and for lists, and costs."""

    codes: Line
    lists: Line
    ranks: NDArray[np.float64]  # (levels,) share of lists nearer to a query than a neighbour's
    depths: NDArray[np.float64]  # (SHARES,) standardised closeness of the k-th of so many rows
    scan_us: float  # to read one code
    gather_us: float  # to fetch and score one row

    def share(self, certainty: float) -> float:
        """Return the share of lists that holds neighbours with this certainty, no row left out."""
        return float(np.interp(certainty, LEVELS, self.ranks))

    def depth(self, share: float) -> float:
        """Return how near, standardised, the tenth neighbour is when chance allows a share."""
        return float(np.interp(np.log(max(share, 1e-9)), np.log(SHARES), self.depths))

    def to_arrays(self) -> dict[str, arrays.Array]:
        """Return what a codebook stores of this."""
        costs = np.array([self.scan_us, self.gather_us])
        lines = {"code_line": self.codes.to_array(), "list_line": self.lists.to_array()}
        return lines | {"costs": costs, "ranks": self.ranks, "depths": self.depths}

    @staticmethod
    def from_arrays(found: Mapping[str, arrays.Array]) -> Calibration:
        """Return the inverse of `to_arrays`, checked."""
        codes = Line.from_array(arrays.take(_WHAT, found, "code_line", "<f8", 1))
        lists = Line.from_array(arrays.take(_WHAT, found, "list_line", "<f8", 1))
        costs = arrays.take(_WHAT, found, "costs", "<f8", 1)
        sane = len(costs) == 2 and bool((np.isfinite(costs) & (costs > 0)).all())
        arrays.require(_WHAT, sane, "the costs are damaged")
        ranks = arrays.take(_WHAT, found, "ranks", "<f8", 1)
        shares = len(ranks) == len(LEVELS) and bool(((ranks >= 0) & (ranks <= 1)).all())
        arrays.require(_WHAT, shares, "the shares of lists are damaged")
        depths = arrays.take(_WHAT, found, "depths", "<f8", 1)
        deep = len(depths) == len(SHARES) and bool(np.isfinite(depths).all())
        arrays.require(_WHAT, deep, "the depths are damaged")
        return Calibration(codes, lists, ranks, depths, float(costs[0]), float(costs[1]))


def uncalibrated() -> Calibration:
    """Return what is assumed before anything was measured."""
    line = Line(0.0, 1.0, np.zeros(len(LEVELS)))
    ranks, depths = np.ones(len(LEVELS)), np.zeros(len(SHARES))
    return Calibration(line, line, ranks, depths, 0.002, 0.15)


def measure(codebook: Codebook, rotated: Vectors, asked: Vectors, total: int) -> Calibration:
    """Compare codes and lists with truth, for rotated queries that are not among the rows.

    Of a sample only so many neighbours count that they are as near as the nearest of `total` rows.
    """
    if not len(asked) or len(rotated) < NEAR:
        return uncalibrated()
    near, best = _neighbours(codebook, rotated, asked, total)
    nibbles = codebook.nibbles(rotated)
    decoded = codebook.decode(nibbles)
    coded = np.take_along_axis(_closeness(codebook, decoded, asked), near, axis=1)
    mean, unit = np.array(codebook.units(asked)).T[:, :, None]
    line = Line.fit((best - mean) / unit, (coded - mean) / unit)
    lists, ranks = _fit_lists(codebook, rotated, asked, near, best)
    depths = _depths(codebook, rotated, asked, total)
    scan_us = _time_scan(codebook, nibbles, asked)
    return Calibration(line, lists, ranks, depths, scan_us, _time_gather(codebook, rotated))


def no_lift(centroids: Vectors, metric: Metric) -> NDArray[np.float32]:
    """Return what the metric itself adds to the product with a centroid."""
    squares: NDArray[np.float32] = np.square(centroids).sum(axis=1)
    return -squares if metric == "l2" else np.zeros_like(squares)


def standardising(coarse: Vectors) -> tuple[Vectors, Vectors]:
    """Return the mean and the spread of the closeness of each query to all lists, (q,) each."""
    mean = np.add.reduce(coarse, axis=1) / coarse.shape[1]
    squares = np.einsum("ij,ij->i", coarse, coarse) / coarse.shape[1]
    return mean, np.sqrt(np.maximum(squares - mean * mean, 1e-12))


def choose_lift(
    codebook: Codebook, rotated: Vectors, asked: Vectors, total: int
) -> NDArray[np.float32]:
    """By how much wide lists come sooner: so that the fewest rows are read for neighbours."""
    if codebook.lists == 1 or not len(asked):
        return codebook.lift
    own = codebook.assign(rotated)
    sizes = np.maximum(np.bincount(own, minlength=codebook.lists), 1)
    away = np.square(rotated - codebook.centroids[own]).sum(axis=1)
    wide = np.bincount(own, away, codebook.lists) / sizes
    if codebook.metric != "l2":
        wide /= np.sqrt(np.square(rotated).sum(axis=1).mean()) + 1e-30
    near, _ = _neighbours(codebook, rotated, asked, total)
    unlifted, best, chosen = codebook.coarse(asked), np.inf, codebook.lift
    for factor in _LIFTS if codebook.metric != "l2" else [2 * lift - 1 for lift in _LIFTS]:
        lift = (factor * wide).astype(np.float32)
        coarse = unlifted + lift
        limit = np.take_along_axis(coarse, own[near], axis=1).min(axis=1)
        read = float(((coarse >= limit[:, None]) * sizes).sum(axis=1).mean())
        if read < best:
            best, chosen = read, codebook.lift + lift
    return chosen


def _neighbours(
    codebook: Codebook, rotated: Vectors, asked: Vectors, total: int
) -> tuple[NDArray[np.int64], Vectors]:
    true = _closeness(codebook, rotated, asked)
    count = max(2, round(NEAR * len(rotated) / max(total, 1)))
    near = np.argpartition(-true, count - 1, axis=1)[:, :count]
    return near, np.take_along_axis(true, near, axis=1)


def _fit_lists(
    codebook: Codebook, rotated: Vectors, asked: Vectors, near: NDArray[np.int64], best: Vectors
) -> tuple[Line, NDArray[np.float64]]:
    if codebook.lists == 1:
        return uncalibrated().lists, uncalibrated().ranks
    coarse = codebook.coarse(asked)
    mean, spread = (part[:, None] for part in standardising(coarse))
    own = np.take_along_axis(coarse, codebook.assign(rotated)[near], axis=1)
    ordered = np.sort(coarse, axis=1)
    nearer = np.stack(
        [len(row) - row.searchsorted(limit) for row, limit in zip(ordered, own, strict=True)]
    )
    ranks = np.quantile(nearer / codebook.lists, LEVELS)
    return Line.fit((best - mean) / spread, (own - mean) / spread), ranks


def _depths(
    codebook: Codebook, rotated: Vectors, asked: Vectors, total: int
) -> NDArray[np.float64]:
    """Return the usual closeness of the tenth neighbour under a filter that goes by chance."""
    if codebook.lists == 1:
        return uncalibrated().depths
    true = _closeness(codebook, rotated, asked)
    mean, spread = standardising(codebook.coarse(asked))
    near = NEAR * len(rotated) / max(total, 1) / SHARES
    places = len(rotated) - np.clip(near, 1, len(rotated)).astype(np.int64)
    depths = np.partition(true, np.unique(places), axis=1)[:, places]
    usual: NDArray[np.float64] = np.median((depths - mean[:, None]) / spread[:, None], axis=0)
    return usual.astype(np.float64)


def _closeness(codebook: Codebook, rows: Vectors, queries: Vectors) -> Vectors:
    products: Vectors = queries @ rows.T
    if codebook.metric != "l2":
        return products
    products *= 2
    products -= np.square(queries).sum(axis=1)[:, None] + np.square(rows).sum(axis=1)
    return products


def _time_scan(codebook: Codebook, nibbles: Bytes, asked: Vectors) -> float:
    """Return the time for one more row, read as one list: that of all rows less that of a few."""
    few = min(_FEW, len(nibbles) // 2)
    taken = []
    for part in (nibbles, nibbles[:few]):
        lists = Lists(codebook, [(0, Codes.arrange(part, None, 1))])
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
