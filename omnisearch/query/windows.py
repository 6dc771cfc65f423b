"""What is long asks with several windows: an item is as sure as they find it on average.

So all segments of an item have to be looked at, whichever of them a window found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from omnisearch.query.asked import Asked
from omnisearch.query.judged import Judged, best_of
from omnisearch.query.names import items
from omnisearch.query.narrowing import Allowed
from omnisearch.query.options import Wish

Floats = npt.NDArray[np.float32]
Positions = npt.NDArray[np.int64]


def by_items(asked: Asked, wish: Wish) -> bool:
    """Tell whether windows judge items, and not each segment or a list of each."""
    return asked.windows and wish.group_by == "item" and wish.fuse != "rrf"


def beside(allowed: Allowed, positions: Positions) -> Positions:
    """List the rows of the items that some rows are of."""
    found = [np.zeros(0, np.int64)]
    if len(positions):
        names = set(items(allowed.now, np.unique(positions)))
        found += [allowed.now.items.positions(name) for name in names]
    rows, every = np.concatenate(found), allowed.every()
    return rows if every is None else rows[every[rows]]


def judged(each: Sequence[Judged], owners: Sequence[str] | None) -> Judged:
    """Judge an item by the mean of what each window finds in it at best, a segment by its best."""
    best = best_of(each)
    odds = best.odds
    if owners is not None and len(owners):
        _, of = np.unique(np.array(owners), return_inverse=True)
        tops = np.full((len(each), of.max() + 1), -np.inf, np.float32)
        for top, one in zip(tops, each, strict=True):
            np.maximum.at(top, of, one.odds)
        behind = tops.max(axis=0)[of] - odds  # the best moment of an item stands for it
        odds = np.asarray(tops.mean(axis=0)[of] - behind, np.float32)
    return replace(best, odds=odds, order=odds)
