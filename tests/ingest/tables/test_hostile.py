"""Parquet and Arrow that ask for more than they are worth are refused before they are read."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import omnisearch as om
from omnisearch.errors import InputError
from omnisearch.ingest.tables.vetting import vet

LONG = "x" * (4 << 20)
PACKED = pa.ipc.IpcWriteOptions(compression="zstd")


def _repeated() -> pa.Table:
    """Give 2,000 rows that each have the same 4 MB, told once."""
    rows = pa.array([0] * 2_000, pa.int32())
    return pa.table({"text": pa.DictionaryArray.from_arrays(rows, pa.array([LONG]))})


def _parquet_dictionary(path: Path) -> None:
    pq.write_table(_repeated(), path, compression="zstd", dictionary_pagesize_limit=1 << 30)


def _arrow_dictionary(path: Path) -> None:
    with pa.ipc.new_file(path, _repeated().schema, options=PACKED) as writer:
        writer.write_table(_repeated())


def _parquet_page(path: Path) -> None:
    table = pa.table({"text": [LONG * 40]})
    pq.write_table(table, path, compression="zstd", use_dictionary=False)


def _arrow_stream(path: Path) -> None:
    table = pa.table({"text": [LONG * 40]})
    with pa.ipc.new_stream(path, table.schema, options=PACKED) as writer:
        writer.write_table(table)


def _nothing(path: Path) -> None:
    pq.write_table(pa.table({"text": pa.nulls(8_000_000, pa.string())}), path)


@pytest.mark.parametrize(
    ("make", "end", "most"),
    [
        (_parquet_dictionary, "parquet", 2_000),
        (_arrow_dictionary, "arrow", 2_000),
        (_parquet_page, "parquet", 100_000),
        (_arrow_stream, "arrows", 100_000),
        (_nothing, "parquet", 40_000),
    ],
)
def test_a_small_file_that_becomes_large_is_refused(
    make: Callable[[Path], None], end: str, most: int, tmp_path: Path, col: om.Collection
) -> None:
    path = tmp_path / f"t.{end}"
    make(path)
    assert path.stat().st_size < most
    fault = r"damaged or no such table \((reading it takes too much (memory|time)|it has more than)"
    with pytest.raises(InputError, match=fault):
        col.ingest_table(path, columns={"text": "text"})
    assert col.generation == 0


@pytest.mark.parametrize("packing", [None, "lz4", "zstd"])
def test_what_is_worth_its_bytes_is_read(packing: str | None, tmp_path: Path) -> None:
    table = pa.table({"text": [f"note {number} on boats" for number in range(50_000)]})
    pq.write_table(table, tmp_path / "t.parquet", compression=packing if packing else "none")
    options = pa.ipc.IpcWriteOptions(compression=packing)
    for name, new in (("t.arrow", pa.ipc.new_file), ("t.arrows", pa.ipc.new_stream)):
        with new(tmp_path / name, table.schema, options=options) as writer:
            writer.write_table(table)
    for name in ("t.parquet", "t.arrow", "t.arrows"):
        vet(tmp_path / name)


def test_a_sidecar_is_read_elsewhere_first(source: Path, col: om.Collection) -> None:
    (source / "a.txt").write_text("a note")
    table = _repeated().append_column("path", pa.array(["a.txt"] * 2_000))
    path = source.with_name("t.parquet")
    pq.write_table(table, path, compression="zstd", dictionary_pagesize_limit=1 << 30)
    with pytest.raises(InputError, match=r"t\.parquet is damaged .*too much memory"):
        col.ingest(source, metadata=path)


@pytest.mark.slow
def test_damaged_files_end_nobody() -> None:
    """Some hundred; `fuzzing` tries any number."""
    command = [sys.executable, "-m", "tests.ingest.tables.fuzzing", "300", "5"]
    home = Path(__file__).parents[3]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "'refused'" in done.stdout and "'read'" in done.stdout
