"""Rows with right checksums that no writer of ours wrote: refused as damage, and never a crash."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import xxhash

import omnisearch as om
from omnisearch.errors import CorruptCollectionError
from omnisearch.storage import batch, changes, layout, maintenance, manifest
from omnisearch.storage.files import Written
from omnisearch.storage.handle import Handle, Options
from omnisearch.storage.identity import read_identity
from omnisearch.storage.origin import Origin
from omnisearch.storage.words.asking import ask
from tests.storage.test_segments import DIM, files

Lie = Callable[[pa.RecordBatch], pa.RecordBatch]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    handle = Handle(tmp_path / "c", Options())
    store = handle.for_encoding(Origin("toy 0 8", DIM, dict))
    store.write(changes.keeping(files(range(6), n=3)))
    maintenance.compact_whole(store)
    handle.drop()
    return tmp_path / "c"


def told(root: Path, lie: Lie) -> None:
    """Change rows.arrow, and say in the manifest that it has always been so; words are lost."""
    identity, number = read_identity(root), manifest.newest(root)
    found = manifest.read(root, number, identity)
    (entry,) = found.shards
    path = root / layout.SHARDS / entry.name / layout.ROWS
    with pa.ipc.open_file(path) as reader:
        table = lie(reader.get_batch(0))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_batch(table)
    raw = sink.getvalue().to_pybytes()
    kept = {n: one for n, one in entry.files.items() if n not in layout.DERIVED}
    kept[layout.ROWS] = Written(len(raw), xxhash.xxh3_128_hexdigest(raw))
    made = replace(found, shards=(replace(entry, files=kept),))
    for target, data in (
        (path, raw),
        (layout.manifest_path(root, number), manifest.encode(made, identity)),
    ):
        target.chmod(0o600)
        target.write_bytes(data)


def putting(name: str, values: Any, kind: pa.DataType | None = None) -> Lie:
    """Put values in place of a column."""

    def lie(table: pa.RecordBatch) -> pa.RecordBatch:
        at = table.schema.get_field_index(name)
        old = table.schema.field(at)
        column = pa.array([values] * table.num_rows, kind or old.type)
        return table.set_column(at, pa.field(name, column.type, old.nullable, old.metadata), column)

    return lie


def twice(table: pa.RecordBatch) -> pa.RecordBatch:
    return table.append_column("n", table.column(table.schema.get_field_index("n")))


def added(name: str) -> Lie:
    return lambda table: table.append_column(name, pa.array([b"x"] * table.num_rows, pa.binary()))


AT_OPEN: dict[str, Lie] = {
    "a view that is none": putting("view", 2),
    "a view that is null": putting("view", None),
    "a modality that is none": putting("modality", 6),
    "an id that is null": putting("segment", None),
    "words that are numbers": putting("segment.words", 3, pa.int64()),
    "words that are lists": putting("segment.words", ["a"], pa.list_(pa.string())),
    "a span that is a number": putting("segment.span", 3.0, pa.float64()),
    "a time that is text": putting("file.extractor", "x", pa.string()),
    "a column of another kind than the manifest's": putting("n", "x", pa.string()),
    "a column twice": twice,
    "a kind that is none": added("m"),
}
WHEN_READ: dict[str, Lie] = {
    "words that are no JSON": putting("segment.words", "{"),
    "words that are a tree": putting("segment.words", '{"a": 1}'),
    "words that are deep": putting("segment.words", "[" * 100_000),
    "a span that is no JSON": putting("segment.span", "nil"),
    "a span of another form": putting("segment.span", "[1, 2]"),
    "a span of text": putting("segment.span", '{"page": "one", "box": null}'),
    "a file that is none": putting("file.locations", ["nowhere"]),
}


@pytest.mark.parametrize("lie", AT_OPEN)
def test_a_table_of_another_form_is_refused_when_it_is_opened(root: Path, lie: str) -> None:
    told(root, AT_OPEN[lie])
    with pytest.raises(CorruptCollectionError, match=r"rows\.arrow does not read"):
        om.open(root, mode="r").count()


@pytest.mark.parametrize("lie", WHEN_READ)
def test_a_cell_of_another_form_is_refused_when_it_is_read(root: Path, lie: str) -> None:
    told(root, WHEN_READ[lie])
    with om.open(root, mode="r") as col:
        assert col.count() == 12
        with pytest.raises(CorruptCollectionError):
            _ = [hit.snippet for hit in col.query(vector=np.ones(DIM), k=3)]
        if "words" in lie:
            with pytest.raises(CorruptCollectionError):
                col._need().words.scores(ask("number"))


def test_a_time_beyond_all_years_is_refused_when_it_is_read(root: Path) -> None:
    far = pa.array([2**62] * 12, pa.int64()).cast(pa.timestamp("us", "UTC"))
    told(root, lambda table: table.append_column("file.modified", far))
    with om.open(root, mode="r") as col, pytest.raises(CorruptCollectionError, match="a time"):
        list(col.iterate())


def test_an_int_beside_a_float_is_no_damage(root: Path) -> None:
    told(root, putting("n", 1.5, pa.float64()))
    with om.open(root, mode="r") as col:
        assert {record.metadata["n"] for record in col.iterate()} == {1.5}


def test_a_record_of_the_log_is_looked_at_as_well() -> None:
    rows = files(range(1))
    user = pa.RecordBatch.from_pydict({"n": pa.array([1, 2])})
    table = batch.with_segment_columns(rows, user, None)
    wrong = putting("view", 7)(table)
    for one, sound in ((table, True), (wrong, False)):
        change = batch.Change((), batch.Batch(one, rows.vectors.astype(np.float16)))
        payload = memoryview(b"".join(bytes(part) for part in batch.encode([change])))
        if sound:
            assert batch.decode(payload, DIM, "float16")[0].added is not None
        else:
            with pytest.raises(CorruptCollectionError, match="view has a number"):
                batch.decode(payload, DIM, "float16")


def test_words_of_a_tree_are_read_as_such_in_other_columns(root: Path) -> None:
    tree = {"a": [1, None]}
    field = pa.field("more", pa.string(), metadata={"omnisearch": "json"})
    told(root, lambda table: table.append_column(field, pa.array([json.dumps(tree)] * 12)))
    with om.open(root, mode="r") as col:
        assert next(col.iterate()).metadata["more"] == tree
