"""Whether an order by scores finds more first than the order of a collection does.

Each half of the concepts is measured with the weight that the other half chose, so that no figure
chose itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnisearch.evaluation.retrieval import paired_bootstrap
from omnisearch.training.measures import percent
from omnisearch.training.reranking.shelves import First, Flags, Floats, Queries

# of a score, which is about a cosine, beside log odds; a cosine of 0.05 is worth about one of these
WEIGHTS = (0.0, 1.0, 2.0, 4.0, 7.0, 10.0, 15.0, 20.0, 40.0, 100.0)
GAIN = 3.0  # points of R@1 that are worth a graph more


@dataclass(frozen=True)
class Lists:
    """The candidates that a collection finds first, and what a reranker says to them."""

    kinds: NDArray[np.str_]  # of what each query asks for (n,)
    concepts: Sequence[str]
    first: First
    scores: Floats  # (n, depth)

    @classmethod
    def of(cls, queries: Queries, first: First, scores: Floats) -> Lists:
        """Put together what was asked, found and said."""
        return cls(np.array(queries.names)[queries.kinds], queries.concepts, first, scores)

    def hits(self, weight: float) -> Flags:
        """Tell which queries have a right candidate first; an infinite weight asks scores alone."""
        if np.isinf(weight):
            told = np.where(np.isfinite(self.first.odds), self.scores, -np.inf)
        else:
            told = self.first.odds + weight * self.scores
        best = told.argmax(1)
        return np.asarray(self.first.right[np.arange(len(best)), best])


def tried(lists: Mapping[str, Lists]) -> dict[str, Any]:
    """Measure R@1 in each index; each half of the concepts by the weight that the other chose."""
    halves = {name: np.array([_half(x) for x in one.concepts]) for name, one in lists.items()}
    chosen = [
        max(WEIGHTS, key=lambda w: sum(_share(x.hits(w), halves[n] == h) for n, x in lists.items()))
        for h in range(2)
    ]
    found: dict[str, Any] = {"weights": chosen}
    for name, one in lists.items():
        after = np.where(halves[name] == 0, one.hits(chosen[1]), one.hits(chosen[0]))
        found[name] = compared(one, after)
    found["ships"] = all(found[n]["gain"] >= GAIN and found[n]["low"] > 0 for n in lists)
    return found


def compared(one: Lists, after: Flags) -> dict[str, Any]:
    """Give R@1 before and after, the gain with its paired 95 % interval, and that of each kind."""
    before = one.hits(0)
    gain = paired_bootstrap(after, before, seed=0)
    kinds = {
        str(kind): round(100 * (_share(after, own) - _share(before, own)), 2)
        for kind in np.unique(one.kinds)
        if (own := one.kinds == kind).any()
    }
    return {
        "queries": len(after),
        "r1_before": percent(float(before.mean())),
        "r1_after": percent(float(after.mean())),
        "r1_alone": percent(float(one.hits(np.inf).mean())),
        "in_list": percent(float(one.first.right.any(1).mean())),  # no order can find more
        "gain": percent(gain.value),
        "low": percent(gain.low),
        "high": percent(gain.high),
        "gain_by_kind": kinds,
        "gain_by_weight": {
            str(w): round(100 * float(one.hits(w).mean() - before.mean()), 2) for w in WEIGHTS
        },
    }


def _share(hits: Flags, own: Flags) -> float:
    return float(hits[own].mean()) if own.any() else 0.0


def _half(concept: str) -> int:
    return hashlib.blake2b(concept.encode(), digest_size=1).digest()[0] % 2
