"""Parquet as a stream of chunks: ids and vectors by column, the rest as metadata."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from omnisearch.errors import InputError
from omnisearch.ingest.lineage import Lineage
from omnisearch.schema import SAID, SPAN
from omnisearch.values import KINDS, Kind

_FAULTS = (pa.ArrowException, OSError, ValueError)  # text that is not UTF-8 is a ValueError
HINTS = b"omnisearch"  # key in the schema's metadata under which an export says what it was


@dataclass(frozen=True, slots=True)
class ParquetChunk:
    """Consecutive rows of a Parquet file."""

    path: Path
    first: int
    table: pa.Table
    json_columns: frozenset[str] = frozenset()

    def texts(self, column: str) -> list[str]:
        """Read ids; whole numbers are written out, nulls are refused."""
        values = self._column(column)
        kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
        if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            if not pa.types.is_integer(kind):
                raise InputError(f"{self.path}: column {column!r} holds {kind}, not ids as text")
        self._refuse_nulls(column, values)
        texts: list[str] = pc.cast(values, pa.string()).to_pylist()
        return texts

    def vectors(self, column: str) -> npt.NDArray[np.float32]:
        """Read a column of lists of numbers as (n, d)."""
        values = self._column(column)
        if not _is_vector(values.type):
            raise InputError(f"{self.path}: column {column!r} holds {values.type}, not vectors")
        self._refuse_nulls(column, values)
        lengths = pc.list_value_length(values).to_numpy()
        wrong = np.flatnonzero(lengths != lengths[0])
        if wrong.size:
            raise InputError(
                f"{self.path}: the vector of row {self.first + int(wrong[0]):,} has "
                f"{lengths[wrong[0]]} dimensions, that of row {self.first:,} has {lengths[0]}"
            )
        numbers = pc.list_flatten(values)
        if numbers.null_count:
            row = self.first + int(np.flatnonzero(numbers.is_null())[0]) // int(lengths[0])
            raise InputError(f"{self.path}: the vector of row {row:,} has a null in it")
        with np.errstate(over="ignore"):
            flat: npt.NDArray[np.float32] = numbers.to_numpy().astype(np.float32)
        return flat.reshape(len(lengths), int(lengths[0]))

    def metadata(self, without: tuple[str, ...]) -> pa.Table | list[dict[str, Any]] | None:
        """Give the other columns, as rows where some of them hold JSON."""
        dropped = set(without).intersection(self.table.column_names)
        rest = self.table.drop_columns(sorted(dropped))
        if not rest.num_columns:
            return None
        encoded = self.json_columns.intersection(rest.column_names)
        if not encoded:
            return rest
        rows: list[dict[str, Any]] = rest.to_pylist()
        for row in rows:
            for name in encoded:
                row[name] = None if row[name] is None else json.loads(row[name])
        return rows

    def _column(self, name: str) -> pa.ChunkedArray:
        names = self.table.column_names
        if name not in names:
            raise InputError(f"{self.path} has no column {name!r}, only {', '.join(names)}")
        return self.table.column(name)

    def _refuse_nulls(self, name: str, values: pa.ChunkedArray) -> None:
        if values.null_count:
            row = self.first + int(np.flatnonzero(values.is_null())[0])
            raise InputError(f"{self.path}: column {name!r} is null in row {row:,}")


class ParquetRows:
    """A Parquet file that is read once, in chunks of one size."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = pq.ParquetFile(path, page_checksum_verification=True)
        except _FAULTS as error:
            raise InputError(f"{path} is not a Parquet file that can be read ({error})") from error
        self.rows: int = self._file.metadata.num_rows
        self.schema: pa.Schema = self._file.schema_arrow
        self.names: tuple[str, ...] = tuple(self.schema.names)
        repeated = {name for name in self.names if self.names.count(name) > 1}
        if repeated:
            raise InputError(f"{path} has the column {min(repeated)!r} twice: rename one")

    def metric(self) -> str | None:
        """Read which metric the collection had that this file was exported from."""
        metric = self._hints().get("metric")
        return metric if isinstance(metric, str) else None

    def columns(self) -> dict[str, Kind] | None:
        """Read which kinds its columns had; None for a file that is no export."""
        columns = self._hints().get("columns")
        if not isinstance(columns, dict) or any(kind not in KINDS for kind in columns.values()):
            return None
        return {name: kind for name, kind in columns.items() if name in self.names}

    def lineage(self) -> Lineage | None:
        """Read what an export of files tells of them; None for any other file."""
        told = self._hints().get("lineage")
        try:
            return None if told is None else Lineage.of_json(told)
        except InputError as error:
            raise InputError(f"{self.path}: {error}") from error

    def _hints(self) -> dict[str, Any]:
        try:
            hints = json.loads((self.schema.metadata or {}).get(HINTS, b"{}"))
        except (ValueError, RecursionError):
            return {}
        return hints if isinstance(hints, dict) else {}

    def chunks(self, size: int) -> Iterator[ParquetChunk]:
        """Read chunks of exactly that many rows, but for the last one."""
        columns = self.columns() or {}
        encoded = frozenset(name for name, kind in columns.items() if kind == "json")
        if "lineage" in self._hints():
            encoded |= {SPAN, SAID}
        waiting, first = self.schema.empty_table(), 0
        try:
            for batch in self._file.iter_batches(batch_size=size):
                batch.validate(full=True)  # damaged text would fail later, and elsewhere
                waiting = pa.concat_tables([waiting, pa.Table.from_batches([batch])])
                while len(waiting) >= size:
                    yield ParquetChunk(self.path, first, waiting.slice(0, size), encoded)
                    waiting, first = waiting.slice(size), first + size
        except _FAULTS as error:
            raise InputError(f"{self.path} is damaged after row {first:,} ({error})") from error
        if len(waiting):
            yield ParquetChunk(self.path, first, waiting, encoded)


def vector_columns(schema: pa.Schema) -> list[str]:
    """Name the columns that hold lists of numbers."""
    return [field.name for field in schema if _is_vector(field.type)]


def _is_vector(kind: pa.DataType) -> bool:
    """Tell whether a column type is a list of numbers."""
    lists = pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list
    if not any(check(kind) for check in lists):
        return False
    return bool(pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type))
