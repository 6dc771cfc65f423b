"""Ranks of the right answers, what is made of them, and how sure one can be of it.

A wrong candidate with the same score counts as nearer, so a collapsed encoder gains nothing, and
scores that are not finite are refused: none is nearer than another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import lgamma

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Values = NDArray[np.floating | np.integer | np.bool_]
Vectors = Floats  # (n, d)
Ranks = NDArray[np.int64]  # (n,), from 1
Relevant = NDArray[np.bool_]  # (queries, candidates)

_BLOCK = 1 << 22  # scores held at once


class NonFiniteError(ValueError):
    """Scores that are infinite or no numbers."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


def ranks(
    query: Vectors, candidate: Vectors, relevant: Relevant, excluded: Relevant | None = None
) -> Ranks:
    """Rank of the best right candidate of each query; a query without one is a ValueError.

    What is excluded counts neither as right nor as wrong: the query's own picture, say.
    """
    counted = np.ones_like(relevant) if excluded is None else ~excluded
    relevant = relevant & counted
    _check(query, candidate, relevant)
    found = np.empty(len(query), dtype=np.int64)
    for first, last in _blocks(len(query), len(candidate)):
        scores, right = _scores(query[first:last], candidate), relevant[first:last]
        best = np.where(right, scores, -np.inf).max(axis=1, keepdims=True)
        nearer = (scores >= best) & ~right & counted[first:last]
        found[first:last] = 1 + nearer.sum(axis=1)
    return found


def recall_at(ranks: Ranks, k: int) -> float:
    """Share of queries with a right candidate among the first k."""
    return float((ranks <= k).mean())


def mrr(ranks: Ranks) -> float:
    """Mean of 1 / rank."""
    return float((1.0 / ranks).mean())


def average_precision(query: Vectors, candidate: Vectors, relevant: Relevant) -> Floats:
    """Average precision of each query over the whole list of candidates."""
    _check(query, candidate, relevant)
    found = np.empty(len(query))
    for row in range(len(query)):
        scores, right = _scores(candidate, query[row]), relevant[row]
        order = np.lexsort((right, -scores))  # among equals the wrong come first
        places = np.flatnonzero(right[order]) + 1
        found[row] = (np.arange(1, len(places) + 1) / places).mean()
    return found


def mean_ap(query: Vectors, candidate: Vectors, relevant: Relevant) -> float:
    """Mean average precision."""
    return float(average_precision(query, candidate, relevant).mean())


def chance_ap(relevant: Relevant) -> float:
    """Return the mean average precision of a random order: 1 / m · (H + (r - 1)(m - H) / (m - 1)).

    H is the m-th harmonic number, of m candidates r are right.
    """
    total = relevant.shape[1]
    harmonic = float((1 / np.arange(1, total + 1)).sum())
    rights = relevant.sum(axis=1)
    more = (rights - 1) * (total - harmonic) / max(1, total - 1)
    return float(((harmonic + more) / total).mean())


def pairwise_accuracy(right: Floats, wrong: Floats) -> float:
    """Share of pairs in which the right one scores higher; a tie is half a success."""
    won = (finite(right) > finite(wrong)) + 0.5 * (right == wrong)
    return float(won.mean())


def finite(scores: Floats) -> Floats:
    """Give scores back, or raise NonFiniteError."""
    if not np.isfinite(scores).all():
        bad = np.argwhere(~np.isfinite(scores))
        place = ", ".join(str(number) for number in bad[0])
        fault = f"{len(bad):,} of {scores.size:,} scores are not finite"
        raise NonFiniteError(f"{fault}, the first at {place}: its vectors are no numbers")
    return scores


def chance_recall(relevant: Relevant, k: int) -> float:
    """R@k of a random order: 1 - C(m - r, k) / C(m, k), averaged over queries."""
    total = relevant.shape[1]
    rights, counts = np.unique(relevant.sum(axis=1), return_counts=True)
    hits = [1.0 - _none_of(total, int(right), min(k, total)) for right in rights]
    return float(np.average(hits, weights=counts))


def chance_mrr(relevant: Relevant) -> float:
    """MRR of a random order, averaged over queries."""
    total = relevant.shape[1]
    rights, counts = np.unique(relevant.sum(axis=1), return_counts=True)
    places = np.arange(total)
    found = []
    for right in rights:  # P(none among the first k), k from 1
        none = np.cumprod(np.clip(total - right - places, 0, None) / (total - places))
        first = -np.diff(none, prepend=1.0)
        found.append(float((first / (places + 1)).sum()))
    return float(np.average(found, weights=counts))


def standard_error(values: Values) -> float:
    """Return the standard error of a mean over queries."""
    values = values.astype(np.float64)
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")


def paired_bootstrap(a: Values, b: Values, seed: int, resamples: int = 10_000) -> Interval:
    """Return mean(a) - mean(b) over the same queries."""
    both = np.stack([a, b], axis=1)
    return bootstrap(both, lambda means: means[..., 0] - means[..., 1], seed, resamples)


def bootstrap(
    values: Values, statistic: Callable[[Floats], Floats], seed: int, resamples: int = 10_000
) -> Interval:
    """Interval of a statistic of column means; rows (queries) are drawn with replacement.

    Draws for which the statistic is no number are left out.
    """
    if values.ndim != 2 or not len(values):
        raise ValueError(f"values have the shape {values.shape}: (queries, columns) is wanted")
    drawn, columns = np.random.default_rng(seed), values.astype(np.float64)
    means = np.empty((resamples, values.shape[1]))
    for row in range(resamples):
        means[row] = columns[drawn.integers(len(columns), size=len(columns))].mean(axis=0)
    low, high = np.nanpercentile(statistic(means), [2.5, 97.5])
    return Interval(float(statistic(columns.mean(axis=0))), float(low), float(high))


def _scores(a: Vectors, b: Floats) -> Floats:
    with np.errstate(invalid="ignore", over="ignore"):  # told below, as an error
        return finite(a @ b.T)


def _none_of(total: int, right: int, k: int) -> float:
    """Return C(total - right, k) / C(total, k)."""
    if total - right < k:
        return 0.0
    logs = lgamma(total - right + 1) - lgamma(total - right - k + 1)
    return float(np.exp(logs - lgamma(total + 1) + lgamma(total - k + 1)))


def _blocks(queries: int, candidates: int) -> list[tuple[int, int]]:
    step = max(1, _BLOCK // max(1, candidates))
    return [(first, min(first + step, queries)) for first in range(0, queries, step)]


def _check(query: Vectors, candidate: Vectors, relevant: Relevant) -> None:
    if relevant.shape != (len(query), len(candidate)):
        wanted = (len(query), len(candidate))
        raise ValueError(f"relevant has the shape {relevant.shape}, {wanted} is wanted")
    if not relevant.any(axis=1).all():
        lost = int(np.flatnonzero(~relevant.any(axis=1))[0])
        raise ValueError(f"query {lost} has no right candidate: leave it out")
