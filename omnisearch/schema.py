"""Columns of metadata: which there are and of what kind, and the way from metadata to Arrow.

A column gets its kind from `columns=` when the collection is made, or from the first value stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any, Self, TypeAlias

import pyarrow as pa

from omnisearch import stored
from omnisearch.arrays import from_array, from_json
from omnisearch.errors import InputError
from omnisearch.values import ARROW, KINDS, Kind, MisfitError, Typed, Wanted, from_list

RESERVED = ("file.", "image.", "audio.", "video.", "doc.", "segment.")
SEGMENT_PREFIX = "segment."
SPAN, SAID = "segment.span", "segment.words"
LOCATIONS, MISSING, EXTRACTOR = "file.locations", "file.missing", "file.extractor"
REGIONS = "image.regions"
WHOLE = "segment.whole"  # of how many passages the row is the mean
TABLE, ROW, COLUMN = "file.table", "file.row", "file.column"  # of an item that is a row of a table
DIGEST = "segment.digest"  # of all that a row of a table was made of
# What we write about files and segments ourselves; users may read and filter it, never set it.
OURS: Mapping[str, Kind] = {
    LOCATIONS: "strings",
    "file.name": "string",
    "file.type": "string",
    "file.bytes": "int",
    "file.modified": "timestamp",
    "file.date": "timestamp",
    MISSING: "timestamp",
    "file.truncated": "bool",
    EXTRACTOR: "int",
    TABLE: "string",
    ROW: "int",
    COLUMN: "string",
    REGIONS: "int",
    "image.width": "int",
    "image.height": "int",
    "image.camera": "string",
    "image.title": "string",
    "image.latitude": "float",
    "image.longitude": "float",
    "image.taken": "timestamp",
    "audio.seconds": "float",
    "audio.title": "string",
    "audio.artist": "string",
    "audio.album": "string",
    "audio.year": "int",
    "video.seconds": "float",
    "video.width": "int",
    "video.height": "int",
    "video.rate": "float",
    "video.title": "string",
    "video.taken": "timestamp",
    "doc.pages": "int",
    "doc.page": "int",
    "doc.title": "string",
    "doc.author": "string",
    "doc.created": "timestamp",
    SPAN: "json",
    SAID: "json",
    "segment.twin": "int",
    "segment.look": "int",
    WHOLE: "int",
    DIGEST: "string",
}
MAX_NAME_BYTES = 256
MAX_COLUMNS = 1024  # every shard has a directory of them, and every row a slot in each
_MARK = b"omnisearch"  # field metadata that tells json from string

_KIND_OF: Mapping[int, Kind] = {ARROW[kind].id: kind for kind in KINDS if kind != "json"}

Rows = Sequence[Mapping[str, Any] | None]
Metadata: TypeAlias = Rows | Mapping[str, Any] | pa.Table | pa.RecordBatch


@dataclass(frozen=True, slots=True)
class Schema:
    """Names and kinds of the columns, oldest first; those in `declared` never widen."""

    columns: Mapping[str, Kind] = field(default_factory=dict)
    declared: frozenset[str] = frozenset()
    ours: bool = False  # what is typed may have reserved names

    @classmethod
    def declare(cls, columns: Mapping[str, str]) -> Self:
        """Fix columns before anything is stored."""
        if not isinstance(columns, Mapping):
            raise TypeError(f"columns must be a mapping of names to kinds, not {columns!r}")
        for name, kind in columns.items():
            check_name(name)
            if kind not in KINDS:
                raise InputError(f"column {name!r}: {kind!r} is none of {', '.join(KINDS)}")
        kinds: dict[str, Kind] = dict(columns)  # type: ignore[arg-type]
        return cls(kinds, frozenset(kinds))

    def wanted(self, name: str) -> Wanted:
        """Say what a column is so far."""
        if name in OURS:
            return Wanted(OURS[name], True)
        return Wanted(self.columns.get(name), name in self.declared)

    def for_us(self) -> Schema:
        """Allow reserved names too, with the kinds that they have."""
        return Schema(self.columns, self.declared, ours=True)

    def shown(self) -> Schema:
        """Leave out the columns that are about segments and not metadata."""
        kept = {n: kind for n, kind in self.columns.items() if not n.startswith(SEGMENT_PREFIX)}
        return Schema(kept, self.declared, self.ours)

    def with_columns(self, kinds: Mapping[str, Kind]) -> Schema:
        """Add or widen columns; self where nothing changes."""
        if all(self.columns.get(name) == kind for name, kind in kinds.items()):
            return self
        columns = {**self.columns, **kinds}
        if len(columns) > MAX_COLUMNS:
            raise InputError(f"{len(columns)} columns: a collection has {MAX_COLUMNS} at most")
        return Schema(columns, self.declared, self.ours)


def check_name(name: object, *, ours: bool = False) -> None:
    """Refuse what cannot name a column, and reserved names where users give them."""
    if not isinstance(name, str):
        raise InputError(f"metadata key {name!r} is not a string")
    if not name or "\0" in name:
        raise InputError(f"metadata key {name!r} is empty or has a NUL")
    if name.startswith(RESERVED) and not (ours and name in OURS):
        raise InputError(f"metadata key {name!r}: {name.partition('.')[0]}. is taken by files")
    try:
        size = len(name.encode())
    except UnicodeEncodeError as error:
        raise InputError(f"metadata key {name!r} is not UTF-8") from error
    if size > MAX_NAME_BYTES:
        raise InputError(f"metadata key {name[:40]!r}... has {size} bytes, not {MAX_NAME_BYTES}")


@lru_cache(maxsize=4 * MAX_COLUMNS)
def field_of(name: str, kind: Kind) -> pa.Field:
    """Describe a column to Arrow, so that `kind_of` reads it back."""
    return pa.field(name, ARROW[kind], metadata={_MARK: b"json"} if kind == "json" else None)


def kind_of(column: pa.Field) -> Kind:
    """Tell the kind of a column that was stored; raises ValueError where it is none of ours."""
    stored = column.type
    kind = _KIND_OF.get(stored.id)
    if kind is None or stored != ARROW[kind]:
        raise ValueError(f"column {column.name!r} of type {stored} is not of this format")
    return "json" if kind == "string" and is_json(column) else kind


def tabulate(metadata: Metadata | None, rows: int, schema: Schema) -> tuple[pa.RecordBatch, Schema]:
    """Type metadata for so many rows; also gives the schema with what was new."""
    if metadata is None:
        return _batch([], [], rows), schema
    if isinstance(metadata, pa.Table | pa.RecordBatch):
        typed = _from_table(metadata, rows, schema)
    elif isinstance(metadata, Mapping):
        typed = _from_columns(metadata, rows, schema)
    else:
        typed = _from_rows(metadata, rows, schema)
    new = schema.with_columns({name: one.kind for name, one in typed.items()})
    names = [name for name in new.columns if name in typed]
    fields = [field_of(name, typed[name].kind) for name in names]
    return _batch(fields, [typed[name].array for name in names], rows), new


def _from_rows(metadata: Any, rows: int, schema: Schema) -> dict[str, Typed]:  # noqa: ANN401
    if isinstance(metadata, str | bytes) or not isinstance(metadata, Sequence):
        raise InputError(f"metadata is {type(metadata).__name__}: give rows, columns or a table")
    if len(metadata) != rows:
        raise InputError(f"{len(metadata)} rows of metadata for {rows} ids")
    if set(map(type, metadata)) != {dict}:
        metadata = [_row(row, number) for number, row in enumerate(metadata)]
    typed = {}
    for name in dict.fromkeys(chain.from_iterable(metadata)):
        try:
            values = list(map(itemgetter(name), metadata))
        except KeyError:
            values = [row.get(name) for row in metadata]
        found = _typed(from_list, name, values, schema)
        if found is not None:
            typed[name] = found
    return typed


def _row(row: object, number: int) -> dict[str, Any]:
    if row is None:
        return {}
    if not isinstance(row, Mapping):
        raise InputError(f"metadata row {number} is {type(row).__name__}, not a dict or None")
    return dict(row)


def _from_columns(columns: Mapping[str, Any], rows: int, schema: Schema) -> dict[str, Typed]:
    typed = {}
    for name, values in columns.items():
        found = _typed(from_array, name, values, schema)
        if found is None:
            length = len(values)
        else:
            length, typed[name] = len(found.array), found
        if length != rows:
            raise InputError(f"metadata {name!r} has {length} values for {rows} ids")
    return typed


def _from_table(table: pa.Table | pa.RecordBatch, rows: int, schema: Schema) -> dict[str, Typed]:
    names = table.schema.names
    if table.num_rows != rows:
        raise InputError(f"{table.num_rows} rows of metadata for {rows} ids")
    if len(set(names)) < len(names):
        raise InputError("the metadata table has two columns of one name")
    marked = [name for name, one in zip(names, table.schema, strict=True) if is_json(one)]
    others = {name: table[name] for name in names if name not in marked}
    typed = _from_columns(others, rows, schema)
    for name in marked:
        found = _typed(from_json, name, table[name], schema)
        if found is not None:
            typed[name] = found
    return {name: typed[name] for name in names if name in typed}


def is_json(column: pa.Field) -> bool:
    """Tell a json column from a string column by its field metadata."""
    return (column.metadata or {}).get(_MARK) == b"json"


def _typed(
    convert: Callable[[Any, Wanted], Typed | None], name: str, values: object, schema: Schema
) -> Typed | None:
    if name not in schema.columns or name.startswith(RESERVED):
        check_name(name, ours=schema.ours)
    try:
        return convert(values, schema.wanted(name))
    except MisfitError as misfit:
        where = "" if misfit.row is None else f", row {misfit.row}"
        raise InputError(f"metadata {name!r}{where}: {misfit.fault}; nothing stored") from misfit


def _batch(fields: list[pa.Field], arrays: list[pa.Array], rows: int) -> pa.RecordBatch:
    if not fields:  # only this way a batch without columns knows how many rows it has
        return pa.RecordBatch.from_struct_array(pa.nulls(rows, pa.struct([])))
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


def widen(batch: pa.RecordBatch, schema: Schema) -> pa.RecordBatch:
    """Give a batch every column of a newer schema: old integers as floats, missing ones as null."""
    arrays, fields = [], []
    for name, kind in schema.columns.items():
        at = batch.schema.get_field_index(name)
        array = pa.nulls(batch.num_rows, ARROW[kind]) if at < 0 else batch.column(at)
        arrays.append(array if array.type == ARROW[kind] else array.cast(ARROW[kind], safe=False))
        fields.append(field_of(name, kind))
    return _batch(fields, arrays, batch.num_rows)


def to_dicts(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """Turn typed rows back into metadata; nulls are left out."""
    rows: list[dict[str, Any]] = [{} for _ in range(batch.num_rows)]
    for column, array in zip(batch.schema, batch.columns, strict=True):
        kind = kind_of(column)
        read = _READ.get(kind)
        if kind == "timestamp":
            array = array.cast(pa.int64())
        for row, value in zip(rows, array.to_pylist(), strict=True):
            if value is not None:
                row[column.name] = value if read is None else read(value)
    return rows


_READ: Mapping[Kind, Callable[[Any], Any]] = {"timestamp": stored.moment, "json": stored.tree}
