"""Files of vectors, with ids and metadata beside them or inside, as batches for a collection."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from omnisearch.errors import InputError
from omnisearch.ingest.arrays import ArrayRows
from omnisearch.ingest.jsonl import JsonRows
from omnisearch.ingest.lineage import Lineage
from omnisearch.ingest.named import opened
from omnisearch.ingest.parquet import ParquetRows, vector_columns
from omnisearch.values import Kind

Rows = ArrayRows | JsonRows | ParquetRows
PathName = str | PathLike[str]
Metadata: TypeAlias = list[dict[str, Any]] | pa.Table | None

VECTORS, METADATA = "vectors.npy", "metadata.parquet"  # of an export
BATCH_ROWS = 4_096  # one durable write each: a few milliseconds, and little to repeat
VECTOR = "vector"  # the name of the column of vectors where none is given
_ENCODED = "Rows of text and media are encoded by `omnisearch ingest TABLE --columns ROLE=COLUMN`"
_READERS: Mapping[str, Callable[[Path], Rows]] = {
    ".npy": ArrayRows,
    ".fvecs": ArrayRows,
    ".fbin": ArrayRows,
    ".parquet": ParquetRows,
    ".jsonl": JsonRows,
}


@dataclass(frozen=True, slots=True)
class VectorBatch:
    """Consecutive rows of a file, ready for `add_vectors`."""

    first: int
    ids: list[str]
    vectors: npt.NDArray[np.float32]
    metadata: Metadata
    lineage: Lineage | None = None

    def take(self, kept: Sequence[int]) -> VectorBatch:
        """Keep some of the rows."""
        metadata = self.metadata
        if isinstance(metadata, list):
            metadata = [metadata[row] for row in kept]
        elif metadata is not None:
            metadata = metadata.take(pa.array(kept, pa.int64()))  # typed: there may be none
        ids = [self.ids[row] for row in kept]
        return VectorBatch(self.first, ids, self.vectors[kept], metadata, self.lineage)


@dataclass(frozen=True)
class VectorFile:
    """A file of vectors that was found sound as far as its header goes.

    `metric` and `columns` are those of the collection that it was exported from, if it was;
    `lineage` is there if an encoder had made that one, and `restore` takes the batches.
    """

    path: Path
    rows: int
    metric: str | None
    columns: dict[str, Kind] | None
    lineage: Lineage | None
    _vectors: tuple[Rows, str]
    _ids: tuple[Rows, str] | None
    _metadata: Rows | None

    @property
    def numbered(self) -> bool:
        """No ids were given: rows are named by their number, from 0."""
        return self._ids is None

    def batches(self, rows: int = BATCH_ROWS) -> Iterator[VectorBatch]:
        """Read from the start, a few thousand rows at a time."""
        named = (self._vectors[0], self._ids[0] if self._ids else None, self._metadata)
        sources = list(dict.fromkeys(source for source in named if source is not None))
        first = 0
        for chunks in zip(*(source.chunks(rows) for source in sources), strict=True):
            chunk = dict(zip(sources, chunks, strict=True))
            vectors = chunk[self._vectors[0]].vectors(self._vectors[1])
            ids = [str(row) for row in range(first, first + len(vectors))]
            if self._ids:
                ids = chunk[self._ids[0]].texts(self._ids[1])
            yield VectorBatch(first, ids, vectors, self._describe(chunk), self.lineage)
            first += len(vectors)

    def _describe(self, chunk: Mapping[Rows, Any]) -> Metadata:
        if self._metadata is None:
            return None
        used = [part for part in (self._ids, self._vectors) if part]
        names = tuple(name for part, name in used if part is self._metadata)
        found: Metadata = chunk[self._metadata].metadata(names)
        return found


def read_vectors(
    path: PathName,
    *,
    ids: PathName | None = None,
    metadata: PathName | None = None,
    id_column: str = "id",
    vector_column: str | None = None,
) -> VectorFile:
    """Open a `.npy`, `.fvecs`, `.fbin`, `.parquet` or `.jsonl` file of vectors, or an export.

    Ids come from the file `ids`, else from the column `id_column` of `metadata` or of the file
    itself, else rows are named by their number. Other columns are metadata.
    """
    if (Path(path) / METADATA).is_file():
        if ids is not None or metadata is not None:
            raise InputError(f"{path} is a folder, which has its ids and metadata: name no others")
        path, metadata = Path(path) / VECTORS, Path(path) / METADATA
    vectors = _open(path)
    names = None if ids is None else _open(ids)
    described = vectors if metadata is None else _open(metadata)
    for part in (names, described):
        if part is not None and part.rows != vectors.rows:
            raise InputError(
                f"{part.path} has {part.rows:,} rows for the {vectors.rows:,} vectors of {path}"
            )
    exported = described if isinstance(described, ParquetRows) else None
    return VectorFile(
        path=vectors.path,
        rows=vectors.rows,
        metric=exported.metric() if exported else None,
        columns=exported.columns() if exported else None,
        lineage=exported.lineage() if exported else None,
        _vectors=(vectors, vector_column or _find_vectors(vectors)),
        _ids=_find_ids(names, (described, vectors), id_column),
        _metadata=None if isinstance(described, ArrayRows) else described,
    )


def _open(path: PathName) -> Rows:
    return opened(Path(path), _READERS)


def _find_vectors(source: Rows) -> str:
    if isinstance(source, ParquetRows) and VECTOR not in source.names:
        found = vector_columns(source.schema)
        if len(found) != 1:
            names = ", ".join(found) or "none"
            fault = f"{source.path} has no column {VECTOR!r}; columns of numbers: {names}"
            remedy = "Name the one that holds the vectors" if found else _ENCODED
            raise InputError(f"{fault}. {remedy}")
        return found[0]
    return VECTOR


def _find_ids(beside: Rows | None, others: Sequence[Rows], column: str) -> tuple[Rows, str] | None:
    if beside is not None:
        alone = len(beside.names) == 1 and column not in beside.names
        return beside, beside.names[0] if alone else column
    return next(((part, column) for part in others if column in part.names), None)
