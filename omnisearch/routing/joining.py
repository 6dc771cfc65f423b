"""Findings that are half of what is said: "by Ada or Noor", "cost under 100 and above 90"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from omnisearch.routing.columns import pattern_of
from omnisearch.routing.finding import Finding
from omnisearch.routing.known import Known
from omnisearch.routing.periods import Mention, mentions
from omnisearch.routing.question import Question
from omnisearch.routing.vocabulary import EXTREMES, LITTLE

_MOST: Final = 5  # words of a value
_OR: Final = r"(?:(?:or|and/or|nor)(?!\w)|/(?!/)|\|)"
_OR_BEHIND: Final = re.compile(
    rf"(?:\s*,\s*[\w'-]+(?:\s+[\w'-]+){{0,2}}?){{0,5}}[\s,\"']*(?:(?<!\w)|(?=/)){_OR}"
)
_OR_BEFORE: Final = re.compile(rf".*(?:(?<!\w)|(?=/)){_OR}(?P<between>[^,;.?!]*)$", re.DOTALL)
_AND: Final = r"(?:\s*,\s*(?:and(?!\w)\s*)?|\s+(?:and|as\s+well\s+as)(?!\w)\s*|\s*[&+]\s*)"
_AND_BEHIND: Final = re.compile(rf"[\"']?{_AND}")
_AND_BEFORE: Final = re.compile(rf"{_AND}$")
_LEADS: Final = LITTLE | {"before", "after", "since", "until", "till", "between", "during"}
_NUMBER_BEHIND: Final = re.compile(
    r"(?:(?:is|of|at|not|under|below|over|above|up|to|most|least|(?:less|fewer|more|smaller|larger|"
    r"greater|cheaper)\s+than)\s+|[<>=]+\s*)*-?\d"
)
_EXTREME: Final = re.compile(
    r"(?:the\s+)?(?:" + "|".join(word for some in EXTREMES.values() for word in some) + r")(?!\w)"
)
_FOLDER: Final = re.compile(r"(?:[\w./-]+\s+){0,3}?(?:folder|directory)(?!\w)")
_UPPER: Final = {"before", "$lt", "$lte"}
_LOWER: Final = {"after", "$gt", "$gte"}


def is_half(asked: Question, one: Finding, known: Known, others: Sequence[Finding]) -> bool:
    """Tell whether a finding is joined to what it does not say; two limits of a range are whole."""
    if _OR_BEHIND.match(asked.plain, one.end) or _is_behind_or(asked, one):
        return True
    behind = _AND_BEHIND.match(asked.plain, one.end)
    if behind is not None and _goes_on(asked, one, behind.end(), known):
        return not any(_is_range(one, other) for other in others)
    start = _without_little(asked.plain[: one.start])
    before = _AND_BEFORE.search(start)
    if before is not None and _comes_from(asked, one, before.start(), known):
        return not any(_is_range(one, other) for other in others)
    return False


def _is_behind_or(asked: Question, one: Finding) -> bool:
    found = _OR_BEFORE.match(asked.plain[: one.start])
    return found is not None and all(word in LITTLE for word in found["between"].split())


def _without_little(text: str) -> str:
    """Take little words from the end, but for those that join."""
    while (found := re.search(r"(?<=\s)(\w+)\s+$", text)) and (
        found[1] in LITTLE and found[1] != "and"
    ):
        text = text[: found.start()]
    return text


def _goes_on(asked: Question, one: Finding, at: int, known: Known) -> bool:
    """Tell whether another of the same kind begins at a place."""
    if one.rule == "extremes":
        return _EXTREME.match(asked.plain, at) is not None
    if one.rule == "folders":
        return _FOLDER.match(asked.plain, at) is not None
    if one.rule == "dates":
        starts = [mention.start for mention in _mentions(asked)]
        between = (asked.plain[at:start].split() for start in starts if start >= at)
        return any(all(word in _LEADS for word in words) for words in between)
    if one.rule != "columns":
        return False
    words = asked.text[at:].replace('"', " ").split()
    while words and words[0].casefold() in LITTLE:
        words = words[1:]
    named = _columns(one)
    if _is_compared(one):
        behind = re.match(rf"(?:the\s+)?{_name(named)}(?!\w)", asked.plain[at:])
        return behind is not None or _NUMBER_BEHIND.match(asked.plain, at) is not None
    return _is_value(known, named, [words[:size] for size in range(1, _MOST + 1)])


def _comes_from(asked: Question, one: Finding, at: int, known: Known) -> bool:
    """Tell whether another of the same kind ends at a place."""
    if one.rule == "dates":
        return any(
            not asked.plain[mention.end : at].strip()
            for mention in _mentions(asked)
            if mention.end <= at
        )
    if one.rule != "columns":
        return False
    if _is_compared(one):
        before = rf"(?<!\w){_name(_columns(one))}(?!\w)[^;?!]*\d\s*$"
        return re.search(before, asked.plain[:at]) is not None
    words = asked.text[:at].replace('"', " ").split()
    return _is_value(known, _columns(one), [words[-size:] for size in range(1, _MOST + 1)])


def _name(columns: Sequence[str]) -> str:
    return f"(?:{'|'.join(map(pattern_of, columns))})"


def _mentions(asked: Question) -> Sequence[Mention]:
    return mentions(asked.plain, asked.today, lambda period: False)


def _is_value(known: Known, columns: Sequence[str], some: Sequence[Sequence[str]]) -> bool:
    spelt = [" ".join(words).strip(" ,;:?!.'") for words in some]
    return any(known.values(column, text) for column in columns for text in spelt if text)


def _columns(one: Finding) -> list[str]:
    where = one.changes["where"]
    return [name for part in where.get("$or", [where]) for name in part]


def _limits(one: Finding) -> Mapping[str, Any]:
    """Give the limits that a finding sets, by their names."""
    where = one.changes.get("where")
    if where is None:
        return {name: value for name, value in one.changes.items() if name in _UPPER | _LOWER}
    (inner,) = where.values()
    return inner if isinstance(inner, Mapping) else {}


def _is_compared(one: Finding) -> bool:
    return bool(_limits(one).keys() & (_UPPER | _LOWER | {"$eq"}))


def _is_range(one: Finding, other: Finding) -> bool:
    """Tell whether one says from where and the other up to where."""
    names = [set(_limits(each)) for each in (one, other)]
    same = one.rule == other.rule and one.certain == other.certain
    if not same or any(len(some) != 1 for some in names):
        return False
    if one.rule == "columns" and _columns(one) != _columns(other):
        return False
    return any(names[at] <= _UPPER and names[1 - at] <= _LOWER for at in (0, 1))
