"""An export: `vectors.npy` and `metadata.parquet` in a new folder, which `read_vectors` reads back.

The folder gets its name last, so it is whole or absent.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from omnisearch.errors import InputError, StorageError
from omnisearch.ingest.lineage import Lineage
from omnisearch.ingest.parquet import HINTS
from omnisearch.ingest.vector_files import METADATA, VECTORS
from omnisearch.schema import Schema, field_of, tabulate, widen
from omnisearch.values import Kind

CHUNK_ROWS = 16_384  # a row group of Parquet
_ID = "id"


class Row(Protocol):
    """What is written of each record."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def metadata(self) -> Mapping[str, Any]: ...  # noqa: D102
    @property
    def vector(self) -> npt.NDArray[np.float32] | None: ...  # noqa: D102


class Chunk(NamedTuple):
    """Rows that are written together: ids, vectors, and the columns of the layout behind the id."""

    ids: pa.Array
    vectors: npt.NDArray[np.float32]
    columns: list[pa.Array]


@dataclass(frozen=True)
class Layout:
    """What an export is of; `columns` are the user's, `fields` all that is written."""

    dim: int
    metric: str
    columns: Mapping[str, Kind]
    fields: list[pa.Field]
    lineage: Lineage | None = None

    @property
    def schema(self) -> pa.Schema:
        """Describe the table to Arrow."""
        hints: dict[str, Any] = {"metric": self.metric, "columns": dict(self.columns)}
        if self.lineage is not None:
            hints["lineage"] = self.lineage.as_json()
        fields = [pa.field(_ID, pa.string(), nullable=False), *self.fields]
        return pa.schema(fields, {HINTS: json.dumps(hints)})


def write_vectors(
    folder: str | os.PathLike[str],
    rows: Iterable[Row],
    *,
    dim: int,
    metric: str,
    columns: Mapping[str, Kind],
) -> int:
    """Write rows into a folder that does not exist yet; returns how many.

    The dimension, metric and columns are those of the collection, so that a new one can be like it.
    """
    fields = [field_of(name, kind) for name, kind in columns.items()]
    schema = Schema(columns).for_us()
    return write_folder(folder, _tabulated(rows, schema), Layout(dim, metric, columns, fields))


def write_folder(folder: str | os.PathLike[str], chunks: Iterable[Chunk], layout: Layout) -> int:
    """Write chunks into a folder that does not exist yet; returns how many rows they have."""
    target = Path(folder)
    if target.exists() or target.is_symlink():
        raise InputError(f"{target} is there already: name a folder that does not exist yet")
    if any(one.name == _ID for one in layout.fields):
        raise InputError("a column named 'id' cannot be exported beside the ids: rename it first")
    made = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    try:
        made.mkdir(mode=0o700)
        count = _write_files(made, chunks, layout)
        _sync(made)
        made.rename(target)
        _sync(target.parent)
    except OSError as error:
        raise StorageError(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return count


def _write_files(folder: Path, chunks: Iterable[Chunk], layout: Layout) -> int:
    count, schema = 0, layout.schema
    with (folder / VECTORS).open("xb") as array, (folder / METADATA).open("xb") as table:
        array.write(_header(0, layout.dim))
        with pq.ParquetWriter(table, schema, write_page_checksum=True) as writer:
            for chunk in chunks:
                array.write(chunk.vectors.astype("<f4", copy=False).tobytes())
                arrays = [chunk.ids, *chunk.columns]
                writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
                count += len(chunk.ids)
        array.seek(0)
        array.write(_header(count, layout.dim))
        for file in (array, table):
            _flush(file)
    return count


def _tabulated(rows: Iterable[Row], schema: Schema) -> Iterator[Chunk]:
    waiting = iter(rows)
    while chunk := list(islice(waiting, CHUNK_ROWS)):
        metadata, _ = tabulate([row.metadata for row in chunk], len(chunk), schema)
        ids = pa.array([row.id for row in chunk], pa.string())
        yield Chunk(ids, _vectors(chunk), widen(metadata, schema).columns)


def _vectors(chunk: list[Row]) -> npt.NDArray[np.float32]:
    found = [row.vector for row in chunk if row.vector is not None]
    if len(found) != len(chunk):
        raise TypeError("a row has no vector: read the rows with vectors=True")
    return np.stack(found)


def _header(rows: int, dim: int) -> bytes:
    """Write the start of a .npy file; numpy pads it so that any number of rows fits."""
    buffer = BytesIO()
    header = {"descr": "<f4", "fortran_order": False, "shape": (rows, dim)}
    np.lib.format.write_array_header_1_0(buffer, header)
    return buffer.getvalue()


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
