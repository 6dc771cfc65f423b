"""Days, months, seasons, years and "three weeks ago" as periods of days."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Final, NamedTuple

from omnisearch.routing.vocabulary import COUNT, number_named

_MONTHS: Final = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    "sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_NAMES: Final = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_SEASONS: Final = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
_DECADES: Final = {
    "twenties": 20,
    "thirties": 30,
    "forties": 40,
    "fifties": 50,
    "sixties": 60,
    "seventies": 70,
    "eighties": 80,
    "nineties": 90,
}
_DAYS: Final = "monday tuesday wednesday thursday friday saturday sunday".split()
_YEAR: Final = r"(?:1[89]|20)\d\d"
_BACK: Final = 30  # years that are looked at for "in May"


class Period(NamedTuple):
    """Days from `first` up to `end`, which is none of them."""

    first: date
    end: date


class Mention(NamedTuple):
    """A period that stands in a text; what is `bare` may be no period at all: "may", "fall"."""

    start: int
    end: int
    period: Period
    bare: bool


Dated = Callable[[Period], bool]  # whether anything is dated in a period
_Read = Callable[["re.Match[str]", date, Dated], Period | None]


def mentions(plain: str, today: date, dated: Dated) -> list[Mention]:
    """Find periods in a text, in their order; of those that overlap the longest."""
    found = list[Mention]()
    for form, read, bare in _FORMS:
        for match in form.finditer(plain):
            try:
                period = read(match, today, dated)
            except (ValueError, OverflowError):  # the thirtieth of February, or before year 1
                continue
            if period is not None and period.first < period.end:
                found.append(Mention(*match.span(), period, bare))
    kept = list[Mention]()
    for one in sorted(found, key=lambda one: one.start - one.end):
        if all(one.end <= other.start or other.end <= one.start for other in kept):
            kept.append(one)
    return sorted(kept)


def _month(first: date, count: int = 1) -> Period:
    months = first.year * 12 + first.month - 1 + count
    return Period(first.replace(day=1), date(months // 12, months % 12 + 1, 1))


def _day(first: date, days: int = 1) -> Period:
    return Period(first, first + timedelta(days))


def _latest(periods: Iterator[Period], dated: Dated) -> Period | None:
    """Take the latest of several years in which something is dated, else the latest."""
    some = list(periods)
    return next((one for one in some if dated(one)), some[0] if some else None)


def _years(match: re.Match[str], today: date) -> Iterator[int]:
    """Give the year that is said, else all that may be meant, the latest first."""
    year = match["year"] if "year" in match.re.groupindex else None
    if year is None:
        yield from range(today.year, max(0, today.year - _BACK), -1)
    elif year.startswith("'"):
        yield int(year[1:]) + (2000 if int(year[1:]) <= today.year % 100 + 1 else 1900)
    else:
        yield int(year)


def _read_iso(match: re.Match[str], today: date, dated: Dated) -> Period | None:
    parts = [int(part) for part in match[0].split("-")]
    return _day(date(*parts)) if len(parts) == 3 else _month(date(parts[0], parts[1], 1))


def _read_day(match: re.Match[str], today: date, dated: Dated) -> Period | None:
    month, day = _NAMES.index(match["month"][:3]) + 1, int(match["day"])
    dates = list[Period]()
    for year in _years(match, today):
        if day == 29 and month == 2 and (year % 4 or (year % 100 == 0 and year % 400)):
            continue
        first = date(year, month, day)
        if first <= today or match["year"]:
            dates.append(_day(first))
    return _latest(iter(dates), dated)


def _read_month(match: re.Match[str], today: date, dated: Dated) -> Period | None:
    month = _NAMES.index(match["month"][:3]) + 1
    firsts = (date(year, month, 1) for year in _years(match, today))
    some = (_month(first) for first in firsts if first <= today or match["year"])
    return _latest(some, dated)


def _read_season(match: re.Match[str], today: date, dated: Dated) -> Period | None:
    month = _SEASONS[match["season"]]
    firsts = (date(year, month, 1) for year in _years(match, today))
    some = (_month(first, 3) for first in firsts if first <= today or match["year"])
    return _latest(some, dated)


def _read_decade(match: re.Match[str], today: date, dated: Dated) -> Period | None:
    of = int(match["tens"]) if match["tens"] else _DECADES[match["decade"]]
    if match["century"]:
        first = 100 * int(match["century"]) + of
    else:
        first = 2000 + of if 2000 + of <= today.year else 1900 + of
    return Period(date(first, 1, 1), date(first + 10, 1, 1))


def _read_year(match: re.Match[str], today: date, dated: Dated) -> Period | None:
    year = int(match[0])
    return Period(date(year, 1, 1), date(year + 1, 1, 1))


def _read_near(match: re.Match[str], today: date, dated: Dated) -> Period | None:
    back = {"today": 0, "yesterday": 1}.get(match[0], 2)
    return _day(today - timedelta(back))


def _read_this(match: re.Match[str], today: date, dated: Dated) -> Period | None:
    back = match["which"] != "this"
    if match["unit"] == "week":
        return _day(today - timedelta(today.weekday() + 7 * back), 7)
    if match["unit"] == "weekend":
        monday = today - timedelta(today.weekday() + 7 * (back or today.weekday() < 5))
        return _day(monday + timedelta(5), 2)
    if match["unit"] == "month":
        first = today.replace(day=1)
        return _month(first if not back else (first - timedelta(1)).replace(day=1))
    return Period(date(today.year - back, 1, 1), date(today.year - back + 1, 1, 1))


def _read_weekday(match: re.Match[str], today: date, dated: Dated) -> Period | None:
    back = (today.weekday() - _DAYS.index(match["weekday"]) - 1) % 7 + 1
    return _day(today - timedelta(back))


def _read_past(match: re.Match[str], today: date, dated: Dated) -> Period | None:
    """Read "the last three weeks", up to today."""
    return Period(_before(match, today), today + timedelta(1))


def _read_ago(match: re.Match[str], today: date, dated: Dated) -> Period | None:
    """Read "three weeks ago": the day, the week, the month or the year that it was."""
    first = _before(match, today)
    match match["unit"]:
        case "day":
            return _day(first)
        case "week":
            return _day(first - timedelta(first.weekday()), 7)
        case "month":
            return _month(first)
    return Period(date(first.year, 1, 1), date(first.year + 1, 1, 1))


def _before(match: re.Match[str], today: date) -> date:
    count = number_named(match["count"]) or 1
    if match["unit"] in ("day", "week"):
        return today - timedelta(count * (7 if match["unit"] == "week" else 1))
    months = today.year * 12 + today.month - 1 - count * (12 if match["unit"] == "year" else 1)
    last = _month(date(months // 12, months % 12 + 1, 1)).end - timedelta(1)
    return last.replace(day=min(today.day, last.day))


def _form(text: str, read: _Read, bare: bool = False) -> tuple[re.Pattern[str], _Read, bool]:
    return re.compile(rf"(?<![\w~'-])(?:{text})(?![\w~]|-\d)"), read, bare


_OF_YEAR: Final = rf"(?:,?\s+(?:of\s+)?(?P<year>{_YEAR}|'\d\d))"
_UNIT: Final = "(?P<unit>day|week|month|year)"
_FORMS: Final = (
    _form(rf"{_YEAR}-[01]\d(?:-[0-3]\d)?", _read_iso),
    _form(
        rf"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?(?:\s+of)?\s+(?P<month>{_MONTHS}){_OF_YEAR}?", _read_day
    ),
    _form(rf"(?P<month>{_MONTHS})\s+(?P<day>[0-3]?\d)(?:st|nd|rd|th)?{_OF_YEAR}?", _read_day),
    _form(rf"(?P<month>{_MONTHS}){_OF_YEAR}", _read_month),
    _form(rf"(?:last|this|past)\s+(?P<month>{_MONTHS})(?P<year>(?!))?", _read_month),
    _form(rf"(?P<month>{_MONTHS})(?P<year>(?!))?", _read_month, True),
    _form(rf"(?P<season>{'|'.join(_SEASONS)}){_OF_YEAR}", _read_season),
    _form(rf"(?:last|this|past)\s+(?P<season>{'|'.join(_SEASONS)})(?P<year>(?!))?", _read_season),
    _form(rf"(?P<season>{'|'.join(_SEASONS)})(?P<year>(?!))?", _read_season, True),
    _form(
        rf"(?:the\s+)?(?:(?P<century>1[89]|20)?'?(?P<tens>\d0)'?s|(?P<decade>{'|'.join(_DECADES)}))",
        _read_decade,
        True,
    ),
    _form(_YEAR, _read_year, True),
    _form(r"today|yesterday|the\s+day\s+before\s+yesterday", _read_near),
    _form(r"(?P<which>this|last|past)\s+(?P<unit>week|weekend|month|year)", _read_this),
    _form(rf"(?:last\s+)?(?P<weekday>{'|'.join(_DAYS)})", _read_weekday, True),
    _form(rf"(?:the\s+)?(?:last|past)\s+(?P<count>{COUNT})\s+{_UNIT}s?", _read_past),
    _form(rf"(?P<count>{COUNT}|a|an)\s+{_UNIT}s?\s+ago", _read_ago),
)
