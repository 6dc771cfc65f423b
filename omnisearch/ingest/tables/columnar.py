"""Parquet and Arrow as tables, some rows at a time; every batch is validated before it is read.

They are parsed in this process, after another one has [read them](vetting.py) to their end.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from omnisearch.errors import InputError
from omnisearch.ingest.tables.lines import Line, top

ARROW = (".arrow", ".feather", ".arrows")
PARQUET = (".parquet", ".pq")
STATE = "state.json"  # in a folder that `datasets` saved
# text that is not UTF-8 is a ValueError, a date that Python does not have an OverflowError
FAULTS = (pa.ArrowException, OSError, ValueError, OverflowError, RecursionError)
_ROWS, _BYTES = 1_024, 16 << 20  # read at once
_MAGIC = b"ARROW1"


class ParquetTable:
    """A Parquet file."""

    typed = True

    def __init__(self, path: Path) -> None:
        self.path, self.title = path, str(path)
        with placed(self.title):
            self._file = parquet_of(path)
            self.count: int | None = self._file.metadata.num_rows
            self.names = _names(self.title, self._file.schema_arrow)
            self._step = step_of(self._file.metadata)

    def lines(self, wanted: Sequence[str] | None) -> Iterator[Line]:
        """Read from the start, only some columns where they are named."""
        columns, first = top(wanted, self.names), 0
        with placed(self.title):
            batches = self._file.iter_batches(self._step, columns=columns, use_threads=False)
            for batch in batches:
                yield from rows_of(batch, first)
                first += batch.num_rows


class ArrowTable:
    """Files of Arrow, one behind the other: with a table of contents or as a stream."""

    typed = True

    def __init__(self, title: str, paths: Sequence[Path]) -> None:
        self.title, self._paths = title, paths
        self.count: int | None = None
        schemas = []
        for path in paths:
            with placed(str(path)), _reader(path) as (schema, _):
                schemas.append(schema)
        if not all(one.equals(schemas[0]) for one in schemas):
            raise InputError(f"{title}: its files have different columns: take them in apart")
        with placed(title):
            self.names = _names(title, schemas[0]) if schemas else ()

    def lines(self, wanted: Sequence[str] | None) -> Iterator[Line]:
        """Read from the start, only some columns where they are named."""
        columns, first = top(wanted, self.names), 0
        for path in self._paths:
            with placed(str(path)), _reader(path) as (_, batches):
                for batch in batches:
                    yield from sliced(batch, columns, first)
                    first += batch.num_rows


class GivenTable:
    """A table or a reader of batches that a program gives."""

    typed = True

    def __init__(self, title: str, table: pa.Table | pa.RecordBatch | pa.RecordBatchReader) -> None:
        self.title, self._table = title, table
        self.names = _names(title, table.schema)
        known = not isinstance(table, pa.RecordBatchReader)
        self.count: int | None = table.num_rows if known else None

    def lines(self, wanted: Sequence[str] | None) -> Iterator[Line]:
        """Read from the start, only some columns where they are named."""
        table, first = self._table, 0
        one = isinstance(table, pa.RecordBatch)
        batches = [table] if one else table.to_batches() if isinstance(table, pa.Table) else table
        for batch in batches:
            yield from sliced(batch, top(wanted, self.names), first)
            first += batch.num_rows


def saved(folder: Path) -> list[Path]:
    """Name the files of a folder that `datasets` saved to the disk."""
    try:
        told = json.loads((folder / STATE).read_text("utf-8"))
        names = [one["filename"] for one in told["_data_files"]]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"{folder / STATE} tells no files of rows ({error})") from error
    if not all(isinstance(name, str) and Path(name).name == name for name in names):
        raise InputError(f"{folder / STATE} names files that are not in its folder")
    return [folder / name for name in names]


def rows_of(batch: pa.RecordBatch, first: int) -> Iterator[Line]:
    """Give validated rows as Python values."""
    batch.validate(full=True)
    plain = as_metadata(pa.Table.from_batches([batch]))
    yield from (Line(first + at, row) for at, row in enumerate(plain.to_pylist(), 1))


def as_metadata(table: pa.Table) -> pa.Table:
    """Give columns types that have a Python value: a date is its first moment, all times in UTC."""
    for at, column in enumerate(table.schema):
        kind = column.type
        if pa.types.is_date(kind) or (pa.types.is_timestamp(kind) and kind.tz is None):
            moments = table.column(at).cast(pa.timestamp("us"), safe=False)
            table = table.set_column(at, column.name, moments.cast(pa.timestamp("us", "UTC")))
        elif pa.types.is_timestamp(kind):
            moments = table.column(at).cast(pa.timestamp("us", "UTC"), safe=False)
            table = table.set_column(at, column.name, moments)
        elif pa.types.is_decimal(kind):
            table = table.set_column(at, column.name, table.column(at).cast(pa.float64()))
    return table


def sliced(batch: pa.RecordBatch, columns: list[str] | None, first: int) -> Iterator[Line]:
    """Read a batch, which may be all of a file, in slices."""
    chosen = batch if columns is None else batch.select(columns)
    chosen.validate(full=True)
    step = _step(chosen.nbytes, chosen.num_rows)
    for begin in range(0, chosen.num_rows, step):
        yield from rows_of(chosen.slice(begin, step), first + begin)


@contextmanager
def _reader(path: Path) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    with pa.OSFile(str(path)) as file:
        yield arrow_of(file)


def arrow_of(file: pa.NativeFile) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """Open Arrow: what its columns are, and its batches."""
    alone = pa.ipc.IpcReadOptions(use_threads=False)
    if file.read(len(_MAGIC)) == _MAGIC:
        found = pa.ipc.open_file(file, options=alone)
        return found.schema, (found.get_batch(at) for at in range(found.num_record_batches))
    file.seek(0)
    stream = pa.ipc.open_stream(file, options=alone)
    return stream.schema, iter(stream)


def parquet_of(source: Path | pa.NativeFile) -> pq.ParquetFile:
    """Open Parquet; pages are read as they are needed: a group of rows may be all of the file."""
    return pq.ParquetFile(
        source, page_checksum_verification=True, pre_buffer=False, buffer_size=1 << 16
    )


def step_of(told: pq.FileMetaData) -> int:
    """Say how many rows of Parquet are read at once."""
    size = sum(told.row_group(at).total_byte_size for at in range(told.num_row_groups))
    return _step(size, told.num_rows)


@contextmanager
def placed(title: str) -> Iterator[None]:
    """Say which file is at fault."""
    try:
        yield
    except InputError:
        raise
    except FAULTS as error:
        told = " ".join(str(error).split())  # Parquet says some things on several lines
        raise InputError(f"{title} is damaged or no such table ({told})") from error


def _names(title: str, schema: pa.Schema) -> tuple[str, ...]:
    repeated = {name for name in schema.names if schema.names.count(name) > 1}
    if repeated:
        raise InputError(f"{title} has the column {min(repeated)!r} twice: rename one")
    return tuple(schema.names)


def _step(size: int, rows: int) -> int:
    """Say how many rows are read at once."""
    each: Any = max(size, 1) / max(rows, 1)
    return int(min(max(_BYTES / each, 1), _ROWS))
