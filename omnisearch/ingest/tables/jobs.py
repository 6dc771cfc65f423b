"""Rows to jobs: each gets its id and its metadata, and what is stored of it is looked up.

A fault of a row is told by its number and column, and costs that row.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from blake3 import blake3

from omnisearch.errors import InputError
from omnisearch.ingest.tables import survey
from omnisearch.ingest.tables.columns import Columns, pick
from omnisearch.ingest.tables.known import Known, known
from omnisearch.ingest.tables.lines import Broken, Line, RowError
from omnisearch.ingest.tables.repeats import Seen
from omnisearch.ingest.tables.source import Table, still_there
from omnisearch.schema import Schema, check_name, tabulate, to_dicts
from omnisearch.storage.batch import WORDS_MARK
from omnisearch.values import Kind, MisfitError, short

if TYPE_CHECKING:
    from omnisearch.storage.generation import Generation

MOST_ID = 1_000  # bytes: the names of its segments are longer
_DIGEST_BYTES = 8


@dataclass(frozen=True, slots=True)
class Job:
    """A row on its way: its cells, its typed metadata, and what is stored of it."""

    number: int
    item: str
    cells: Mapping[str, Any]
    said: Mapping[str, Any]
    unsaid: tuple[str, ...]  # metadata that it does not have and others may
    digest: str  # of what is said, and of where the row stands
    known: Known | None
    bytes: int


class Jobs:
    """Makes jobs of lines, some at a time; tells rows that cannot be any."""

    def __init__(
        self,
        table: Table,
        columns: Columns,
        schema: Schema,
        fail: Callable[[int, str | None, str], None],
    ) -> None:
        self.seen, self.torn = Seen(), Seen()  # ids of rows, and of those that cannot be read
        self.lost = 0  # rows of which nobody knows what they are
        self._table, self._columns, self._fail = table, columns, fail
        self._without = columns.without()
        self.kinds: Mapping[str, Kind] = {}  # of columns whose cells are texts
        self.schema, self._first = schema, True
        self.left_out: set[str] = set()  # columns that can be no metadata
        self._names: set[str] = set()

    def of(self, lines: Sequence[Line | Broken], now: Generation) -> Iterator[Job]:
        """Give the jobs of some lines."""
        named = list(self._named(lines))
        if self._columns.id is not None:
            named = self._unrepeated(named)
        else:
            self.seen.add([item for item, _ in named], [line.number for _, line in named])
        pairs = zip(named, known(now, [item for item, _ in named]), strict=True)
        ours = [(one, found) for one, found in pairs if self._ours(one, found)]
        typed = self._typed([one for one, _ in ours])
        self._first = False
        for ((item, line), found), said in zip(ours, typed, strict=True):
            if said is not None:
                unsaid = tuple(n for n in (*self._columns.meta, *self._names) if n not in said)
                digest, size = self._digest(line.number, said), size_of(line.cells)
                yield Job(line.number, item, line.cells, said, unsaid, digest, found, size)

    def _named(self, lines: Sequence[Line | Broken]) -> Iterator[tuple[str, Line]]:
        for line in lines:
            if isinstance(line, Broken):
                self._fail(line.number, line.column, line.reason)
                self._lose(line)
                continue
            try:
                yield self._id(line), line
            except RowError as error:
                self._fail(line.number, error.column, error.reason)
                self.lost += 1

    def _lose(self, line: Broken) -> None:
        """Note a row that stays what it was, or that it may be any: nobody knows what has gone."""
        try:
            self.torn.add([self._id(line)], [line.number])
        except RowError:
            self.lost += 1

    def _numbered(self, number: int) -> str:
        return f"{self._table.short}#{number}"

    def _id(self, line: Line | Broken) -> str:
        column = self._columns.id
        if column is None:
            return self._numbered(line.number)
        value = pick(line.cells, column)
        if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
            raise RowError(column, f"{short(value)} is no id: a text or a whole number is one")
        name = str(value)
        try:
            size = len(name.encode())
        except UnicodeEncodeError as error:
            raise RowError(column, f"{short(value)} is not UTF-8") from error
        if size > MOST_ID:
            raise RowError(column, f"the id has {size:,} bytes: {MOST_ID:,} at most")
        if name.endswith(WORDS_MARK):
            raise RowError(column, f"{short(name)} ends as what names the words of another id")
        return name

    def _unrepeated(self, named: list[tuple[str, Line]]) -> list[tuple[str, Line]]:
        """Leave out rows whose id an earlier row has."""
        numbers = [line.number for _, line in named]
        before = self.seen.add([item for item, _ in named], numbers)
        for (item, line), first in zip(named, before, strict=True):
            if first:
                fault = f"{short(item)} is the id of {self._table.where(first)}"
                self._fail(line.number, self._columns.id, fault)
        return [one for one, first in zip(named, before, strict=True) if not first]

    def _ours(self, one: tuple[str, Line], found: Known | None) -> bool:
        """Tell whether a row may be stored under its id."""
        item, line = one
        if found is None or found.table == self._table.place:
            return True
        if found.table is None and not found.parts:
            fault = f"{short(item)} is stored already, and no table made it: delete it first"
            self._fail(line.number, self._columns.id, fault)
            return False
        if self._columns.id is None and found.table is not None and still_there(found.table):
            fault = f"rows of {found.table} are stored under {item!r} and its like"
            raise InputError(f"{self._table.rows.title}: {fault}: say which column is the id")
        return True

    def _typed(self, named: Sequence[tuple[str, Line]]) -> list[dict[str, Any] | None]:
        """Type metadata; a row of which a value does not fit is told."""
        found: list[dict[str, Any] | None] = []
        for _, line in named:
            try:
                found.append(self._said(line))
            except RowError as error:
                self._fail(line.number, error.column, error.reason)
                found.append(None)
        while True:
            good = [at for at, one in enumerate(found) if one is not None]
            told = [one for one in found if one is not None]
            try:
                typed, self.schema = tabulate(told, len(told), self.schema)
            except InputError as error:
                for at, (column, fault) in self._misfits(told, error).items():
                    self._fail(named[good[at]][1].number, column, fault)
                    found[good[at]] = None
                continue
            for at, one in zip(good, to_dicts(typed), strict=True):
                found[at] = one
            return found

    def _misfits(
        self, told: Sequence[Mapping[str, Any]], error: InputError
    ) -> dict[int, tuple[str, str]]:
        """Find the values of one column that do not fit, by their place: column and why."""
        for name in dict.fromkeys(name for one in told for name in one):
            column, schema = self._columns.meta.get(name, name), self.schema
            bad: dict[int, tuple[str, str]] = {}
            given = [(at, one[name]) for at, one in enumerate(told) if name in one]
            for at, value in given:
                try:
                    _, schema = tabulate([{name: value}], 1, schema)
                except InputError as found:
                    misfit = found.__cause__
                    if not isinstance(misfit, MisfitError):
                        raise
                    bad[at] = column, misfit.fault
            if bad and self._first and 1 < len(bad) == len(given):
                fault = f"column {column!r}: {next(iter(bad.values()))[1]}, as all rows have it"
                raise InputError(f"{self._table.rows.title}: {fault}") from error
            if bad:
                return bad
        raise error

    def _said(self, line: Line) -> dict[str, Any]:
        """Give the metadata of a row."""
        pairs = dict(self._columns.meta)
        if self._columns.rest:
            pairs |= {name: name for name in line.cells if self._may(name)}
        found = {}
        for name, column in pairs.items():
            value = self._value(column, pick(line.cells, column))
            if value is not None and not _is_bytes(value):
                found[name] = value
            elif value is not None and column in self._columns.meta.values():
                raise RowError(column, "bytes are no metadata: leave the column out")
        return found

    def _may(self, name: object) -> bool:
        """Tell whether a column that nobody named can be metadata."""
        if name in self._names:
            return True
        if not isinstance(name, str) or name in self._without:
            return False
        try:
            check_name(name)
        except InputError:
            self.left_out.add(name)
            return False
        self._names.add(name)
        return True

    def _value(self, column: str, value: Any) -> Any:  # noqa: ANN401
        if not self._table.rows.typed and isinstance(value, str):
            return survey.value_of(column, value, self.kinds.get(column, "string"))
        return plain(value)

    def _digest(self, number: int, said: Mapping[str, Any]) -> str:
        """Digest what is said; whole numbers are the same as floats, as columns may widen."""
        even = {
            name: int(one) if isinstance(one, float) and one.is_integer() else one
            for name, one in said.items()
        }
        told = json.dumps([self._table.place, number, even], sort_keys=True, default=str)
        return blake3(told.encode("utf-8", "replace")).hexdigest(length=_DIGEST_BYTES)


def plain(value: Any) -> Any:  # noqa: ANN401
    """Give a value as metadata has it: times in UTC, no NaN."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, Decimal):
        value = float(value)
    return None if isinstance(value, float) and value != value else value


def _is_bytes(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(isinstance(one, bytes) for one in value.values())
    return isinstance(value, bytes | bytearray | memoryview)


def size_of(cells: Mapping[str, Any]) -> int:
    """Count the bytes that wait with a row, more or less."""
    return sum(_bytes(value) for value in cells.values()) + 200


def _bytes(value: object) -> int:
    if isinstance(value, str | bytes | bytearray | memoryview):
        return len(value)
    if isinstance(value, Mapping):
        return sum(map(_bytes, value.values()))
    if isinstance(value, list | tuple):
        return sum(map(_bytes, value[:100])) * max(len(value) // 100, 1)
    return 32
