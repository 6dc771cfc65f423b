"""Parts of pictures in a collection: which pictures lack them, and how they are taken out again.

How many a picture has stands in all of its rows, so one without any is not looked at again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from omnisearch.ingest.drafts import is_part
from omnisearch.schema import EXTRACTOR, REGIONS, SEGMENT_PREFIX, SPAN, to_dicts
from omnisearch.storage import batch, changes, sides
from omnisearch.storage.rows import gather

if TYPE_CHECKING:
    from omnisearch.storage.generation import Generation, Part
    from omnisearch.storage.store import Store

_PAGE = "doc.page"
_MANY = 4096  # rows that are looked at together
Rows = npt.NDArray[np.int64]


def lacking(now: Generation) -> set[str]:
    """Name the pictures that were files of their own and whose parts nobody looked for."""
    found: set[str] = set()
    for part, rows, _ in _pictures(now):
        told = [_cells(part, name, rows) for name in (REGIONS, EXTRACTOR, _PAGE)]
        wanted = [
            one is None and cut is not None and page is None
            for one, cut, page in zip(*told, strict=True)
        ]
        codes = np.unique(part.items.item_of_row[rows[wanted]])
        found.update(part.items.names[code] for code in codes.tolist())
    return found


def standing(now: Generation, items: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Give what the rows of stored items say of the whole item, what the user said of it too."""
    first = [int(now.items.positions(item)[0]) for item in items]
    table = gather(now, np.array(first, np.int64)).table if first else None
    told = [] if table is None else to_dicts(batch.user_columns(table))
    return {
        item: {
            name: value
            for name, value in row.items()
            if not name.startswith(SEGMENT_PREFIX) and name != _PAGE
        }
        for item, row in zip(items, told, strict=True)
    }


def counting(count: int) -> changes.Revise:
    """Make what notes in each row of a picture how many parts it has."""

    def revise(row: Mapping[str, Any]) -> Mapping[str, Any]:
        return {} if row.get(REGIONS) == count else {REGIONS: count}

    return revise


def drop(store: Store) -> None:
    """Delete the parts of all pictures; the pictures stay."""
    now = store.reading()
    if REGIONS not in now.schema.columns:
        return
    names: list[str] = []
    items: set[str] = set()
    for part, rows, start in _pictures(now):
        counts = _cells(part, REGIONS, rows)
        rows = rows[[count is not None for count in counts]]
        codes = np.unique(part.items.item_of_row[rows])
        items.update(part.items.names[code] for code in codes.tolist())
        for at in range(0, len(rows), _MANY):
            some = gather(now, rows[at : at + _MANY] + start)
            told = to_dicts(batch.user_columns(some.table))
            names += [
                name for name, row in zip(some.ids, told, strict=True) if is_part(row.get(SPAN))
            ]
    if not items:
        return
    with store.transaction():
        store.write(changes.deleting(lambda _: names))
        store.write(changes.relocating({item: {REGIONS: None} for item in items}))


def _pictures(now: Generation) -> Iterator[tuple[Part, Rows, int]]:
    """Give, part by part, the rows that show pictures, and where the part begins."""
    kind, alive = sides.kind_of("image", "content"), now.alive
    for part, start in zip(now.parts, now.starts.tolist(), strict=False):
        there = part.sides.kinds == kind
        if alive is not None:
            there &= alive[start : start + part.rows]
        rows = np.flatnonzero(there)
        if len(rows):
            yield part, rows, start


def _cells(part: Part, name: str, rows: Rows) -> Sequence[Any]:
    column = part.columns.column(name)
    return [None] * len(rows) if column is None else column.values(rows)
