"""What no file may bring about, whatever opens it: a program that runs, a pickle that is read."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import omnisearch as om
from omnisearch.errors import InputError, MediaError, OmnisearchError
from omnisearch.media import container, image
from omnisearch.media.pool.pool import Pool
from omnisearch.storage import batch
from omnisearch.storage.catalog import Catalog
from tests.hostile.case import Bait
from tests.hostile.files import CASES
from tests.hostile.trial import tried
from tests.storage.seen import OWNER, fill

PROGRAMS = ("gs", "gswin32c", "gswin64c", "convert", "magick", "inkscape", "soffice", "pdftoppm")
ATTACKS = sorted(name for name, case in CASES.items() if case.topic == "picture attack")


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(workers=1) as made:
        yield made


@pytest.fixture
def lure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put programs that libraries of pictures are known to start in front; each leaves a mark."""
    (tmp_path / "bin").mkdir()
    for name in PROGRAMS:
        program = tmp_path / "bin" / name
        program.write_text(f'#!/bin/sh\ntouch "{tmp_path}/ran-{name}"\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_lure_would_be_taken(lure: Path) -> None:
    os.system("gs --version")  # what Pillow would start by its name
    assert (lure / "ran-gs").exists()


@pytest.mark.parametrize("name", ATTACKS)
def test_no_picture_starts_a_program(name: str, pool: Pool, lure: Path) -> None:
    """Neither in a decoder nor here, where `add` and `encode` read pictures of the user's own."""
    path = CASES[name].write(lure, Bait())
    assert tried(pool, path).outcome in CASES[name].may
    try:
        picture = image.read(str(path))
        assert picture.ndim == 3
    except MediaError:
        pass
    assert [one.name for one in lure.iterdir() if one.name.startswith(("ran-", "owned"))] == []


def bomb(mark: Path) -> bytes:
    """Write a pickle that makes a folder where it is read."""
    return f"cos\nmkdir\n(S{str(mark)!r}\ntR.".encode()


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    return tmp_path / "unpickled"


def test_the_pickle_would_do_it(mark: Path) -> None:
    program = "import pickle, sys; pickle.load(sys.stdin.buffer)"
    subprocess.run([sys.executable, "-c", program], input=bomb(mark), check=True)
    assert mark.is_dir()


def test_vectors_that_are_pickles_are_refused_unread(tmp_path: Path, mark: Path) -> None:
    with (tmp_path / "x.npy").open("wb") as file:
        told = {"descr": "|O", "fortran_order": False, "shape": (1, 4)}
        np.lib.format.write_array_header_1_0(file, told)
        file.write(bomb(mark))
    with pytest.raises(InputError):
        om.read_vectors(tmp_path / "x.npy")
    (tmp_path / "raw.npy").write_bytes(bomb(mark))
    with pytest.raises(InputError):
        om.read_vectors(tmp_path / "raw.npy")
    assert not mark.exists()


def evil_field(mark: Path) -> pa.Field:
    """Name the type of Arrow that older versions made by unpickling what stands beside it."""
    told = {
        "ARROW:extension:name": "arrow.py_extension_type",
        "ARROW:extension:metadata": bomb(mark),
    }
    return pa.field("id", pa.string(), metadata=told)


def test_metadata_of_a_table_is_no_program(tmp_path: Path, mark: Path) -> None:
    np.save(tmp_path / "x.npy", np.ones((1, 4), np.float32))
    table = pa.table({"id": ["a"]}, schema=pa.schema([evil_field(mark)]))
    pq.write_table(table, tmp_path / "m.parquet")
    file = om.read_vectors(tmp_path / "x.npy", metadata=tmp_path / "m.parquet")
    try:
        assert [batch.ids for batch in file.batches()] == [["a"]]
    except OmnisearchError:
        pass
    assert not mark.exists()


def test_tables_on_disk_are_no_programs(mark: Path) -> None:
    sink = io.BytesIO()
    schema = pa.schema([*batch.SYSTEM, evil_field(mark).with_name("n")])
    columns = [["a"], [None], [0], [0], [None], ["x"]]
    arrays = [pa.array(one, field.type) for one, field in zip(columns, schema, strict=True)]
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
    batch.from_ipc(memoryview(sink.getvalue()))
    assert not mark.exists()


def test_a_catalog_that_is_a_pickle_is_replaced(tmp_path: Path, mark: Path) -> None:
    fill(tmp_path / "cache", 3)
    for path in (tmp_path / "cache").iterdir():
        path.chmod(0o600)
        path.write_bytes(bomb(mark))
    with Catalog(tmp_path / "cache", OWNER) as catalog:
        assert catalog.remembers and list(catalog.paths(0)) == []
    assert not mark.exists()


@pytest.mark.parametrize("told", ["7.1", "8.0.1", "8.1.1", "n8.1", "4.4.2-0ubuntu0.22.04.1"])
def test_libraries_of_films_with_a_known_hole_are_refused(told: str) -> None:
    with pytest.raises(MediaError, match=r"older than 8\.1\.2.*reinstall av"):
        container.check_version(told)


@pytest.mark.parametrize("told", ["8.1.2", "n8.1.2-3-gabcdef", "8.2", "9.0", "N-119000-gabcdef"])
def test_libraries_of_films_without_it_are_used(told: str) -> None:
    container.check_version(told)
