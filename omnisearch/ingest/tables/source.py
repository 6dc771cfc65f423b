"""What a table is told by: the name of a file, a folder of `datasets`, Arrow, or dicts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeAlias, cast
from urllib.parse import unquote_to_bytes

import pyarrow as pa

from omnisearch.errors import InputError
from omnisearch.ingest.named import opened
from omnisearch.ingest.tables import columnar, delimited, jsonlines, packed
from omnisearch.ingest.tables.columnar import ArrowTable, GivenTable, ParquetTable
from omnisearch.ingest.tables.delimited import DelimitedRows
from omnisearch.ingest.tables.jsonlines import JsonLines
from omnisearch.ingest.tables.lines import Broken, Line, Rows
from omnisearch.ingest.tables.vetting import vet
from omnisearch.locations import given, uri

Rowed: TypeAlias = Iterable[Mapping[str, Any]]
Source: TypeAlias = str | bytes | Path | pa.Table | pa.RecordBatchReader | Rowed
_OPENERS: Mapping[str, Callable[[Path], Rows]] = {
    **dict.fromkeys(delimited.ENDS, DelimitedRows),
    **dict.fromkeys(jsonlines.ENDS, JsonLines),
    **dict.fromkeys(columnar.PARQUET, lambda path: ParquetTable(*_vetted([path]))),
    **dict.fromkeys(columnar.ARROW, lambda path: ArrowTable(str(path), _vetted([path]))),
}
ENDS = tuple(_OPENERS)
TEXTS = (*delimited.ENDS, *jsonlines.ENDS)  # which may be packed
_FILE = "file://"
_SPLITS = "dataset_dict.json"  # in a folder of folders that `datasets` saved
_ARROW = pa.Table, pa.RecordBatch, pa.RecordBatchReader


@dataclass(frozen=True, slots=True)
class Table:
    """Rows, and what they are known by: `place` stands in every row that is made of them.

    Without a `place` nobody can tell later which rows have gone. `folder` is where paths begin.
    """

    rows: Rows
    short: str
    place: str | None
    folder: Path | None = None

    def where(self, number: int) -> str:
        """Say where a row that was read stands: messages name it so."""
        rows = self.rows
        return rows.where(number) if isinstance(rows, JsonLines) else f"row {number:,}"


class DictRows:
    """Dicts that a program gives, read once."""

    typed = True

    def __init__(self, title: str, rows: Rowed) -> None:
        self.title = title
        self.count = len(rows) if isinstance(rows, Sized) else None
        self._rows = iter(rows)
        self._head = list(islice(self._rows, 100))
        first = next((one for one in self._head if not isinstance(one, Mapping)), None)
        if first is not None:
            kind = type(first).__name__
            raise TypeError(f"{title}: a row is a {kind}: give dicts, or the name of a file")
        names = (name for one in self._head for name in one if isinstance(name, str))
        self.names = tuple(dict.fromkeys(names))

    def lines(self, wanted: Sequence[str] | None) -> Iterator[Line | Broken]:
        """Give the rows."""
        for number, row in enumerate(chain(self._head, self._rows), 1):
            if isinstance(row, Mapping):
                yield Line(number, row)
            else:
                yield Broken(number, f"is a {type(row).__name__}, not a dict")


def table_of(source: Source, name: str | None = None) -> Table:
    """Open a table; one of a program needs a `name` to be known by."""
    if isinstance(source, str | bytes | os.PathLike):
        if name is not None:
            raise InputError(f"name={name!r}: a file is known by its path, leave the name out")
        return _of_path(Path(os.fsdecode(given(source))))
    short = name or "rows"
    place = None if name is None else name
    if isinstance(source, _ARROW):
        return Table(GivenTable(short, source), short, place)
    if isinstance(source, Mapping) or not isinstance(source, Iterable):
        kind = type(source).__name__
        raise TypeError(f"the table is a {kind}: give a file, an Arrow table or dicts")
    return Table(DictRows(short, cast(Rowed, source)), short, place)


def still_there(place: str) -> bool:
    """Tell whether a table is where it was when its rows were stored."""
    file = place.startswith(_FILE)
    return file and os.path.lexists(unquote_to_bytes(place.removeprefix(_FILE)))


def _of_path(path: Path) -> Table:
    real = os.path.realpath(os.fsencode(path))
    place, folder = uri(real, b""), Path(os.fsdecode(os.path.dirname(real)))  # noqa: PTH120
    if path.is_dir():
        if not (path / columnar.STATE).is_file():
            fault = f"{path} is a folder without {columnar.STATE}, so `datasets` did not save it"
            if (path / _SPLITS).is_file():
                fault = f"{path} has several tables, one for each split"
            raise InputError(f"{fault}: name the files or folders of its tables")
        rows = ArrowTable(str(path), _vetted(columnar.saved(path)))
        return Table(rows, path.name, place, path)
    end = packed.ending(path, TEXTS)
    return Table(opened(path, _OPENERS, end), path.name, place, folder)


def _vetted(paths: list[Path]) -> list[Path]:
    """Have files read elsewhere before they are read here; what is not there is told later."""
    for path in paths:
        if path.is_file():
            vet(path)
    return paths
