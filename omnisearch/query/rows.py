"""Rows that are asked for by id or by filter rather than by nearness."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from omnisearch.errors import CorruptCollectionError, InputError, QueryError
from omnisearch.query.filters import Where, unknown_column
from omnisearch.query.nearest import mask
from omnisearch.records import Record, Span, span_of
from omnisearch.schema import LOCATIONS
from omnisearch.storage import admission, batch, rows
from omnisearch.storage.generation import Generation
from omnisearch.storage.wholes import segments

Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int64]


def read_records(now: Generation, positions: Positions, *, vectors: bool = False) -> list[Record]:
    """Read rows in the order asked for."""
    floats = rows.original(now, positions) if vectors else None
    found = []
    for number, position in enumerate(positions.tolist()):
        cells, row = now.locate(position)
        name, item, view, modality = cells.head(row)
        metadata, (span, said) = cells.metadata(row, now.schema), cells.segment(row)
        record = Record(
            id=name,
            item=item or name,
            modality=batch.MODALITIES[modality],
            view=batch.VIEWS[view],
            metadata=metadata,
            vector=None if floats is None else floats[number],
            locations=tuple(metadata.get(LOCATIONS, ())),
            span=None if span is None else _span(span, name),
            words=said,
        )
        found.append(record)
    return found


def _span(tree: object, name: str) -> Span:
    try:
        if not isinstance(tree, dict):
            raise ValueError(f"{tree!r} is no span")
        return span_of(tree)
    except ValueError as error:
        raise CorruptCollectionError(f"row {name!r}: {error}") from error


def get(now: Generation | None, names: Sequence[str], *, vectors: bool) -> list[Record | None]:
    """Read rows by id, in this order; None where an id is not stored."""
    if now is None:
        return [None for _ in names]
    positions = now.find(names)
    records = iter(read_records(now, positions[positions >= 0], vectors=vectors))
    return [next(records) if position >= 0 else None for position in positions.tolist()]


def iterate(now: Generation, mask: Mask | None, step: int, *, vectors: bool) -> Iterator[Record]:
    """Read the rows that a mask allows, so many at a time."""
    if step < 1:
        raise ValueError(f"batch_rows is {step}: 1 or more")
    positions = positions_of(now, mask)
    for start in range(0, len(positions), step):
        yield from read_records(now, positions[start : start + step], vectors=vectors)


def vector_at(now: Generation, position: int) -> npt.NDArray[np.float32]:
    """Read one vector as stored, for a query."""
    found: npt.NDArray[np.float32] = rows.vectors(now, np.array([position]))[0].astype(np.float32)
    return found


def like(now: Generation, name: str, allow: Mask | None) -> tuple[npt.NDArray[np.float32], Mask]:
    """Give the vector of a stored id, and what is allowed besides the rows of that id."""
    positions = segments(now, now.named([name])[0])
    if not len(positions):
        raise QueryError(f"like={name!r} is not a stored id")
    others = np.ones(now.rows, bool) if allow is None else allow.copy()
    others[positions] = False
    return vector_at(now, int(positions[0])), others


def positions_of(now: Generation, mask: Mask | None) -> Positions:
    """List the rows that a mask allows; all where there is none."""
    return np.arange(now.rows) if mask is None else np.flatnonzero(mask)


def count(now: Generation, mask: Mask | None) -> int:
    """Count the rows that a mask allows."""
    return now.live if mask is None else int(np.count_nonzero(mask))


def chosen(
    ids: Sequence[str] | None, where: Where | None, params: Mapping[str, Any] | None
) -> Callable[[Generation], list[str]]:
    """Say how to list the ids of rows that are to be deleted, hidden ones too."""
    if ids is None and where is None:
        raise InputError("delete needs ids or where: nothing was deleted")
    names = None if ids is None else admission.check_ids(ids)
    return lambda now: matching(now, names, mask(now, where, params, hidden=True))


def matching(now: Generation, names: Sequence[str] | None, mask: Mask | None) -> list[str]:
    """List stored ids, by name, by filter, or by both."""
    if names is None:
        positions = positions_of(now, mask)
    else:
        positions = np.unique(np.concatenate([*now.named(names), np.zeros(0, np.int64)]))
        if mask is not None:
            positions = positions[mask[positions]]
    if now.wholes is not None:  # the mean of passages goes with any of them
        positions = np.union1d(positions, now.wholes.of(positions))
    found: list[str] = []
    for places, part in rows.by_part(now, positions):
        for table in rows.tables(now, positions[places], part):
            found += table.column(batch.SEGMENT).to_pylist()
    return found


def distinct(now: Generation, column: str, mask: Mask | None) -> dict[Any, int]:
    """Count the values of a column among the rows of a mask."""
    if column not in now.schema.columns:
        raise QueryError(unknown_column(column, now.schema))
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
