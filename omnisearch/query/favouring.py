"""What is preferred: the best of what passes are candidates too, and all that passes is surer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from omnisearch.query import settling
from omnisearch.query.candidates import Found, Segments, best_of_vectors
from omnisearch.query.following import Led
from omnisearch.query.judged import Judged
from omnisearch.query.narrowing import Allowed, narrow
from omnisearch.query.options import QueryOptions, Wish
from omnisearch.query.preferring import Favour
from omnisearch.query.settling import Bounds, Sought

Positions = npt.NDArray[np.int64]


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
    among, vectors = allowed.within(mask), sought.asked.vectors
    found, _ = best_of_vectors(among, vectors, depth, sought.wish.recall)
    said = settling.saying(sought, depth, among.every())
    rows = [before[mask[before]], said.positions, *(one.positions for one in found)]
    keys = Segments.of(now, np.concatenate(rows)).keys
    led = Led(keys, np.full(len(keys), favour.surer, np.float32))
    return Favoured(led, found, said.least)


def bounds(sought: Sought, preferred: Sequence[Favoured], judged: Judged, plain: Bounds) -> Bounds:
    """Bound what is no candidate, preferred or not; `judged` are candidates before they gain."""
    gains = sum(one.surer for one in sought.wish.favours)
    each = [settling.bounds(sought, one.found, judged, one.least) for one in preferred]
    return Bounds(
        max([plain.order, *(one.order + gains for one in each)]),
        max([plain.odds, *(one.odds + gains for one in each)]),
    )
