"""Questions whose words are taken for options: what is found, what is told, and who wins."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import omnisearch as om
from omnisearch.errors import QueryError
from tests.routing import stored

TODAY = "2025-01-15"
QUOTES = ('"%s"', "\u201c%s\u201d", "\u201e%s\u201c", "\u00ab%s\u00bb")


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> om.Collection:
    return stored.made(tmp_path_factory.mktemp("route") / "c")


def asked(col: om.Collection, text: str, **options: Any) -> om.Hits:
    return col.query(text, route="auto", **{"today": TODAY, **options})


def rules(hits: om.Hits) -> list[str]:
    return [one.rule for one in hits.route]


def test_nothing_is_read_from_words_unless_asked_for(songs: om.Collection) -> None:
    plain = songs.query("songs by Nadia Quist")
    assert (len(plain), plain.route, plain.remarks) == (5, (), ())
    assert songs.query("songs by Nadia Quist", route="none").ids == plain.ids


def test_a_certain_word_filters_and_says_so(songs: om.Collection) -> None:
    hits = asked(songs, "songs by Nadia Quist from May 2024", explain=True)
    assert hits.ids == ["dunes"]
    assert rules(hits) == ["dates", "columns"]
    assert "“by Nadia Quist” is taken for artist is 'Nadia Quist'" in hits.remarks[1]
    assert 'route "none"' in hits.remarks[0]
    assert hits.explain is not None and "columns: “by Nadia Quist”" in hits.explain
    assert hits.plan is not None and "routing" in hits.plan.stages
    told = hits.plan.as_json()["route"][0]
    assert told["options"]["where"]["sung"]["$gte"] == "2024-05-01T00:00:00Z"
    assert (told["words"], told["rule"], told["favours"]) == ("from May 2024", "dates", False)


def test_a_word_that_may_mean_it_only_prefers(songs: om.Collection) -> None:
    question = "ships in fog, in May"
    before = songs.query(question)
    hits = asked(songs, question, today="2023-12-01")
    assert sorted(hits.ids) == sorted(before.ids) and hits.route[0].favours
    assert hits.ids[0] == "harbours"
    sure, unsure = ({hit.id: hit.confidence or 0 for hit in some} for some in (hits, before))
    assert sure["harbours"] > unsure["harbours"]
    assert "(preferred)" in hits.remarks[0]


def test_answers_in_the_order_of_a_column(songs: om.Collection) -> None:
    hits = asked(songs, "highest rating")
    assert hits.ids == ["bread", "dunes", "harbour", "harbours", "stone"]
    assert asked(songs, "lowest rating", k=2).ids == ["stone", "harbours"]
    assert asked(songs, "the two oldest songs").ids == ["stone", "harbours"]  # all are texts
    assert asked(songs, "two newest notes").ids == ["bread", "harbour"]
    assert asked(songs, "two newest notes", k=4).ids == ["bread", "harbour", "dunes", "harbours"]


def test_only_good_answers_are_ordered(tmp_path: Path) -> None:
    col = om.open(tmp_path / "c")
    days = {f"mill-{day}": f"Mill log: {10 + day} sacks of rye were ground." for day in range(1, 7)}
    others = {f"bath-{day}": f"Soap and towels, number {day}." for day in range(7, 13)}
    col.add(
        [
            om.Item(name, text=text, metadata={"on": datetime(2024, int(name[5:]), 1, tzinfo=UTC)})
            for name, text in {**days, **others}.items()
        ]
    )
    newest, oldest = (asked(col, f"the {most} mill log", k=12) for most in ("newest", "oldest"))
    assert newest.ids[0] == "mill-6" and oldest.ids[0] == "mill-1"
    assert sorted(newest.ids[:6]) == sorted(oldest.ids[:6]) == sorted(days)
    assert sorted(newest.ids) == sorted([*days, *others])


def test_pages_of_an_order_follow_each_other(songs: om.Collection) -> None:
    first = asked(songs, "highest rating", k=2)
    again = asked(songs, "highest rating", k=2, cursor=first.cursor)
    assert [*first.ids, *again.ids] == ["bread", "dunes", "harbour", "harbours"]
    with pytest.raises(QueryError, match="of other options"):
        songs.query("highest rating", cursor=first.cursor)


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("songs by Nadia Quist", {"where": "artist = 'Noor'"}),
        ("notes from May 2024", {"where": "sung > '2025-01-01'"}),
        ("three notes", {"k": 1}),
        ("a photo of ships", {"modality": "text"}),
        ("ERR_4092", {"mode": "hybrid"}),
        ("ERR_4092", {"min_score": -1.0}),
        ("what goes with the bread?", {"follow": False}),
        ("what goes with the bread in May?", {"fuse": "rrf"}),
    ],
)
def test_what_is_given_wins(songs: om.Collection, text: str, given: dict[str, Any]) -> None:
    hits = asked(songs, text, **given)
    assert hits.ids == songs.query(text, **given).ids
    assert not {name for one in hits.route for name in one.options} & given.keys()


def test_a_filter_that_nothing_passes_is_none(songs: om.Collection) -> None:
    assert asked(songs, "notes from May 1999").route == ()
    both = asked(songs, "songs by Nadia Quist, rating above 4.9")
    assert rules(both) == ["columns"] and both.ids == ["bread"]


def test_code_is_compared_as_it_is_spelt(songs: om.Collection) -> None:
    hits = asked(songs, "ERR_4092")
    assert (hits.ids, rules(hits)) == (["bread"], ["spelling"])
    quoted = [asked(songs, f"ERR_4092 {marks % 'ERR_4092'}") for marks in QUOTES]
    assert [(one.ids, rules(one)) for one in quoted] == [(["bread"], ["spelling"])] * len(QUOTES)


def test_what_asks_by_more_than_words(songs: om.Collection) -> None:
    hits = songs.query("ERR_4092", like="stone", route="auto")
    assert hits.route == () and "bread" in hits.ids
    assert songs.query(like="dunes", route="auto").route == ()
    assert asked(songs, "song " * 200).route == ()


def test_batches_and_contexts_understand_the_same(songs: om.Collection) -> None:
    questions = [{"text": "highest rating"}, {"text": "highest rating", "route": "none"}]
    first, second = songs.query_batch(questions, route="auto", today=TODAY)
    assert first.ids[0] == "bread" and second.route == ()
    context = songs.context("songs by Nadia Quist", route="auto")
    assert {part.citation.item for part in context.parts} == {"dunes", "harbour"}
    assert context.as_json()["route"][0]["rule"] == "columns"
    assert context.remarks[0].startswith("“by Nadia Quist”")


@pytest.mark.parametrize("wrong", ["on", 1, None])
def test_values_of_the_option(songs: om.Collection, wrong: Any) -> None:
    with pytest.raises((TypeError, QueryError), match="route"):
        songs.query("song", route=wrong)


@given(st.text(min_size=1, max_size=60).filter(str.strip))
def test_no_text_is_too_odd(songs: om.Collection, text: str) -> None:
    assert len(asked(songs, text, mode="words", k=3)) <= 3


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> om.Collection:
    """Take in notes of several days, and pictures of several sizes, in two folders."""
    place = tmp_path_factory.mktemp("files")
    for number, (folder, day) in enumerate((("trips", 3), ("trips", 20), ("home", 11))):
        (place / "in" / folder).mkdir(parents=True, exist_ok=True)
        note, picture = (place / "in" / folder / f"{number}.{end}" for end in ("txt", "png"))
        note.write_text(f"Note {number}: the kettle was mended again by the neighbour.")
        Image.new("RGB", (40 + 60 * number, 90), (200, 30, 30 + 80 * number)).save(picture)
        for path in (note, picture):
            moment = datetime(2024, 5, day, tzinfo=UTC).timestamp()
            os.utime(path, (moment, moment))
    col = om.open(place / "c")
    col.ingest(place / "in", jobs=1)
    return col


def names(hits: om.Hits) -> list[str]:
    return [str(hit.metadata["file.name"]) for hit in hits]


def test_files_by_date_size_folder_and_kind(files: om.Collection) -> None:
    assert sorted(names(asked(files, "notes from 11 May 2024"))) == ["2.png", "2.txt"]
    assert names(asked(files, "the newest note")) == ["1.txt", "2.txt", "0.txt"]
    assert names(asked(files, "the largest picture")) == ["2.png", "1.png", "0.png"]
    assert names(asked(files, "two smallest pictures")) == ["0.png", "1.png"]
    assert sorted(names(asked(files, "the kettle in the folder Trips"))) == sorted(
        ["0.png", "0.txt", "1.png", "1.txt"]
    )
    question = "a picture of a kettle"
    before, after = names(files.query(question)), names(asked(files, question))
    assert sorted(before) == sorted(after)
    assert sum(after.index(f"{n}.png") for n in range(3)) < sum(
        before.index(f"{n}.png") for n in range(3)
    )


def test_dates_that_are_given_are_not_read(files: om.Collection) -> None:
    hits = asked(files, "notes from 11 May 2024", before="2024-05-05")
    assert sorted(names(hits)) == ["0.png", "0.txt"] and "dates" not in rules(hits)
