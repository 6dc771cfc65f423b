"""`related` and `topics` as a person uses them: after a question by number, or by id."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.place import Place
from tests.relations.world import One, store, themed


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = Place(tmp_path_factory.mktemp("related"))
    book = [One(f"book#{n}", "kitchen", "document", "book", f"recipe {n}") for n in range(3)]
    twin = One("7", "harbour", "image", metadata={"project": "apollo"})
    store(
        place.home / ".omnisearch",
        [*themed(5), *book, twin, One("note", "harbour", metadata={"project": "apollo"})],
    )
    return place


def lines(place: Place, *words: str) -> list[dict[str, Any]]:
    done = place.run(*words)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_each_line_has_the_hit_and_the_way_to_it(home: Place) -> None:
    found = lines(home, "related", "note", "--by", "value")
    assert [one["id"] for one in found] == ["7"]
    assert found[0]["path"] == [
        {"relation": "value", "id": "7", "strength": 0.6, "why": "project = 'apollo'"}
    ]
    assert found[0]["relation"] == "value" and found[0]["score"] is None
    assert len(lines(home, "related", "note", "-k", "4")) == 4
    two = lines(home, "related", "book#0", "--by", "next", "--hops", "2")
    assert [one["id"] for one in two] == ["book#1", "book#2"]
    assert [len(one["path"]) for one in two] == [1, 2]


def test_what_was_found_is_gone_on_from(home: Place) -> None:
    lines(home, "related", "book#0", "--by", "next", "--hops", "2")
    again = lines(home, "related", "2", "--by", "next")  # book#2
    assert [one["id"] for one in again] == ["book#1"]
    assert lines(home, "related", "7", "--id", "--by", "value")[0]["id"] == "note"


def test_filters_and_a_table(home: Place) -> None:
    found = lines(home, "related", "note", "--modality", "audio", "-k", "3")
    assert [one["modality"] for one in found] == ["audio"] * 3
    done = home.run("related", "note", "--where", "project = 'apollo'", "--no-json")
    head, row = done.stdout.splitlines()
    assert head.split() == ["#", "strong", "by", "kind", "where", "why"]
    assert row.split()[:5] == ["1", "0.60", "value", "image", "7"]


def test_nothing_and_nobody(home: Place) -> None:
    nothing = home.run("related", "note", "--by", "words")
    assert (nothing.returncode, nothing.stdout) == (1, "")
    assert (
        "nothing is related to note"
        in home.run("related", "note", "--by", "words", "--no-json").stderr
    )
    unknown = home.run("related", "nobody")
    assert unknown.returncode == 2 and "has the id nobody" in unknown.stderr
    assert home.run("related", "note", "--hops", "9").returncode == 2
    assert home.run("related", "note", "--where", "colour = 1").returncode == 2


def test_topics(home: Place) -> None:
    found = lines(home, "topics")
    assert [one["topic"] for one in found] == [1, 2, 3]
    assert {one["label"][0] for one in found} == {"harbour", "mountain", "kitchen"}
    assert sum(one["segments"] for one in found) == 50
    assert len(lines(home, "topics", "-k", "1")) == 1
    done = home.run("topics", "--no-json", "-k", "1")
    first, *examples = done.stdout.splitlines()
    assert first.startswith("1. kitchen, ") and "[18 segments of 16 items: " in first
    assert len(examples) == 4 and examples[0].startswith("   #1 ")
    shown = json.loads(home.run("show", "1", "--json").stdout)
    assert shown["id"] in examples[0] or shown["item"] in examples[0]
    none = home.run("topics", "--where", "project = 'apollo'")
    assert (none.returncode, none.stdout) == (1, "")


def test_a_reader_who_may_not_write_asks_too(home: Place, tmp_path: Path) -> None:
    store(tmp_path / "c", themed(2))
    for folder in (tmp_path / "c" / "tmp", tmp_path / "c"):
        folder.chmod(0o500)
    try:
        done = home.run("related", "note-harbour-0", "--index", str(tmp_path / "c"))
    finally:
        (tmp_path / "c").chmod(0o700)
    assert done.returncode == 0 and done.stdout


def test_no_collection(tmp_path: Path) -> None:
    done = Place(tmp_path).run("topics")
    assert done.returncode == 2 and "no .omnisearch folder" in done.stderr
