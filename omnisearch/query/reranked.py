"""The best hits in the order of a reranker; what is below them, and what it cannot judge, stays.

A list that goes on by a cursor is one list: what was found for its first page holds for the others,
and a list that began without its reranker, because time was up, goes on without.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt

from omnisearch.errors import QueryError
from omnisearch.media.image import RGB
from omnisearch.query import cursor
from omnisearch.query.asked import Asked
from omnisearch.query.grouping import Grouped
from omnisearch.query.hits import Hits
from omnisearch.query.judged import Judged
from omnisearch.query.options import Wish
from omnisearch.query.ordering import POOL
from omnisearch.query.rows import read_records
from omnisearch.records import Hit
from omnisearch.reranking.question import Candidate
from omnisearch.reranking.rerankers import Judgement
from omnisearch.storage.generation import Generation

Floats = npt.NDArray[np.float32]
Positions = npt.NDArray[np.int64]
_READ = 30_000  # characters of a text: more is no passage
_BEGAN_WITHOUT = "not reranked: time was up when this list began, and it goes on as it was"


@dataclass(frozen=True, eq=False)
class Reranked:
    """The order of one list: its best candidates, by the row of each, and what was judged.

    It lives as long as somebody holds hits of the list. A compaction moves rows, and is no other
    generation: then the list is judged anew.
    """

    now: Generation
    keys: Positions
    judgement: Judgement
    wish: Wish


@dataclass(frozen=True, slots=True)
class Rerank:
    """How the hits of one question are judged, and what was found for lists that are still held."""

    judge: Callable[[Hits], Judgement]
    held: WeakValueDictionary[str, Reranked] = field(default_factory=WeakValueDictionary)


def widened(wish: Wish) -> Wish:
    """Ask for as many hits as are judged."""
    if wish.rerank is None:
        return wish
    return replace(wish, k=max(wish.k, wish.rerank_depth - wish.offset))


def is_needed(wish: Wish) -> bool:
    """Tell whether any hit that is asked for may be moved by a reranker."""
    if wish.rerank is None or (wish.order is not None and wish.order.alone):
        return False  # where a column alone decides, nothing is left to be judged
    last = wish.diverse is None and wish.order is None
    return wish.offset < (wish.rerank_depth if last else max(wish.rerank_depth, POOL))


def candidates(hits: Hits, look: Callable[[Hit], RGB | None]) -> list[Candidate]:
    """Read what hits say in full: in a row of its own, or in that of how they look or sound."""
    now, positions = hits.rows
    others = now.sides.others
    behind = np.full(len(positions), -1) if others is None else others[positions].astype(np.int64)
    beside = iter(read_records(now, behind[behind >= 0]))
    found = []
    for (hit, record), other in zip(hits.whole(), behind.tolist(), strict=True):
        sides = [record, next(beside)] if other >= 0 else [record]
        said = [one for one in sides if one.words]
        words = [one.words for one in said if one.view == "words"] or [one.words for one in said]
        found.append(Candidate(hit, (words[0] or "")[:_READ] if words else "", look))
    return found


def judged_once(pool: Hits, judged: Judged, grouped: Grouped, how: Rerank, page: Wish) -> Reranked:
    """Judge the best hits, unless that was done for this list.

    `page` has the cursor, if any, that the list goes on by.
    """
    places, now = grouped.places[: page.rerank_depth], judged.segments.now
    keys = judged.segments.keys[places]
    if page.cursor is not None:
        kept = how.held.get(page.cursor)
        if kept is not None and kept.now is now and kept.wish.rerank == page.rerank:
            return kept
        if cursor.is_without(page.cursor):
            unchanged = Judgement.unchanged(len(keys), _BEGAN_WITHOUT, in_time=False)
            return Reranked(now, keys, unchanged, page)
    judgement = how.judge(pool) if len(places) else Judgement.unchanged(0)
    if page.cursor is not None and not judgement.in_time:
        raise QueryError(
            f"{judgement.remarks[-1]}: so nobody can tell what follows in this list. Give "
            "rerank_deadline more seconds, or ask without a cursor"
        )
    return Reranked(now, keys[judgement.order], judgement, page)


def placed(judged: Judged, grouped: Grouped, found: Reranked) -> tuple[Grouped, Floats]:
    """Put places in the order that was found; gives it with each candidate's score (n,)."""
    keys, where = judged.segments.keys, dict[int, int]()
    scores = np.full(len(keys), np.nan, np.float32)
    for index, place in enumerate(grouped.places[: len(grouped.odds)].tolist()):
        where[int(keys[place])] = index
    known = [key in where for key in found.keys.tolist()]
    first = np.array([where[key] for key in found.keys[known].tolist()], np.int64)
    scores[grouped.places[first]] = found.judgement.scores[found.judgement.order][known]
    left = np.ones(len(grouped.places), bool)
    left[first] = False
    whole = np.concatenate([first, np.flatnonzero(left)])
    odds = grouped.odds[whole[: len(grouped.odds)]]
    moved = replace(grouped, places=grouped.places[whole], folded=grouped.folded[whole], odds=odds)
    return moved, scores


def goes_on(
    now: Generation, asked: Asked, wish: Wish, moved: Reranked | None, rerank: Rerank | None
) -> str:
    """Write where the list goes on, and remember in which order it began."""
    without = cursor.is_without(wish.cursor) if moved is None else not moved.judgement.in_time
    found = cursor.make(now, asked, wish, without=without)
    if rerank is not None and moved is not None:
        rerank.held[found] = moved
    return found
