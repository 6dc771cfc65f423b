"""What a writing call does to the newest generation, settled before anything is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np
import pyarrow as pa

from omnisearch.errors import InputError
from omnisearch.schema import OURS, Metadata, check_name, is_json, tabulate, to_dicts
from omnisearch.storage import batch
from omnisearch.storage.admission import Floats, admit, admit_segments, check_space
from omnisearch.storage.batch import Batch, Change, Segments, segment_of
from omnisearch.storage.generation import Generation
from omnisearch.storage.origin import OWN_VECTORS
from omnisearch.storage.rows import gather
from omnisearch.storage.store import Prepare

Revise = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def putting(
    names: Sequence[str],
    vectors: Floats,
    metadata: Metadata | None,
    space: str = OWN_VECTORS,
    *,
    replacing: bool,
) -> Prepare:
    """Store rows; those that are stored already are replaced, or refused."""

    def prepare(now: Generation) -> Change:
        check_space(space, now.sealed.manifest.space)
        added = admit(names, vectors, metadata, now.sealed.manifest.settings, now.schema)
        positions = now.find(names)
        stored = [name for name, at in zip(names, positions.tolist(), strict=True) if at >= 0]
        if stored and not replacing:
            raise _stored_already(stored, "upsert")
        return Change(tuple(stored), added)

    return prepare


def updating(names: Sequence[str], metadata: Metadata, *, ours: bool = False) -> Prepare:
    """Change metadata of stored rows, segments or items; their vectors stay, byte for byte."""
    given = _as_rows(metadata)
    for name in {name for row in given if row for name in row}:
        check_name(name, ours=ours)
    if len(given) != len(names):
        raise InputError(f"{len(given)} rows of metadata for {len(names)} ids")

    def prepare(now: Generation) -> Change:
        found = now.named(names)
        absent = [name for name, rows in zip(names, found, strict=True) if not len(rows)]
        if absent:
            raise InputError(f"id {absent[0]!r} is not stored: nothing was updated")
        news = {at: new for rows, new in zip(found, given, strict=True) for at in rows.tolist()}
        if len(news) < sum(map(len, found)):
            raise InputError("two of the ids mean the same row: nothing was updated")
        old = gather(now, np.array(list(news), np.int64))
        before = to_dicts(batch.user_columns(old.table))
        merged = [_merged(*pair) for pair in zip(before, news.values(), strict=True)]
        user, _ = tabulate(merged, len(news), now.schema.for_us())
        ours = old.table.columns[: len(batch.SYSTEM)]
        schema = pa.schema([*batch.SYSTEM, *user.schema])
        table = pa.RecordBatch.from_arrays([*ours, *user.columns], schema=schema)
        return Change(tuple(old.ids), Batch(table, old.vectors))

    return prepare


def keeping(rows: Segments | None, *, gone: Sequence[str] = ()) -> Prepare:
    """Store segments in place of rows of the same ids, and drop the rows that are `gone`."""

    def prepare(now: Generation) -> Change | None:
        added = None if rows is None or not len(rows.ids) else _admitted(rows, now)
        names = list(dict.fromkeys([*gone, *(rows.ids if rows is not None else ())]))
        positions = now.find(names)
        stored = [name for name, at in zip(names, positions.tolist(), strict=True) if at >= 0]
        return Change(tuple(stored), added) if stored or added is not None else None

    return prepare


def recording(rows: Segments, *, replacing: bool) -> Prepare:
    """Store records; those that are stored already are replaced whole, or refused."""

    def prepare(now: Generation) -> Change:
        added = _admitted(rows, now)
        ids = [segment_of(*pair) for pair in zip(rows.ids, rows.views, strict=True)]
        segments = list(dict.fromkeys(ids))
        both = [*segments, *(name + batch.WORDS_MARK for name in segments)]
        stored = [n for n, at in zip(both, now.find(both).tolist(), strict=True) if at >= 0]
        if stored and not replacing:
            raise _stored_already(stored, "replace=True")
        return Change(tuple(stored), added)

    return prepare


def _stored_already(stored: Sequence[str], remedy: str) -> InputError:
    more = f" and {len(stored) - 1} more" if len(stored) > 1 else ""
    fault = f"id {stored[0]!r}{more} is stored already: nothing was stored"
    return InputError(f"{fault}; use {remedy} to replace")


def _admitted(rows: Segments, now: Generation) -> Batch:
    check_space(rows.space, now.sealed.manifest.space)
    return admit_segments(rows, now.sealed.manifest.settings, now.schema)


def relocating(changes: Mapping[str, Mapping[str, Any]]) -> Prepare:
    """Change reserved columns in every row of whole items; vectors stay, byte for byte.

    A value of None erases; items that are not stored are passed over.
    """

    def same(new: Mapping[str, Any]) -> Revise:
        return lambda _: new

    return revising({item: same(new) for item, new in changes.items()})


def revising(changes: Mapping[str, Revise]) -> Prepare:
    """Let a function per item say what changes in each of its rows; vectors stay, byte for byte.

    It gets the reserved columns that a row has, and gives those to change: None erases, and a row
    for which it gives nothing is left alone.
    """

    def prepare(now: Generation) -> Change | None:
        found = [(now.items.positions(item), revise) for item, revise in changes.items()]
        asked = [revise for positions, revise in found for _ in range(len(positions))]
        if not asked:
            return None
        old = gather(now, np.concatenate([positions for positions, _ in found]))
        before = _reserved(old.table)
        news = [dict(revise(row)) for revise, row in zip(asked, before, strict=True)]
        touched = np.flatnonzero([bool(new) for new in news])
        if not len(touched):
            return None
        table = old.table.take(pa.array(touched))
        merged = [{**before[row], **news[row]} for row in touched.tolist()]
        names = list(dict.fromkeys(name for new in news for name in new))
        columns = {name: [row.get(name) for row in merged] for name in names}
        made = Batch(_overlaid(table, columns, now), old.vectors[touched])
        return Change(tuple(made.ids), made)

    return prepare


def _reserved(table: pa.RecordBatch) -> list[dict[str, Any]]:
    """Read the columns of files and segments; those that the user named are not even looked at."""
    user = batch.user_columns(table)
    names = [name for name in user.schema.names if name in OURS]
    return to_dicts(user.select(names)) if names else [{} for _ in range(table.num_rows)]


def _overlaid(
    table: pa.RecordBatch, columns: Mapping[str, list[Any]], now: Generation
) -> pa.RecordBatch:
    """Put columns in place of those of the same names."""
    user = batch.user_columns(table)
    typed, _ = tabulate(columns, table.num_rows, now.schema.for_us())
    kept = [name for name in user.schema.names if name not in columns]
    fields = [*(user.schema.field(name) for name in kept), *typed.schema]
    arrays = [*(user.column(name) for name in kept), *typed.columns]
    ours = table.columns[: len(batch.SYSTEM)]
    return pa.RecordBatch.from_arrays([*ours, *arrays], schema=pa.schema([*batch.SYSTEM, *fields]))


def _merged(before: Mapping[str, Any], new: Mapping[str, Any] | None) -> dict[str, Any]:
    both = {**before, **(new or {})}
    return {key: value for key, value in both.items() if value is not None}


def _as_rows(metadata: Metadata) -> Sequence[Mapping[str, Any] | None]:
    if isinstance(metadata, pa.Table | pa.RecordBatch):
        rows: list[dict[str, Any]] = metadata.to_pylist()
        for column in metadata.schema:
            if is_json(column):
                for row in rows:
                    row[column.name] = row[column.name] and json.loads(row[column.name])
        return rows
    if isinstance(metadata, Mapping):
        listed = [_column(name, values) for name, values in metadata.items()]
        lengths = set(map(len, listed))
        if len(lengths) > 1:
            raise InputError(f"metadata columns have different lengths: {sorted(lengths)}")
        return [dict(zip(metadata, row, strict=True)) for row in zip(*listed, strict=True)]
    if isinstance(metadata, str | bytes) or not isinstance(metadata, Sequence):
        raise TypeError(f"metadata is {type(metadata).__name__}: give rows, columns or a table")
    return metadata


def _column(name: str, values: Any) -> Sequence[Any]:  # noqa: ANN401
    """Take the values of a column, which a single value is not, and neither are letters."""
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return cast(list[Any], values.to_pylist())
    listed = isinstance(values, Sequence) and not isinstance(values, str | bytes)
    if not listed and not (hasattr(values, "__array__") and np.ndim(values)):
        fault = f"metadata {name!r} is {type(values).__name__}"
        raise InputError(f"{fault}: each column is a list, one value a row; nothing stored")
    return cast(Sequence[Any], values)


def deleting(found: Callable[[Generation], list[str]]) -> Prepare:
    """Delete what `found` names."""

    def prepare(now: Generation) -> Change | None:
        names = found(now)
        return Change(tuple(names), None) if names else None

    return prepare
