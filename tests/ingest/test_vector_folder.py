from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omnisearch.errors import InputError, StorageError
from omnisearch.ingest.vector_files import VectorBatch, read_vectors
from omnisearch.ingest.vector_folder import write_vectors
from omnisearch.values import Kind


@dataclass(frozen=True)
class Row:
    id: str
    metadata: dict[str, Any]
    vector: np.ndarray


COLUMNS: dict[str, Kind] = {
    "n": "int",
    "price": "float",
    "new": "bool",
    "name": "string",
    "taken": "timestamp",
    "tags": "strings",
    "more": "json",
    "absent": "int",
}
TAKEN = datetime(2024, 5, 6, 7, 8, 9, 12, tzinfo=UTC)
FULL = {
    "n": 2**62,
    "price": 0.1,
    "new": True,
    "name": "é\u202e",
    "taken": TAKEN,
    "tags": ["a", "b"],
    "more": {"a": [1, None]},
}


def write(folder: Path, rows: Iterator[Row], columns: Mapping[str, Kind] = COLUMNS) -> int:
    return write_vectors(folder, rows, dim=3, metric="l2", columns=columns)


def dicts(batch: VectorBatch) -> list[dict[str, Any]]:
    assert isinstance(batch.metadata, list)
    return batch.metadata


def rows(count: int) -> list[Row]:
    vectors = np.random.default_rng(0).normal(size=(count, 3)).astype(np.float32)
    described = [FULL if number % 2 else {"n": number} for number in range(count)]
    return [
        Row(f"row {number}", metadata, vector)
        for number, (metadata, vector) in enumerate(zip(described, vectors, strict=True))
    ]


@pytest.mark.parametrize("count", [0, 1, 40_000])
def test_what_was_written_is_read_back(count: int, tmp_path: Path) -> None:
    written = rows(count)
    assert write(tmp_path / "out", iter(written)) == count
    assert sorted(path.name for path in tmp_path.rglob("*")) == [
        "metadata.parquet",
        "out",
        "vectors.npy",
    ]
    file = read_vectors(
        tmp_path / "out" / "vectors.npy", metadata=tmp_path / "out" / "metadata.parquet"
    )
    assert (file.rows, file.metric, file.columns) == (count, "l2", COLUMNS)
    found = [
        (
            name,
            {key: value for key, value in metadata.items() if value is not None},
            vector.tolist(),
        )
        for batch in file.batches()
        for name, metadata, vector in zip(batch.ids, dicts(batch), batch.vectors, strict=True)
    ]
    assert found == [(row.id, row.metadata, row.vector.tolist()) for row in written]


def test_nothing_is_written_over_or_left_behind(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(InputError, match="there already"):
        write(tmp_path / "there", iter(rows(1)))
    with pytest.raises(StorageError, match="No such file"):
        write(tmp_path / "absent" / "out", iter(rows(1)))
    with pytest.raises(ZeroDivisionError):
        write(tmp_path / "out", (row for row in rows(1) if 1 // 0))
    with pytest.raises(InputError, match="'id'"):
        write(tmp_path / "out", iter(rows(1)), {"id": "string"})
    assert [path.name for path in tmp_path.iterdir()] == ["there"]
