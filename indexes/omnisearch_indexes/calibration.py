"""How far the codes err and what a row costs, measured when the codebook is trained.

Errors are measured on the true neighbours of held-out rows, because near rows err more than others.
They are kept in units of the query (`scale`), so that they hold for queries of any length.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from omnisearch_indexes import arrays
from omnisearch_indexes.exact import Scorer
from omnisearch_indexes.lists import Lists
from omnisearch_indexes.pieces import Piece, Rows
from omnisearch_indexes.protocol import Metric, Vectors

if TYPE_CHECKING:
    from omnisearch_indexes.codebook import Codebook

HELD_OUT = 256
NEAR = 10
LEVELS = np.array([0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 1.0])
_WHAT = "codebook"
_RUNS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """The error of codes by quantile, the error of list centroids, and costs."""

    errors: NDArray[np.float64]  # (levels,) of true neighbours, in units of `scale`
    residual: float  # root mean square of what the codes leave out of a row
    line: NDArray[
        np.float64
    ]  # centroid closeness = line[0] + line[1] * closeness, both standardised
    misses: NDArray[np.float64]  # (levels,) of how far true neighbours fall short of the line
    scan_us: float  # to read one code
    gather_us: float  # to fetch and score one row

    def margin(self, recall: float, scale: float) -> float:
        """How much closer than its code says a row may be, but for 1 - recall of them."""
        return float(np.interp(recall, LEVELS, self.errors)) * scale

    def scale(self, metric: Metric, query_norm: float, closeness: float) -> float:
        """The unit of errors for a query whose k-th neighbour is so close."""
        if metric == "l2":
            return float(np.sqrt(max(-closeness, 0.0))) + self.residual
        return query_norm

    def nearest_list(self, closeness: float, recall: float, mean: float, spread: float) -> float:
        """How close the list of a row this close is at least, but for 1 - recall of them."""
        miss = float(np.interp(recall, LEVELS, self.misses))
        expected = self.line[0] + self.line[1] * (closeness - mean) / spread
        return mean + spread * float(expected - miss)

    def to_arrays(self) -> dict[str, arrays.Array]:
        """What a codebook stores of this."""
        numbers = np.array([self.residual, self.scan_us, self.gather_us])
        return {"errors": self.errors, "line": self.line, "misses": self.misses, "costs": numbers}

    @staticmethod
    def from_arrays(found: Mapping[str, arrays.Array]) -> Calibration:
        """The inverse of `to_arrays`, checked."""
        names = {"errors": len(LEVELS), "line": 2, "misses": len(LEVELS), "costs": 3}
        read = {name: arrays.take(_WHAT, found, name, "<f8", 1) for name in names}
        fits = all(len(read[name]) == size for name, size in names.items())
        finite = all(bool(np.isfinite(array).all()) for array in read.values())
        arrays.require(_WHAT, fits and finite, "the calibration is damaged")
        residual, scan_us, gather_us = (max(float(cost), 1e-6) for cost in read["costs"])
        return Calibration(
            read["errors"], residual, read["line"], read["misses"], scan_us, gather_us
        )


def uncalibrated() -> Calibration:
    """What is assumed before anything was measured: nothing is certain."""
    none = np.zeros(len(LEVELS))
    return Calibration(none, 1e-6, np.array([0.0, 1.0]), none, 0.002, 0.15)


def measure(codebook: Codebook, vectors: Vectors, queries: Vectors) -> Calibration:
    """Compare codes with truth for queries that are not among the vectors."""
    if not len(queries) or len(vectors) < NEAR:
        return uncalibrated()
    dtype = np.dtype(np.float16 if codebook.metric == "cosine" else np.float32)
    stored = np.ascontiguousarray(vectors.astype(dtype))
    codes = codebook.encode(stored)
    decoded = codebook.decode(codes.by_row()[0])
    rotated, asked = codebook.rotate(vectors), codebook.rotate(queries)
    residual = float(np.sqrt(np.square(rotated - decoded).sum(axis=1).mean()))
    truth, guess = _closeness(codebook, rotated, asked), _closeness(codebook, decoded, asked)
    near = np.argpartition(-truth, NEAR - 1, axis=1)[:, :NEAR]
    true = np.take_along_axis(truth, near, axis=1)
    error = true - np.take_along_axis(guess, near, axis=1)
    if codebook.metric == "l2":
        error /= np.sqrt(np.maximum(-true, 0)) + residual
    else:
        error /= np.maximum(np.linalg.norm(queries, axis=1, keepdims=True), 1e-12)
    errors = np.quantile(error, LEVELS)
    line, misses = _lists_error(codebook, rotated, asked, near, true)
    lists = Lists(codebook, [(0, codes)])
    scan_us = _time_scan(lists, asked) / len(vectors)
    gather_us = _time_gather(Rows([Piece(stored)]), codebook.metric, queries)
    return Calibration(errors, residual, line, misses, scan_us, gather_us)


def standardised(coarse: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and spread of a query's closeness to all centroids, (q, 1) each."""
    mean = coarse.mean(axis=1, keepdims=True)
    return mean, np.maximum(coarse.std(axis=1, keepdims=True), 1e-12)


def _lists_error(
    codebook: Codebook,
    rotated: Vectors,
    asked: Vectors,
    near: NDArray[np.int64],
    true: NDArray[np.float32],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How well the centroid of a neighbour's list foretells the neighbour's closeness."""
    if codebook.lists == 1:
        return np.array([0.0, 1.0]), np.zeros(len(LEVELS))
    coarse = codebook.coarse(asked)
    mean, spread = standardised(coarse)
    own = np.take_along_axis(coarse, codebook.assign(rotated)[near], axis=1)
    x, y = ((true - mean) / spread).ravel(), ((own - mean) / spread).ravel()
    slope, level = np.polyfit(x, y, 1)
    return np.array([level, slope]), np.quantile(level + slope * x - y, LEVELS)


def _closeness(codebook: Codebook, rows: Vectors, queries: Vectors) -> Vectors:
    products = queries @ rows.T
    if codebook.metric != "l2":
        return products
    squares = np.square(queries).sum(axis=1)[:, None] + np.square(rows).sum(axis=1)
    return 2 * products - squares


def _time_scan(lists: Lists, asked: Vectors) -> float:
    taken = []
    for query in asked[:_RUNS, None]:
        begin = time.perf_counter()
        lists.search(query, NEAR, None, None)
        taken.append(time.perf_counter() - begin)
    return float(np.median(taken)) * 1e6


def _time_gather(rows: Rows, metric: Metric, queries: Vectors) -> float:
    scorer = Scorer(rows.dim, rows.dtype, metric)
    chosen = np.arange(0, len(rows), max(1, len(rows) // 500))
    taken = []
    for query in queries[:_RUNS]:
        begin = time.perf_counter()
        scorer.ask(query)
        scorer.top(rows.gather(chosen), NEAR)
        taken.append(time.perf_counter() - begin)
    return float(np.median(taken)) * 1e6 / len(chosen)
