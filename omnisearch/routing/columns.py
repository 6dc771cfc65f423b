"""People's columns: a value that a column has, and numbers that are compared with one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, Final

from omnisearch.routing.finding import Finding
from omnisearch.routing.known import Known
from omnisearch.routing.question import Question
from omnisearch.routing.vocabulary import LITTLE, PEOPLE

_WORDS: Final = 5  # of a value
_LEAD: Final = re.compile(
    r"(?<!\w)(?:in|from|by|for|to|at|of|with|near|is|=|:)\s*(?:the\s+)?[\"']?$"
)
_BY: Final = re.compile(r"(?<!\w)by\s+(?:the\s+)?[\"']?$")
_LARGE: Final = "hundred|thousand|million|billion|dozen"
_NUMBER: Final = (
    r"(?P<number>-?(?:\d{1,3}(?P<apart>[, ])\d{3}(?:(?P=apart)\d{3}){0,4}|\d{1,15})"
    r"(?:\.\d{1,9})?)"
    rf"(?![\w.]*\d|\w|[,'_/:-]\d|\s\d|[\s-]+(?:{_LARGE}))"  # "4,5" may mean anything
)
_SAID: Final = {"$lt": "below", "$gt": "above", "$lte": "at most", "$gte": "at least", "$eq": "is"}
_OPS: Final = {
    "$lt": "under|below|less than|fewer than|smaller than|cheaper than|<",
    "$gt": "over|above|more than|greater than|larger than|>",
    "$lte": "at most|up to|<=",
    "$gte": "at least|>=",
    "$eq": "is|of|equals|=|:",
}


def spoken_as(column: str) -> str:
    """Say how people call a column: `audio.artist` is the artist."""
    return column.rpartition(".")[2].replace("_", " ").casefold()


def pattern_of(column: str) -> str:
    """Give what finds the name of a column as people say it."""
    return re.escape(spoken_as(column)).replace(r"\ ", r"\s+")


def values(asked: Question, known: Known) -> Iterator[Finding]:
    """Find words that are the value of a column; the longest, each place once."""
    named, taken = known.named, list[tuple[int, int]]()
    words = asked.words() if named else []
    for size, start in product(range(_WORDS, 0, -1), range(len(words))):
        some = words[start : start + size]
        if len(some) < size or some[0][0].casefold() in LITTLE:
            continue
        place = (some[0][1], some[-1][2])
        if any(place[0] < last and first < place[1] for first, last in taken):
            continue
        spelt = " ".join(asked.text[slice(*place)].split())
        found = {column: had for column in named if (had := known.values(column, spelt))}
        finding = _of_value(asked, known, place, found)
        if finding is not None:
            taken.append(place)
            yield finding


def _of_value(
    asked: Question, known: Known, place: tuple[int, int], found: dict[str, list[str]]
) -> Finding | None:
    """Decide which column is meant, and how surely: it is named, or the words before tell."""
    for column, had in found.items():
        start = _named_at(asked, column, place)
        if start is not None:
            return _equal(known, column, had, (start, place[1]), certain=True)
    for column, had in found.items():
        lead = _LEAD.search(asked.plain, 0, place[0])
        capital = any(one.isupper() for one in asked.text[slice(*place)][:1])
        if lead is not None or (capital and place[0]):
            return _equal(known, column, had, place, certain=False)
    return None


def _named_at(asked: Question, column: str, place: tuple[int, int]) -> int | None:
    """Tell where the name of a column stands beside a value: "artist X", "town of X", "by X"."""
    name = pattern_of(column)
    link = r"(?:\s+(?:of|is|called|named|=)|\s*[:=])?\s*[\"']?$"
    before = re.search(rf"(?<![\w~]){name}{link}", asked.plain[: place[0]])
    if before is not None:
        return before.start()
    by = _BY.search(asked.plain, 0, place[0])
    return by.start() if by is not None and spoken_as(column) in PEOPLE else None


def _equal(
    known: Known, column: str, had: Sequence[str], place: tuple[int, int], *, certain: bool
) -> Finding:
    many = known.columns[column] == "strings"
    if many:
        where: Any = {"$or": [{column: {"$has": one}} for one in had]}
    else:
        where = {column: {"$in": list(had)}}
    why = f"{column} {'has' if many else 'is'} {' or '.join(map(repr, had))}"
    return Finding("columns", *place, why, {"where": where}, certain, spent=certain)


def numbers(asked: Question, known: Known) -> Iterator[Finding]:
    """Find what is compared with a user's column: "price under 50", "rating of at least 4"."""
    for column, (op, said) in product(known.counted, _OPS.items()):
        name = pattern_of(column)
        form = rf"(?<![\w~]){name}\s*(?:(?:is|of)\s+)?(?:{said})\s*{_NUMBER}"
        for match in re.finditer(form, asked.plain):
            number = float(match["number"].replace(",", "").replace(" ", ""))
            value = int(number) if number.is_integer() else number
            changes = {"where": {column: {op: value}}}
            why = f"{column} {_SAID[op]} {value}"
            yield Finding("columns", *match.span(), why, changes, spent=True)
