"""Each rule by itself: what it finds in a question, and what it leaves alone."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnisearch.query.preferring import Order
from omnisearch.routing.columns import numbers, values
from omnisearch.routing.dates import dates
from omnisearch.routing.extremes import extremes
from omnisearch.routing.finding import Finding
from omnisearch.routing.folders import folders
from omnisearch.routing.kinds import kinds
from omnisearch.routing.known import Known
from omnisearch.routing.question import LONGEST, Question
from omnisearch.routing.route import RULES, Rule
from omnisearch.routing.spelling import spelling
from omnisearch.routing.steps import steps
from tests.routing import stored

TODAY = date(2025, 1, 15)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    return stored.known(stored.made(tmp_path_factory.mktemp("rules") / "c"))


def found(rule: Rule, text: str, known: Known) -> list[Finding]:
    return list(rule(Question.of(text, TODAY), known))


def told(rule: Rule, text: str, known: Known) -> list[tuple[str, Mapping[str, Any], bool]]:
    """Give the words that a rule understood, what they change, and how surely."""
    some = found(rule, text, known)
    return [(text[one.start : one.end], one.changes, one.certain) for one in some]


def sung(first: str | None, last: str | None) -> dict[str, Any]:
    limits = {"$gte": first, "$lt": last}
    return {op: f"{day} 00:00:00+00:00" for op, day in limits.items() if day is not None}


TEXTS = ["text", "document"]
SUMMER = sung("2023-05-01", "2023-08-01")
WINTER = sung("2022-11-01", "2023-06-01")
LATELY = sung("2025-01-01", "2025-01-16")


@pytest.mark.parametrize(
    ("text", "words", "limits", "certain"),
    [
        ("songs from May 2024", "from May 2024", sung("2024-05-01", "2024-06-01"), True),
        ("a song of ships in 2023", "in 2023", sung("2023-01-01", "2024-01-01"), True),
        ("who sang of ships in May?", "in May", sung("2024-05-01", "2024-06-01"), False),
        ("notes before 2020", "before 2020", sung(None, "2020-01-01"), True),
        ("notes until 2020", "until 2020", sung(None, "2021-01-01"), True),
        ("letters after June 2024", "after June 2024", sung("2024-07-01", None), True),
        ("letters since June 2024", "since June 2024", sung("2024-06-01", None), True),
        ("taken between May and July 2023", "between May and July 2023", SUMMER, True),
        ("ships from November to May 2023", "from November to May 2023", WINTER, False),
        ("recorded yesterday", "yesterday", sung("2025-01-14", "2025-01-15"), True),
        ("what was new yesterday?", "yesterday", sung("2025-01-14", "2025-01-15"), False),
        ("ships in the last two weeks", "in the last two weeks", LATELY, False),
        ("2024: which ships came?", "2024", sung("2024-01-01", "2025-01-01"), False),
    ],
)
def test_dates(known: Known, text: str, words: str, limits: dict[str, Any], certain: bool) -> None:
    ((said, changes, sure),) = told(dates, text, known)
    assert (said, sure) == (words, certain)
    given = {op: str(day) for op, day in changes["where"]["sung"].items()}
    assert given == limits


@pytest.mark.parametrize(
    "text", ["what may I eat?", "they march to the fall", "the summer house", "a 2000 piece puzzle"]
)
def test_words_that_are_no_dates_here(known: Known, text: str) -> None:
    assert told(dates, text, known) == []


@pytest.mark.parametrize(
    ("text", "words", "modalities"),
    [
        ("a photo of a red bicycle", "a photo", ["image"]),
        ("Show me pictures with dogs", "Show me pictures", ["image"]),
        ("in which recording is it said?", "in which recording", ["audio"]),
        ("the voice memo about keys", "the voice memo", ["audio"]),
        ("old film: a train arrives", "old film", ["video"]),
        ("PDF about taxes", "PDF", ["document"]),
        ("in the kitchen a page about rye lies", None, None),
        ("the document about the oboe", "the document", ["text", "document"]),
        ("drawings", "drawings", ["image"]),
        ("who took a photo of the king?", None, None),
        ("a photographer with a hat", None, None),
        ("soundproof walls", None, None),
    ],
)
def test_kinds(known: Known, text: str, words: str | None, modalities: list[str] | None) -> None:
    expected = [] if words is None else [(words, {"modality": modalities}, False)]
    assert told(kinds, text, known) == expected


def test_counts_of_kinds(known: Known) -> None:
    assert told(kinds, "three pictures of ships", known)[0] == ("three", {"k": 3}, True)
    assert told(kinds, "find 12 songs about ships", known)[0] == ("12", {"k": 12}, True)
    assert [one.rule for one in found(kinds, "one picture of ships", known)] == ["kinds"]


@pytest.mark.parametrize(
    ("text", "words", "order", "changes"),
    [
        ("the newest song of ships", "the newest", ("sung", True), {"modality": ["audio"]}),
        ("the oldest log", "the oldest", ("sung", False), {}),
        ("the latest note", "the latest", ("sung", True), {"modality": TEXTS}),
        ("which letter of ours is the oldest?", "oldest", ("sung", False), {}),
        ("notes of ships, newest first", "newest first", ("sung", True), {"modality": TEXTS}),
        ("the newest harbour note", "the newest", ("sung", True), {"modality": TEXTS}),
        ("songs with the highest rating", "highest rating", ("rating", True), {}),
        ("the lowest rating", "lowest rating", ("rating", False), {}),
    ],
)
def test_extremes(
    known: Known, text: str, words: str, order: tuple[str, bool], changes: dict[str, Any]
) -> None:
    (one,) = found(extremes, text, known)
    assert one.order == Order((order[0],), order[1])
    assert (text[one.start : one.end], one.changes) == (words, changes)


def test_how_many_of_the_first_are_asked_for(known: Known) -> None:
    (one,) = found(extremes, "the three newest notes", known)
    assert one.changes == {"k": 3, "modality": ["text", "document"]}


@pytest.mark.parametrize(
    "text",
    ["the oldest lad of all", "my latest idea", "the largest picture", "the longest recording"],
)
def test_extremes_of_what_has_no_column(known: Known, text: str) -> None:
    assert found(extremes, text, known) == []


@pytest.mark.parametrize(
    ("text", "words", "where", "certain"),
    [
        ("songs by nadia quist", "by nadia quist", {"artist": {"$in": ["Nadia Quist"]}}, True),
        ("artist: Noor", "artist: Noor", {"artist": {"$in": ["Noor"]}}, True),
        ("what did she sing with Noor?", "Noor", {"artist": {"$in": ["Noor"]}}, False),
        ("songs of the sea", "sea", {"$or": [{"tags": {"$has": "sea"}}]}, False),
        ("slow songs, tags slow", "tags slow", {"$or": [{"tags": {"$has": "slow"}}]}, True),
    ],
)
def test_values(known: Known, text: str, words: str, where: Any, certain: bool) -> None:
    assert told(values, text, known) == [(words, {"where": where}, certain)]


def test_what_is_no_value(known: Known) -> None:
    assert told(values, "noor sings slow and quick", known) == []
    assert told(values, "", known) == []


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("rating above 3", {"rating": {"$gt": 3}}),
        ("songs with a rating of at least 4.5", {"rating": {"$gte": 4.5}}),
        ("rating under 2 please", {"rating": {"$lt": 2}}),
        ("rating = 5", {"rating": {"$eq": 5}}),
        ("rating over 1,000", {"rating": {"$gt": 1000}}),
        ("rating over 1 000, please", {"rating": {"$gt": 1000}}),
        ("rating at most 12,345.6", {"rating": {"$lte": 12345.6}}),
        ("rating above -1,234,567.", {"rating": {"$gt": -1234567}}),
        ("rating above 4, 300 songs", {"rating": {"$gt": 4}}),
    ],
)
def test_numbers(known: Known, text: str, where: Any) -> None:
    assert [changes for _, changes, _ in told(numbers, text, known)] == [{"where": where}]


@pytest.mark.parametrize(
    "number",
    "4,5|1,0000|1,00|12,34,567|1,000 000|1'000|1.000.000|1.000,5|10 50|3 million|5-10|5k".split(
        "|"
    ),
)
def test_numbers_that_may_mean_another_are_none(known: Known, number: str) -> None:
    assert told(numbers, f"rating over {number}", known) == []


def test_numbers_of_what_is_no_column(known: Known) -> None:
    assert told(numbers, "price above 3, rating is good, a rating of stars", known) == []


@pytest.mark.parametrize(
    "text",
    [
        "Where is the boat that she sold?",
        "what is the name of the vet who looks after the dog",
        "the street of the practice of the vet",
        "what goes with the invoice?",
        "letters related to the bridge",
    ],
)
def test_steps(known: Known, text: str) -> None:
    assert [changes for _, changes, _ in told(steps, text, known)] == [{"follow": True}]


@pytest.mark.parametrize("text", ["Where is the boat?", "a dog that barks", "how long is it?"])
def test_one_step_is_enough(known: Known, text: str) -> None:
    assert told(steps, text, known) == []


@pytest.mark.parametrize("text", ["ERR_4092", '"ships in fog"', 'where is "the quarry"?'])
def test_spelling(known: Known, text: str) -> None:
    assert told(spelling, text, known) == [(text, {"mode": "words"}, True)]


@pytest.mark.parametrize(
    "text", ["why is ERR_4092 shown", "ERR_9999", '"ships in fog" at night', "song", "", '""']
)
def test_spelling_of_what_means_something(known: Known, text: str) -> None:
    assert told(spelling, text, known) == []


def test_folders_need_files(known: Known) -> None:
    assert told(folders, "songs in the folder trips", known) == []


WORDS = st.sampled_from(
    'the three newest longest song recording by artist Noor rating above 4 in folder trips "sea" '
    "between May and 2023 photo of that who ERR_4092 most fewest last week PDF : ( é 写真 \x00 '"
    "".split(" ")
)


@pytest.mark.parametrize(
    "word", ["the", "photo", "is", "goes", "may", "3", "of the", "newest a", " "]
)
def test_the_longest_question_ends(known: Known, word: str) -> None:
    """A pattern that tries each way to read a word twice would not be done in a lifetime."""
    for text in (f"photo {word} " * 250, "photo " + f"{word} " * 250, f"{word} " * 250 + "oldest"):
        for rule in RULES:
            assert all(one.end <= LONGEST for one in found(rule, text[:LONGEST], known))


@given(st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=12).map(" ".join)))
def test_no_text_is_too_odd_for_a_rule(known: Known, text: str) -> None:
    for rule in RULES:
        for one in found(rule, text, known):
            assert 0 <= one.start < one.end <= len(text)
