"""What is preferred: the best of what passes are candidates too, and all that passes is surer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from omnisearch.query import settling
from omnisearch.query.candidates import Found, Segments, best_of_kinds
from omnisearch.query.following import Led
from omnisearch.query.judged import Judged
from omnisearch.query.narrowing import Allowed, narrow
from omnisearch.query.options import QueryOptions, Wish
from omnisearch.query.preferring import Favour
from omnisearch.query.settling import Bounds, Sought

Positions = npt.NDArray[np.int64]

_SAYING = 60  # rows that say the question's words, at least


@dataclass(frozen=True, slots=True)
class Favoured:
    """The segments that gain, and what tells of those behind them that would gain too."""

    led: Led
    found: Sequence[Found] = ()
    least: float = 0.0  # BM25 of the last one that was found by words; 0 where there are no others


def favoured(
    favour: Favour, sought: Sought, allowed: Allowed, before: Positions, depth: int
) -> Favoured:
    """Find the best of what passes; those of the candidates `before` that pass gain as well."""
    now = allowed.now
    mask = narrow(now, Wish.of(cast(QueryOptions, favour.options))).every()
    if mask is None:
        return Favoured(Led.none())
    among, found = allowed.within(mask), list[Found]()
    for vector in sought.asked.vectors:
        found += best_of_kinds(among, vector, depth, sought.wish.recall)
    found = [one for one in found if one.kind not in among.means]
    saying, least = _saying(sought, among, depth)
    rows = [before[mask[before]], saying, *(one.positions for one in found)]
    keys = Segments.of(now, np.concatenate(rows)).keys
    return Favoured(Led(keys, np.full(len(keys), favour.surer, np.float32)), found, least)


def _saying(sought: Sought, among: Allowed, depth: int) -> tuple[Positions, float]:
    """Give the rows that say the question's words best, and what the next ones score at most."""
    if sought.said is None:
        return np.zeros(0, np.int64), 0.0
    mask, scores, most = among.every(), sought.said.scores, max(_SAYING, depth)
    rows = np.flatnonzero(scores > 0 if mask is None else mask & (scores > 0))
    best = rows[np.argsort(-scores[rows], kind="stable")[:most]]
    others = len(best) < len(rows) and settling.counts_words(sought)
    return best, float(scores[best[-1]]) if others else 0.0


def bounds(sought: Sought, preferred: Sequence[Favoured], judged: Judged, plain: Bounds) -> Bounds:
    """Bound what is no candidate, preferred or not; `judged` are candidates before they gain."""
    gains = sum(one.surer for one in sought.wish.favours)
    each = [settling.bounds(sought, one.found, judged, one.least) for one in preferred]
    return Bounds(
        max([plain.order, *(one.order + gains for one in each)]),
        max([plain.odds, *(one.odds + gains for one in each)]),
    )
