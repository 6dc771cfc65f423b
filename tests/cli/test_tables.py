"""`omnisearch ingest TABLE --columns …`: rows of tables from the command line."""

import json
from pathlib import Path

import pytest

from tests.cli.place import Place
from tests.ingest.folder import write_picture

TABLE = (
    "sku,title,photo,price,brand\n"
    "a,a red shoe,photos/a.png,40,north\n"
    "b,the night train,,12.5,south\n"
    "c,broken,photos/none.png,1,\n"
    "d,torn\n"
)
COLUMNS = "id=sku,text=title,image=photo,meta=price,brand"


@pytest.fixture
def table(place: Place) -> Path:
    write_picture(place.home / "photos" / "a.png")
    path = place.home / "products.csv"
    path.write_text(TABLE)
    return path


def test_a_table_is_taken_in_and_again(place: Place, table: Path) -> None:
    done = place.run("ingest", "products.csv", "--columns", COLUMNS)
    assert done.returncode == 3, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert [told[name] for name in ("seen", "stored", "failed", "updated")] == [4, 2, 2, 0]
    assert told["failures"] == [
        "row 3, column 'photo': photos/none.png is not there",
        "row 4: has 2 cells, the first row names 5 columns",
    ]
    assert f"failed: {table.name}: row 3, column 'photo'" in done.stderr
    table.write_text(TABLE.replace("40", "41").replace("d,torn\n", ""))
    again = place.run("ingest", "products.csv", "--columns", COLUMNS, "--no-json")
    assert again.returncode == 3
    assert "3 rows seen" in again.stdout and "(1 of them with other metadata)" in again.stdout
    found = place.run("query", "train", "--where", "price < 20", "--json", "-k", "1")
    hit = json.loads(found.stdout)
    assert (hit["item"], hit["uri"]) == ("b", table.as_uri())
    assert hit["metadata"]["file.row"] == 2 and hit["metadata"]["file.column"] == "title"
    shown = place.run("query", "train", "--no-json", "-k", "1").stdout
    assert "products.csv  row 2 (b)" in shown
    assert place.run("ingest", "--json").returncode == 2  # no folder was taken in


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["products.csv", "--columns", "text=titel"], "did you mean 'title'?"),
        (["products.csv", "--columns", "text=none"], "it has sku, title, photo, price, brand"),
        (["products.csv", "--columns", "colour=title"], "a role being one of id, text"),
        (["products.csv", "--columns", "id=sku"], "nothing to search in"),
        (["products.csv", "--columns", "auto"], "say which columns are which"),
        (["none.csv", "--columns", "text=title"], "does not exist"),
        (["photos", "--columns", "text=title"], "state.json"),
        (["photos/a.png", "--columns", "text=title"], "unknown format"),
        (["--columns", "text=title"], "--columns needs a table"),
        (["products.csv", "--columns", "text=title", "--hidden"], "--hidden is about files"),
        (["products.csv", "--columns", "text=title", "--regions"], "--regions is about files"),
        (["-", "--columns", "auto"], "cannot be read from a pipe"),
        (["products.csv", "--media-folder", "photos"], "give --columns too"),
    ],
)
def test_what_cannot_be_meant_is_said(
    place: Place, table: Path, arguments: list[str], fault: str
) -> None:
    done = place.run("ingest", *arguments)
    assert done.returncode == 2, done.stderr
    assert fault in done.stderr and "Traceback" not in done.stderr
    assert not (place.home / ".omnisearch").exists()


def test_import_points_to_ingest_where_there_are_no_vectors(place: Place) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"title": ["a"]}), place.home / "t.parquet")
    done = place.run("import", "t.parquet")
    assert done.returncode == 2 and "ingest TABLE --columns" in done.stderr


def test_a_table_as_a_file_is_pointed_out(place: Place, table: Path) -> None:
    done = place.run("ingest", "products.csv")
    assert done.returncode == 0, done.stderr
    assert "with --columns each of its rows is an item" in done.stderr
