"""The same table again: what did not change is not encoded, what is gone is hidden."""

from pathlib import Path

import pytest

import omnisearch as om
from tests.ingest.tables.counting import Counting

COLUMNS = {"id": "id", "text": "text", "meta": ["price"]}


def write(path: Path, **rows: tuple[str, object]) -> Path:
    lines = [f"{name},{text},{price}" for name, (text, price) in rows.items()]
    path.write_text("\n".join(["id,text,price", *lines]) + "\n")
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return write(tmp_path / "t.csv", a=("one", 1), b=("two", 2), c=("three", 3))


def test_nothing_is_encoded_twice(table: Path, col: om.Collection, counting: Counting) -> None:
    col.ingest_table(table, columns=COLUMNS)
    done, generation = counting.encoded, col.generation
    report = col.ingest_table(table, columns=COLUMNS)
    assert (report.stored, report.unchanged, report.updated) == (0, 3, 0)
    assert (counting.encoded, col.generation) == (done, generation)


def test_what_changed_is_encoded_and_metadata_alone_is_not(
    table: Path, col: om.Collection, counting: Counting
) -> None:
    col.ingest_table(table, columns=COLUMNS)
    col.update(["a"], metadata=[{"mine": True}])
    done = counting.encoded
    write(table, a=("one", 7), b=("zwei", 2), c=("three", 3))
    report = col.ingest_table(table, columns=COLUMNS)
    assert (report.stored, report.unchanged, report.updated) == (1, 2, 1)
    assert counting.encoded == done + 1
    found = {one.id: one for one in col.iterate()}
    assert found["a"].metadata["price"] == 7 and found["a"].metadata["mine"] is True
    assert found["b"].words == "zwei"
    write(table, a=("one", ""), b=("zwei", 2), c=("three", 3))
    col.ingest_table(table, columns=COLUMNS)
    assert col.count("price is null") == 1


def test_rows_that_move_keep_their_vectors(
    table: Path, col: om.Collection, counting: Counting
) -> None:
    col.ingest_table(table, columns=COLUMNS)
    done = counting.encoded
    write(table, b=("two", 2), a=("one", 1), c=("three", 3))
    report = col.ingest_table(table, columns=COLUMNS)
    assert (report.updated, counting.encoded) == (2, done)
    assert {one.id: one.metadata["file.row"] for one in col.iterate()} == {"b": 1, "a": 2, "c": 3}


def test_rows_that_are_gone_are_hidden_and_come_back(
    table: Path, col: om.Collection, counting: Counting
) -> None:
    col.ingest_table(table, columns=COLUMNS)
    write(table, a=("one", 1), c=("three", 3))
    assert col.ingest_table(table, columns=COLUMNS).missing == 1
    assert col.count() == 2 and col.ingest_table(table, columns=COLUMNS).missing == 0
    done = counting.encoded
    write(table, a=("one", 1), b=("two", 2), c=("three", 3))
    report = col.ingest_table(table, columns=COLUMNS)
    assert (report.stored, report.unchanged, counting.encoded) == (0, 3, done)
    assert col.count() == 3


def test_prune_deletes_what_is_gone(table: Path, col: om.Collection) -> None:
    col.ingest_table(table, columns=COLUMNS)
    write(table, a=("one", 1), c=("three", 3))
    col.ingest_table(table, columns=COLUMNS)
    report = col.ingest_table(table, columns=COLUMNS, prune=True)
    assert (report.missing, report.pruned) == (0, 1)
    assert col.get(["b"]) == [None]


def test_an_emptied_table_hides_nothing_unless_it_is_forced(
    table: Path, col: om.Collection
) -> None:
    col.ingest_table(table, columns=COLUMNS)
    write(table)
    report = col.ingest_table(table, columns=COLUMNS)
    assert report.withheld and not report.complete and col.count() == 3
    assert any("3 of 3 rows are not in it any more" in one for one in report.warnings)
    assert col.ingest_table(table, columns=COLUMNS, force=True).missing == 3
    assert col.count() == 0


def test_rows_that_cannot_be_read_are_not_gone(table: Path, col: om.Collection) -> None:
    col.ingest_table(table, columns=COLUMNS)
    table.write_text("id,text,price\na,one,1\nb,torn\nc,three,3\n")
    report = col.ingest_table(table, columns=COLUMNS)
    assert (report.failed, report.missing, report.withheld) == (1, 0, False)
    assert col.count() == 3


def test_the_same_ids_from_another_table_replace(
    table: Path, tmp_path: Path, col: om.Collection, counting: Counting
) -> None:
    col.ingest_table(table, columns=COLUMNS)
    done = counting.encoded
    newer = write(tmp_path / "newer.csv", a=("one", 1), b=("zwei", 2))
    report = col.ingest_table(newer, columns=COLUMNS)
    assert (report.stored, report.updated, counting.encoded) == (1, 1, done + 1)
    assert col.count() == 3
    assert col.count("file.table = :table", {"table": newer.as_uri()}) == 2


def test_numbered_rows_of_two_tables_of_one_name_are_not_mixed(
    tmp_path: Path, col: om.Collection
) -> None:
    columns = {"text": "text"}
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder / "t.csv", a=(folder, 1))
    col.ingest_table(tmp_path / "x" / "t.csv", columns=columns)
    with pytest.raises(om.errors.InputError, match="say which column is the id"):
        col.ingest_table(tmp_path / "y" / "t.csv", columns=columns)
    (tmp_path / "x").rename(tmp_path / "z")
    report = col.ingest_table(tmp_path / "z" / "t.csv", columns=columns)
    assert (report.unchanged, report.updated) == (1, 1)


def test_an_id_that_no_table_made_is_left_alone(table: Path, col: om.Collection) -> None:
    col.add([om.Item("b", text="mine")])
    report = col.ingest_table(table, columns=COLUMNS)
    assert (report.stored, report.failed) == (2, 1)
    assert "no table made it" in report.failures[0].reason
    (kept,) = col.get(["b"])
    assert kept is not None and kept.words == "mine"


def test_a_row_that_holds_nothing_any_more_is_hidden(table: Path, col: om.Collection) -> None:
    col.ingest_table(table, columns=COLUMNS)
    write(table, a=("one", 1), b=("", 2), c=("three", 3))
    report = col.ingest_table(table, columns=COLUMNS)
    assert (report.skipped, report.missing, col.count()) == (1, 1, 2)
    assert col.ingest_table(table, columns=COLUMNS).missing == 0
    write(table, a=("one", 1), b=("two", 2), c=("three", 3))
    assert col.ingest_table(table, columns=COLUMNS).unchanged == 3
    assert col.count() == 3


def test_an_export_is_still_known_by_its_table(
    table: Path, tmp_path: Path, col: om.Collection, counting: Counting
) -> None:
    col.ingest_table(table, columns=COLUMNS)
    col.export(tmp_path / "out")
    with om.open(tmp_path / "again", encoder=om.Encoder(counting)) as again:
        for batch in om.read_vectors(tmp_path / "out").batches():
            again.restore(batch)
        done = counting.encoded
        report = again.ingest_table(table, columns=COLUMNS)
        assert (report.unchanged, report.updated, counting.encoded) == (3, 0, done)
