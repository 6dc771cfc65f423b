"""columns.bin: the ranked columns of a shard, mapped; and the same for loose rows in memory.

The layout has no offsets: every section follows from the counts in the directory, so the length of
the file and nothing else decides whether all sections lie inside it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from omnisearch.errors import CorruptCollectionError
from omnisearch.schema import Schema, kind_of
from omnisearch.storage.ranks import Numbers, Ranks, Texts, Whole, rank, smallest
from omnisearch.values import ARROW, KINDS, Kind

MAGIC = b"OMNICOLS"
VERSION = 1
_HEADER = struct.Struct("<8sIIQQ")  # magic, version, columns, rows, bytes of header and directory
_ENTRY = struct.Struct("<HBBIQQQ")  # name bytes, kind, code bytes, 0, keys, postings, text bytes
_ALIGN = 64
_MOST_ROWS = (1 << 31) - 1
_KEY_TYPES: Mapping[Kind, str] = {"int": "<i8", "float": "<f8", "timestamp": "<i8", "bool": "<u1"}
Bytes = npt.NDArray[np.uint8]
Readable = bytes | memoryview | Bytes


class Source(Protocol):
    """Rows whose columns can be asked for by name; an absent column is all null."""

    rows: int

    def column(self, name: str) -> Ranks | None:
        """Find a column."""
        ...


class _Entry(NamedTuple):
    """What the directory says of one column."""

    name: str
    kind: Kind
    keys: int
    postings: int
    text: int

    @property
    def null(self) -> int:
        """The code of a row without a value."""
        return 1 if self.kind in ("strings", "json") else self.keys

    def sections(self, rows: int) -> Iterator[tuple[np.dtype[Any], int]]:
        """Give the type and length of each array, in the order of the file."""
        yield smallest(self.null), rows
        if self.kind == "json":
            return
        if self.kind in ("string", "strings"):
            yield np.dtype("<u8"), self.keys + 1
            yield np.dtype("u1"), self.text
        else:
            yield np.dtype(_KEY_TYPES[self.kind]), self.keys
        yield np.dtype("<u4"), self.keys + 1
        yield np.dtype("<u4"), self.postings


class Columns:
    """The columns of a shard over the bytes of its columns.bin."""

    def __init__(self, rows: int, ranks: Mapping[str, Ranks]) -> None:
        self.rows = rows
        self.ranks = ranks

    @classmethod
    def open(cls, buffer: Readable, expected_rows: int | None = None) -> Self:
        """Read the directory and lay arrays over the sections, without copying them."""
        whole = np.frombuffer(buffer, np.uint8)
        try:
            rows, end, entries = _read_directory(whole)
            if expected_rows not in (None, rows):
                raise ValueError(f"{rows} rows instead of {expected_rows}")
            ranks = {}
            for entry in entries:
                ranks[entry.name], end = _read_column(whole, entry, rows, end)
            if end != len(whole):
                raise ValueError(f"{len(whole)} bytes, its directory says {end}")
            if len(ranks) < len(entries):
                raise ValueError("two columns of one name")
        except (ValueError, struct.error) as error:
            raise CorruptCollectionError(f"columns.bin is damaged ({error})") from error
        return cls(rows, ranks)

    def column(self, name: str) -> Ranks | None:
        """Find a column."""
        return self.ranks.get(name)


class LooseColumns:
    """The columns of a few rows in memory; each is ranked when it is first asked for."""

    def __init__(self, tables: Sequence[pa.RecordBatch], skip: int = 0) -> None:
        """Take tables whose first columns, as many as `skip` says, are not the user's."""
        self.rows = sum(table.num_rows for table in tables)
        self._tables, self._skip = tables, skip
        self._ranks: dict[str, Ranks | None] = {}

    def column(self, name: str) -> Ranks | None:
        """Find a column."""
        if name not in self._ranks:
            self._ranks[name] = self._rank(name)
        return self._ranks[name]

    def _rank(self, name: str) -> Ranks | None:
        found: list[pa.Array | int] = []  # an array, or so many rows without the column
        kinds: list[Kind] = []
        schema, at = None, -1
        for table in self._tables:
            if table.schema != schema:
                schema = table.schema
                at = _index(schema.names, name, self._skip)
                if at >= 0:
                    kinds.append(kind_of(schema.field(at)))
            found.append(table.num_rows if at < 0 else table.column(at))
        if not kinds:
            return None
        kind: Kind = "float" if "float" in kinds else kinds[0]
        arrays = [
            pa.nulls(one, ARROW[kind]) if isinstance(one, int) else _cast(one, kind)
            for one in found
        ]
        return rank(kind, pa.concat_arrays(arrays), postings=False)


def _index(names: Sequence[str], name: str, skip: int) -> int:
    try:
        return names.index(name, skip)
    except ValueError:
        return -1


def _cast(array: pa.Array, kind: Kind) -> pa.Array:
    return array if array.type == ARROW[kind] else array.cast(ARROW[kind], safe=False)


def build(batch: pa.RecordBatch, schema: Schema) -> bytes:
    """Write the user's columns of a shard, typed as the schema has them."""
    entries, sections = [], []
    for name, kind in schema.columns.items():
        at = batch.schema.get_field_index(name)
        if at < 0:
            continue
        ranks = rank(kind, _cast(batch.column(at), kind), postings=True)
        entry, arrays = _laid_out(name, ranks)
        entries.append(entry)
        sections.extend(arrays)
    directory = b"".join(_written(entry) for entry in entries)
    size = _HEADER.size + len(directory)
    header = _HEADER.pack(MAGIC, VERSION, len(entries), batch.num_rows, size)
    parts: list[bytes | memoryview] = [header, directory, bytes(-size % _ALIGN)]
    for array in sections:
        parts += [array.data, bytes(-array.nbytes % _ALIGN)]
    return b"".join(parts)


def _laid_out(name: str, ranks: Ranks) -> tuple[_Entry, list[npt.NDArray[Any]]]:
    arrays: list[npt.NDArray[Any]] = [ranks.codes]
    keys, text = len(ranks.keys), 0
    if ranks.starts is None or ranks.rows is None:
        return _Entry(name, ranks.kind, keys, 0, 0), arrays
    if isinstance(ranks.keys, Texts):
        arrays += (ranks.keys.offsets, ranks.keys.data)
        text = len(ranks.keys.data)
    elif isinstance(ranks.keys, Numbers):
        arrays.append(ranks.keys.array)
    arrays += (ranks.starts, ranks.rows)
    return _Entry(name, ranks.kind, keys, len(ranks.rows), text), arrays


def _written(entry: _Entry) -> bytes:
    name = entry.name.encode()
    width = smallest(entry.null).itemsize
    counts = (entry.keys, entry.postings, entry.text)
    fixed = _ENTRY.pack(len(name), KINDS.index(entry.kind), width, 0, *counts)
    return fixed + name + bytes(-len(name) % 8)


def _read_directory(whole: Bytes) -> tuple[int, int, list[_Entry]]:
    magic, version, columns, rows, size = _HEADER.unpack_from(whole.data)
    if magic != MAGIC or version != VERSION:
        raise ValueError(f"magic {magic!r}, version {version}")
    if rows > _MOST_ROWS or size > len(whole):
        raise ValueError(f"{rows} rows, a directory of {size} bytes")
    raw = whole[:size].tobytes()
    at = _HEADER.size
    entries: list[_Entry] = []
    for _ in range(columns):
        length, kind, width, zero, keys, postings, text = _ENTRY.unpack_from(raw, at)
        at += _ENTRY.size
        if kind >= len(KINDS) or zero or at + length > size:
            raise ValueError(f"column {len(entries)} does not read")
        entry = _Entry(raw[at : at + length].decode(), KINDS[kind], keys, postings, text)
        textual = entry.kind in ("string", "strings")
        if (text and not textual) or (entry.kind == "json" and (keys or postings)):
            raise ValueError(f"column {entry.name!r} has counts that its kind has not")
        if smallest(entry.null).itemsize != width:
            raise ValueError(f"column {entry.name!r} has codes of {width} bytes for {keys} keys")
        entries.append(entry)
        at += length + -length % 8
    if at != size:
        raise ValueError(f"a directory of {size} bytes ends at {at}")
    return rows, size + -size % _ALIGN, entries


def _read_column(whole: Bytes, entry: _Entry, rows: int, at: int) -> tuple[Ranks, int]:
    arrays: list[Whole] = []
    for kind, length in entry.sections(rows):
        end = at + kind.itemsize * length
        if end > len(whole):
            raise ValueError(f"column {entry.name!r} runs past the end")
        arrays.append(whole[at:end].view(kind))
        at = end + -end % _ALIGN
    if entry.kind == "json":
        return Ranks(entry.kind, Numbers(np.zeros(0, "<i8")), arrays[0], None, None), at
    codes, *keys, starts, posted = arrays
    found = Texts(keys[0], keys[1].view(np.uint8)) if len(keys) == 2 else Numbers(keys[0])
    return Ranks(entry.kind, found, codes, starts, posted), at
