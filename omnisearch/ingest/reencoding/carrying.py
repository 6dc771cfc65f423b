"""What is known of items beside their vectors: taken over, so that a change of encoder keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from omnisearch.ingest.reencoding.words import Stored, read
from omnisearch.schema import (
    EXTRACTOR,
    OURS,
    REGIONS,
    SAID,
    SEGMENT_PREFIX,
    Schema,
    tabulate,
    to_dicts,
)
from omnisearch.storage import batch
from omnisearch.storage.batch import WORDS_MARK, Batch, Change
from omnisearch.storage.rows import gather

if TYPE_CHECKING:
    from omnisearch.storage.generation import Generation, Positions
    from omnisearch.storage.store import Store

_ROWS = 2048  # that are compared, and written, together
_DIGEST = "segment.digest"  # told by the row of a table
_CUT = frozenset((EXTRACTOR, "file.truncated", "doc.page", REGIONS))  # told by how a file is cut


def carry(store: Store, source: Generation) -> int:
    """Give every row the columns that its item has in a generation; counts what was changed."""
    now, changed = store.reading(), 0
    positions = np.arange(now.rows) if now.alive is None else np.flatnonzero(now.alive)
    for begin in range(0, len(positions), _ROWS):
        change = _change(now, source, positions[begin : begin + _ROWS])
        if change is not None:
            changed += len(change.deleted)
            store.write(_as_is(change))
    return changed


def _as_is(change: Change) -> Any:  # noqa: ANN401
    return lambda _: change


def drop(store: Store, source: Generation) -> None:
    """Delete items that a generation does not have, unless their file took another's place."""
    items = store.reading().items
    gone = [
        row
        for item in items
        if item not in source.items
        for found in [items[item]]
        if not any(source.items.of_location(place) for place in found.locations)
        for row in found.rows
    ]
    if gone:
        store.write(_as_is(Change(tuple(gone), None)))


def _change(now: Generation, source: Generation, positions: Positions) -> Change | None:
    """Say which of some rows change, and how."""
    old = gather(now, positions)
    rows = read(now, positions)
    told, spoken = _told(source, rows), _spoken(now, rows)
    merged = [
        dict(row.columns) if one is None else _merged(row, one, row.id in spoken)
        for row, one in zip(rows, told, strict=True)
    ]
    touched = [at for at, row in enumerate(rows) if merged[at] != row.columns]
    if not touched:
        return None
    table = old.table.take(pa.array(touched))
    user, _ = tabulate([merged[at] for at in touched], len(touched), _schema(now, source))
    ours = table.columns[: len(batch.SYSTEM)]
    schema = pa.schema([*batch.SYSTEM, *user.schema])
    made = pa.RecordBatch.from_arrays([*ours, *user.columns], schema=schema)
    return Change(tuple(rows[at].id for at in touched), Batch(made, old.vectors[touched]))


def _schema(now: Generation, source: Generation) -> Schema:
    """Give the kinds that columns have in the collection that is encoded anew."""
    named = {name: kind for name, kind in source.schema.columns.items() if name not in OURS}
    return now.schema.with_columns(named).for_us()


def _told(source: Generation, rows: Sequence[Stored]) -> list[Mapping[str, Any] | None]:
    """Give what is stored of each row, or of its item where it has no such row."""
    names = [row.id for row in rows]
    for at, found in enumerate(source.find(names).tolist()):
        if found < 0:
            item = source.items.get(rows[at].owner)
            names[at] = "" if item is None else item.rows[0]
    wanted = [name for name in dict.fromkeys(names) if name]
    if not wanted:
        return [None] * len(rows)
    columns = to_dicts(batch.user_columns(gather(source, source.find(wanted)).table))
    known = dict(zip(wanted, columns, strict=True))
    return [
        known.get(name) if row.id == name else _of_another(known.get(name))
        for name, row in zip(names, rows, strict=True)
    ]


def _of_another(columns: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Leave out what another row of the item says."""
    if columns is None:
        return None
    return {name: value for name, value in columns.items() if name != SAID}


def _spoken(now: Generation, rows: Sequence[Stored]) -> frozenset[str]:
    """Name rows that say what their segment was encoded with, or whose other side does."""
    content = [row.id for row in rows if row.view == "content"]
    found = now.find([name + WORDS_MARK for name in content]).tolist()
    there = (name for name, at in zip(content, found, strict=True) if at >= 0)
    return frozenset([*there, *(row.id for row in rows if row.view == "words")])


def _merged(row: Stored, told: Mapping[str, Any], spoken: bool) -> dict[str, Any]:
    """Join what encoding told of a row, and what is stored of it."""
    kept = {
        name: value
        for name, value in row.columns.items()
        if _is_cut(name) or (name in OURS and not name.startswith("file."))
    }
    stored = {name: value for name, value in told.items() if not _is_cut(name)}
    if SAID in told and not (spoken and SAID in kept):
        stored[SAID] = told[SAID]
    return {**kept, **stored}


def _is_cut(name: str) -> bool:
    return (name.startswith(SEGMENT_PREFIX) and name != _DIGEST) or name in _CUT
