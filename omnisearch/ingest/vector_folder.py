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
from typing import Any, BinaryIO, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from omnisearch.errors import InputError, StorageError
from omnisearch.ingest.parquet import HINTS
from omnisearch.schema import Schema, field_of, tabulate, widen
from omnisearch.values import Kind

VECTORS, METADATA = "vectors.npy", "metadata.parquet"
_CHUNK_ROWS = 16_384  # a row group of Parquet


class Row(Protocol):
    """What is written of each record."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def metadata(self) -> Mapping[str, Any]: ...  # noqa: D102
    @property
    def vector(self) -> npt.NDArray[np.float32] | None: ...  # noqa: D102


@dataclass(frozen=True)
class _Origin:
    dim: int
    metric: str
    columns: Mapping[str, Kind]


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
    origin = _Origin(dim, metric, columns)
    target = Path(folder)
    if target.exists() or target.is_symlink():
        raise InputError(f"{target} is there already: name a folder that does not exist yet")
    if "id" in origin.columns:
        raise InputError("a column named 'id' cannot be exported beside the ids: rename it first")
    made = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    try:
        made.mkdir(mode=0o700)
        count = _write_files(made, rows, origin)
        _sync(made)
        made.rename(target)
        _sync(target.parent)
    except OSError as error:
        raise StorageError(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return count


def _write_files(folder: Path, rows: Iterable[Row], origin: _Origin) -> int:
    count, schema = 0, Schema(origin.columns).for_us()
    fields = [pa.field("id", pa.string(), nullable=False)]
    fields += [field_of(name, kind) for name, kind in origin.columns.items()]
    hints = json.dumps({"metric": origin.metric, "columns": dict(origin.columns)})
    layout = pa.schema(fields, {HINTS: hints})
    with (folder / VECTORS).open("xb") as array, (folder / METADATA).open("xb") as table:
        array.write(_header(0, origin.dim))
        with pq.ParquetWriter(table, layout, write_page_checksum=True) as writer:
            for chunk in _chunks(rows):
                array.write(_vectors(chunk).tobytes())
                metadata, _ = tabulate([row.metadata for row in chunk], len(chunk), schema)
                ids = pa.array([row.id for row in chunk], pa.string())
                columns = [ids, *widen(metadata, schema).columns]
                writer.write_table(pa.Table.from_arrays(columns, schema=layout))
                count += len(chunk)
        array.seek(0)
        array.write(_header(count, origin.dim))
        for file in (array, table):
            _flush(file)
    return count


def _vectors(chunk: list[Row]) -> npt.NDArray[np.float32]:
    found = [row.vector for row in chunk if row.vector is not None]
    if len(found) != len(chunk):
        raise TypeError("a row has no vector: read the rows with vectors=True")
    return np.stack(found).astype("<f4")


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    waiting = iter(rows)
    while chunk := list(islice(waiting, _CHUNK_ROWS)):
        yield chunk


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
