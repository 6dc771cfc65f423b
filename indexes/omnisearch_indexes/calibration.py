"""How far codes and lists fall short of the truth, and what a row costs.

A row's closeness by code, or that of its list, is foretold from its true closeness by a line.
Lines are fitted to true neighbours of held-out rows and to rows from anywhere, in units of the
query and around its mean over all rows: so they also hold for queries from elsewhere (measured: the
same slope and error).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from omnisearch_indexes import arrays
from omnisearch_indexes.protocol import Vectors

NEAR = 10
SHARES = np.array([0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0])
GRADES = (0.05, 0.3)  # of the queries have farther neighbours: all but few, and the nearer ones
LEVELS = np.array([0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 1.0])
Numbers = NDArray[np.floating]
Pair = tuple[Numbers, Numbers]
_LOGARITHMS = np.log(SHARES)
_WHAT = "codebook"
_NORMAL = np.array([0.0] + [NormalDist().inv_cdf(level) for level in LEVELS[1:-1]] + [3.5])
_USUAL = 0.8  # of that error: near rows err in like directions


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """Foretold = level + slope * true, and how far below that the foretold may be."""

    level: float
    slope: float
    misses: NDArray[np.float64]  # (levels,)

    @staticmethod
    def fit(true: Numbers, foretold: Numbers, noise: float, far: Pair | None = None) -> Line:
        """Return the least-squares line and the quantiles of what falls below it.

        Rows from `far` bend the line but count for no quantile. Held-out rows may have equals where
        foreign queries have none: a trial that shows no spread gives slope 1 and the errors of a
        query from any direction.
        """
        near = true.ravel().astype(np.float64), foretold.ravel().astype(np.float64)
        flat, other = near
        if far is not None:
            flat = np.concatenate([flat, far[0].ravel()])
            other = np.concatenate([other, far[1].ravel()])
        centred = flat - flat.mean()
        weight = len(flat) * noise**2 + 1e-30
        slope = float((centred @ other + weight) / (centred @ centred + weight))
        level = float(other.mean() - slope * flat.mean())
        misses = cautious(level + slope * near[0] - near[1], len(true))
        return Line(level, slope, np.maximum(misses, _USUAL * noise * _NORMAL))

    def miss(self, certainty: float) -> float:
        """Return how far below the line rows are at most, but for 1 - certainty of them."""
        return float(np.interp(certainty, LEVELS, self.misses))

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
    ranks: NDArray[np.float64]  # (GRADES, SHARES, levels) lists up to a neighbour's
    depths: NDArray[np.float64]  # (GRADES, SHARES) standardised closeness of the tenth row at least
    scan_us: float  # to read one code
    gather_us: float  # to fetch and score one row

    def share(self, certainty: float, allowed: float, grade: int = 0) -> float:
        """Return the share of lists that surely holds neighbours when chance allows a share."""
        ranks, level = self.ranks[grade], min(int(LEVELS.searchsorted(certainty)), len(LEVELS) - 1)
        below, above = LEVELS[max(level - 1, 0)], LEVELS[level]
        part = (certainty - below) / (above - below) if level else 0.0
        return _between(allowed, ranks[:, max(level - 1, 0)] * (1 - part) + ranks[:, level] * part)

    def depth(self, allowed: float, grade: int = 0) -> float:
        """Return how near the tenth neighbour is for queries of a grade when chance allows a share.

        One that is farther than in grade 0 is not like the rows of the trial, or its filter is no
        chance.
        """
        return _between(allowed, self.depths[grade]) if allowed >= SHARES[0] else np.inf

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
        ranks = arrays.take(_WHAT, found, "ranks", "<f8", 3)
        shaped = ranks.shape == (len(GRADES), len(SHARES), len(LEVELS))
        shares = shaped and bool(((ranks >= 0) & (ranks <= 1)).all())
        arrays.require(_WHAT, shares, "the shares of lists are damaged")
        depths = arrays.take(_WHAT, found, "depths", "<f8", 2)
        shaped = depths.shape == (len(GRADES), len(SHARES))
        deep = shaped and bool(np.isfinite(depths).all())
        arrays.require(_WHAT, deep, "the depths are damaged")
        return Calibration(codes, lists, ranks, depths, float(costs[0]), float(costs[1]))


def part(allowed: int, rows: int, k: int) -> float:
    """Return the share of the rows that lets ten neighbours lie as deep as the k allowed ones."""
    return allowed / rows * NEAR / k


def uncalibrated() -> Calibration:
    """Return what is assumed before anything was measured."""
    line = Line(0.0, 1.0, np.zeros(len(LEVELS)))
    shape = len(GRADES), len(SHARES)
    ranks, depths = np.ones((*shape, len(LEVELS))), np.zeros(shape)
    return Calibration(line, line, ranks, depths, 0.002, 0.15)


def _between(allowed: float, values: NDArray[np.float64]) -> float:
    """Interpolate between the shares of the rows that were tried."""
    return float(np.interp(log(max(allowed, 1e-9)), _LOGARITHMS, values))


def cautious(values: NDArray[np.floating], trials: int) -> NDArray[np.float64]:
    """Return quantiles at LEVELS, half a standard error of so many trials above."""
    error = np.sqrt(LEVELS * (1 - LEVELS) / max(trials, 1))
    found: NDArray[np.float64] = np.quantile(values, np.minimum(1.0, LEVELS + 0.5 * error))
    return found


def standardising(coarse: Vectors) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean and the spread of the closeness of each query to all lists, (q,) each."""
    mean = np.add.reduce(coarse, axis=1, dtype=np.float64) / coarse.shape[1]
    squares = np.einsum("ij,ij->i", coarse, coarse, dtype=np.float64) / coarse.shape[1]
    return mean, np.sqrt(np.maximum(squares - mean * mean, 1e-12))
