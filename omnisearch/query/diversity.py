"""Hits that differ: of what is as good, what is unlike the hits above comes first.

Maximal marginal relevance (Carbonell and Goldstein 1998) over the best candidates. How good and how
alike they are is told within these, so that it means the same for cosines, odds and ranks.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from omnisearch.query.grouping import Grouped
from omnisearch.query.judged import Judged
from omnisearch.query.options import Wish
from omnisearch.query.ordering import POOL
from omnisearch.storage import rows
from omnisearch.storage.generation import Generation

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]


def widened(wish: Wish) -> Wish:
    """Ask for as many hits as are put in order."""
    as_it_is = wish.diverse is None and wish.order is None
    return wish if as_it_is else replace(wish, k=max(wish.k, POOL - wish.offset))


def spread(now: Generation, judged: Judged, grouped: Grouped, weight: float) -> Grouped:
    """Put the best places in the order in which each differs from those above."""
    pool = grouped.places[:POOL]
    if len(pool) < 2:
        return grouped
    worth = -np.sort(-judged.order[pool])  # by place: who has one, a reranker may have changed
    order = _chosen(_scaled(worth), _alike(now, judged.positions[pool]), weight)
    behind = np.arange(len(pool), len(grouped.places))
    whole = np.concatenate([order, behind])
    odds = np.concatenate([grouped.odds[: len(pool)][order], grouped.odds[len(pool) :]])
    return replace(grouped, places=grouped.places[whole], folded=grouped.folded[whole], odds=odds)


def _chosen(worth: Floats, alike: Floats, weight: float) -> Positions:
    """Take one after another what is worth the most beside those taken."""
    left, nearest = np.ones(len(worth), bool), np.zeros(len(worth))
    order = np.empty(len(worth), np.int64)
    for place in range(len(worth)):
        gains = np.where(left, (1 - weight) * worth - weight * nearest, -np.inf)
        best = order[place] = int(np.argmax(gains))
        left[best] = False
        nearest = np.maximum(nearest, alike[best])
    return order


def _scaled(order: npt.NDArray[np.float32]) -> Floats:
    values = order.astype(np.float64)
    low, high = values.min(), values.max()
    return np.asarray((values - low) / (high - low) if high > low else np.ones(len(values)))


def _alike(now: Generation, positions: Positions) -> Floats:
    """Give how alike hits are (n, n): 1 for the same, 0 for what half of all pairs reach."""
    vectors = rows.vectors(now, positions).astype(np.float64)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    cosines = vectors @ vectors.T
    usual = float(np.median(cosines[np.triu_indices(len(cosines), 1)]))
    return np.clip((cosines - usual) / max(1 - usual, 1e-9), 0, 1)
