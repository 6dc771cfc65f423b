"""Rows of every kind of table become items: text, metadata with types, and where each stands."""

import bz2
import gzip
import json
import lzma
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import omnisearch as om

COLUMNS = {"id": "sku", "text": ["title", "about"], "meta": ["price", "brand", "since"]}
SINCE = datetime(2026, 5, 1, tzinfo=UTC)
ROWS: list[dict[str, Any]] = [
    {"sku": "a", "title": "red shoe", "about": "of leather", "price": 40, "brand": "north"},
    {"sku": "b", "title": "blue hat", "about": None, "price": 12.5, "brand": None},
]
for one in ROWS:
    one["since"] = SINCE if one["sku"] == "a" else None


def _csv(folder: Path) -> Path:
    path = folder / "t.csv"
    path.write_text(
        "sku,title,about,price,brand,since\n"
        "a,red shoe,of leather,40,north,2026-05-01\n"
        "b,blue hat,,12.5,,\n"
    )
    return path


def _tsv(folder: Path) -> Path:
    path = folder / "t.tsv"
    path.write_text(_csv(folder).read_text().replace(",", "\t"))
    return path


def _semicolons(folder: Path) -> Path:
    path = folder / "s.csv"
    path.write_bytes(b"\xef\xbb\xbf" + _csv(folder).read_bytes().replace(b",", b";"))
    return path


def _utf16(folder: Path) -> Path:
    path = folder / "u.csv"
    path.write_text(_csv(folder).read_text(), "utf-16")
    return path


def _packed(opener: Callable[..., Any], end: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = folder / f"t.csv{end}"
        path.write_bytes(opener(_csv(folder).read_bytes()))
        return path

    return write


def _arrow() -> pa.Table:
    table = pa.Table.from_pylist(ROWS)
    return table.set_column(3, "price", table.column("price").cast(pa.float64()))


def _parquet(folder: Path) -> Path:
    pq.write_table(_arrow(), folder / "t.parquet")
    return folder / "t.parquet"


def _ipc_file(folder: Path) -> Path:
    with pa.ipc.new_file(folder / "t.arrow", _arrow().schema) as writer:
        writer.write_table(_arrow())
    return folder / "t.arrow"


def _stream(path: Path, table: pa.Table) -> Path:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return path


def _feather(folder: Path) -> Path:
    return _stream(folder / "t.feather", _arrow())


def _saved(folder: Path) -> Path:
    """Write what `Dataset.save_to_disk` does: streams of Arrow and a list of them."""
    saved = folder / "dataset"
    saved.mkdir()
    names = [f"data-0000{at}-of-00002.arrow" for at in range(2)]
    for at, name in enumerate(names):
        _stream(saved / name, _arrow().slice(at, 1))
    told = {"_data_files": [{"filename": name} for name in names]}
    (saved / "state.json").write_text(json.dumps(told))
    return saved


TABLES = [_csv, _tsv, _semicolons, _utf16, _packed(gzip.compress, ".gz"), _parquet, _ipc_file]
TABLES += [_packed(bz2.compress, ".bz2"), _packed(lzma.compress, ".xz"), _feather, _saved]


@pytest.mark.parametrize("write", TABLES)
def test_rows_become_items(
    tmp_path: Path, col: om.Collection, write: Callable[[Path], Path]
) -> None:
    path = write(tmp_path)
    report = col.ingest_table(path, columns=COLUMNS)
    assert (report.seen, report.stored, report.segments, report.unit) == (2, 2, 2, "row")
    first, second = sorted(col.iterate(), key=lambda record: record.id)
    assert (first.id, first.words) == ("a", "red shoe\n\nof leather")
    shared = {"file.table": path.resolve().as_uri(), "file.truncated": False}
    told = {**shared, "file.column": "title+about"}
    assert first.metadata == {
        **told,
        "file.row": 1,
        "price": 40.0,
        "brand": "north",
        "since": SINCE,
    }
    assert second.metadata == {**told, "file.row": 2, "price": 12.5}
    hit = col.query(text="red", k=1)[0]
    assert (hit.item, hit.uri, hit.span) == ("a", path.resolve().as_uri(), om.TextSpan(0, 20))


def test_lines_of_json_have_nested_fields_lists_and_times_as_text(
    tmp_path: Path, col: om.Collection
) -> None:
    path = tmp_path / "t.jsonl"
    rows = [
        {"id": 7, "text": ["one", None, "two"], "info": {"price": 3, "tags": ["x"]}, "more": None},
        {"id": "b", "text": 5, "info": {}},
        {"id": "c", "text": "three", "info": None},
    ]
    path.write_text("\ufeff" + "\n\n".join(map(json.dumps, rows)) + "\n")
    meta = ["info.price", "info.tags"]
    report = col.ingest_table(path, columns={"id": "id", "text": "text", "meta": meta})
    assert report.stored == 3
    found = {one.id: one for one in col.iterate()}
    assert found["7"].words == "one\ntwo" and found["b"].words == "5"
    assert found["7"].metadata["info.price"] == 3
    assert found["7"].metadata["info.tags"] == ["x"]
    assert "info.price" not in found["c"].metadata
    assert report.warnings == (f"{path}: not used: more (meta=* makes all such columns metadata)",)


def test_the_rest_becomes_metadata_if_asked(tmp_path: Path, col: om.Collection) -> None:
    path = tmp_path / "t.parquet"
    table = {
        "text": ["a"],
        "day": [date(2026, 5, 1)],
        "cost": [Decimal("1.5")],
        "raw": [b"\1"],
        "tags": [["x", "y"]],
        "file.size": [3],
    }
    pq.write_table(pa.table(table), path)
    report = col.ingest_table(path, columns={"text": "text", "meta": "*"})
    (row,) = col.iterate()
    assert row.id == "t.parquet#1"
    told = {"day": SINCE, "cost": 1.5, "tags": ["x", "y"]}
    assert {name: row.metadata.get(name) for name in told} == told
    assert "raw" not in row.metadata
    assert report.warnings == (f"{path}: not used: file.size (no such names)",)


def test_columns_go_by_their_names_where_none_are_told(tmp_path: Path, col: om.Collection) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"id": "x", "text": "word", "price": 2}\n')
    assert col.ingest_table(path).stored == 1
    (row,) = col.iterate()
    assert (row.id, row.words, row.metadata["price"]) == ("x", "word", 2)


def test_dicts_of_a_program(col: om.Collection) -> None:
    columns: dict[str, Any] = {"id": "id", "text": "text", "meta": {"cost": "price"}}
    rows = ({"id": f"r{at}", "text": f"word {at}", "price": float("nan")} for at in range(3))
    assert col.ingest_table(rows, columns=columns).stored == 3
    found = {one.id: one.metadata for one in col.iterate()}
    assert found["r1"] == {"file.truncated": False, "file.row": 2, "file.column": "text"}
    more = [{"id": "r9", "text": "nine", "price": 9}]
    assert col.ingest_table(more, columns=columns).missing == 0
    assert col.count() == 4 and col.count("cost = 9") == 1


def test_an_arrow_table_with_a_name(col: om.Collection) -> None:
    table = pa.table({"text": ["one", "two"]})
    assert col.ingest_table(table, columns={"text": "text"}, name="beans").stored == 2
    assert sorted(one.id for one in col.iterate()) == ["beans#1", "beans#2"]
    report = col.ingest_table(table.slice(0, 1), columns={"text": "text"}, name="beans")
    assert (report.unchanged, report.missing) == (1, 1)
    assert col.query(text="one", k=1)[0].uri is None


def test_long_texts_are_passages_of_one_item(tmp_path: Path, col: om.Collection) -> None:
    words = [" ".join(f"word{n} stands here." for n in range(at, at + 90)) for at in (0, 100)]
    path = tmp_path / "t.jsonl"
    path.write_text(json.dumps({"id": "long", "body": "\n\n".join(words)}) + "\n")
    report = col.ingest_table(path, columns={"id": "id", "text": "body"})
    assert (report.stored, report.segments) == (1, col.count()) and report.segments > 2
    hits = col.query(text="word185", mode="words", k=5)
    assert [hit.item for hit in hits] == ["long"]
    text, span = "\n\n".join(words), hits[0].span
    assert isinstance(span, om.TextSpan) and "word185" in text[span.start : span.end]
    assert col.delete(["long"]) == report.segments


def test_codes_keep_the_zeros_that_they_begin_with(tmp_path: Path, col: om.Collection) -> None:
    table = tmp_path / "t.csv"
    table.write_text("id,text,zip,call,rate,name\na,x,80331,41,0.5,007\nb,y,01234,+41,-0,agent\n")
    columns = {"id": "id", "text": "text", "meta": ["zip", "call", "rate", "name"]}
    report = col.ingest_table(table, columns=columns)
    rows = [row.metadata for row in sorted(col.iterate(), key=lambda one: one.id)]
    assert [(row["zip"], row["call"]) for row in rows] == [("80331", "41"), ("01234", "+41")]
    assert [row["rate"] for row in rows] == [0.5, 0]
    assert report.warnings == (
        f"{table}: column 'zip' is text, not numbers: row 2 has '01234', "
        "and a number would lose the 0 that it begins with",
        f"{table}: column 'call' is text, not numbers: row 2 has '+41', "
        "and a number would lose the + that it begins with",
    )
    assert not col.ingest_table(table, columns=columns).warnings


def test_a_code_does_not_go_into_a_column_of_numbers(tmp_path: Path, col: om.Collection) -> None:
    table, columns = tmp_path / "t.csv", {"id": "id", "text": "text", "meta": ["zip"]}
    table.write_text("id,text,zip\na,x,80331\n")
    col.ingest_table(table, columns=columns)
    table.write_text("id,text,zip\na,x,80331\nb,y,01234\n")
    (failure,) = col.ingest_table(table, columns=columns).failures
    assert failure.reason == (
        "row 2, column 'zip': '01234' does not go into a column of int "
        "(a number would lose the 0 that it begins with)"
    )
