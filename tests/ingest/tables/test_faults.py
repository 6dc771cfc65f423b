"""What is wrong with a table: told before anything is stored, or by row and column."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import omnisearch as om
from omnisearch.errors import InputError

COLUMNS = {"id": "id", "text": "text", "meta": ["price"]}


def reasons(report: om.IngestReport) -> list[str]:
    assert all(one.path and one.new for one in report.failures)
    return [one.reason for one in report.failures]


def test_rows_of_a_csv_that_cannot_be_read_cost_themselves(
    tmp_path: Path, col: om.Collection
) -> None:
    table = tmp_path / "t.csv"
    table.write_bytes(
        b"id,text,price\n"
        b"a,good,1\n"
        b"b,caf\xe9,2\n"
        b"c,short\n"
        b"d,long,4,5\n"
        b'e,"mis"quoted,5\n'
        b",no id,6\n"
        b"a,again,7\n"
        b"\n"
        b"f,,8\n"
        b'g,"over\ntwo lines",9\n'
        b"h,unreadable,10\n"
        b'i,"never closed,11\n'
    )
    report = col.ingest_table(table, columns=COLUMNS)
    assert (report.seen, report.stored, report.skipped, report.failed) == (11, 2, 1, 8)
    assert dict(report.reasons) == {"nothing in the columns that are searched": 1}
    assert reasons(report) == [
        "row 2, column 'text': is not UTF-8: byte 0xe9 at sign 4",
        "row 3: has 2 cells, the first row names 3 columns",
        "row 4: has 4 cells, the first row names 3 columns",
        "row 5: is no row of cells (',' expected after '\"')",
        "row 6, column 'id': '' is no id: a text or a whole number is one",
        "row 7, column 'id': 'a' is the id of row 1",
        "row 10, column 'text': the encoder cannot read it",
        "row 11: a quote is opened in it that nothing closes",
    ]
    assert {one.id for one in col.iterate()} == {"a", "g"}


def test_lines_that_are_no_objects_cost_themselves(tmp_path: Path, col: om.Collection) -> None:
    table = tmp_path / "t.jsonl"
    lines = [b'{"id": "a", "text": "good"}', b'{"id": "b"', b'["c"]', b"NaN", b'"\xff"']
    lines += [b'{"id": "d", "text": {"x": 1}}', b'{"id": true, "text": "x"}', b"[" * 100_000]
    lines += [b'{"id": "e", "text": "\\ud800 half"}', b'{"id": "\\ud800", "text": "x"}']
    table.write_bytes(b"\n".join(lines))
    report = col.ingest_table(table, columns={"id": "id", "text": "text"})
    told = reasons(report)
    assert (report.stored, report.failed) == (2, 8)
    for at, (number, part) in enumerate(
        [(2, "is not JSON"), (3, "is a list, not an object"), (4, "NaN is not a number")]
    ):
        assert told[at].startswith(f"line {number}") and part in told[at]
    assert "byte 0xff" in told[3] and "column 'text': {'x': 1} is a dict, not a text" in told[4]
    assert "column 'id': True is no id" in told[5] and "is not JSON" in told[6]
    assert "is not UTF-8" in told[7]
    assert {one.words for one in col.iterate()} == {"good", "? half"}


def test_lines_are_counted_as_editors_do(tmp_path: Path, col: om.Collection) -> None:
    table = tmp_path / "t.jsonl"
    table.write_text('\n{"id": "a", "text": "x"}\n\n\n[1]\n{"id": "a", "text": "y"}\n\n')
    report = col.ingest_table(table, columns={"id": "id", "text": "text"})
    assert reasons(report) == [
        "line 5: is a list, not an object",
        "line 6, column 'id': 'a' is the id of line 2",
    ]


def test_values_that_do_not_fit_are_told_by_row_and_column(
    tmp_path: Path, col: om.Collection
) -> None:
    table = tmp_path / "t.jsonl"
    prices: list[Any] = [1, 2.5, "dear", None, True, 7]
    rows = [{"id": str(at), "text": "x", "price": one} for at, one in enumerate(prices)]
    table.write_text("".join(json.dumps(row) + "\n" for row in rows))
    report = col.ingest_table(table, columns=COLUMNS)
    assert (report.stored, report.failed) == (4, 2)
    assert reasons(report) == [
        "line 3, column 'price': string ('dear') does not go into a column of float",
        "line 5, column 'price': bool (True) does not go into a column of float",
    ]
    csv = tmp_path / "t.csv"
    csv.write_text("id,text,price\nx,one,4\ny,two,dear\nz,three,\n")
    report = col.ingest_table(csv, columns=COLUMNS)
    assert (report.stored, report.failed) == (2, 1)
    assert "row 2, column 'price': 'dear' does not go into a column of float" in reasons(report)[0]


def test_ids_that_cannot_be_stored(col: om.Collection) -> None:
    rows = [{"id": one, "text": "x"} for one in ("é" * 501, "a~words", 1.5, None, np.int64(7))]
    report = col.ingest_table(rows, columns={"id": "id", "text": "text"})
    parts = [
        "has 1,002 bytes: 1,000 at most",
        "ends as what names",
        "1.5 is no id",
        "None is no id",
    ]
    for at, (told, part) in enumerate(zip(reasons(report), parts, strict=True), 1):
        assert told.startswith(f"row {at}, column 'id': ") and part in told
    assert [one.id for one in col.iterate()] == ["7"]


def test_a_column_that_conflicts_in_every_row_ends_the_run(
    tmp_path: Path, col: om.Collection
) -> None:
    col.ingest_table([{"id": "a", "text": "x", "price": 1}], columns=COLUMNS)
    rows = [{"id": str(at), "text": "x", "price": "dear"} for at in range(5)]
    before = col.generation
    with pytest.raises(InputError, match=r"column 'price': string \('dear'\).*all rows"):
        col.ingest_table(rows, columns=COLUMNS)
    assert col.generation == before


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "t.parquet"])
def test_a_table_without_rows(tmp_path: Path, col: om.Collection, name: str) -> None:
    table = tmp_path / name
    empty = pa.table({"id": pa.array([], pa.string()), "text": pa.array([], pa.string())})
    pq.write_table(empty, tmp_path / "t.parquet")
    (tmp_path / "t.csv").write_text("id,text\n")
    (tmp_path / "t.jsonl").write_text("")
    report = col.ingest_table(table, columns={"id": "id", "text": "text"})
    assert (report.seen, report.complete) == (0, True)
    assert report.warnings == (f"{table} has no rows",)


MISTAKES: dict[str, tuple[Any, str]] = {
    "a column that is not there": ({"text": "titel"}, r"no column 'titel': did you mean 'title'"),
    "one like none": ({"text": "zzz"}, r"no column 'zzz': it has id, title, info"),
    "a role that is none": ({"body": "title"}, r"'body' is no role, a role being one of id"),
    "nothing to search": ({"id": "id", "meta": "*"}, "nothing to search in"),
    "two ids": ({"id": ["id", "title"], "text": "title"}, "id is one column, not 2"),
    "a reserved name": ({"text": "title", "meta": {"file.x": "id"}}, "taken by files"),
    "what the encoder lacks": ({"document": "title"}, "counting does not read document"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mapping_that_does_not_fit_stores_nothing(
    tmp_path: Path, col: om.Collection, name: str
) -> None:
    columns, fault = MISTAKES[name]
    table = tmp_path / "t.jsonl"
    table.write_text('{"id": "a", "title": "x", "info": {"price": 1}}\n')
    with pytest.raises(InputError, match=fault):
        col.ingest_table(table, columns=columns)
    assert col.generation == 0


@pytest.mark.parametrize("wrong", [7, {"text": 3}, ["text=a", 5]])
def test_a_mapping_of_another_type_is_refused(col: om.Collection, wrong: Any) -> None:
    with pytest.raises((TypeError, InputError)):
        col.ingest_table([{"text": "x"}], columns=wrong)


def test_tables_that_are_none(tmp_path: Path, col: om.Collection) -> None:
    (tmp_path / "t.parquet").write_bytes(b"PAR1 and more that is none PAR1")
    (tmp_path / "t.arrow").write_bytes(b"ARROW1\0\0 and more that is none")
    (tmp_path / "s.arrow").write_bytes(b"no stream")
    (tmp_path / "t.csv").write_text("")
    (tmp_path / "twice.csv").write_text("text,text\n1,2\n")
    (tmp_path / "latin.csv").write_bytes(b"id,tex\xf6\na,x\n")
    (tmp_path / "t.csv.gz").write_bytes(b"no gzip")
    (tmp_path / "list.jsonl").write_text("[1]\n[2]\n")
    (tmp_path / "dir.jsonl").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "splits").mkdir()
    (tmp_path / "splits" / "dataset_dict.json").write_text('{"splits": ["train"]}')
    (tmp_path / "mem.jsonl").symlink_to("/proc/self/mem")  # opens, and gives no byte
    for name, fault in (
        ("t.parquet", "is damaged or no such table"),
        ("t.arrow", "is damaged or no such table"),
        ("s.arrow", "is damaged or no such table"),
        ("t.csv", "is empty: its first row has to name the columns"),
        ("twice.csv", "has the column 'text' twice"),
        ("latin.csv", "the name of column 2 is not UTF-8: byte 0xf6 at sign 4"),
        ("t.csv.gz", "cannot be read: Not a gzipped file"),
        ("list.jsonl", "no line is an object with keys; line 1 is a list"),
        ("dir.jsonl", "is a folder without state.json"),
        ("splits", "one for each split"),
        ("mem.jsonl", "cannot be read: Input/output error"),
        ("pipe.csv", "a table cannot be read from a pipe: write it into a file first"),
        ("none.csv", "does not exist"),
        ("t.xlsx", "unknown format"),
    ):
        with pytest.raises(InputError, match=fault):
            col.ingest_table(tmp_path / name, columns={"text": "text"})
    for wrong in (7, {"text": ["a"]}, ["text"]):
        with pytest.raises(TypeError):
            col.ingest_table(wrong, columns={"text": "text"})
    with pytest.raises(InputError, match="leave the name out"):
        col.ingest_table(tmp_path / "t.csv", columns={"text": "text"}, name="beans")
    with pytest.raises(InputError, match="need an id"):
        col.ingest_table([{"text": "x"}], columns={"text": "text"})
    with pytest.raises(TypeError, match="no argument 'since'"):
        col.ingest_table([{"text": "x"}], columns={"text": "text"}, since=None)  # type: ignore[call-arg]


def test_what_was_read_before_the_damage_is_kept(tmp_path: Path, col: om.Collection) -> None:
    table = pa.table({"id": [f"r{at}" for at in range(4_000)], "text": ["word"] * 4_000})
    path = tmp_path / "t.parquet"
    pq.write_table(table, path, row_group_size=1_000, write_page_checksum=True)
    raw = bytearray(path.read_bytes())
    middle = len(raw) * 5 // 8
    raw[middle : middle + 64] = bytes(64)
    path.write_bytes(raw)
    with pytest.raises(InputError, match=r"t\.parquet is damaged"):
        col.ingest_table(path, columns={"id": "id", "text": "text"})
    assert 1_000 <= col.count() < 4_000


def test_every_cut_of_a_table_is_read_or_refused(tmp_path: Path, col: om.Collection) -> None:
    source = pa.table({"id": ["a", "b"], "text": ["one", "two"]})
    pq.write_table(source, tmp_path / "w.parquet")
    with pa.ipc.new_file(tmp_path / "w.arrow", source.schema) as writer:
        writer.write_table(source)
    for kind in ("parquet", "arrow"):
        raw = (tmp_path / f"w.{kind}").read_bytes()
        for length in range(0, len(raw), 151):
            (tmp_path / f"t.{kind}").write_bytes(raw[:length])
            with pytest.raises(InputError):
                col.ingest_table(tmp_path / f"t.{kind}", columns={"id": "id", "text": "text"})


def test_damage_of_parquet_is_told_on_one_line(col: om.Collection, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    path.write_bytes(b"PAR1" + b"\xff" * 100 + (100).to_bytes(4, "little") + b"PAR1")
    with pytest.raises(InputError, match="is damaged or no such table") as raised:
        col.ingest_table(path, columns={"text": "text"})
    assert "\n" not in str(raised.value)
