"""Everything about one segment, for whoever wants to look at an answer closely."""

from __future__ import annotations

from itertools import groupby

import numpy as np

from omnisearch.query.hits import Fit, hit_of
from omnisearch.query.rows import read_records
from omnisearch.query.snippets import Snippets
from omnisearch.records import Details, Hit, PageSpan, Record, RegionSpan, TextSpan, TimeSpan
from omnisearch.storage.batch import WORDS_MARK
from omnisearch.storage.generation import Generation
from omnisearch.storage.wholes import segments

AROUND = 3  # segments before and behind


def details(now: Generation, name: str, around: int = AROUND) -> Details | None:
    """Look a segment up by its id, a row's or an item's; an item shows its first segment."""
    positions = segments(now, now.named([name])[0])
    if not len(positions):
        return None
    own = read_records(now, positions)
    first = min(own, key=_place)
    every = _segments(now, first.item)
    at = next((n for n, rows in enumerate(every) if _segment(rows[0]) == _segment(first)), None)
    rows = [first] if at is None else every[at]
    before = [] if at is None else every[max(0, at - around) : at]
    after = [] if at is None else every[at + 1 : at + 1 + around]
    words = next((row.words for row in reversed(rows) if row.words), None)
    return Details(
        hit=_hit(now, rows[0], words),
        words=words,
        views=tuple(dict.fromkeys(row.view for row in rows)),
        segments=max(1, len(every)),
        before=tuple(one[-1] for one in before),
        after=tuple(one[-1] for one in after),
    )


def _segments(now: Generation, item: str) -> list[list[Record]]:
    """List the segments of an item in their order, each with its rows, that of content first."""
    positions = segments(now, np.sort(now.items.positions(item)))
    rows = sorted(read_records(now, positions), key=lambda row: (_place(row), row.id))
    return [list(some) for _, some in groupby(rows, _segment)]


def _segment(record: Record) -> str:
    return record.id.removesuffix(WORDS_MARK)


def _place(record: Record) -> tuple[float, ...]:
    """Give what segments of one item are ordered by."""
    match record.span:
        case TextSpan(start, end):
            return start, end
        case TimeSpan(start_s, end_s):
            return start_s, end_s
        case PageSpan(page, None):
            return (page,)
        case PageSpan(page, (x, y, w, h)):
            return page, y, x, w, h
        case RegionSpan((x, y, w, h)):
            return -w * h, y, x
    return ()


def _hit(now: Generation, record: Record, words: str | None) -> Hit:
    said = Snippets().cut(words) if words else None
    return hit_of(record, _segment(record), now.sealed.place.ledgers.newest, said, Fit({}))
