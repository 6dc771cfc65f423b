"""The tail: rows that are in the log and not yet in a shard.

New rows are loose, in one growing array; about a thousand of them become a chunk, which has codes
and columns like a shard. Arrays only grow at their end, so a view of the first rows stays true.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import groupby

import numpy as np
import pyarrow as pa

from omnisearch.schema import Schema
from omnisearch.storage import batch, columns
from omnisearch.storage.batch import Batch
from omnisearch.storage.cells import Cells
from omnisearch.storage.columns import Columns, LooseColumns
from omnisearch.storage.items import PartItems
from omnisearch.storage.shard import Coder
from omnisearch.storage.sides import PartSides, sides_of
from omnisearch.storage.words.loose import Block, LooseWords
from omnisearch.storage.words.said import postings_of, says_anything, texts_of
from omnisearch_indexes import Codes

LOOSE_ROWS = 1024  # exact search over them costs about 60 microseconds at 384 dimensions
_FIRST_CAPACITY = 64


class LooseRows:
    """The first rows of a growing array, as they were at one generation."""

    codes: Codes | None = None
    coded_by: str | None = None

    def __init__(self, vectors: np.ndarray, held: Loose) -> None:
        self.vectors, self.rows = vectors, len(vectors)
        self._tables, self._starts, self._words = held.tables, held.starts, held.words
        self._cells: dict[int, Cells] = {}  # by table, of the rows that were read

    def touch(self, rows: np.ndarray | None) -> None:
        """Do nothing: the rows are in memory."""

    def row(self, number: int) -> tuple[Cells, int]:
        """Find the cells that hold a row, and the row's number in them."""
        at, row = self._place(number)
        cells = self._cells.get(at)
        if cells is None:
            cells = self._cells[at] = Cells(self._tables[at])
        return cells, row

    def _place(self, number: int) -> tuple[int, int]:
        at = bisect_right(self._starts, number) - 1
        return at, number - self._starts[at]

    def take(self, rows: np.ndarray) -> list[pa.RecordBatch]:
        """Read rows in this order, a table for each run of rows that came together."""
        places = [self._place(number) for number in rows.tolist()]
        runs = groupby(places, key=lambda place: place[0])
        return [self._tables[at].take(pa.array([row for _, row in run])) for at, run in runs]

    @property
    def tables(self) -> list[pa.RecordBatch]:
        """List the tables of these rows, without those that came later."""
        return list(self._tables[: bisect_right(self._starts, self.rows - 1)])

    @cached_property
    def items(self) -> PartItems:
        """List the items of these rows, once per view."""
        return PartItems(self.tables)

    @property
    def words(self) -> Sequence[Block]:
        """Give the postings of what these rows say; they may know of later rows."""
        return self._words.upto(self.rows) if any(map(says_anything, self.tables)) else []

    @cached_property
    def sides(self) -> PartSides:
        """Tell the rows apart, once per view."""
        return sides_of(self.tables)

    @cached_property
    def columns(self) -> LooseColumns:
        """Index the user's columns for filters, once per view."""
        return LooseColumns(self.tables, skip=len(batch.SYSTEM))


class Chunk:
    """Some thousand rows of the tail, with codes where the space has a codebook."""

    def __init__(self, vectors: np.ndarray, table: pa.RecordBatch, schema: Schema) -> None:
        self.vectors, self.table, self.rows = vectors, table, len(vectors)
        self.codes: Codes | None = None
        self.coded_by: str | None = None
        self._schema = schema

    def touch(self, rows: np.ndarray | None) -> None:
        """Do nothing: the rows are in memory."""

    @cached_property
    def cells(self) -> Cells:
        """Read single rows of the table."""
        return Cells(self.table)

    def row(self, number: int) -> tuple[Cells, int]:
        """Find the cells that hold a row, and the row's number in them."""
        return self.cells, number

    def take(self, rows: np.ndarray) -> list[pa.RecordBatch]:
        """Read rows in this order."""
        return [self.table.take(pa.array(rows))]

    @cached_property
    def items(self) -> PartItems:
        """List the items of these rows, once."""
        return PartItems([self.table])

    @cached_property
    def words(self) -> Sequence[Block]:
        """Index what these rows say, once."""
        said = says_anything(self.table)
        return [Block(0, postings_of(self.table))] if said else []

    @property
    def tables(self) -> list[pa.RecordBatch]:
        """Give the table of these rows."""
        return [self.table]

    @cached_property
    def sides(self) -> PartSides:
        """Tell the rows apart, once."""
        return sides_of([self.table])

    @cached_property
    def columns(self) -> Columns:
        """Index the user's columns for filters, once."""
        return Columns.open(columns.build(batch.user_columns(self.table), self._schema))

    def encoded(self, coder: Coder) -> Chunk:
        """Make a chunk of the same rows with codes, and its columns before a query needs them."""
        chunk = Chunk(self.vectors, self.table, self._schema)
        chunk.codes, chunk.coded_by = coder.codebook.encode(self.vectors), coder.name
        self._hand_on(chunk)
        _ = chunk.columns
        return chunk

    def relabelled(self, name: str) -> Chunk:
        """Make a chunk of the same rows whose codes hold for another codebook too."""
        chunk = Chunk(self.vectors, self.table, self._schema)
        chunk.codes, chunk.coded_by = self.codes, name
        self._hand_on(chunk)
        return chunk

    def _hand_on(self, other: Chunk) -> None:
        """Let a chunk of the same rows have what was made for this one."""
        for name in ("columns", "words", "items", "sides"):
            if name in self.__dict__:
                other.__dict__[name] = self.__dict__[name]


class Loose:
    """Where rows arrive."""

    def __init__(self, dim: int, dtype: str) -> None:
        self._buffer = np.empty((_FIRST_CAPACITY, dim), dtype)
        self.tables: list[pa.RecordBatch] = []
        self.starts: list[int] = []
        self.words = LooseWords(self._texts)
        self.rows = 0

    def append(self, added: Batch) -> None:
        """Add rows at the end; views taken before do not see them."""
        end = self.rows + added.rows
        if end > len(self._buffer):
            grown = np.empty((max(end, 2 * len(self._buffer)), self._buffer.shape[1]), self.dtype)
            grown[: self.rows] = self._buffer[: self.rows]
            self._buffer = grown
        self._buffer[self.rows : end] = added.vectors
        self.tables.append(added.table)
        self.starts.append(self.rows)
        self.rows = end

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The stored type of the vectors."""
        return self._buffer.dtype

    def view(self) -> LooseRows:
        """Take the rows as they are now."""
        return LooseRows(self._buffer[: self.rows], self)

    def _texts(self, first: int, last: int) -> list[str | None]:
        """Give what the rows of whole tables say."""
        places = range(bisect_left(self.starts, first), bisect_left(self.starts, last))
        return [text for at in places for text in texts_of(self.tables[at])]

    def freeze(self, schema: Schema) -> Chunk:
        """Make a chunk of all rows."""
        table = batch.merge(self.tables, schema)
        return Chunk(self._buffer[: self.rows].copy(), table, schema)


class TailIds:
    """Ids of tail rows to row numbers; only the last row of an id can be alive."""

    def __init__(self) -> None:
        self._rows: dict[str, int | tuple[int, ...]] = {}

    def add(self, ids: Iterable[str], first: int) -> None:
        """Remember rows that follow each other."""
        rows = self._rows
        for number, name in enumerate(ids, first):
            before = rows.get(name)
            if before is None:
                rows[name] = number
            else:
                rows[name] = (*(before if isinstance(before, tuple) else (before,)), number)

    def find(self, name: str, before: int) -> int:
        """Give the last row of an id among the first `before` rows, or -1."""
        found = self._rows.get(name, -1)
        if isinstance(found, int):
            return found if found < before else -1
        return next((row for row in reversed(found) if row < before), -1)
