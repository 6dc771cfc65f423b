"""Dates: "photos from May" leaves out others, "who came in May?" only prefers what is of May."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from typing import Any, Final

from omnisearch import moments
from omnisearch.query.narrowing import DATE
from omnisearch.routing.finding import Finding
from omnisearch.routing.known import Known
from omnisearch.routing.periods import Mention, Period, mentions
from omnisearch.routing.question import Question
from omnisearch.routing.vocabulary import DONE, FILE

_BEFORE: Final = "before|older than|earlier than|prior to"
_UNTIL: Final = "until|till|up to"
_AFTER: Final = "after|newer than|later than|more recent than"
_LEAD: Final = re.compile(
    rf"(?<!\w)(?:(?P<before>{_BEFORE})|(?P<until>{_UNTIL})|(?P<after>{_AFTER})|(?P<since>since)|"
    r"(?P<between>between)|(?P<within>in|from|of|during|on|over|at|within|by|for))"
    r"(?:\s+(?:the|early|late|mid|about|around))*\s+$"
)
_ALONE: Final = re.compile(r"(?:^|[(,:;-])\s*$")
_JOINED: Final = re.compile(r"\s*(?:and|to|until|till|through|-)\s*")
_FILES: Final = re.compile(rf"(?<![\w~]){FILE}(?:\s+[\w'-]+){{0,4}}\s*$")
_DONE: Final = re.compile(rf"(?<!\w){DONE}(?:\s+\w+){{0,2}}\s*$")


def dates(asked: Question, known: Known) -> Iterator[Finding]:
    """Find the days that are meant: files of these, or what else has a time."""
    column = known.dates
    if column is None:
        return

    def dated(period: Period) -> bool:
        return known.within(column, _micros(period.first), _micros(period.end))

    some, skip = mentions(asked.plain, asked.today, dated), -1
    for at, one in enumerate(some):
        lead = _LEAD.search(asked.plain, 0, one.start)
        if at == skip or (one.bare and not _is_meant(asked, one, lead)):
            continue
        behind = some[at + 1] if at + 1 < len(some) else None
        limits = _limits(one.period, "" if lead is None else str(lead.lastgroup))
        end = one.end
        if behind is not None and _are_joined(asked, one, behind, lead):
            skip, end = at + 1, behind.end
            limits = _first_of(asked, one, behind), behind.period.end
        start = one.start if lead is None else lead.start()
        first, last = limits
        if first is None or last is None or first < last:
            yield _finding(asked, column, limits, (start, end))


def _is_meant(asked: Question, one: Mention, lead: re.Match[str] | None) -> bool:
    """Tell whether "may", "fall" or "2000" is a time here: behind a preposition, or set apart."""
    return lead is not None or _ALONE.search(asked.plain, 0, one.start) is not None


def _are_joined(asked: Question, one: Mention, behind: Mention, lead: re.Match[str] | None) -> bool:
    between = asked.plain[one.end : behind.start]
    opens = lead is not None and lead[0].split()[0] in ("between", "from", "during", "in")
    return opens and _JOINED.fullmatch(between) is not None


def _first_of(asked: Question, one: Mention, behind: Mention) -> date:
    """Begin in the year that is said behind: "between May and July 2023"."""
    first, last = one.period.first, behind.period.first
    if not one.bare or any(letter.isdigit() for letter in asked.plain[one.start : one.end]):
        return first
    return date(last.year - (first.month > last.month), first.month, 1)


def _limits(period: Period, word: str) -> tuple[date | None, date | None]:
    match word:
        case "before":
            return None, period.first
        case "until":
            return None, period.end
        case "after":
            return period.end, None
        case "since":
            return period.first, None
    return period.first, period.end


def _finding(
    asked: Question, column: str, limits: tuple[date | None, date | None], place: tuple[int, int]
) -> Finding:
    first, last = limits
    before = asked.plain[: place[0]]
    certain = bool(_FILES.search(before) or _DONE.search(before))
    told = " and ".join(
        f"{word} {one}" for word, one in (("from", first), ("before", last)) if one is not None
    )
    why = f"dated {told}" if column == DATE else f"{column} {told}"
    return Finding("dates", *place, why, _changes(column, first, last), certain, spent=True)


def _changes(column: str, first: date | None, last: date | None) -> Mapping[str, Any]:
    given = {"after": first, "before": last}
    if column == DATE:
        return {name: _midnight(one) for name, one in given.items() if one is not None}
    ops = {"after": "$gte", "before": "$lt"}
    limits = {ops[name]: _midnight(one) for name, one in given.items() if one is not None}
    return {"where": {column: limits}}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(tzinfo=UTC))


def _micros(day: date) -> int:
    return moments.micros(_midnight(day))
