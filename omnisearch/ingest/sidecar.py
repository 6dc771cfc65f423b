"""Metadata of files in a table beside them, joined by path: held against all before it is used."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from omnisearch.errors import InputError
from omnisearch.ingest.named import opened
from omnisearch.ingest.places import place_of
from omnisearch.ingest.tables import delimited, survey
from omnisearch.ingest.tables.delimited import DelimitedRows
from omnisearch.ingest.tables.lines import Broken, Line, RowError
from omnisearch.locations import Location, Root, given, shown
from omnisearch.schema import Schema, check_name, tabulate, to_dicts
from omnisearch.storage import batch, changes, rows
from omnisearch.values import Kind, MisfitError

if TYPE_CHECKING:
    from omnisearch.ingest.options import PathLike
    from omnisearch.storage.generation import Generation
    from omnisearch.storage.store import Store

KEY = "path"  # the column that names the file
_SHOWN = 3  # faults of one kind that are listed


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What a table says of files that are there, row by row."""

    table: Path
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
        told = zip(self.places, self.said, range(1, len(self.said) + 1), strict=True)
        for place, said, number in sorted(told, key=lambda one: one[0]):
            item = now.items.of_location(str(place))
            if item is None:
                absent.append(number)
            elif item in wanted and wanted[item] != said:
                twice.append(number)
            else:
                wanted[item] = said
        faults = (
            (absent, "about files that are not stored"),
            (twice, "about copies of a file of which another row says otherwise"),
        )
        return wanted, [self._told(numbers, why) for numbers, why in faults if numbers]

    def _told(self, numbers: Sequence[int], why: str) -> str:
        return f"{self.table}: {_count(numbers)} {why}: row {_listed(sorted(numbers))}"


def read(path: PathLike, roots: Sequence[Root], schema: Schema) -> Sidecar:
    """Read a CSV, Parquet or JSON Lines table; what does not fit is an error that names the row."""
    table = Path(os.fsdecode(given(path)))
    notes: list[str] = []
    found = _rows(table, schema, notes)
    keys = [_key(table, row, number) for number, row in enumerate(found, 1)]
    _check_unique(table, keys)
    places = _located(table, keys, roots)
    said = [{name: value for name, value in row.items() if name != KEY} for row in found]
    _check_kinds(table, said, schema)
    return Sidecar(table, tuple(places), tuple(said), tuple(notes))


def _rows(table: Path, schema: Schema, notes: list[str]) -> list[dict[str, Any]]:
    readers: dict[str, Callable[[Path], list[dict[str, Any]]]] = {
        **dict.fromkeys(delimited.ENDS, lambda path: _texts(path, schema, notes)),
        ".parquet": _chunks,
        ".jsonl": _chunks,
    }
    return opened(table, readers)


def _texts(table: Path, schema: Schema, notes: list[str]) -> list[dict[str, Any]]:
    """Read a table of texts, as one whose rows are items is read; a torn row is an error here."""
    source = DelimitedRows(table)
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


def _chunks(table: Path) -> list[dict[str, Any]]:
    from omnisearch.ingest.jsonl import JsonRows
    from omnisearch.ingest.parquet import ParquetRows

    source = ParquetRows(table) if table.suffix.lower() == ".parquet" else JsonRows(table)
    _check_columns(table, source.names)
    found: list[dict[str, Any]] = []
    for chunk in source.chunks(4_096):
        part = chunk.metadata(())
        if part is not None:
            found += part if isinstance(part, list) else _plain(part)
    return found


def _plain(found: pa.Table) -> list[dict[str, Any]]:
    from omnisearch.ingest.tables.columnar import as_metadata  # it loads Parquet

    listed: list[dict[str, Any]] = as_metadata(found).to_pylist()
    return listed


def _check_columns(table: Path, names: Sequence[str]) -> None:
    if KEY not in names:
        known = ", ".join(names) or "none"
        raise InputError(f"{table} has no column {KEY!r} that names the files, only {known}")
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise InputError(f"{table} has the column {min(repeated)!r} twice: rename one")


def _key(table: Path, row: Mapping[str, Any], number: int) -> bytes:
    key = row.get(KEY)
    if not isinstance(key, str) or not key:
        raise InputError(f"{table}: row {number:,}, column {KEY!r} is {key!r}, not a path")
    return given(key)


def _check_unique(table: Path, keys: Sequence[bytes]) -> None:
    first: dict[bytes, int] = {}
    for number, key in enumerate(keys, 1):
        if (before := first.setdefault(os.path.normpath(key), number)) != number:
            fault = f"rows {before:,} and {number:,} both describe {shown(key)}"
            raise InputError(f"{table}: {fault}: leave one out")


def _located(table: Path, keys: Sequence[bytes], roots: Sequence[Root]) -> list[Location]:
    above = [root.path for root in roots if root.kind == "folder"]
    above.append(os.path.realpath(os.fsencode(table.parent)))
    found = [_place(key, above, roots) for key in keys]
    unknown = [number for number, place in enumerate(found, 1) if place is None]
    if unknown:
        names = _listed(f"{number:,} ({shown(keys[number - 1])})" for number in unknown)
        fault = f"{_count(unknown)} about no file that is taken in: row {names}"
        raise InputError(f"{table}: {fault}; paths are those below a folder that is taken in")
    return [place for place in found if place is not None]


def _place(key: bytes, above: Sequence[bytes], roots: Sequence[Root]) -> Location | None:
    for folder in above:
        path = os.path.normpath(os.path.join(folder, key))  # noqa: PTH118 - bytes
        if os.path.lexists(path) and (place := place_of(path, roots)) is not None:
            return place
    return None


def _check_kinds(table: Path, said: Sequence[Mapping[str, Any]], schema: Schema) -> None:
    for name in dict.fromkeys(name for row in said for name in row):
        try:
            check_name(name)
            tabulate([{name: row.get(name)} for row in said], len(said), schema)
        except InputError as error:
            misfit = error.__cause__
            at = misfit.row if isinstance(misfit, MisfitError) else None
            where = f"column {name!r}" if at is None else f"row {at + 1:,}, column {name!r}"
            why = misfit.fault if isinstance(misfit, MisfitError) else str(error)
            raise InputError(f"{table}: {where}: {why}") from error


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
