"""What a question says not to be, joins to another or only quotes is taken for no option."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import omnisearch as om
from tests.routing import stored

TODAY = "2025-01-15"


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> om.Collection:
    return stored.made(tmp_path_factory.mktemp("negation") / "c")


def route(col: om.Collection, text: str) -> list[tuple[str, Any]]:
    hits = col.query(text, k=3, mode="words", route="auto", today=TODAY)
    return [(one.words, one.as_json()["options"]) for one in hits.route]


@pytest.mark.parametrize(
    "text",
    [
        "notes not by Noor",
        "everything except notes by Noor",
        "not from 2024",
        "notes that weren't recorded in May 2024",
        "notes that weren\u2019t recorded in May 2024",
        "what did not have a rating over 3",
        "no tags sea",
        "artist is not Noor",
        "artist != Noor",
        "artist ≠ Noor",
        "by anyone but Noor",
        "anyone other than Noor",
        "not one of the notes by Noor",
        "notes by Noor excluded",
        "notes not before 2024",
        "notes no later than 2023",
        "notes neither by Noor nor from 2024",
        "not pictures",
        "no songs about ships",
        "not the highest rating",
        "the newest, but not songs",
        "without the three newest notes",
    ],
)
def test_what_is_said_not_to_be_is_taken_for_nothing(songs: om.Collection, text: str) -> None:
    assert route(songs, text) == []


@pytest.mark.parametrize(
    "text",
    [
        "artist is Noor or Nadia Quist",
        "artist is noor or nadia quist",
        "songs by Nadia Quist and Noor",
        "songs by noor and by nadia quist",
        "songs by Noor, Nadia Quist and Walter Hruby",
        "songs by Noor, Bert or Walter Hruby",
        "songs by Noor or about ships",
        "notes about ships or by Noor",
        "notes about ships or boats or by Noor",
        "songs by Noor/Nadia Quist",
        "tags slow and sea",
        "rating over 4 or under 2",
        "rating under 4 and above 2",
        "rating under 4 or rating above 2",
        "notes from 2023 or 2024",
        "notes of 2023 and 2024",
        "notes from May 2023 and from June 2024",
        "oldest or newest notes",
    ],
)
def test_a_half_of_what_is_said_is_taken_for_nothing(songs: om.Collection, text: str) -> None:
    assert route(songs, text) == []


def test_both_limits_of_a_range_are_kept(songs: om.Collection) -> None:
    numbers = [
        ("rating under 4.2", {"where": {"rating": {"$lt": 4.2}}}),
        ("rating above 2", {"where": {"rating": {"$gt": 2}}}),
    ]
    assert route(songs, "rating under 4.2 and rating above 2") == numbers
    days = [
        ("after 2022", {"where": {"sung": {"$gte": "2023-01-01T00:00:00Z"}}}),
        ("before 2024", {"where": {"sung": {"$lt": "2024-01-01T00:00:00Z"}}}),
    ]
    assert route(songs, "notes after 2022 and before 2024") == days


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("songs by Noor and from 2025", ["from 2025", "by Noor"]),
        ("songs by Noor and with rating above 4", ["rating above 4", "by Noor"]),
        ("rating above 4 and artist Noor", ["rating above 4", "artist Noor"]),
        ("It does not rain. Notes by Noor", ["by Noor"]),
        ("songs by Noor, but not about ships", ["by Noor"]),
        ("notes from between May and June 2024", ["between May and June 2024"]),
    ],
)
def test_what_is_whole_is_kept(songs: om.Collection, text: str, words: list[str]) -> None:
    assert [said for said, _ in route(songs, text)] == words


@pytest.mark.parametrize(
    "text",
    [
        'who said "from 2024" of ships?',
        "who said “notes from 2024” of ships?",
        "who said «songs by Noor» of ships?",
        "who said „songs by Noor“ of ships?",
        'who said "the highest rating" of ships?',
    ],
)
def test_quoted_words_are_words(songs: om.Collection, text: str) -> None:
    assert route(songs, text) == []


def test_quotes_around_a_value_alone_are_none(songs: om.Collection) -> None:
    assert [said for said, _ in route(songs, 'songs by "Nadia Quist"')] == ['by "Nadia Quist']


SAID = st.sampled_from(
    [
        "by Noor",
        "artist Noor",
        "tags sea",
        "rating over 3",
        "from 2024",
        "before 2024",
        "in May 2024",
    ]
)
NOT = st.sampled_from(
    "not no never without neither nor except but don't isn't didn\u2019t cannot excluding".split()
)
BETWEEN = st.lists(
    st.sampled_from("the of songs any written really notes those".split()), max_size=3
)


@given(SAID, NOT, BETWEEN)
def test_what_stands_behind_a_negation_never_filters(
    songs: om.Collection, said: str, negation: str, between: list[str]
) -> None:
    text = " ".join(["ships", negation, *between, said])
    assert not any("where" in options for _, options in route(songs, text))
    assert any("where" in options for _, options in route(songs, " ".join(["ships", said])))
