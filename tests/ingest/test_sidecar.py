"""Tables that say more of files, joined by path."""

import bz2
import gzip
import json
import lzma
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import omnisearch as om
from omnisearch.ingest.tables import packed

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def notes(source: Path) -> Path:
    (source / "sub").mkdir()
    for name in ("a", "b", "sub/c"):
        (source / f"{name}.txt").write_text(f"a note on {name}")
    return source


def said(col: om.Collection, *names: str) -> dict[str, tuple[Any, ...]]:
    rows = (row.metadata for row in col.iterate())
    return {row["file.name"]: tuple(row.get(name) for name in names) for row in rows}


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    if path.suffix == ".csv":
        names = list(rows[0])
        lines = [
            ",".join("" if row.get(name) is None else str(row[name]) for name in names)
            for row in rows
        ]
        path.write_text("\n".join([",".join(names), *lines]) + "\n")
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        pq.write_table(pa.Table.from_pylist(rows), path)
    return path


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_files_get_what_a_table_says(notes: Path, col: om.Collection, kind: str) -> None:
    rows = [
        {"path": "a.txt", "price": 3.5, "brand": "x"},
        {"path": "sub/c.txt", "price": 4.0, "brand": None},
    ]
    table = write(notes.with_name(f"table.{kind}"), rows)
    report = col.ingest(notes, metadata=table)
    assert report.stored == 3
    expected = {"a.txt": (3.5, "x"), "b.txt": (None, None), "c.txt": (4.0, None)}
    assert said(col, "price", "brand") == expected
    assert [hit.metadata["file.name"] for hit in col.query(text="note", where="price < 4")] == [
        "a.txt"
    ]
    before = col.generation
    assert col.ingest(metadata=table).generation == before


def test_what_the_table_says_now_replaces_what_it_said(notes: Path, col: om.Collection) -> None:
    table = write(notes.with_name("t.csv"), [{"path": "a.txt", "price": 1, "brand": "x"}])
    col.ingest(notes, metadata=table)
    write(table, [{"path": "a.txt", "price": 2, "brand": None}])
    col.ingest(notes, metadata=table)
    assert said(col, "price", "brand")["a.txt"] == (2, None)


def test_dates_and_absolute_paths(notes: Path, col: om.Collection) -> None:
    table = write(notes.with_name("t.csv"), [{"path": notes / "a.txt", "bought": "2026-05-01"}])
    col.ingest(notes, metadata=table)
    assert said(col, "bought")["a.txt"] == (datetime(2026, 5, 1, tzinfo=UTC),)
    assert col.count("bought >= '2026-05-01'") == 1


def test_copies_are_described_by_their_first_place(notes: Path, col: om.Collection) -> None:
    (notes / "z.txt").write_text((notes / "a.txt").read_text())
    rows = [{"path": "z.txt", "price": 9}, {"path": "a.txt", "price": 1}]
    report = col.ingest(notes, metadata=write(notes.with_name("t.csv"), rows))
    assert said(col, "price")["a.txt"] == (1,)
    assert "1 row about copies of a file of which another row says otherwise: row 1" in str(
        report.warnings
    )


def test_a_file_that_is_not_stored_is_said(notes: Path, col: om.Collection) -> None:
    (notes / "empty.txt").write_text("")
    table = write(notes.with_name("t.csv"), [{"path": "empty.txt", "price": 1}])
    report = col.ingest(notes, metadata=table)
    assert "1 row about files that are not stored: row 1" in str(report.warnings)


WRONG = (
    ("path,price\nnone.txt,1\n", r"1 row about no file that is taken in: row 1 \(none.txt\)"),
    ("path,price\n../secret,1\n", "row about no file that is taken in"),
    ("path,price\na.txt,1\nb.txt,2\n./a.txt,3\n", r"rows 1 and 3 both describe \./a\.txt"),
    (
        "path,size\na.txt,1\nb.txt,dear\n",
        r"row 2, column 'size': 'dear' does not go into a column of int",
    ),
    ("name,price\na.txt,1\n", "no column 'path' that names the files, only name, price"),
    ("path,file.name\na.txt,1\n", "column 'file.name': .* is taken by files"),
    ("path,price\n,1\n", "row 1, column 'path' is None, not a path"),
    ("path,a,a\nb.txt,1,2\n", "column 'a' twice"),
    ("", "t.csv is empty"),
    ("path,price\na.txt\n", "row 1: has 1 cells, the first row names 2 columns"),
    ('path,price\nb.txt,1\na.txt,"2\n', "row 2: a quote is opened in it"),
)


@pytest.mark.parametrize(("text", "fault"), WRONG)
def test_what_does_not_fit_is_named_before_anything_is_done(
    notes: Path, col: om.Collection, text: str, fault: str
) -> None:
    first = write(notes.with_name("first.csv"), [{"path": "a.txt", "size": 7}])
    col.ingest(notes, metadata=first)
    (notes / "new.txt").write_text("a new note")
    (notes.parent / "secret").write_text("not below the folder")
    table = notes.with_name("t.csv")
    table.write_text(text)
    before = col.generation
    with pytest.raises(om.errors.InputError, match=fault):
        col.ingest(notes, metadata=table)
    assert col.generation == before


def test_rows_of_json_are_named_too(notes: Path, col: om.Collection) -> None:
    rows: list[dict[str, Any]] = [{"path": "a.txt", "price": 1}, {"path": "b.txt", "price": "dear"}]
    with pytest.raises(om.errors.InputError, match=r"line 2, column 'price': .*'dear'"):
        col.ingest(notes, metadata=write(notes.with_name("t.jsonl"), rows))


def test_a_table_that_is_not_there(notes: Path, col: om.Collection) -> None:
    with pytest.raises(om.errors.InputError, match=r"none\.csv does not exist"):
        col.ingest(notes, metadata="none.csv")
    with pytest.raises(
        om.errors.InputError, match=r"unknown format: rename or convert it to one of \.csv"
    ):
        col.ingest(notes, metadata=notes / "a.txt")


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_a_table_that_the_disk_does_not_give(notes: Path, col: om.Collection, kind: str) -> None:
    (notes / f"t.{kind}").symlink_to("/proc/self/mem")  # opens, and gives no byte
    with pytest.raises(om.errors.InputError, match=rf"t\.{kind} "):
        col.ingest(notes, metadata=notes / f"t.{kind}")


def test_a_time_without_a_zone_is_one_of_utc(notes: Path, col: om.Collection) -> None:
    table = notes.with_name("t.csv")
    table.write_text("path,bought\na.txt,2026-05-01 10:00:00\n")
    col.ingest(notes, metadata=table)
    assert said(col, "bought")["a.txt"] == (datetime(2026, 5, 1, 10, tzinfo=UTC),)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize(("sign", "end"), [(",", "csv"), (";", "csv"), ("\t", "tsv")])
def test_tables_of_texts_are_read_as_those_whose_rows_are_items(
    notes: Path, col: om.Collection, encoding: str, sign: str, end: str
) -> None:
    table = notes.with_name(f"t.{end}")
    table.write_text("path,brand,price\na.txt,Bücher,3.5\n".replace(",", sign), encoding)
    col.ingest(notes, metadata=table)
    assert said(col, "brand", "price")["a.txt"] == ("Bücher", 3.5)


def test_codes_stay_texts(notes: Path, col: om.Collection) -> None:
    table = write(notes.with_name("t.csv"), [{"path": "a.txt", "zip": "00007"}])
    report = col.ingest(notes, metadata=table)
    assert said(col, "zip")["a.txt"] == ("00007",)
    assert "column 'zip' is text, not numbers: row 1 has '00007'" in str(report.warnings)
    assert not col.ingest(metadata=table).warnings


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"path,n\xf6\na.txt,1\n", "the name of column 2 is not UTF-8: byte 0xf6 at sign 2"),
        (b"path,n\na.txt,n\xf6\n", "row 1, column 'n': is not UTF-8: byte 0xf6 at sign 2"),
    ],
)
def test_bytes_that_are_no_text_are_told(
    notes: Path, col: om.Collection, raw: bytes, fault: str
) -> None:
    table = notes.with_name("t.csv")
    table.write_bytes(raw)
    with pytest.raises(om.errors.InputError, match=fault):
        col.ingest(notes, metadata=table)


def test_lines_of_json_are_counted_as_editors_do(notes: Path, col: om.Collection) -> None:
    table = notes.with_name("t.jsonl")
    for lines, fault in (
        ('{"path": "a.txt"}\n\n\n{"path": 3}\n', "line 4, column 'path' is 3, not a path"),
        ('\n{"path": "a.txt"}\n\n{"path": "./a.txt"}\n', "lines 2 and 4 both describe"),
        ('\n{"path": "a.txt"}\n\n{"path": "no.txt"}\n', "taken in: line 4 "),
        ('\n{"path": "a.txt", "n": 1}\n\n{"path": "b.txt", "n": "x"}\n', "line 4, column 'n': "),
        ('{"path": "a.txt"}\n\n[3]\n', "line 3 is a list, not an object"),
        ('\n{"path": "a.txt"}\n{"path"\n', "line 3 is not JSON"),
    ):
        table.write_text(lines)
        with pytest.raises(om.errors.InputError, match=fault):
            col.ingest(notes, metadata=table)
    table.write_text('\n{"path": "a.txt", "n": 1}\n\n{"path": "empty.txt", "n": 2}\n')
    (notes / "empty.txt").write_text("")
    report = col.ingest(notes, metadata=table)
    assert f"{table}: 1 row about files that are not stored: line 4" in report.warnings
    assert said(col, "n")["a.txt"] == (1,)


@pytest.mark.parametrize("packing", [gzip, bz2, lzma], ids=["gz", "bz2", "xz"])
@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl"])
def test_packed_tables_of_text_are_read(
    notes: Path, col: om.Collection, kind: str, packing: Any
) -> None:
    end = {gzip: "gz", bz2: "bz2", lzma: "xz"}[packing]
    sign = "\t" if kind == "tsv" else ","
    text = '{"path": "a.txt", "n": 3}\n' if kind == "jsonl" else f"path{sign}n\na.txt{sign}3\n"
    table = notes.with_name(f"t.{kind}.{end}")
    table.write_bytes(packing.compress(text.encode()))
    col.ingest(notes, metadata=table)
    assert said(col, "n")["a.txt"] == (3,)


def test_a_packed_table_that_grows_without_bound_is_refused(
    notes: Path, col: om.Collection
) -> None:
    bomb = gzip.compress(b"path,n\na.txt,1\n" + b"\n" * (64 << 20))
    for name in ("t.csv.gz", "t.jsonl.gz"):
        table = notes.with_name(name)
        table.write_bytes(bomb)
        with pytest.raises(om.errors.InputError, match=r"more than 200 times its length: unpack"):
            col.ingest(notes, metadata=table)
    notes.with_name("t.parquet.gz").write_bytes(bomb)
    with pytest.raises(om.errors.InputError, match=r"no table of text \(\.csv\.gz, .*unpack it"):
        col.ingest(notes, metadata=notes.with_name("t.parquet.gz"))
    assert col.generation == 0


def test_a_packed_table_that_is_held_whole_has_a_bound(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(os.urandom(3_000).hex().encode()))
    with packed.opened(path, most=6_000) as file:
        assert len(file.read()) == 6_000
    with (
        pytest.raises(om.errors.InputError, match="more than 5,999 bytes: unpack it first"),
        packed.opened(path, most=5_999) as file,
    ):
        file.read()


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('{"path": "a.txt", "n": NaN}', r"line 1 is not JSON \(.*NaN"),
        ("path, n", r"line 1 is not JSON"),
        ("[1, 2]", r"line 1 is a list, not an object"),
        ("{}", r"line 1 has no keys"),
        ('{"path":' * 100_000, r"line 1 is not JSON"),
    ],
    ids=["nan", "text", "list", "empty", "deep"],
)
def test_a_packed_table_without_objects_is_told_as_one_that_is_not(
    notes: Path, col: om.Collection, line: str, fault: str
) -> None:
    plain, packed_ = notes.with_name("t.jsonl"), notes.with_name("t.jsonl.gz")
    plain.write_text(f"{line}\n")
    packed_.write_bytes(gzip.compress(plain.read_bytes()))
    told = []
    for table in (plain, packed_):
        with pytest.raises(om.errors.InputError, match=fault) as raised:
            col.ingest(notes, metadata=table)
        told.append(str(raised.value).replace(str(table), "t"))
    assert told[0] == told[1]


def test_a_pipe_is_no_table(notes: Path, col: om.Collection) -> None:
    os.mkfifo(notes.with_name("pipe.csv"))
    for name in (notes.with_name("pipe.csv"), "-"):
        with pytest.raises(om.errors.InputError, match=r"cannot be read from a pipe: write it"):
            col.ingest(notes, metadata=name)
