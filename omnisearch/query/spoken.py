"""What is said in a sound or film around a segment: its own words, with those before and behind.

The rows of an item follow each other as they were made, so its neighbours are looked for there. A
neighbour that lies elsewhere is left out: the words of the segment itself are always there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from omnisearch.records import Record, TimeSpan
from omnisearch.storage import batch
from omnisearch.storage.generation import Generation

_FAR = 3  # rows: the other row of this segment, and two of the next
_GAP_S = 2.0  # of silence between two windows that belong together


class Said(NamedTuple):
    """A transcript in three parts."""

    before: str
    here: str
    behind: str


def around(now: Generation, position: int, record: Record) -> Said | None:
    """Give what is said around a row of a sound or film; None where nobody speaks in it."""
    if not isinstance(record.span, TimeSpan) or record.modality not in ("audio", "video"):
        return None
    if not record.words or not _speaks(now, position, record):
        return None
    before = _found(now, record, range(position - 1, max(-1, position - 1 - _FAR), -1), -1)
    behind = _found(now, record, range(position + 1, min(now.rows, position + 1 + _FAR)), 1)
    return Said(before, record.words, behind)


def _speaks(now: Generation, position: int, record: Record) -> bool:
    """Tell whether the words are a transcript: else they are those of the name of the file."""
    if record.view == "words":
        return True
    if position + 1 >= now.rows:
        return False
    cells, row = now.locate(position + 1)
    return bool(cells.system(batch.SEGMENT, row) == record.id + batch.WORDS_MARK)


def _found(now: Generation, record: Record, rows: Iterable[int], step: int) -> str:
    """Find the words of the segment just before this one, or just behind."""
    assert isinstance(record.span, TimeSpan)
    words = batch.VIEWS.index("words")
    for position in rows:
        cells, row = now.locate(position)
        _, item, view, _ = cells.head(row)
        if item != record.item:
            return ""
        if view != words or not now.is_alive(position):
            continue
        match cells.segment(row):
            case {"start_s": float() | int() as start_s, "end_s": float() | int() as end_s}, str(
                said
            ):
                gap_s = start_s - record.span.end_s if step > 0 else record.span.start_s - end_s
                if -_GAP_S / 4 <= gap_s <= _GAP_S:
                    return said
    return ""
