"""`show` as a person uses it: after a question by number, or by id."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.place import Place

pytestmark = pytest.mark.slow

SAME = "id item uri span modality score confidence parts folded".split()


def asked(place: Place, *question: str) -> list[dict[str, Any]]:
    """Ask, and give the hits."""
    done = place.run("query", *question)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def shown(place: Place, *name: str) -> dict[str, Any]:
    done = place.run("show", *name)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_number_is_a_hit_of_the_last_query(library: Place) -> None:
    hits = asked(library, "mend a flat tyre", "-k", "3")
    assert hits[0]["uri"].endswith("/tyre.md")
    snippet = hits[0]["snippet"]
    assert [snippet[first:behind] for first, behind in hits[0]["marks"]] == ["Mend", "flat", "tyre"]
    for number, hit in enumerate(hits, 1):
        found = shown(library, str(number))
        assert {name: found[name] for name in SAME} == {name: hit[name] for name in SAME}
    asked(library, "how the moon moves", "-k", "1")
    assert shown(library, "1")["uri"].endswith("/moon.txt")
    done = library.run("show", "2")
    assert done.returncode == 2
    assert "no hit 2: your last query here found 1 to 1" in done.stderr


def test_a_second_page_counts_on(library: Place) -> None:
    second = asked(library, "spring", "-k", "1", "--offset", "1")[0]
    assert shown(library, "2")["id"] == second["id"]
    assert library.run("show", "1").returncode == 2


def test_what_follows_a_cursor_counts_on(library: Place) -> None:
    first = library.run("query", "spring", "-k", "2", "--explain")
    cursor = re.findall(r"--cursor (\S+)", first.stderr)[-1]
    ask = ("query", "spring", "-k", "2", "--cursor", cursor)
    third = asked(library, *ask[1:])[0]
    assert shown(library, "3")["id"] == third["id"]
    assert library.run("show", "1").returncode == 2
    lines = library.run(*ask, "--no-json").stdout.splitlines()
    assert [line.split()[0] for line in lines if line[:1].strip()] == ["#", "3", "4"]


def test_a_query_without_hits_is_the_last_one(library: Place) -> None:
    asked(library, "spring", "-k", "1")
    assert library.run("query", "xylophones", "--mode", "words").returncode == 1
    done = library.run("show", "1")
    assert done.returncode == 2
    assert "there is no hit 1: your last query here found nothing" in done.stderr
    assert "1 is neither a stored id nor" in library.run("query", "--like", "1").stderr


def test_everything_about_a_page(library: Place) -> None:
    hit = asked(library, "oil the chain", "--modality", "document", "-k", "1")[0]
    assert hit["span"]["page"] == 2
    found = shown(library, hit["id"])
    assert found["words"].strip() == "Oil the chain in spring."
    assert found["segments"] == 4 and set(found["views"]) <= {"content", "words"}
    around = [one["span"]["page"] for one in (*found["before"], *found["after"])]
    assert sorted(around) == [1, 1, 2] and around[:2] == [1, 1]
    item = shown(library, hit["item"])
    assert item["span"] == {"page": 1, "box": None}


def test_on_a_terminal(library: Place) -> None:
    asked(library, "oil the chain", "--modality", "document", "-k", "1")
    code, text = library.on_terminal("show", "1")
    assert code == 0
    lines = text.splitlines()
    assert lines[0] == "file    ~/files/manual.pdf" or lines[0] == "file    files/manual.pdf"
    assert re.search(r"^sure    \d+%$", text, re.MULTILINE) and "\nscore   0." in text
    assert "moment  page 2" in text and "Oil the chain in spring." in lines
    assert "doc.pages       2" in lines
    assert "> page 2" in text and "file.locations" not in text


def test_the_name_of_a_picture_is_nothing_that_it_says(library: Place) -> None:
    asked(library, "a lake", "--modality", "image", "-k", "1")
    _, text = library.on_terminal("show", "1")
    assert "named   lake" in text and "\nlake\n" not in text
    _, table = library.on_terminal("query", "lake", "--modality", "image", "--no-helper")
    assert table.splitlines()[1].endswith("files/lake.png") and len(table.splitlines()) == 2


def test_names_that_mean_nothing(library: Place, imported: Place, tmp_path: Path) -> None:
    done = library.run("show", "nothing")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no hit, segment or item has the id nothing" in done.stderr
    done = imported.run("show", "1", XDG_STATE_HOME=str(tmp_path))
    assert done.returncode == 2
    assert "no query was asked here yet" in done.stderr
    done = library.run("show", "1", cwd=tmp_path)
    assert done.returncode == 2
    assert "name a collection with --index" in done.stderr


def test_vectors_of_ones_own_have_no_file(imported: Place) -> None:
    found = shown(imported, "row-7")
    assert (found["id"], found["uri"], found["words"]) == ("row-7", None, None)
    assert found["metadata"] == {"n": 7, "tag": "odd"}


def test_hits_without_a_file_have_no_path(imported: Place) -> None:
    done = imported.run("query", "--like", "row-7", "-k", "2", "--paths")
    assert (done.returncode, done.stdout) == (1, "")
    assert "2 of 2 hits belong to no file, and have no path" in done.stderr
