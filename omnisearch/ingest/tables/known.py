"""What a collection knows of rows of tables: what each was made of, and which have gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from omnisearch.ingest.tables.repeats import Seen
from omnisearch.schema import DIGEST, MISSING, TABLE
from omnisearch.storage import batch, rows
from omnisearch.storage.ids import hash_ids

if TYPE_CHECKING:
    from omnisearch.storage.generation import Generation

UNREAD = "-"  # behind the digest of parts of which nobody read what is printed


@dataclass(frozen=True, slots=True)
class Known:
    """A stored row: digests of its parts and of what is said of it, and its table."""

    parts: str = ""
    said: str = ""
    unread: bool = False
    table: str | None = None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Gone:
    """Items of a table that were not met, and how many it has in all."""

    items: tuple[str, ...]  # that are shown until now
    hidden: tuple[str, ...]  # that are hidden since an earlier run
    of: int


def segment_name(item: str, number: int) -> str:
    """Name a segment of an item of several by its number, so that the first can be looked up."""
    return f"{item}#{xxhash.xxh3_64_hexdigest(b'row %d' % number)}"


def state_of(parts: str, said: str, *, unread: bool) -> str:
    """Write what a row was made of."""
    return f"{parts}{UNREAD if unread else ''}.{said}"


def known(now: Generation, items: Sequence[str]) -> list[Known | None]:
    """Look items up by their first row, whichever of the two names that has."""
    positions = now.find(items)
    for name_of in (_words_of, _first_of):
        others = np.flatnonzero(positions < 0).tolist()
        if others:
            positions[others] = now.find([name_of(items[at]) for at in others])
    found: list[Known | None] = [None] * len(items)
    stored = np.flatnonzero(positions >= 0)
    for places, part in rows.by_part(now, positions[stored]) if len(stored) else ():
        at = stored[places]
        cells = (one for table in rows.tables(now, positions[at], part) for one in _cells(table))
        for place, cell in zip(at.tolist(), cells, strict=True):
            found[place] = cell
    return found


def _words_of(item: str) -> str:
    return segment_name(item, 0) + batch.WORDS_MARK


def _first_of(item: str) -> str:
    return segment_name(item, 0)


def _cells(table: pa.RecordBatch) -> Iterator[Known]:
    names = DIGEST, TABLE, MISSING
    columns = [_column(table, name).to_pylist() for name in names]
    for state, place, missing in zip(*columns, strict=True):
        parts, _, said = (state or "").partition(".")
        unread = parts.endswith(UNREAD)
        yield Known(parts.removesuffix(UNREAD), said, unread, place, missing is not None)


def _column(table: pa.RecordBatch, name: str) -> pa.Array:
    at = table.schema.get_field_index(name)
    return pa.nulls(table.num_rows) if at < 0 else table.column(at)


def gone(now: Generation, place: str, met: Sequence[Seen]) -> Gone:
    """Find the items of a table that were not met in a run."""
    shown: dict[str, bool] = {}
    count, first = 0, 0
    for table in now.tables:
        begin, first = first, first + table.num_rows
        if table.schema.get_field_index(TABLE) < 0:
            continue
        mine = pc.fill_null(pc.equal(_column(table, TABLE), place), False)
        if now.alive is not None:
            mine = pc.and_(mine, pa.array(now.alive[begin:first]))
        named = pc.coalesce(table.column(batch.ITEM), table.column(batch.SEGMENT)).filter(mine)
        names: list[str] = named.to_pylist()
        count += len(set(names))
        hashes = hash_ids(names)
        there = np.any([seen.rows_of(hashes) > 0 for seen in met], axis=0)
        absent = np.flatnonzero(~there)
        hidden = _column(table, MISSING).is_valid().filter(mine).to_pylist()
        shown.update((names[at], not hidden[at]) for at in absent.tolist())
    return Gone(
        tuple(item for item, there in shown.items() if there),
        tuple(item for item, there in shown.items() if not there),
        count,
    )
