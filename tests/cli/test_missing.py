"""What is said of an answer whose file is missing: what it is called, since when, what to do."""

from __future__ import annotations

import re

import pytest

from tests.cli.place import Place
from tests.cli.test_show import asked, shown
from tests.ingest.folder import write_picture

pytestmark = pytest.mark.slow

SINCE = r"missing since 20\d\d-\d\d-\d\d \d\d:\d\d UTC"


@pytest.fixture
def lacking(place: Place) -> Place:
    """Give a user who has taken in files of which a text and a picture are missing since."""
    files = place.home / "files"
    (files / "below").mkdir(parents=True)
    (files / "bees.txt").write_text("Bees dance to tell where the flowers are.\n")
    (files / "trains.txt").write_text("The night train leaves at 10:30.\n")
    write_picture(files / "below" / "lake.png")
    assert place.run("ingest", "files").returncode == 0
    asked(place, "how bees dance", "-k", "3")
    (files / "bees.txt").unlink()
    (files / "below" / "lake.png").unlink()
    assert place.run("ingest", "files").returncode == 0
    return place


def test_a_missing_file_is_told_by_its_name_and_since_when(lacking: Place) -> None:
    numbers = {shown(lacking, one)["metadata"]["file.name"]: one for one in "123"}
    for name in ("bees.txt", "lake.png"):
        told = lacking.run("show", numbers[name], "--no-json").stdout
        line = " ".join(told.partition("\nkind")[0].split())
        remedy = "bring it back as it was, and ingest again"
        assert re.fullmatch(rf"file {name} \({SINCE}: {remedy}\)", line)
    done = lacking.run("extract", numbers["lake.png"])
    assert (done.returncode, done.stdout) == (2, "")
    assert re.search(rf"lake\.png is {SINCE}: bring it back as it was, and ingest", done.stderr)


def test_words_of_a_missing_file_are_said_to_be_old(lacking: Place) -> None:
    done = lacking.run("extract", "1", "-o", str(lacking.home / "was.txt"))
    assert done.returncode == 0
    assert re.search(rf"the file is {SINCE}: these are the words that it had then", done.stderr)


def test_a_row_that_is_not_in_its_table_any_more_is_told(place: Place) -> None:
    table = place.home / "goods.csv"
    table.write_text("id,name\na,a red shoe\nb,a blue sock\nc,a green hat\n")
    columns = ("ingest", str(table), "--columns", "id=id,text=name")
    assert place.run(*columns).returncode == 0
    table.write_text("id,name\nb,a blue sock\nc,a green hat\n")
    assert place.run(*columns).returncode == 0
    told = place.run("show", "a", "--no-json").stdout
    assert re.search(rf"^row +goods\.csv  \({SINCE}: bring it back", told)
