"""When candidates suffice: what is none of them could not be among the hits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from omnisearch.query import windows
from omnisearch.query.asked import Asked
from omnisearch.query.candidates import Found, by_vector
from omnisearch.query.judged import Judged
from omnisearch.query.judging import Judge
from omnisearch.query.options import Wish
from omnisearch.storage.words.scoring import Totals

Positions = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_SAYING = 60  # candidates that say the question's words, at least
_LAST = 5  # of the candidates of a kind, which tell what those behind them are like


@dataclass(frozen=True, slots=True)
class Bounds:
    """What nothing is above that is no candidate: in the list, and in how sure it is."""

    order: float
    odds: float


class Saying(NamedTuple):
    """Rows that say the question's words, whether there may be others, and what they score."""

    positions: Positions
    others: bool
    least: float  # BM25 that none of the others is above; 0 where they do not count


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for, by whom it is judged, and what says its words."""

    asked: Asked
    wish: Wish
    judge: Judge
    said: Totals | None


def bounds(sought: Sought, found: Sequence[Found], judged: Judged, least: float) -> Bounds:
    """Bound what is no candidate: surely, or as the last ones of each kind are.

    Both views of a segment may be just below what was looked at, and their sum far above: that is
    ruled out only where every right answer is asked for. `least` is the BM25 score of the last
    candidate that was found by words. Ranks are those among candidates, of which there are enough.
    """
    asked, wish, judge = sought.asked, sought.wish, sought.judge
    by_ranks = wish.fuse == "rrf" or (len(asked.vectors) > 1 and not asked.windows)
    each = by_vector(found, max(1, len(asked.vectors)))  # words alone find as one does
    if wish.recall == 1.0 or not found:
        odds = [judge.bound(one, sought.said, least) for one in each]
        mean = sum(odds) / len(odds) if windows.by_items(asked, wish) else max(odds)
        return Bounds(-math.inf, max(odds)) if by_ranks else Bounds(mean, mean)
    if by_ranks:
        return Bounds(-math.inf, max(map(judge.cut, _cut(found)), default=-math.inf))
    last = _lasts(_cut(found), judged)
    if len(each) == 1 and judged.parts.any():  # which are lowered: behind them may be a whole one
        parts = [one for one in _cut(found) if judged.shows_parts(one.positions[-_LAST:])]
        last = max([last, *map(judge.cut, parts)])
    return Bounds(last, last)


def saying(sought: Sought, depth: int, among: Mask | None = None) -> Saying:
    """Give the rows, perhaps among some, that say the question's words best.

    Beside vectors one that only words would find counts only where every right answer is asked for.
    """
    if sought.said is None:
        return Saying(np.zeros(0, np.int64), False, 0.0)
    most = max(_SAYING, depth)
    best = sought.said.best(most, among)
    others = len(best.positions) == most
    counts = not len(sought.asked.vectors) or sought.wish.recall == 1.0
    return Saying(best.positions, others, float(best.scores[-1]) if others and counts else 0.0)


def _cut(found: Sequence[Found]) -> list[Found]:
    return [one for one in found if not one.whole]


def _lasts(found: Sequence[Found], judged: Judged) -> float:
    """Give where the last ones of each kind are in the list, in the middle of them."""
    lasts = [one.positions[-_LAST:] for one in found]
    if not lasts:
        return -math.inf
    orders, ends = judged.of_rows(np.concatenate(lasts)), np.cumsum([len(one) for one in lasts])
    each = (orders[end - len(one) : end] for one, end in zip(lasts, ends.tolist(), strict=True))
    return max(sorted(one)[len(one) // 2] for one in each)
