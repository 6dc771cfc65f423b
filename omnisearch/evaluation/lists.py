"""What answers of one list over all modalities have in common: shares, and rows that answer all.

A hub is a row among the first k of many unlike questions. Its sign is a long right tail of
k-occurrences: the skewness of how often each row is among the first k (Radovanović et al. 2010).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Rows = NDArray[np.integer]


def first(scores: Floats, k: int) -> NDArray[np.int64]:
    """Rows of the k highest scores of each query, the highest first; (queries, k)."""
    if not 1 <= k <= scores.shape[1]:
        raise ValueError(f"k is {k}: 1 to {scores.shape[1]}, the number of candidates")
    best = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    order = np.argsort(-np.take_along_axis(scores, best, 1), axis=1, kind="stable")
    return np.take_along_axis(best, order, 1)


def shares(kinds: NDArray[np.str_], names: Sequence[str]) -> dict[str, float]:
    """Share of each kind among all answers (queries, k)."""
    return {name: float((kinds == name).mean()) for name in names}


def even(right: Sequence[Sequence[str]], names: Sequence[str]) -> dict[str, float]:
    """Share that each kind should have: every query's is even over its own right kinds."""
    total = dict.fromkeys(names, 0.0)
    for kinds in right:
        for kind in kinds:
            total[kind] += 1 / len(kinds)
    return {name: share / len(right) for name, share in total.items()}


def occurrences(found: Rows, candidates: int) -> NDArray[np.int64]:
    """How often each candidate is among the answers (queries, k)."""
    return np.bincount(found.ravel(), minlength=candidates)


def skewness(counts: NDArray[np.integer]) -> float:
    """Third standardised moment; 0 where all are equal or symmetrical, large where hubs are."""
    away = counts - counts.mean()
    spread = float(counts.std())
    return float((away**3).mean() / spread**3) if spread > 0 else 0.0
