"""A batch of rows on its way to disk: Arrow columns beside raw vectors, in the log and in shards.

The first five columns are ours and are read by position; the user's follow under their own names.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from omnisearch.errors import CorruptCollectionError
from omnisearch.records import Modality, View
from omnisearch.schema import OURS, Schema, kind_of, widen
from omnisearch.values import Kind

SEGMENT, ITEM, VIEW, MODALITY, NORM = range(5)
SYSTEM = pa.schema(
    [
        pa.field("segment", pa.string(), nullable=False),
        pa.field("item", pa.string()),  # null: the item is the segment
        pa.field("view", pa.uint8(), nullable=False),
        pa.field("modality", pa.uint8(), nullable=False),
        pa.field("norm", pa.float32()),  # null: the vector is stored as it came
    ]
)
VIEWS: tuple[View, ...] = ("content", "words")
MODALITIES: tuple[Modality | None, ...] = (None, "text", "image", "audio", "video", "document")

WORDS_MARK = "~words"  # ends the row id of what a segment says, beside that of how it looks

_COUNTS = struct.Struct("<IIQ")  # deleted ids, rows, bytes of the table
Vectors = np.ndarray[tuple[int, int], np.dtype[np.generic]]


@dataclass(frozen=True, slots=True)
class Segments:
    """Rows of items as they come from an encoder, one of each for every row.

    An `items` of None is the row's own id; metadata may have the reserved columns. `norms` are the
    lengths that the vectors are to be given back with, else those that they have. They are only
    stored among those of their `space`, if it is told.
    """

    ids: Sequence[str]
    items: Sequence[str | None]
    views: Sequence[View]
    modalities: Sequence[Modality | None]
    vectors: npt.NDArray[np.float32]  # (n, dim)
    metadata: Sequence[Mapping[str, Any]]
    norms: npt.NDArray[np.float32] | None = None
    space: str | None = None

    def __post_init__(self) -> None:
        columns = (self.items, self.views, self.modalities, self.vectors, self.metadata)
        if any(len(one) != len(self.ids) for one in columns):
            raise ValueError(f"{len(self.ids)} ids for columns of {[len(c) for c in columns]} rows")


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that arrive together: `table` has our five columns, then the user's."""

    table: pa.RecordBatch
    vectors: Vectors

    @property
    def rows(self) -> int:
        """Count the rows."""
        return int(self.table.num_rows)

    @property
    def ids(self) -> list[str]:
        """List the segment ids."""
        ids: list[str] = self.table.column(SEGMENT).to_pylist()
        return ids


@dataclass(frozen=True, slots=True)
class Change:
    """One generation: ids that go, then rows that come."""

    deleted: tuple[str, ...]
    added: Batch | None


def with_system_columns(
    ids: Sequence[str], user: pa.RecordBatch, norms: np.ndarray | None
) -> pa.RecordBatch:
    """Put our five columns before the user's, for vectors that stand alone."""
    rows = len(ids)
    zeros = pa.array(np.zeros(rows, np.uint8))
    norm = pa.nulls(rows, pa.float32()) if norms is None else pa.array(norms)
    ours = [pa.array(ids, pa.string()), pa.nulls(rows, pa.string()), zeros, zeros, norm]
    schema = pa.schema([*SYSTEM, *user.schema])
    return pa.RecordBatch.from_arrays([*ours, *user.columns], schema=schema)


def with_segment_columns(
    rows: Segments, user: pa.RecordBatch, norms: np.ndarray | None
) -> pa.RecordBatch:
    """Put our five columns before the others, for segments of items."""
    count = len(rows.ids)
    views = np.array([VIEWS.index(one) for one in rows.views], np.uint8)
    modalities = np.array([MODALITIES.index(one) for one in rows.modalities], np.uint8)
    norm = pa.nulls(count, pa.float32()) if norms is None else pa.array(norms)
    names = pa.array(rows.ids, pa.string()), pa.array(rows.items, pa.string())
    ours = [*names, pa.array(views), pa.array(modalities), norm]
    schema = pa.schema([*SYSTEM, *user.schema])
    return pa.RecordBatch.from_arrays([*ours, *user.columns], schema=schema)


def segment_of(row_id: str, view: View) -> str:
    """Give the id of the segment that a row shows."""
    return row_id.removesuffix(WORDS_MARK) if view == "words" else row_id


def user_columns(table: pa.RecordBatch) -> pa.RecordBatch:
    """Take the user's columns of a table."""
    fields = list(table.schema)[len(SYSTEM) :]
    if not fields:
        return pa.RecordBatch.from_struct_array(pa.nulls(table.num_rows, pa.struct([])))
    return pa.RecordBatch.from_arrays(table.columns[len(SYSTEM) :], schema=pa.schema(fields))


def merge(tables: Sequence[pa.RecordBatch], schema: Schema) -> pa.RecordBatch:
    """Make one table of several, each widened to the columns that the collection has now."""
    if len({table.schema for table in tables}) > 1:
        tables = [_widened(table, schema) for table in tables]
    whole = pa.Table.from_batches(tables).combine_chunks().to_batches()[0]
    return _widened(whole, schema)


def _widened(table: pa.RecordBatch, schema: Schema) -> pa.RecordBatch:
    user = widen(user_columns(table), schema)
    columns = [*table.columns[: len(SYSTEM)], *user.columns]
    return pa.RecordBatch.from_arrays(columns, schema=pa.schema([*SYSTEM, *user.schema]))


def encode(changes: Sequence[Change]) -> list[bytes | memoryview]:
    """Write the changes of one generation, in order, as the payload of one log record."""
    encoded = [_encode_change(change) for change in changes]
    sizes = [sum(memoryview(part).nbytes for part in parts) for parts in encoded]
    head = np.array([len(encoded), *sizes], "<u8").tobytes()
    return [head, *(part for parts in encoded for part in parts)]


def _encode_change(change: Change) -> list[bytes | memoryview]:
    names = [name.encode() for name in change.deleted]
    lengths = np.array([len(name) for name in names], "<u4").tobytes()
    table: memoryview = memoryview(b"")
    rows, vectors = 0, memoryview(b"")
    if change.added is not None:
        table = memoryview(_to_ipc(change.added.table))
        rows = change.added.rows
        vectors = np.ascontiguousarray(change.added.vectors).reshape(-1).view(np.uint8).data
    counts = _COUNTS.pack(len(names), rows, table.nbytes)
    return [counts, lengths, b"".join(names), table, vectors]


def decode(payload: memoryview, dim: int, dtype: str) -> list[Change]:
    """Read the changes back; the payload's checksum was right, its shape is checked here."""
    try:
        count = int(np.frombuffer(payload, "<u8", 1)[0])
        if not 1 <= count <= len(payload) // 8:
            raise ValueError(f"{count} changes in {len(payload)} bytes")
        sizes = np.frombuffer(payload, "<u8", count, 8).tolist()
        ends = [8 * (count + 1)]
        for size in sizes:
            ends.append(ends[-1] + size)
        if ends[-1] != len(payload):
            raise ValueError(f"changes end at {ends[-1]} of {len(payload)} bytes")
        pairs = itertools.pairwise(ends)
        return [_decode_change(payload[start:end], dim, dtype) for start, end in pairs]
    except (ValueError, struct.error, pa.ArrowException) as error:
        raise CorruptCollectionError(f"a log record does not read ({error})") from error


def _decode_change(payload: memoryview, dim: int, dtype: str) -> Change:
    names, rows, size = _COUNTS.unpack_from(payload)
    lengths = np.frombuffer(payload, "<u4", names, _COUNTS.size)
    start = _COUNTS.size + 4 * names
    ends = start + np.cumsum(lengths, dtype=np.int64)
    middle = int(ends[-1]) if names else start
    if middle > len(payload):
        raise ValueError("ids run past the end")
    begins = ends - lengths
    deleted = tuple(
        str(payload[b:e], "utf-8") for b, e in zip(begins.tolist(), ends.tolist(), strict=True)
    )
    added = _decode_batch(payload[middle:], rows, size, dim, dtype) if rows else None
    return Change(deleted, added)


def _decode_batch(raw: memoryview, rows: int, size: int, dim: int, dtype: str) -> Batch:
    table = from_ipc(raw[:size])
    wanted = rows * dim * np.dtype(dtype).itemsize
    if table.num_rows != rows or len(raw) != size + wanted:
        raise ValueError(f"{table.num_rows} of {rows} rows, {len(raw) - size} of {wanted} bytes")
    vectors = np.frombuffer(raw, dtype, rows * dim, size).reshape(rows, dim)
    return Batch(table, vectors)


def _to_ipc(table: pa.RecordBatch) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_batch(table)
    return sink.getvalue()


def from_ipc(raw: memoryview) -> pa.RecordBatch:
    """Read one record batch whose first columns are ours, checked in full."""
    table = pa.ipc.open_stream(pa.py_buffer(raw)).read_next_batch()
    check(table, {})
    return table


def check(table: pa.RecordBatch, columns: Mapping[str, Kind]) -> None:
    """Refuse a table that is not as this format has it; `columns` are the kinds that are known.

    A checksum says nothing of who wrote a file, so whatever is read by position is looked at.
    """
    schema = table.schema
    if list(schema)[: len(SYSTEM)] != list(SYSTEM):
        raise ValueError(f"columns {schema.names[: len(SYSTEM)]} are not {SYSTEM.names}")
    table.validate(full=True)
    for at, known in ((SEGMENT, None), (VIEW, len(VIEWS)), (MODALITY, len(MODALITIES))):
        if table.column(at).null_count:
            raise ValueError(f"{SYSTEM.names[at]} has nulls")
        if known is not None and table.num_rows and int(table.column(at).to_numpy().max()) >= known:
            raise ValueError(f"{SYSTEM.names[at]} has a number that means nothing")
    fields = list(schema)[len(SYSTEM) :]
    if len({one.name for one in fields}) < len(fields):
        raise ValueError("two columns have one name")
    for one in fields:
        kind, wanted = kind_of(one), OURS.get(one.name) or columns.get(one.name)
        if wanted is not None and kind != wanted and {kind, wanted} != {"int", "float"}:
            raise ValueError(f"column {one.name!r} holds {kind}, not {wanted}")
