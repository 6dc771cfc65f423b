"""A shard: an immutable folder of rows whose truth is vectors.bin and rows.arrow.

The rest is derived from them: absent or damaged, it is built anew in memory and stops no query.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa

from omnisearch.errors import CorruptCollectionError
from omnisearch.schema import Schema
from omnisearch.storage import batch, columns, files, ids, layout
from omnisearch.storage.cells import Cells
from omnisearch.storage.columns import Columns
from omnisearch.storage.files import Buffer
from omnisearch.storage.identity import Identity
from omnisearch.storage.items import PartItems
from omnisearch.storage.ledger import Ledgers
from omnisearch.storage.manifest import Settings, ShardEntry
from omnisearch.storage.mapping import map_file
from omnisearch.storage.sides import PartSides, sides_of
from omnisearch.storage.vectors import StoredVectors, block_sums, write
from omnisearch.storage.words.file import encode, open_words
from omnisearch.storage.words.loose import Block
from omnisearch.storage.words.postings import Postings
from omnisearch.storage.words.said import postings_of, says_anything
from omnisearch_indexes import Codebook, Codes, ShardError

_log = logging.getLogger(__name__)
Derived = TypeVar("Derived")


@dataclass(frozen=True, slots=True)
class Coder:
    """The codebook of the space and the name under which it is stored."""

    name: str
    codebook: Codebook


@dataclass(frozen=True, slots=True)
class ShardRows:
    """What a new shard is made of; `codes` as the coder made them, or none."""

    table: pa.RecordBatch
    vectors: Iterable[np.ndarray]
    codes: Codes | None
    words: Postings | None = None  # None: made from what the table says


@dataclass(frozen=True)
class Place:
    """Where shards of a collection live and what all of them share."""

    root: Path
    identity: Identity
    settings: Settings

    @cached_property
    def ledgers(self) -> Ledgers:
        """Read what the collection knows of files."""
        return Ledgers(self.root, self.identity)

    def shard(self, name: str) -> Path:
        """Name the folder of a shard."""
        return self.root / layout.SHARDS / name


def write_shard(place: Place, rows: ShardRows, schema: Schema, coder: Coder | None) -> ShardEntry:
    """Write a whole shard under a new name and make it durable; nothing lists it yet."""
    name, settings = layout.new_ulid(), place.settings
    folder, count = place.shard(name), int(rows.table.num_rows)
    files.make_folder(folder)
    shape = (count, settings.dim)
    stored = write(folder, place.identity.collection.bytes, shape, settings.dtype, rows.vectors)
    written = {layout.VECTORS: stored.vectors, layout.VECTOR_SUMS: stored.sums}
    written[layout.ROWS] = files.write_file(folder / layout.ROWS, [_to_file(rows.table)])
    named = rows.table.column(batch.SEGMENT).to_pylist()
    written[layout.IDS] = files.write_file(folder / layout.IDS, ids.build(named))
    indexed = columns.build(batch.user_columns(rows.table), schema)
    written[layout.COLUMNS] = files.write_file(folder / layout.COLUMNS, [indexed])
    if says_anything(rows.table):
        said = rows.words or postings_of(rows.table)
        written[layout.WORDS] = files.write_file(folder / layout.WORDS, encode(said))
    if rows.codes is not None:
        data = rows.codes.to_bytes()
        written[layout.CODES] = files.write_file(folder / layout.CODES, [data])
    files.sync_folder(folder)
    files.sync_folder(folder.parent)
    used = coder.name if coder is not None and rows.codes is not None else None
    return ShardEntry(name=name, rows=count, files=written, codebook=used)


def write_codes(place: Place, entry: ShardEntry, codes: Codes, coder: Coder) -> ShardEntry:
    """Give a shard codes: a new shard that shares every other file with the old one."""
    made = write_sibling(place, entry, {layout.CODES: codes.to_bytes()})
    return replace(made, codebook=coder.name)


def write_sums(place: Place, entry: ShardEntry) -> ShardEntry:
    """Give a shard its block sums again; its vectors must be as they were written."""
    data = map_file(place.shard(entry.name) / layout.VECTORS, entry.files.get(layout.VECTORS))
    return write_sibling(place, entry, {layout.VECTOR_SUMS: block_sums(data)})


def write_sibling(place: Place, entry: ShardEntry, changed: Mapping[str, Buffer]) -> ShardEntry:
    """Write a shard that differs from another in some files and shares the rest."""
    name = layout.new_ulid()
    old, folder = place.shard(entry.name), place.shard(name)
    files.make_folder(folder)
    kept = {file: made for file, made in entry.files.items() if file not in changed}
    for file in kept:
        if not files.hard_link(old / file, folder / file):
            files.write_file(folder / file, [(old / file).read_bytes()])
    for file, data in changed.items():
        kept[file] = files.write_file(folder / file, [data])
    files.sync_folder(folder)
    files.sync_folder(folder.parent)
    return replace(entry, name=name, files=kept)


def _to_file(table: pa.RecordBatch) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_batch(table)
    return sink.getvalue()


class Shard:
    """An open shard: mapped truth, and derived files or what was built in their place."""

    def __init__(
        self, place: Place, entry: ShardEntry, schema: Schema, coder: Coder | None
    ) -> None:
        self.name, self.rows = entry.name, entry.rows
        self._entry = entry
        self.faulty: set[str] = set()  # derived files that did not read
        self._place, self._folder = place, place.shard(entry.name)
        shape = (entry.rows, place.settings.dim)
        self._stored = StoredVectors(self._folder, entry.files, shape, place.settings.dtype)
        self.table = self._read_table(schema)
        self.columns = self._read_columns(schema)
        self.ids = self._read_ids()
        self.codes = self._read_codes(coder)
        self.coded_by = coder.name if coder is not None else None

    @property
    def vectors(self) -> np.ndarray:
        """The mapped rows; `touch` them first."""
        return self._stored.array

    def touch(self, rows: np.ndarray | None) -> None:
        """Check the bytes of these rows, once."""
        self._stored.touch(rows)

    def trust(self) -> None:
        """Take the bytes of all rows for checked."""
        self._stored.trust()

    def unsound_rows(self) -> np.ndarray:
        """Mark the rows whose bytes are not what was written."""
        return self._stored.unsound_rows()

    @cached_property
    def cells(self) -> Cells:
        """Read single rows of the table."""
        return Cells(self.table)

    def row(self, number: int) -> tuple[Cells, int]:
        """Find the cells that hold a row, and the row's number in them."""
        return self.cells, number

    @cached_property
    def items(self) -> PartItems:
        """List the items of these rows, once."""
        return PartItems([self.table])

    @cached_property
    def words(self) -> Sequence[Block]:
        """Open the postings of what these rows say, once somebody asks."""
        if not says_anything(self.table):
            return []

        def anew() -> Postings:
            return postings_of(self.table)

        said = self._derived(layout.WORDS, lambda data: open_words(data, self.rows), anew)
        return [Block(0, said)]

    @property
    def tables(self) -> list[pa.RecordBatch]:
        """Give the table of these rows."""
        return [self.table]

    @cached_property
    def sides(self) -> PartSides:
        """Tell the rows apart, once somebody asks."""
        return sides_of([self.table])

    def take(self, rows: np.ndarray) -> list[pa.RecordBatch]:
        """Read rows in this order."""
        return [self.table.take(pa.array(rows))]

    def _path(self, name: str) -> Path:
        return self._folder / name

    def _read_table(self, schema: Schema) -> pa.RecordBatch:
        path = self._path(layout.ROWS)
        data = map_file(path, self._entry.files.get(layout.ROWS))
        try:
            reader = pa.ipc.open_file(pa.py_buffer(data))
            if reader.num_record_batches != 1:
                raise ValueError(f"{reader.num_record_batches} batches, not 1")
            table = reader.get_batch(0)
            batch.check(table, schema.columns)
            if table.num_rows != self.rows:
                raise ValueError(f"{table.num_rows} rows, the manifest says {self.rows}")
        except (ValueError, pa.ArrowException) as error:
            raise CorruptCollectionError(f"{path} does not read ({error})") from error
        return table

    def _derived(
        self, name: str, read: Callable[[memoryview], Derived], build: Callable[[], Derived]
    ) -> Derived:
        written = self._entry.files.get(name)
        if written is not None:
            try:
                return read(map_file(self._path(name), written))
            except (CorruptCollectionError, ShardError, ValueError) as error:
                fault = str(error).removesuffix(": restore it from a snapshot")
                _log.warning(
                    "%s: it is built anew in memory each time, until something is written or "
                    "`omnisearch doctor --index %s --repair`",
                    fault,
                    self._place.root,
                )
                self.faulty.add(name)
        return build()

    def _read_ids(self) -> ids.IdTable:
        segments, cells, rows = self.table.column(batch.SEGMENT), self.cells, self.rows

        def id_at(row: int) -> str:  # without the shard, which would then hold itself
            return str(cells.system(batch.SEGMENT, row))

        def anew() -> ids.IdTable:
            return ids.IdTable(b"".join(ids.build(segments.to_pylist())), rows, id_at)

        return self._derived(layout.IDS, lambda data: ids.IdTable(data, rows, id_at), anew)

    def _read_columns(self, schema: Schema) -> Columns:
        def anew() -> Columns:
            return Columns.open(columns.build(batch.user_columns(self.table), schema))

        return self._derived(layout.COLUMNS, lambda d: Columns.open(d, self.rows), anew)

    def _read_codes(self, coder: Coder | None) -> Codes | None:
        if coder is None:
            return None
        book = coder.codebook

        def anew() -> Codes:
            self.touch(None)
            return book.encode(self.vectors)

        if self._entry.codebook != coder.name:
            return anew()
        return self._derived(layout.CODES, lambda d: Codes.from_bytes(d, book), anew)
