"""Rows that are asked for by id or by filter rather than by nearness."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from omnisearch.errors import QueryError
from omnisearch.records import Modality, Record, View
from omnisearch.schema import to_dicts
from omnisearch.storage import batch, rows
from omnisearch.storage.generation import Generation

Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int64]


def read_records(now: Generation, positions: Positions, *, vectors: bool = False) -> list[Record]:
    """Read rows in the order asked for."""
    found: list[Record | None] = [None] * len(positions)
    for places, part in rows.by_part(now, positions):
        tables = rows.tables(now, positions[places], part)
        mine = [record for table in tables for record in _records(table, now)]
        if vectors:
            mine = _with_vectors(now, positions[places], tables, mine)
        for place, record in zip(places.tolist(), mine, strict=True):
            found[place] = record
    return cast(list[Record], found)


def _records(table: pa.RecordBatch, now: Generation) -> list[Record]:
    ours = [column.to_pylist() for column in table.columns[: batch.NORM]]
    metadata = to_dicts(batch.as_typed(table, now.schema))
    return [
        Record(
            id=name,
            item=item or name,
            modality=cast(Modality | None, batch.MODALITIES[modality]),
            view=cast(View, batch.VIEWS[view]),
            metadata=found,
        )
        for name, item, view, modality, found in zip(*ours, metadata, strict=True)
    ]


def _with_vectors(
    now: Generation, positions: Positions, tables: Iterable[pa.RecordBatch], found: list[Record]
) -> list[Record]:
    stored, start, done = rows.vectors(now, positions), 0, []
    for table in tables:
        scaled = rows.original(stored[start : start + table.num_rows], table)
        mine = found[start : start + table.num_rows]
        done += [replace(record, vector=row) for record, row in zip(mine, scaled, strict=True)]
        start += table.num_rows
    return done


def vector_at(now: Generation, position: int) -> npt.NDArray[np.float32]:
    """Read one vector as stored, for a query."""
    found: npt.NDArray[np.float32] = rows.vectors(now, np.array([position]))[0].astype(np.float32)
    return found


def positions_of(now: Generation, mask: Mask | None) -> Positions:
    """List the rows that a mask allows; all where there is none."""
    return np.arange(now.rows) if mask is None else np.flatnonzero(mask)


def matching(now: Generation, names: Sequence[str] | None, mask: Mask | None) -> list[str]:
    """List stored ids, by name, by filter, or by both."""
    if names is None:
        positions = positions_of(now, mask)
    else:
        positions = now.find(names)
        positions = positions[positions >= 0]
        if mask is not None:
            positions = positions[mask[positions]]
    found: list[str] = []
    for places, part in rows.by_part(now, positions):
        for table in rows.tables(now, positions[places], part):
            found += table.column(batch.SEGMENT).to_pylist()
    return found


def distinct(now: Generation, column: str, mask: Mask | None) -> dict[Any, int]:
    """Count the values of a column among the rows of a mask."""
    if column not in now.schema.columns:
        known = ", ".join(now.schema.columns) or "none"
        raise QueryError(f"{column!r} is not a column: there are {known}")
    if now.schema.columns[column] == "json":
        raise QueryError(f"column {column!r} is json: it is stored, but not counted or filtered")
    counts: dict[Any, int] = {}
    for part, start in zip(now.parts, now.starts.tolist(), strict=False):
        ranks = part.columns.column(column)
        if ranks is not None:
            mine = None if mask is None else mask[start : start + part.rows]
            for value, count in ranks.counts(mine):
                counts[value] = counts.get(value, 0) + count
    return dict(sorted(counts.items(), key=lambda pair: -pair[1]))
