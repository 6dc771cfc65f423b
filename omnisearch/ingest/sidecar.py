"""Metadata of files in a table beside them, joined by path: held against all before it is used."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omnisearch.errors import InputError
from omnisearch.ingest.named import opened
from omnisearch.ingest.places import place_of
from omnisearch.ingest.tables import delimited, jsonlines, packed, survey
from omnisearch.ingest.tables.delimited import DelimitedRows
from omnisearch.ingest.tables.jsonlines import JsonLines
from omnisearch.ingest.tables.lines import Broken, Line, RowError
from omnisearch.locations import Location, Root, given, shown
from omnisearch.schema import Schema, check_name, tabulate, to_dicts
from omnisearch.storage import batch, changes, rows
from omnisearch.values import Kind, MisfitError, short

if TYPE_CHECKING:
    from omnisearch.ingest.options import PathLike
    from omnisearch.storage.generation import Generation
    from omnisearch.storage.store import Store

KEY = "path"  # the column that names the file
_TEXTS = (*delimited.ENDS, *jsonlines.ENDS)
_SHOWN = 3  # faults of one kind that are listed
_CHUNK = 4_096  # rows of Parquet
_MOST = 256 << 20  # bytes that a packed table may have, since it is held whole


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a table, and how messages count them: JSON has lines, of which some are empty."""

    table: Path
    cells: Sequence[Mapping[str, Any]]
    noun: str = "row"
    numbers: Sequence[int] = ()

    def number(self, at: int) -> int:
        """Give the number of a row by its place among them."""
        return self.numbers[at] if self.numbers else at + 1

    def where(self, at: int) -> str:
        """Name a row."""
        return f"{self.noun} {self.number(at):,}"


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What a table says of files that are there, row by row."""

    rows: Sheet
    places: tuple[Location, ...]
    said: tuple[Mapping[str, Any], ...]
    notes: tuple[str, ...] = ()  # on how the table was read

    def apply(self, store: Store) -> list[str]:
        """Store what the table says and the collection does not yet; give what is to be told."""
        now = store.reading()
        wanted, warnings = self._by_item(now)
        items = list(wanted)
        said = _as_stored([wanted[item] for item in items], now.schema)
        before = _metadata_of(now, items)
        news = {
            item: one
            for item, one in zip(items, said, strict=True)
            if any(before[item].get(name) != value for name, value in one.items())
        }
        if news:
            store.write(changes.updating(list(news), list(news.values())))
        return [*self.notes, *warnings]

    def _by_item(self, now: Generation) -> tuple[dict[str, Mapping[str, Any]], list[str]]:
        """Give what is said of each item; copies of one file are described by their first place."""
        wanted: dict[str, Mapping[str, Any]] = {}
        absent, twice = [], []
        told = zip(self.places, self.said, range(len(self.said)), strict=True)
        for place, said, at in sorted(told, key=lambda one: one[0]):
            item = now.items.of_location(str(place))
            if item is None:
                absent.append(self.rows.number(at))
            elif item in wanted and wanted[item] != said:
                twice.append(self.rows.number(at))
            else:
                wanted[item] = said
        faults = (
            (absent, "about files that are not stored"),
            (twice, "about copies of a file of which another row says otherwise"),
        )
        return wanted, [self._told(numbers, why) for numbers, why in faults if numbers]

    def _told(self, numbers: Sequence[int], why: str) -> str:
        rows = self.rows
        return f"{rows.table}: {_count(numbers)} {why}: {rows.noun} {_listed(sorted(numbers))}"


def read(path: PathLike, roots: Sequence[Root], schema: Schema) -> Sidecar:
    """Read a CSV, Parquet or JSON Lines table; what does not fit is an error that names the row."""
    table = Path(os.fsdecode(given(path)))
    notes: list[str] = []
    rows = _rows(table, schema, notes)
    keys = [_key(rows, at) for at in range(len(rows.cells))]
    _check_unique(rows, keys)
    places = _located(rows, keys, roots)
    said = [{name: value for name, value in row.items() if name != KEY} for row in rows.cells]
    _check_kinds(rows, said, schema)
    return Sidecar(rows, tuple(places), tuple(said), tuple(notes))


def _rows(table: Path, schema: Schema, notes: list[str]) -> Sheet:
    readers: dict[str, Callable[[Path], Sheet]] = {
        **dict.fromkeys(delimited.ENDS, lambda path: Sheet(path, _texts(path, schema, notes))),
        **dict.fromkeys(jsonlines.ENDS, _lines),
        ".parquet": lambda path: Sheet(path, _chunks(path)),
    }
    return opened(table, readers, packed.ending(table, _TEXTS))


def _texts(table: Path, schema: Schema, notes: list[str]) -> list[dict[str, Any]]:
    """Read a table of texts, as one whose rows are items is read; a torn row is an error here."""
    source = DelimitedRows(table, _MOST)
    _check_columns(table, source.names)
    names = tuple(name for name in source.names if name and name != KEY)
    stored = {name: schema.columns.get(name) for name in names}
    found = survey.survey(source, names)
    notes += found.told(str(table), stored)
    kinds: dict[str, Kind] = {**found.settle(stored), KEY: "string"}
    return [_typed(table, line, kinds) for line in source.lines(None)]


def _typed(table: Path, line: Line | Broken, kinds: Mapping[str, Kind]) -> dict[str, Any]:
    try:
        if isinstance(line, Broken):
            raise RowError(line.column, line.reason)
        return {name: survey.value_of(name, cell, kinds[name]) for name, cell in line.cells.items()}
    except RowError as error:
        column = "" if error.column is None else f", column {error.column!r}"
        fault = f"{table}: row {line.number:,}{column}: {error.reason}"
        raise InputError(fault) from error


def _lines(table: Path) -> Sheet:
    """Read JSON Lines; a line that is no object is an error here."""
    source = JsonLines(table, _MOST)
    _check_columns(table, source.names)
    cells, numbers = list[Mapping[str, Any]](), list[int]()
    for line in source.lines(None):
        if isinstance(line, Broken):
            raise InputError(f"{table}: {source.where(line.number)} {line.reason}")
        cells.append(line.cells)
        numbers.append(source.line(line.number))
    return Sheet(table, cells, "line", numbers)


def _chunks(table: Path) -> list[dict[str, Any]]:
    from omnisearch.ingest.parquet import ParquetRows  # it loads Parquet
    from omnisearch.ingest.tables.columnar import as_metadata, placed
    from omnisearch.ingest.tables.vetting import vet

    vet(table)
    source = ParquetRows(table)
    _check_columns(table, source.names)
    found: list[dict[str, Any]] = []
    with placed(str(table)):
        for chunk in source.chunks(_CHUNK):
            part = chunk.metadata(())
            if part is not None:
                found += part if isinstance(part, list) else as_metadata(part).to_pylist()
    return found


def _check_columns(table: Path, names: Sequence[str]) -> None:
    if KEY not in names:
        known = ", ".join(names) or "none"
        raise InputError(f"{table} has no column {KEY!r} that names the files, only {known}")
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise InputError(f"{table} has the column {min(repeated)!r} twice: rename one")


def _key(rows: Sheet, at: int) -> bytes:
    key = rows.cells[at].get(KEY)
    if not isinstance(key, str) or not key:
        told = f"{rows.where(at)}, column {KEY!r} is {short(key)}, not a path"
        raise InputError(f"{rows.table}: {told}")
    return given(key)


def _check_unique(rows: Sheet, keys: Sequence[bytes]) -> None:
    first: dict[bytes, int] = {}
    for at, key in enumerate(keys):
        if (before := first.setdefault(os.path.normpath(key), at)) != at:
            numbers = f"{rows.number(before):,} and {rows.number(at):,}"
            fault = f"{rows.noun}s {numbers} both describe {shown(key)}"
            raise InputError(f"{rows.table}: {fault}: leave one out")


def _located(rows: Sheet, keys: Sequence[bytes], roots: Sequence[Root]) -> list[Location]:
    above = [root.path for root in roots if root.kind == "folder"]
    above.append(os.path.realpath(os.fsencode(rows.table.parent)))
    found = [_place(key, above, roots) for key in keys]
    unknown = [at for at, place in enumerate(found) if place is None]
    if unknown:
        names = _listed(f"{rows.number(at):,} ({shown(keys[at])})" for at in unknown)
        fault = f"{_count(unknown)} about no file that is taken in: {rows.noun} {names}"
        raise InputError(f"{rows.table}: {fault}; paths are those below a folder that is taken in")
    return [place for place in found if place is not None]


def _place(key: bytes, above: Sequence[bytes], roots: Sequence[Root]) -> Location | None:
    for folder in above:
        path = os.path.normpath(os.path.join(folder, key))  # noqa: PTH118 - bytes
        if os.path.lexists(path) and (place := place_of(path, roots)) is not None:
            return place
    return None


def _check_kinds(rows: Sheet, said: Sequence[Mapping[str, Any]], schema: Schema) -> None:
    for name in dict.fromkeys(name for row in said for name in row):
        try:
            check_name(name)
            tabulate([{name: row.get(name)} for row in said], len(said), schema)
        except InputError as error:
            misfit = error.__cause__
            at = misfit.row if isinstance(misfit, MisfitError) else None
            where = f"column {name!r}" if at is None else f"{rows.where(at)}, column {name!r}"
            why = misfit.fault if isinstance(misfit, MisfitError) else str(error)
            raise InputError(f"{rows.table}: {where}: {why}") from error


def _metadata_of(now: Generation, items: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Read what is stored of items; all rows of one have the same."""
    positions = now.find([now.items[item].rows[0] for item in items])
    found: dict[str, dict[str, Any]] = {}
    for places, part in rows.by_part(now, positions) if items else ():
        known = [
            row
            for table in rows.tables(now, positions[places], part)
            for row in to_dicts(batch.user_columns(table))
        ]
        found |= {items[at]: row for at, row in zip(places.tolist(), known, strict=True)}
    return found


def _as_stored(said: Sequence[Mapping[str, Any]], schema: Schema) -> list[dict[str, Any]]:
    """Give values as they come back from the collection: a date with its zone, 1 as 1.0."""
    typed = to_dicts(tabulate(list(said), len(said), schema)[0])
    return [{name: known.get(name) for name in row} for row, known in zip(said, typed, strict=True)]


def _count(numbers: Sequence[int]) -> str:
    return f"{len(numbers):,} row{'' if len(numbers) == 1 else 's'}"


def _listed(numbers: Iterable[object]) -> str:
    texts = [str(number) for number in numbers]
    more = f" and {len(texts) - _SHOWN:,} more" if len(texts) > _SHOWN else ""
    return ", ".join(texts[:_SHOWN]) + more
