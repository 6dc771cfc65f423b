"""Rows by the value of a column: the best answers among good ones, or all that there are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from omnisearch.query.grouping import Grouped
from omnisearch.query.preferring import Order
from omnisearch.storage.generation import Generation
from omnisearch.storage.ranks import Numbers

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

POOL = 100  # of the best answers are looked at, whatever is asked for: so pages follow each other


def values(now: Generation, order: Order) -> Floats:
    """Give each row's place in an order, the larger the earlier; NaN where it has no value."""
    found = np.ones(now.rows)
    for column in order.columns:
        found *= _column(now, column)
    return found if order.largest else -found


def _column(now: Generation, name: str) -> Floats:
    some = [np.zeros(0)]
    for part in now.parts:
        ranks = part.columns.column(name)
        if ranks is None or not isinstance(ranks.keys, Numbers):
            some.append(np.full(part.rows, np.nan))
        else:
            some.append(np.append(ranks.keys.array.astype(np.float64), np.nan)[ranks.codes])
    return np.concatenate(some)


def firsts(now: Generation, order: Order, allowed: Mask | None, count: int) -> Positions:
    """Give the rows that come first of those that have a value, so many at most."""
    found = values(now, order)
    rows = np.flatnonzero(~np.isnan(found) if allowed is None else allowed & ~np.isnan(found))
    if len(rows) > count:
        rows = rows[np.argpartition(-found[rows], count)[:count]]
    return rows[np.argsort(-found[rows], kind="stable")]


def ordered(
    now: Generation, keys: Positions, odds: npt.NDArray[np.float32], grouped: Grouped, order: Order
) -> Grouped:
    """Put the good ones of the first places in their order; what has no value comes behind them."""
    places = grouped.places
    near = odds[places]
    good = len(places)
    if not order.alone:
        good = min(POOL, int(np.count_nonzero(near >= near[:1] - order.within)))
    found = values(now, order)[keys[places[:good]]]
    by = np.concatenate([np.argsort(-found, kind="stable"), np.arange(good, len(places))])
    sure = grouped.odds
    sure = np.concatenate([sure, np.full(len(places) - len(sure), -np.inf, sure.dtype)])[by]
    best = sure[: len(grouped.odds)]
    return replace(grouped, places=places[by], folded=grouped.folded[by], odds=best)
